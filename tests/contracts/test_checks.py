"""What every check of motion data promises, whatever it looks for."""

import ast
import inspect
from pathlib import Path
from types import ModuleType

import pytest
import torch

from moclip import catalog, datasets, skeletons
from moclip.curation import checks
from moclip.curation.checks.base import Case, Fault, card
from moclip.motion import Motion

NAMES = catalog.names("curation.checks")


def entry(name: str) -> ModuleType:
    module = __import__(f"moclip.curation.checks.{name}", fromlist=["HIDES"])
    assert isinstance(module, ModuleType)
    return module


def body(frames: int, fps: float = 20.0, scale: float = 1.0) -> Motion:
    draw = torch.Generator().manual_seed(frames)
    skeleton = skeletons.get("humanml3d")
    return Motion(scale * torch.randn(frames, len(skeleton), 3, generator=draw), fps, skeleton)


@pytest.mark.parametrize("name", NAMES)
def test_a_check_looks_at_a_clip_or_compares_clips(name: str) -> None:
    assert hasattr(entry(name), "look") != hasattr(entry(name), "compare")


@pytest.mark.parametrize("name", NAMES)
def test_its_first_line_says_what_is_wrong_in_one_sentence(name: str) -> None:
    first, _, rest = (inspect.getdoc(entry(name)) or "").partition("\n")
    assert first.endswith(".")
    assert len(first) <= 100
    assert rest.strip()


@pytest.mark.parametrize("name", NAMES)
def test_it_hides_only_other_checks_that_there_are(name: str) -> None:
    hidden = entry(name).HIDES
    assert isinstance(hidden, tuple)
    assert set(hidden) <= set(NAMES) - {name}


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_section_in_the_documentation(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
    assert f"\n## {name}\n" in page


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(entry(name), "look")])
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 7, 50])
@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 1e6])
def test_it_bears_any_motion_and_answers_in_sentences(name: str, frames: int, scale: float) -> None:
    for fault in entry(name).look(Case("clip", body(frames, scale=scale))):
        assert isinstance(fault, Fault)
        assert fault.sentence.strip()
        assert "\n" not in fault.sentence
        assert fault.frame is None or 0 <= fault.frame < frames


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(entry(name), "look")])
def test_it_bears_a_clip_that_cannot_be_read(name: str) -> None:
    said = [fault.sentence for fault in entry(name).look(Case("clip", problem="a.bvh is empty"))]
    assert said in ([], ["a.bvh is empty"])


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(entry(name), "compare")])
def test_it_bears_few_clips_and_such_without_poses(name: str) -> None:
    unread = card(Case("a", problem="a.bvh is empty"))
    read = card(Case("b", body(30)))
    for cards in ([], [unread], [read], [unread, read], [unread, unread]):
        assert list(entry(name).compare(cards)) == []


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(entry(name), "look")])
def test_it_changes_nothing_and_says_the_same_again(name: str) -> None:
    motion = datasets.load("bundled", "test")[0].motion
    before = motion.joints.clone()
    once, again = (list(entry(name).look(Case("clip", motion))) for _ in range(2))
    assert once == again
    assert torch.equal(motion.joints, before)


@pytest.mark.parametrize(
    "path", sorted(Path(checks.__path__[0]).glob("*.py")), ids=lambda p: p.stem
)
def test_checks_open_no_file(path: Path) -> None:
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    assert not {call for call in calls if call in ("open", "print") or "read_" in call}
