"""Opening a data set by name."""

from pathlib import Path

import pytest

from moclip import datasets


def test_name_and_path_are_parted_at_the_first_colon() -> None:
    assert datasets.parse("bundled") == ("bundled", {})
    assert datasets.parse("folder:a/b") == ("folder", {"root": Path("a/b")})
    assert datasets.parse("folder:C:x") == ("folder", {"root": Path("C:x")})


def test_a_colon_without_a_path_is_told() -> None:
    with pytest.raises(ValueError, match="names no path"):
        datasets.parse("folder:")


def test_an_unknown_data_set_is_told_with_those_there_are() -> None:
    with pytest.raises(LookupError, match=r"no datasets named 'kinetics'; .*bandai_namco"):
        datasets.parse("kinetics:/x")
    with pytest.raises(LookupError, match="kinetics"):
        datasets.load("kinetics", "train")


def test_an_unknown_option_is_told_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no option 'sed'; there are: root, seed"):
        datasets.load("folder", "train", sed=1)


def test_a_wrong_value_is_told_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"option 'max_seconds': .* got -1") as told:
        datasets.load("bandai_namco", "train", max_seconds=-1)
    assert "\n" not in str(told.value)


def test_loading_by_name_is_loading(tmp_path: Path) -> None:
    assert len(datasets.load("bundled", "val")) == 20
