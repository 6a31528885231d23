"""The protocol of generated motion: what is drawn, what real motion has, where it goes on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import small_makers
import torch

from moclip.evaluation import generation, metrics
from moclip.evaluation.generation import Plan, Task
from moclip.evaluation.judges import Judge
from moclip.evaluation.makers import Maker
from moclip.motion import Motion

QUICK = Plan(repeats=2, prompts=3, generations=2)
KINDS = ("generator", "motionclip")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(small_makers.evaluator())


@pytest.fixture(scope="module", params=KINDS)
def maker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    text = small_makers.tower(tmp_path_factory.mktemp("clip"))
    return Maker(getattr(small_makers, request.param)(text))


class Copying(Maker):
    """Gives the real motions back: the perfect generator."""

    def __init__(self, real: list[Motion]) -> None:
        self.real = real

    longest = 10.0

    def key(self) -> list[object]:
        return ["copying"]

    def motions(self, captions: object, seconds: object, seeds: object) -> list[Motion]:
        return self.real


def same(one: Motion, other: Motion) -> bool:
    return len(one) == len(other) and bool((one.joints - other.joints).abs().max() < 1e-4)


def test_a_motion_hangs_on_its_own_caption_length_and_seed(maker: Maker) -> None:
    captions, seconds, seeds = ["walk", "run", "walk"], [0.6, 1.0, 0.6], [1, 2, 3]
    first, second, third = maker.motions(captions, seconds, seeds)
    assert (len(first), len(second)) == (12, 20)
    assert same(maker.motions(["walk"], [0.6], [1])[0], first)
    assert not same(first, third)


def test_all_quantities_are_measured_of_both(maker: Maker, judge: Judge) -> None:
    report = generation.evaluate(maker, judge, small_makers.clips(), QUICK)
    made, real = report.figures("generated"), report.figures("real")
    wanted = {*metrics.quantities(), "content accuracy", "style accuracy"}
    assert wanted - {"foot sliding"} <= set(made)
    assert wanted - {"MultiModality", "foot sliding"} <= set(real)
    assert (report.clips, report.pool, len(report.rows)) == (24, 24, 2)
    assert all(figure.low is not None for figure in made.values())
    table = report.table()
    assert "24 clips, 2 repeats, pools of 24" in table
    assert all(name in table for name in ("FID", "Top-1, %", "joint speed, m/s", "as real"))


def test_a_perfect_generator_has_what_real_motion_has(judge: Judge) -> None:
    clips = small_makers.clips()
    plan = Plan(repeats=2, prompts=0)
    copying = Copying([clip.motion for clip in clips])
    report = generation.evaluate(copying, judge, clips, plan)
    made, real = report.figures("generated"), report.figures("real")
    assert abs(made["FID"].value) < 1e-9 < real["FID"].value
    for name in ("joint speed", "content accuracy", "MM-Dist", "jerk", "Top-3"):
        assert made[name].value == pytest.approx(real[name].value)
    assert "MultiModality" not in made


def test_speeds_are_told_apart_by_a_label(judge: Judge) -> None:
    clips = small_makers.clips()
    copying = Copying([clip.motion for clip in clips])
    report = generation.evaluate(copying, judge, clips, Plan(repeats=1, prompts=0, by="content"))
    made, real = report.figures("generated"), report.figures("real")
    for value in {clip.labels["content"] for clip in clips}:
        own = [clip.motion for clip in clips if clip.labels["content"] == value]
        speeds = [float((m.joints.diff(dim=0) * m.fps).norm(dim=-1).mean()) for m in own]
        name = f"speed of {value}"
        assert made[name].value == pytest.approx(sum(speeds) / len(own), rel=1e-4)
        assert made[name].value == pytest.approx(real[name].value)
        assert f"{name}, m/s" in report.table()


def test_a_repeat_depends_on_seed_and_number_alone(maker: Maker, judge: Judge) -> None:
    clips = small_makers.clips()
    task = Task.of(maker, judge, clips, QUICK)
    torch.manual_seed(3)
    first = task.repeat(1)
    torch.manual_seed(4)
    assert task.repeat(1) == first
    assert task.repeat(0) != first
    assert Task.of(maker, judge, clips, replace(QUICK, seed=9)).repeat(1) != first


def test_it_goes_on_where_it_stopped(maker: Maker, judge: Judge, tmp_path: Path) -> None:
    clips, out = small_makers.clips(), tmp_path / "figures.json"
    whole = generation.evaluate(maker, judge, clips, QUICK)
    generation.evaluate(maker, judge, clips, replace(QUICK, repeats=1), out=out)
    found = json.loads(out.read_text())
    found["rows"][0]["generated"]["FID"] = 123.0  # to be seen again
    out.write_text(json.dumps(found))
    report = generation.evaluate(maker, judge, clips, QUICK, out=out)
    assert report.rows[0]["generated"]["FID"] == 123.0
    assert report.rows[1] == whole.rows[1]
    assert len(json.loads(out.read_text())["rows"]) == 2
    other = generation.evaluate(maker, judge, clips[1:], replace(QUICK, repeats=1), out=out)
    assert other.rows[0]["generated"]["FID"] != 123.0


@pytest.mark.parametrize("change", ["joints", "labels"])
def test_other_motion_under_the_same_names_is_measured_anew(
    maker: Maker, judge: Judge, change: str
) -> None:
    clips = small_makers.clips()
    motion = clips[0].motion
    other = {
        "joints": replace(clips[0], motion=replace(motion, joints=1.3 * motion.joints)),
        "labels": replace(clips[0], labels={"content": "another"}),
    }[change]
    task, changed = (Task.of(maker, judge, [one, *clips[1:]], QUICK) for one in (clips[0], other))
    assert task.key() == Task.of(maker, judge, small_makers.clips(), QUICK).key()
    assert task.key() != changed.key()


def test_clips_longer_than_can_be_made_are_cut(judge: Judge) -> None:
    clips = small_makers.clips(20, frames=250)
    copying = Copying([clip.motion.cut(0.0, 10.0) for clip in clips])
    task = Task.of(copying, judge, clips, Plan(repeats=1, prompts=0))
    assert {len(clip.motion) for clip in task.clips} == {200}


@pytest.mark.parametrize(
    ("plan", "count", "told"),
    [
        (Plan(), 19, "19 clips came, an evaluation takes at least 20"),
        (Plan(repeats=0), 20, "0 repeats came"),
        (Plan(generations=1), 20, "1 generations came"),
        (Plan(by="mood"), 20, "no clip has a label 'mood', there are: content, style"),
    ],
)
def test_what_cannot_be_measured_is_told(judge: Judge, plan: Plan, count: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        generation.evaluate(Copying([]), judge, small_makers.clips(count), plan)
