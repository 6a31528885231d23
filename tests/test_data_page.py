"""What the pages say of data sets and formats is what the code has."""

import re
from pathlib import Path

import pytest

from moclip import catalog, formats
from moclip.cli import generate
from moclip.cli._motions import PICTURES

DOCS = Path(__file__).parents[1] / "docs"
OPTIONS = "| data set | option | default | what it does |"


def documented() -> dict[tuple[str, str], str]:
    """Default by data set and option, as the table of options tells it."""
    _, _, rest = (DOCS / "data.md").read_text().partition(OPTIONS)
    rows = rest.split("\n\n")[0].splitlines()[2:]
    found: dict[tuple[str, str], str] = {}
    for row in rows:
        sets, option, default, what = (cell.strip() for cell in row.strip("|").split(" | "))
        assert what
        for name in re.findall(r"`(\w+)`", sets):
            assert (name, option.strip("`")) not in found, row
            found[name, option.strip("`")] = default
    return found


def written(default: object) -> str:
    if default is None or isinstance(default, bool):
        return str(default).lower()
    return f"`{default}`" if isinstance(default, str) else f"{default:g}"


def test_the_options_of_every_data_set_are_documented_with_their_defaults() -> None:
    there = {
        (name, option): written(field.default)
        for name in catalog.names("datasets")
        for option, field in catalog.load("datasets", name, "Options").model_fields.items()
        if option != "root"
    }
    assert documented() == there


def section(page: str, title: str) -> str:
    return re.split(r"\n## ", (DOCS / page).read_text().partition(f"\n## {title}\n")[2])[0]


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (section("cli.md", "generate"), (*formats.suffixes(written=True), *PICTURES)),
        (generate.__doc__, (*formats.suffixes(written=True), *PICTURES)),
        (section("python.md", "Motions"), formats.suffixes()),
        (section("data.md", "Your own clips"), formats.suffixes()),
    ],
    ids=["generate", "generate --help", "python", "folder"],
)
def test_lists_of_formats_are_whole(text: str, there: tuple[str, ...]) -> None:
    assert not {suffix for suffix in there if not re.search(rf"\{suffix}\b", text)}
