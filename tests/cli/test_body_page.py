"""What ``docs/skeletons.md`` shows runs, one line after the other, with the page's own JSON."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_support import Run

from moclip import datasets, formats, skeletons
from moclip.rigging import rig

PAGE = (Path(__file__).parents[2] / "docs" / "skeletons.md").read_text(encoding="utf-8")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the page names; a real movement."""
    monkeypatch.chdir(tmp_path)
    (body,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    Path("my_robot.json").write_text(body)
    robot = skeletons.from_json("my_robot.json")
    made = rig(datasets.load("bundled", "val")[0].motion, robot)
    for place in ("walk.bvh", "takes/walk.bvh"):
        formats.write(made, tmp_path / place)
    np.save("walk.npy", made.joints.numpy())
    formats.write(datasets.load("bundled", "val")[0].motion, tmp_path / "walk.npz")
    formats.write(rig(made, skeletons.get("cmu")), tmp_path / "my_rig.bvh")
    formats.write(rig(made, skeletons.get("cmu")), tmp_path / "captures" / "monday" / "walk.bvh")
    return tmp_path


def test_the_python_of_the_page_runs(there: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        names: dict[str, object] = {}
        exec(compile(example, "skeletons.md", "exec"), names)  # noqa: S102


@pytest.mark.parametrize("part", ["Onto your rig", "A body of your own"])
def test_the_commands_of_the_page_run(moclip: Run, model: Path, there: Path, part: str) -> None:
    if part == "Onto your rig":
        shutil.copy("my_rig.bvh", "walk.bvh")
    text = PAGE.split(f"## {part}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\$ moclip (.*)$", text, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        words = shlex.split(line, comments=True)
        shown = moclip(*[model if word == "runs/demo" else word for word in words])
        assert shown.code == 0, (line, shown.err)


def test_an_array_that_was_converted_is_read_without_the_flag(
    moclip: Run, model: Path, there: Path
) -> None:
    flag = ("--skeleton-file", "my_robot.json")
    shown = moclip("data", "convert", "walk.npy", "array.npz", *flag)
    assert (shown.code, shown.err) == (0, "")
    shown = moclip("search", model, "array.npz")
    assert (shown.code, shown.err) == (0, "")
