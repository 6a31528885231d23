"""What every data set promises, whatever its files are."""

import inspect
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from moclip import catalog, datasets

NAMES = catalog.names("datasets")
pytestmark = pytest.mark.parametrize("name", NAMES)


def test_options_are_frozen_and_refuse_unknown_keys(name: str) -> None:
    options = catalog.load("datasets", name, "Options")
    assert issubclass(options, BaseModel)
    assert options().root is None
    with pytest.raises(ValidationError):
        options(no_such_option=1)
    with pytest.raises(ValidationError):
        options().root = Path("x")


def test_it_plans_first_and_reads_in_parts(name: str) -> None:
    for function, takes in (("plan", ["options"]), ("read", ["files", "options"])):
        found = catalog.load("datasets", name, function)
        assert list(inspect.signature(found).parameters) == takes
    with pytest.raises(AttributeError):
        catalog.load("datasets", name, "load")


def test_its_terms_are_a_line(name: str) -> None:
    licence = datasets.licence(name)
    assert licence
    assert "\n" not in licence


def test_every_option_is_documented(name: str) -> None:
    options = catalog.load("datasets", name, "Options")
    source = inspect.getsource(options)
    for field in options.model_fields:
        after = source.split(f"    {field}: ")[1].split("\n")[1:]
        assert after[0].strip().startswith('"""'), f"{name}.Options.{field} has no line beneath it"


def test_a_wrong_split_is_told_with_those_there_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no split 'dev'; there are: train, val, test, all"):
        datasets.load(name, "dev", root=tmp_path)


def test_a_root_that_is_not_there_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"'{name}' needs root=PATH, .* nothing at .*gone"):
        datasets.load(name, "train", root=tmp_path / "gone")


def test_without_a_root_it_loads_or_says_what_to_give(name: str) -> None:
    if name == "bundled":
        assert datasets.load(name, "train")
        return
    with pytest.raises(ValueError, match=rf"data set '{name}' needs root=PATH: "):
        datasets.load(name, "train")


def test_a_folder_with_nothing_in_it_is_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises((ValueError, OSError)) as told:
        datasets.load(name, "train", root=tmp_path)
    assert "\n" not in str(told.value)
    assert str(tmp_path) in str(told.value)
