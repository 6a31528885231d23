"""Courses of made motions, whose every number is known, and of real ones."""

import math
from dataclasses import replace
from pathlib import Path

import doubles
import pytest
import small_makers
import torch

from moclip import datasets
from moclip.evaluation import directions
from moclip.evaluation.directions import PROMPTS, WALK, Course
from moclip.evaluation.makers import Maker
from moclip.geometry import axis_rotation
from moclip.motion import Motion

STILL = Course.of(doubles.walk(0.0))


def turning(degrees: float, *, speed: float = 1.0, frames: int = 41) -> Motion:
    """Walks ahead while its heading turns evenly to the left, seen from above."""
    body = doubles.walk(0.0, frames=1)
    angles = torch.linspace(0, math.radians(degrees), frames)
    headings = torch.stack((angles.sin(), torch.zeros(frames), angles.cos()), dim=-1)
    path = torch.cat((torch.zeros(1, 3), (headings[:-1] * speed / 20).cumsum(dim=0)))
    turned = [body.joints[0] @ axis_rotation("Y", angle).T for angle in angles]
    return replace(body, joints=torch.stack(turned) + path[:, None])


def with_joint(motion: Motion, name: str, height: float) -> Motion:
    joints = motion.joints.clone()
    joints[:, motion.skeleton.index(name), 1] += height
    return replace(motion, joints=joints)


def test_a_walk_straight_ahead() -> None:
    course = Course.of(doubles.walk(1.5, frames=41))
    assert course.ahead == pytest.approx(3.0, abs=0.01)
    assert course.speed == pytest.approx(1.5, abs=1e-3)
    assert [course.left, course.turned, course.leap] == pytest.approx([0, 0, 0], abs=0.01)


def test_backwards_is_less_than_nothing() -> None:
    course = Course.of(doubles.walk(-1.0, frames=41))
    assert course.ahead == pytest.approx(-2.0, abs=0.01)
    assert course.speed == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("degrees", [90.0, -90.0, 400.0])
def test_turns_to_the_left_are_positive_and_counted_whole(degrees: float) -> None:
    course = Course.of(turning(degrees))
    assert course.turned == pytest.approx(degrees, abs=0.1)
    assert course.ahead == pytest.approx(2.0, abs=0.01)  # along the way it faces
    assert course.left == pytest.approx(0, abs=0.01)


def test_plus_x_is_left_and_where_the_body_stands_makes_no_difference() -> None:
    motion = doubles.walk(0.0, frames=41)
    sideways = torch.linspace(0, 2, 41)[:, None, None] * torch.tensor((1.0, 0, 0))
    aside = replace(motion, joints=motion.joints + sideways)
    assert Course.of(aside).left == pytest.approx(2.0, abs=0.01)
    assert Course.of(aside.mirrored()).left == pytest.approx(-2.0, abs=0.01)
    elsewhere = aside.turned(axis_rotation("Y", torch.tensor(2.0))).moved(torch.ones(3))
    assert Course.of(elsewhere).left == pytest.approx(2.0, abs=0.01)


def test_a_mirror_exchanges_left_and_right_and_nothing_else() -> None:
    motion = turning(120.0)
    course, mirrored = Course.of(motion), Course.of(motion.mirrored())
    assert mirrored.turned == pytest.approx(-course.turned, abs=1e-3)
    assert mirrored.ahead == pytest.approx(course.ahead, abs=1e-3)
    assert mirrored.right_hand == pytest.approx(course.left_hand, abs=1e-3)


def test_a_leap_lifts_the_lowest_joint() -> None:
    motion = doubles.walk(0.0, frames=21)
    up = torch.sin(torch.linspace(0, math.pi, 21))[:, None, None] * torch.tensor((0, 0.3, 0))
    assert Course.of(replace(motion, joints=motion.joints + up)).leap == pytest.approx(0.3)


def answers(**changed: Course) -> dict[str, list[Course]]:
    walk = Course.of(doubles.walk(1.0))
    said = {WALK: walk, "a person runs": Course.of(doubles.walk(3.0))}
    return {prompt: [said.get(prompt, changed.get("other", STILL))] for prompt in PROMPTS}


def test_words_are_checked_one_by_one() -> None:
    report = directions.judge(answers())
    right = {prompt for prompt, answer in report.answers.items() if answer.right}
    assert right == {WALK, "a person runs"}
    assert report.share == 25
    every = replace(STILL, ahead=-1.0, turned=60.0, leap=0.4, right_hand=0.2, left_hand=0.1)
    report = directions.judge(answers(other=every))
    wrong = {prompt for prompt, answer in report.answers.items() if not answer.right}
    assert wrong == {"a person walks and turns right", "a person raises the left hand"}


def test_a_run_is_measured_by_the_walk_of_the_same_seed() -> None:
    slow, fast = (Course.of(doubles.walk(speed)) for speed in (1.0, 2.0))
    report = directions.judge({WALK: [slow, fast], "a person runs": [fast, slow]})
    assert report.answers["a person runs"].right == 1


def test_a_prompt_that_nobody_judges_is_refused() -> None:
    with pytest.raises(LookupError, match="'a person flies' is not judged; there are: a person"):
        directions.judge({WALK: [STILL], "a person flies": [STILL]})


def test_a_hand_is_read_by_its_own_side() -> None:
    lifted = Course.of(with_joint(doubles.walk(0.0), "right_wrist", 0.2))
    assert lifted.right_hand > 0 > lifted.left_hand


def test_a_model_is_asked_all_prompts_with_all_seeds(tmp_path: Path) -> None:
    maker = Maker(small_makers.generator(small_makers.tower(tmp_path / "clip")))
    report = directions.evaluate(maker, seconds=1.0, seeds=2)
    assert set(report.answers) == set(PROMPTS)
    assert {len(answer.courses) for answer in report.answers.values()} == {2}
    one, other = report.answers[WALK].courses
    assert one != other
    assert directions.evaluate(maker, seconds=1.0, seeds=2) == report
    assert all(prompt in report.table() for prompt in PROMPTS)
    with pytest.raises(ValueError, match="0 seeds came"):
        directions.evaluate(maker, seeds=0)


def test_real_clips_do_as_their_words_say() -> None:
    """Walks of the bundled clips go ahead, runs are faster, jumps leave the floor."""
    clips = datasets.load("bundled", "all")
    by_action: dict[str, list[Course]] = {}
    for clip in clips:
        by_action.setdefault(clip.labels["action"], []).append(Course.of(clip.motion))
    walks, runs, jumps = (by_action[name] for name in ("walk", "run", "jump"))

    def median(values: list[float]) -> float:
        return sorted(values)[len(values) // 2]

    assert median([course.ahead for course in walks]) > directions.AHEAD
    assert median([c.speed for c in runs]) > 1.5 * median([c.speed for c in walks])
    assert median([course.leap for course in jumps]) > directions.LEAP
    assert median([course.leap for course in walks]) < directions.LEAP


def test_recorded_clips_pass_their_own_check_and_no_opposite_one(shared_data: Path) -> None:
    root = shared_data / "bandai_namco" / "bandai_namco_motiondataset.zip"
    recorded = {
        "a person walks and turns left": "dataset-2_walk-turn-left_normal_001",
        "a person walks and turns right": "dataset-2_walk-turn-right_normal_002",
        "a person walks backwards": "dataset-1_walk-back_normal_001",
        "a person raises the right hand": "dataset-2_raise-up-right-hand_normal_001",
        "a person raises the left hand": "dataset-2_raise-up-left-hand_normal_001",
    }
    for prompt, clip in recorded.items():
        course = Course.of(datasets.read_clip("bandai_namco", clip, root=root))
        passed = {other for other in recorded if PROMPTS[other][1](course, STILL)}
        assert passed == {prompt}, course
