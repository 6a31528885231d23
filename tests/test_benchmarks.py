"""The benchmarks measure what they say: fair references, the right lengths, honest arithmetic."""

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import __main__ as bench
from benchmarks import (
    _clip_tower,
    _clips,
    _report,
    _timing,
    drawing,
    encoding,
    plain_drawing,
    published,
    reading,
    same_epochs,
    training_step,
)
from benchmarks._clips import Mix
from benchmarks._timing import Row
from moclip import datasets, losses, skeletons
from moclip.formats import bvh
from moclip.training.batches import Batches, Teacher
from moclip.training.objectives import Batch
from moclip.training.recipe import Loss, Recipe


@pytest.fixture(scope="module")
def mix() -> Mix:
    return Mix.of(6)


def parts() -> list[list[int]]:
    body = skeletons.get("humanml3d")
    return [[body.index(joint) for joint in joints] for _, joints in body.limbs]


def unit(seed: int) -> Tensor:
    return F.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_the_published_step_computes_the_losses_that_ours_does() -> None:
    motion, text, anchor = map(unit, range(3))
    scale, weights = torch.tensor(14.3), Loss()
    ours = (
        losses.contrastive(motion, text, scale)
        + weights.tether * losses.tether(text, anchor)
        + losses.align(motion, text)
    )
    theirs = published.loss(motion, text, anchor, scale)
    torch.testing.assert_close(theirs, ours)


def test_the_published_tower_has_the_published_size() -> None:
    with torch.device("meta"):
        tower = published.MotionEncoder(parts())
    assert sum(p.numel() for p in tower.parameters()) == pytest.approx(156.5e6, rel=0.005)


def test_the_published_tower_tells_clips_of_a_batch_apart() -> None:
    torch.manual_seed(0)
    tower = published.MotionEncoder(parts(), width=24, layers=1, dim=8).eval()
    joints = torch.randn(3, published.FRAMES, 22, 3)
    torch.testing.assert_close(tower(joints)[1:2], tower(joints[1:2]), atol=1e-5, rtol=1e-4)


def first_batch(mix: Mix) -> tuple[training_step.PublishedStep, training_step.OurStep, Batch]:
    torch.manual_seed(0)
    text = _clip_tower.load(_clips.captions(mix.clips), quick=True)
    model, _ = training_step.models(text, mix, quick=True)
    teacher = Teacher.of(model, _clips.captions(mix.clips))
    batch = next(Batches(mix.clips, teacher, 6, seed=0).epoch(0))
    reference = training_step.PublishedStep(text, quick=True)
    reference.prepare([batch])
    recipe = Recipe.load("moclip_paper", ["optimiser.motion_lr=1e-3", "optimiser.text_lr=1e-4"])
    for group in reference.step.optimiser.param_groups:
        group["lr"] *= 10
    ours = training_step.OurStep(model, recipe, slack=0.05)
    ours.prepare([batch])
    return reference, ours, batch


@pytest.mark.parametrize("text_is_frozen", [True, False])
def test_both_steps_learn(mix: Mix, text_is_frozen: bool) -> None:
    reference, ours, batch = first_batch(mix)
    training_step.set_phase(ours.model, 1 if text_is_frozen else 2)
    for step in (reference, ours):
        values = [step(batch, text_is_frozen) for _ in range(8)]
        assert statistics.fmean(values[-3:]) < statistics.fmean(values[:3]) - 0.05


@pytest.mark.parametrize("text_is_frozen", [True, False])
def test_the_published_text_tower_learns_in_the_second_phase_only(
    mix: Mix, text_is_frozen: bool
) -> None:
    reference, _, batch = first_batch(mix)
    student, teacher = reference.step.student, reference.step.teacher
    before = student.text_projection.weight.clone()
    reference(batch, text_is_frozen)
    assert torch.equal(student.text_projection.weight, before) == text_is_frozen
    assert torch.equal(teacher.text_projection.weight, before)


def test_both_steps_see_the_same_clips_and_captions(mix: Mix) -> None:
    reference, _, batch = first_batch(mix)
    joints, ids = reference._ready[id(batch)]
    assert joints.shape[:2] == (6, published.FRAMES)
    assert ids.shape == (6, published.TOKENS)
    for padded, motion in zip(joints, training_step.clips_of(batch), strict=True):
        assert torch.equal(padded[: len(motion)], motion.joints)
        assert not padded[len(motion) :].any()
    text = F.normalize(reference.text.transformer(input_ids=ids).text_embeds, dim=-1)
    torch.testing.assert_close(text, batch.teacher, atol=1e-5, rtol=1e-4)


def test_the_lengths_of_humanml3d_have_its_ends_and_mean() -> None:
    frames = _clips.humanml3d_lengths(200)
    assert min(frames) >= _clips.SHORTEST
    assert max(frames) <= _clips.LONGEST
    assert statistics.fmean(frames) == pytest.approx(_clips.MEAN, abs=0.5)
    assert frames == sorted(frames)


def test_a_clip_that_is_too_short_is_played_to_and_fro() -> None:
    own, long = Mix.of(6, lengths="own").clips[0], Mix.of(6).clips[0]
    joints, longer = own.motion.joints, long.motion.joints
    kept = min(len(joints), len(longer))
    assert long.id == own.id
    assert torch.equal(longer[:kept], joints[:kept])
    assert longer.diff(dim=0).abs().max() <= joints.diff(dim=0).abs().max()


def test_own_lengths_are_cut_where_the_published_code_cuts() -> None:
    assert max(Mix.of(141, lengths="own").frames) <= _clips.LONGEST


def test_more_clips_than_there_are_is_told() -> None:
    with pytest.raises(ValueError, match="1000 clips are asked for; 'bundled' has 141"):
        Mix.of(1000)


def test_a_word_of_the_captions_is_about_a_token(mix: Mix) -> None:
    told = _clips.captions(mix.clips)
    tower = _clip_tower.load(told, quick=True)
    tokens = int(tower.tokenise(told).mask.sum()) - 2 * len(told)
    words = sum(len(caption.split()) for caption in told)
    assert words <= tokens <= 1.5 * words


def row(seconds: float, reference: float, bar: float | None = None) -> Row:
    return Row("walk", "run", 10, "clips", seconds, reference, bar)


def test_a_ratio_is_the_reference_over_ours() -> None:
    found = row(2.0, 6.0, bar=3.0).to_dict()
    assert (found["ratio"], found["per_second"], found["holds"]) == (3.0, 5.0, True)
    assert row(2.0, 5.9, bar=3.0).holds is False
    assert row(2.0, 6.0).holds is None


def test_ways_take_turns_and_the_median_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now, calls = [0.0], []

    def way(name: str, *seconds: float) -> Callable[[], None]:
        left = list(seconds)

        def work() -> None:
            calls.append(name)
            now[0] += left.pop(0)

        return work

    monkeypatch.setattr(_timing.time, "perf_counter", lambda: now[0])
    medians = _timing.alternate([way("a", 9, 1, 5, 2), way("b", 9, 4, 4, 7)], repeats=3)
    assert medians == [2, 4]
    assert calls == ["a", "b"] * 4


def test_an_epoch_is_the_sum_over_its_batches(monkeypatch: pytest.MonkeyPatch, mix: Mix) -> None:
    _, _, batch = first_batch(mix)
    seen: list[str] = []

    def step(name: str, seconds: float) -> training_step.Step:
        def work(batch: Batch, text_is_frozen: bool) -> float:
            seen.append(name)
            now[0] += seconds
            return 0.0

        return work

    now = [0.0]
    monkeypatch.setattr(_timing.time, "perf_counter", lambda: now[0])
    steps = {"plain": step("plain", 3.0), "ours": step("ours", 2.0)}
    found = training_step.epoch(steps, [batch] * 4, batch, text_is_frozen=True, repeats=2)
    assert found == {"plain": 12.0, "ours": 8.0}
    assert seen == ["plain", "ours"] * 9


def test_two_ways_that_differ_get_no_ratio() -> None:
    with pytest.raises(ValueError, match=r"differ by 0\.1"):
        encoding._need_same(torch.zeros(2), torch.tensor((0.0, 0.1)))
    with pytest.raises(ValueError, match="differ by nan"):
        encoding._need_same(torch.zeros(1), torch.tensor((float("nan"),)))


def test_bvh_files_read_in_two_ways_that_differ_get_no_ratio(
    mix: Mix, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [bvh.encode(clip.motion) for clip in mix.clips]
    reading._check(files, files[:2])
    plain = reading._line_by_line
    monkeypatch.setattr(reading, "_line_by_line", lambda data: plain(data) + 1e-6)
    with pytest.raises(ValueError, match="numbers are read differently"):
        reading._check(files, files[:2])
    monkeypatch.undo()
    monkeypatch.setattr(reading, "_turn", lambda axis, angle: torch.eye(3).double().numpy())
    with pytest.raises(ValueError, match="joints are found in other places"):
        reading._check(files, files[:2])


def test_pictures_drawn_in_two_ways_that_differ_get_no_ratio(
    monkeypatch: pytest.MonkeyPatch, mix: Mix
) -> None:
    monkeypatch.setattr(plain_drawing, "_light", lambda out, rays, up: np.zeros(len(out)))
    with pytest.raises(ValueError, match="the two ways differ in"):
        drawing.drawing(mix, quick=True, repeats=1)


def test_quick_runs_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bench.json"
    bench.main(quick=True, out=out)
    printed = capsys.readouterr().out
    found = json.loads(out.read_text())
    names = [row["name"] for row in found["rows"]]
    assert found["frames"]["clips"] == 8
    assert found["training"]["frames a clip, published"] == published.FRAMES
    assert 142 <= found["training"]["frames a clip, ours"] < published.FRAMES
    assert {"processor", "threads", "torch", "date"} <= found["machine"].keys()
    for wanted in ("phase 1: ours", "phase 2: ours", "compact", "motions", "captions", "BVH"):
        assert any(wanted in name for name in names), wanted
    for found_row in found["rows"]:
        ratio = found_row["reference_seconds"] / found_row["seconds"]
        assert found_row["ratio"] == pytest.approx(ratio)
        assert found_row["holds"] is None  # tiny sizes promise nothing
        assert found_row["name"] in printed


def test_the_page_gets_its_table_and_keeps_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(_report.PAGE.read_text())
    before = page.read_text().split("<!-- measured: begin -->")[0]
    for seconds in (2.0, 3.0):
        _report.write_page([row(seconds, 6.0, bar=3.0)], {"machine": {"threads": 2}}, page)
    text = page.read_text()
    assert text.startswith(before)
    assert "| walk | run | 3.00 s, 3.33 clips/s | 6.00 s, 1.67 clips/s | 2.00x |" in text
    assert ">= 3x MISSED" in text
    assert "- machine: threads 2" in text
    assert text.count("| walk |") == 1


def test_a_page_without_its_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("no place\n")
    with pytest.raises(ValueError, match="0 places to fill, wanted one"):
        _report.write_page([row(2.0, 6.0)], {}, page)
    assert page.read_text() == "no place\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [(12345.6, "12,346"), (100.2, "100"), (99.94, "99.9"), (2.0, "2.00"), (0.01234, "0.0123")],
)
def test_numbers_show_three_digits(value: float, text: str) -> None:
    assert _report._digits(value) == text


def test_two_sizes_train_for_the_same_epochs_on_the_same_clips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "same.json"
    same_epochs.main(
        data="bundled", epochs=2, limit=8, paper_batch=4, compact_seeds=(0, 1), quick=True, out=out
    )
    found = json.loads(out.read_text())
    assert found["clips"] == {"train": 8, "val": len(datasets.load("bundled", "val"))}
    assert [row["size"] for row in found["rows"]] == ["compact", "compact", "paper"]
    assert {row["epochs"] for row in found["rows"]} == {2}
    assert all(0 <= row["validation"] <= 100 and row["seconds"] > 0 for row in found["rows"])
    assert "paper: 2 epochs" in capsys.readouterr().out


def test_clips_per_pair_keeps_every_combination_of_labels() -> None:
    clips = Mix.of(60, lengths="own").clips
    kept = same_epochs._few(clips, 1)
    actions = [clip.labels["action"] for clip in clips]
    assert sorted(clip.labels["action"] for clip in kept) == sorted(set(actions))


def test_captions_that_are_timed_have_8_to_20_tokens(mix: Mix) -> None:
    told = _clips.captions(mix.clips)
    tower = _clip_tower.load(told, quick=True)
    long, short = "a person walks " * 10, "waves"
    kept = encoding._usual(tower, [*told, long, short])
    assert kept
    assert not {long, short} & set(kept)
    assert {int(n) for n in tower.tokenise(kept).mask.sum(dim=1)} <= set(range(8, 21))


def test_encoding_captions_has_a_bar(mix: Mix) -> None:
    ours, *others = encoding.texts(mix, quick=True, repeats=1)
    assert (ours.name, ours.bar) == ("encode captions", 3.0)
    assert all(row.bar is None for row in others)
