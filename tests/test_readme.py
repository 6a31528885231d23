"""What the README shows works: its Python runs, its commands parse, its links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest

from moclip import catalog, cli
from moclip.models.motion import limbs
from moclip.models.two_tower import MoCLIP
from moclip.training._recipe import names

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = limbs.Config(limb_width=8, limb_layers=1, limb_heads=1, width=16, layers=1, heads=2)
    MoCLIP.create(motion_config=sizes).save_pretrained(tmp_path / "runs" / "demo")
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(example.splitlines()) == 10
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102
    assert "a person walks" in capsys.readouterr().out
    assert len(names["vectors"]) == 2  # type: ignore[arg-type]


def commands() -> list[str]:
    found = []
    for page in PAGES:
        text = page.read_text()
        found += re.findall(r"^\$ (moclip .*)$", text, re.MULTILINE)
        found += re.findall(r"`(moclip [a-z]+ [^`]*)`", text)
    return sorted({line for line in found if not re.search(r"[A-Z]{3,}|RECIPE|--help", line)})


@pytest.mark.parametrize("line", commands())
def test_commands_in_the_documentation_parse(line: str) -> None:
    _, command, *arguments = shlex.split(line, comments=True)
    if command in cli.groups():
        command = f"{command}.{arguments.pop(0)}"
    assert callable(cli.parsed(command, arguments))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_every_recipe_and_data_set_is_documented() -> None:
    training, data = ((ROOT / "docs" / f"{page}.md").read_text() for page in ("training", "data"))
    assert all(f"| `{name}` |" in training for name in names())
    assert all(f"| `{name}` |" in data for name in catalog.names("datasets"))
    assert all(f"| `{name}` |" in data for name in catalog.names("skeletons"))


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    assert all(f"\n## {name}\n" in text for name in (*cli.commands(), *cli.groups()))
    for group in cli.groups():
        assert all(f"$ moclip {group} {name} " in text for name in cli.commands(group))


def test_contributing_fits_on_a_page() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 60
