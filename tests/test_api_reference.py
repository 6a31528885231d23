"""The reference names what may be imported, and what it names is there."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import moclip
from moclip import catalog

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [DOCS / "api.md", *sorted((DOCS / "api").glob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)


def modules() -> list[str]:
    """All that have a section, entries of catalogues as well."""
    found = re.findall(r"^\.\. automodule:: (\S+)$", TEXT, re.MULTILINE)
    for folder in re.findall(r"^\{\{ moclip\.(\S+)\.\* \}\}$", TEXT, re.MULTILINE):
        found += [f"moclip.{folder}.{name}" for name in catalog.names(folder)]
    return found


@pytest.mark.parametrize("name", moclip.__all__)
def test_names_of_the_package_are_in_the_reference(name: str) -> None:
    assert re.search(rf"^\.\. auto(class|function):: moclip\.{name}$", TEXT, re.MULTILINE)


def test_every_page_is_linked() -> None:
    linked = re.findall(r"^api/\w+$", PAGES[0].read_text(), re.MULTILINE)
    assert sorted(linked) == [f"api/{page.stem}" for page in PAGES[1:]]
    assert "\napi\n" in (DOCS / "index.md").read_text()


def test_modules_are_there_once_and_public() -> None:
    assert len(set(modules())) == len(modules()) > 80
    for module in modules():
        assert "._" not in module
        importlib.import_module(module)


def test_what_other_pages_import_is_in_the_reference() -> None:
    pages = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
    text = "\n".join(page.read_text() for page in pages)
    lines = re.findall(r"^from (moclip[\w.]*) import ([\w, ]+)", text, re.MULTILINE)
    pairs = [(module, name.strip()) for module, names in lines for name in names.split(",")]
    known = {*modules(), *(f"moclip.{name}" for name in moclip.__all__)}
    assert len(pairs) > 10
    assert not [pair for pair in pairs if not {pair[0], ".".join(pair)} & known]


@pytest.mark.parametrize("name", moclip.__all__)
def test_every_name_is_listed_and_opens(name: str) -> None:
    assert name in dir(moclip)
    assert getattr(moclip, name).__doc__


def test_names_are_listed_without_loading_torch() -> None:
    code = "import moclip, sys; print('MoCLIP' in dir(moclip), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
