"""A file in a folder is an entry."""

import subprocess
import sys
from pathlib import Path

import pytest

from moclip import catalog


def test_the_names_are_the_files() -> None:
    folder = Path(catalog.__file__).parent / "skeletons"
    files = {file.stem for file in folder.glob("[!_]*.py")} - {"base"}
    assert catalog.names("skeletons") == sorted(files)


def test_helpers_and_bases_are_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "text").mkdir(parents=True)
    for name in ("clip", "_helper", "base", "__init__", "bert"):
        (tmp_path / "models" / "text" / f"{name}.py").touch()
    monkeypatch.setattr(catalog, "_PACKAGE", tmp_path)
    assert catalog.names("models.text") == ["bert", "clip"]


def test_an_entry_is_loaded_by_name() -> None:
    assert catalog.load("skeletons", "kit", "SKELETON").name == "kit"


def test_an_unknown_name_tells_those_there_are() -> None:
    with pytest.raises(LookupError, match="no skeletons named 'nobody'; there are: bandai_namco, "):
        catalog.load("skeletons", "nobody", "SKELETON")


@pytest.mark.parametrize("name", ["..", "__init__", "base", "kit.SKELETON", ""])
def test_only_listed_files_can_be_loaded(name: str) -> None:
    with pytest.raises(LookupError, match="no skeletons named"):
        catalog.load("skeletons", name, "SKELETON")


def test_listing_imports_nothing() -> None:
    code = (
        "import sys; from moclip import catalog; catalog.names('skeletons'); "
        "print([m for m in sys.modules if m.startswith('moclip.')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "['moclip.catalog']"
