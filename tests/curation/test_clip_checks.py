"""Each check finds what it is for in a spoiled real clip, that alone, and says where."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import spoiled
import torch
from spoiled import ARMS, LEGS, jump, of, walk

from moclip import catalog
from moclip.curation.checks.base import Case, Finding
from moclip.curation.doctor import examine_case
from moclip.motion import Motion

CHECKS = catalog.names("curation.checks")


def found(case: Case) -> list[Finding]:
    return examine_case(case, CHECKS)


def only(case: Case) -> Finding:
    """The single finding of a case."""
    findings = found(case)
    assert len(findings) == 1, [f"{f.check}: {f.sentence}" for f in findings]
    return findings[0]


Spoil = Callable[[], Motion]
SPOILED: dict[str, tuple[str, str, Spoil, str]] = {
    "teleport": (
        "jumps",
        "error",
        lambda: spoiled.teleported(walk(), 20),
        r"the whole body jumps at frame (19|20) \((0.95|1.00) s\): 0\.5\d m beside its course",
    ),
    "teleport in the second frame": (
        "jumps",
        "error",
        lambda: spoiled.teleported(walk(), 1),
        r"the whole body jumps at frame 1 \(0\.05 s\)",
    ),
    "teleport in the last frame": (
        "jumps",
        "error",
        lambda: spoiled.teleported(walk(), len(walk()) - 1),
        rf"the whole body jumps at frame {len(walk()) - 2} ",
    ),
    "lost joint": (
        "jumps",
        "error",
        lambda: spoiled.with_a_lost_joint(walk(), "left_wrist", 20),
        r"'left_wrist' jumps at frame 20 \(1\.00 s\): 0\.6\d m beside its course$",
    ),
    "frozen": (
        "frozen",
        "error",
        lambda: spoiled.frozen(walk(), 20, 10),
        r"frozen at the middle: 10 frames after frame 20 \(1\.00 s\) .*\(0\.50 s\)$",
    ),
    "padded": (
        "frozen",
        "error",
        lambda: spoiled.frozen(walk(), len(walk()) - 1, 10),
        rf"frozen at the end: 10 frames after frame {len(walk()) - 1} ",
    ),
    "a statue": (
        "frozen",
        "error",
        lambda: replace(walk(), joints=walk().joints[:1].repeat(40, 1, 1)),
        r"nothing moves in all of its 40 frames",
    ),
    "16 fps shown as 20": (
        "repeated_frames",
        "error",
        lambda: spoiled.repeating(walk(), 4),
        r"20% of the frames repeat .* about 16 frames a second shown as 20$",
    ),
    "10 fps shown as 20": (
        "repeated_frames",
        "error",
        lambda: spoiled.repeating(walk(), 1),
        r"5\d% of the frames repeat .* about (9\.\d+|10) frames a second shown as 20$",
    ),
    "one copy": (
        "repeated_frames",
        "warning",
        lambda: spoiled.frozen(walk(), 30, 1),
        r"one frame repeats the one before; it is frame 31 \(1\.55 s\)",
    ),
    "centimetres": (
        "unit",
        "error",
        lambda: spoiled.in_unit(walk(), 0.01),
        r"the body is 1\d\d m tall .* the numbers look like cm \(1 cm = 0\.01 m\)",
    ),
    "millimetres": (
        "unit",
        "error",
        lambda: spoiled.in_unit(walk(), 0.001),
        r"the numbers look like mm ",
    ),
    "inches": (
        "unit",
        "error",
        lambda: spoiled.in_unit(walk(), 0.0254),
        r"the numbers look like inch ",
    ),
    "metres as centimetres": (
        "unit",
        "error",
        lambda: spoiled.in_unit(walk(), 100.0),
        r"metres seem to have been taken for cm \(multiply by 100\)",
    ),
    "z up": ("up_axis", "error", lambda: spoiled.z_up(walk()), r"stands along z in 100% .* wanted"),
    "y down": ("up_axis", "error", lambda: spoiled.y_down(walk()), r"stands along -y in 100%"),
    "floating": (
        "floor",
        "warning",
        lambda: spoiled.raised(walk(), 0.5),
        r"the feet float above the floor: they rest at y = 0\.5\d m",
    ),
    "sunken": (
        "floor",
        "warning",
        lambda: spoiled.raised(walk(), -0.5),
        r"the feet sink under the floor: they rest at y = -0\.[45]\d m",
    ),
    "dipping": (
        "floor",
        "error",
        lambda: spoiled.dipping(walk()),
        r"'(left|right)_foot' dips 0\.[23]\d m under the floor at frame (28|29|30|31) ",
    ),
    "mirrored without renaming": (
        "sides",
        "error",
        lambda: spoiled.swapped(walk()),
        r"left and right are exchanged, or the body is mirrored: .* only \d+% of the frames",
    ),
    "legs exchanged": (
        "sides",
        "error",
        lambda: spoiled.swapped(walk(), *LEGS),
        r"left and right legs are exchanged: hips and shoulders point opposite ways in \d+%",
    ),
    "arms exchanged": (
        "sides",
        "error",
        lambda: spoiled.swapped(walk(), *ARMS),
        r"left and right arms are exchanged: ",
    ),
    "sides exchanged for half a second": (
        "sides",
        "error",
        lambda: spoiled.swapped(walk(), frames=slice(20, 30)),
        r"left and right legs and arms change places between two frames, 2 times, first after "
        r"frame 19 \(0\.95 s\)",
    ),
    "soft bone": (
        "bones",
        "error",
        lambda: spoiled.with_a_soft_bone(walk()),
        r"the bone to 'left_wrist' is 0\.\d+ m to 0\.\d+ m long \(most unusual at frame \d+ ",
    ),
    "z-scored joints": (
        "z_scored",
        "error",
        lambda: spoiled.standardised(walk()),
        r"half of the bones change .* z-scored numbers; multiply by Std and add Mean first",
    ),
    "unknown names": (
        "unknown_skeleton",
        "error",
        lambda: spoiled.renamed(walk()),
        r"its 22 joints \(bone0, bone1, bone2, bone3, \.\.\.\) are no known body's: it shares none",
    ),
    "120 fps said to be 20": (
        "fps",
        "error",
        lambda: spoiled.at_fps(walk(), 5.0),
        r"walking in slow motion: about \d+ frames a second would be right, the file says 5",
    ),
    "a walk four times too fast": (
        "fps",
        "error",
        lambda: spoiled.at_fps(walk(), 80.0),
        r"(falls with \d+ m/s\^2, faster than any stone|more than any sprinter): .* file says 80",
    ),
    "a jump at half its speed": (
        "fps",
        "error",
        lambda: spoiled.at_fps(jump(), 10.0),
        r"in the air at frame \d+ .* falls with 2\.\d m/s\^2 instead of 9\.81: about (19|2\d) fr",
    ),
    "a jump at two thirds of its speed": (
        "fps",
        "warning",
        lambda: spoiled.at_fps(jump(), 13.0),
        r"in the air at frame \d+ .* instead of 9\.81: about (19|2\d) frames a second",
    ),
    "too short": (
        "length",
        "warning",
        lambda: walk().cut(0.0, 0.4),
        r"8 frames at 20 fps last 0\.40 s, less than the 0\.5 s",
    ),
    "too long": (
        "length",
        "warning",
        lambda: to_and_fro(walk(), 130),
        r"\d+ frames at 20 fps last 13\d s, more than 120 s",
    ),
}


def to_and_fro(motion: Motion, seconds: float) -> Motion:
    """A pendulum's walk: forwards, backwards and again, turning points once."""
    once = torch.cat((motion.joints[:-1], motion.joints.flip(0)[:-1]))
    times = int(seconds * motion.fps / len(once)) + 1
    return replace(motion, joints=once.repeat(times, 1, 1))


@pytest.mark.parametrize("fault", SPOILED)
def test_a_spoiled_clip_has_its_fault_and_no_other(fault: str) -> None:
    check, severity, spoil, sentence = SPOILED[fault]
    finding = only(of(spoil()))
    assert (finding.check, finding.severity, finding.clip) == (check, severity, "clip")
    assert re.search(sentence, finding.sentence), finding.sentence


def test_the_clips_that_are_spoiled_are_clean_before() -> None:
    assert found(of(walk())) == []
    assert found(of(jump())) == []


def test_every_check_of_single_clips_has_a_spoiled_clip() -> None:
    from_readers = {"not_finite", "unreadable", "captions"}
    between_clips = {"near_duplicates", "caption_leaks"}
    spoiled_here = {check for check, *_ in SPOILED.values()}
    assert spoiled_here | from_readers | between_clips == set(CHECKS)


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.5, 4.0])
def test_where_the_body_faces_and_stands_makes_no_difference(angle: float) -> None:
    from moclip import geometry

    turned = walk().turned(geometry.axis_rotation("Y", torch.tensor(angle)))
    assert found(of(turned.moved(torch.tensor((30.0, 0.0, -20.0))))) == []


def test_a_mirrored_clip_with_its_names_exchanged_is_clean() -> None:
    assert found(of(walk().mirrored())) == []


@pytest.mark.parametrize("height", [-0.05, 0.05])
def test_a_floor_within_ten_centimetres_is_no_fault(height: float) -> None:
    assert found(of(spoiled.raised(walk(), height))) == []


def test_a_joint_and_a_frame_are_named_for_programs_too() -> None:
    finding = only(of(spoiled.with_a_lost_joint(walk(), "left_wrist", 20)))
    assert (finding.frame, finding.joint) == (20, "left_wrist")


def test_a_jump_does_not_hide_a_bone_that_changes_elsewhere() -> None:
    both = spoiled.with_a_lost_joint(spoiled.with_a_soft_bone(walk()), "right_foot")
    assert [finding.check for finding in found(of(both))] == ["bones", "jumps"]


@pytest.mark.parametrize(
    ("problem", "check"),
    [
        ("a.npy: joints hold a number that is not finite at frame 3", "not_finite"),
        ("a.npy: these 263 features are no body: they look z-scored", "z_scored"),
        ("000021.txt, line 2: wanted caption#tokens#from#to, got 'x'", "captions"),
        ("a.bvh is empty", "unreadable"),
    ],
)
def test_what_the_reader_says_goes_to_the_check_of_that_name(problem: str, check: str) -> None:
    finding = only(Case("clip", problem=problem))
    assert (finding.check, finding.sentence) == (check, problem)


def captions(*told: str) -> list[tuple[str, str]]:
    return [(f.severity, f.sentence) for f in found(of(walk(), captions=told))]


def test_captions_may_be_missing_empty_or_twice() -> None:
    assert captions() == [("error", "it has no caption")]
    assert captions("a person walks", " ") == [("error", "1 of its 2 captions are empty")]
    twice = captions("A person walks", "someone goes", "a person  walks")
    assert twice == [("warning", "the caption 'a person walks' is given 2 times")]
    assert captions("a person walks", "someone goes") == []


def test_without_a_table_of_captions_none_is_missed() -> None:
    assert found(of(walk(), captions=None)) == []
