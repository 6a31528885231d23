"""Every clip once, alike in length, the same again from seed and epoch; captions and variations."""

import doubles
import pytest
import small_runs
import torch
import torch.nn.functional as F

from moclip.models.two_tower import unit
from moclip.motion import CaptionedMotion, Motion
from moclip.training.batches import Batches, Teacher, runs, varied, with_mirrored
from moclip.training.objectives import Batch
from moclip.training.sections import Augment


def clip_numbers(batch: Batch) -> list[int]:
    """Captions are numbered two a clip, in the order of the clips."""
    return [int(row[0]) // 2 for row in batch.own]


@pytest.mark.parametrize(("count", "size"), [(11, 4), (12, 4), (13, 4), (40, 2), (5, 16)])
def test_every_clip_comes_once_an_epoch(count: int, size: int) -> None:
    batches = small_runs.batches(size, count=count)
    found = list(batches.epoch(0))
    seen = sorted(number for batch in found for number in clip_numbers(batch))
    assert len(found) == len(batches)
    assert len(set(seen)) == len(seen)
    assert len(seen) == count - (count % size == 1)
    assert all(2 <= len(small_runs.motions(batch)) <= size for batch in found)


def test_a_remainder_of_one_is_another_clip_each_epoch() -> None:
    batches = small_runs.batches(4, count=13)
    left_out: set[int] = set()
    for epoch in range(8):
        seen = {n for batch in batches.epoch(epoch) for n in clip_numbers(batch)}
        left_out |= set(range(13)) - seen
    assert len(left_out) > 3


def of_lengths(lengths: list[int]) -> list[CaptionedMotion]:
    return [
        CaptionedMotion(str(i), doubles.walk(1, frames=frames), (f"walk {i}",))
        for i, frames in enumerate(lengths)
    ]


@pytest.mark.parametrize("slack", [0.0, 0.2, 0.5])
def test_clips_padded_together_are_alike_in_length(slack: float) -> None:
    lengths = torch.randint(5, 100, (256,), generator=torch.Generator().manual_seed(0)).tolist()
    clips = of_lengths(lengths)
    teacher = Teacher.of(doubles.model(), [clip.captions[0] for clip in clips])
    parts = [
        part
        for batch in Batches(clips, teacher, 128, 0, slack=slack).epoch(0)
        for part in batch.motions
    ]
    assert all(part.lengths.min() >= (1 - slack) * part.lengths.max() for part in parts)
    assert sum(int(part.lengths.sum()) for part in parts) == sum(lengths)
    padded = sum(part.mask.numel() for part in parts)
    assert padded / sum(lengths) <= 1 + slack


def test_more_slack_makes_fewer_runs() -> None:
    motions = [clip.motion for clip in of_lengths(list(range(20, 100)))]
    counts = [len(runs(motions, slack)) for slack in (0.0, 0.1, 0.5, 0.9)]
    assert counts[0] == 80
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 1
    assert [m for run in runs(motions, 0.5) for m in run] == motions
    assert runs([], 0.2) == []


def test_the_members_of_a_batch_change_from_epoch_to_epoch() -> None:
    """Short clips meet long ones, or some negatives would never be seen."""
    batches = small_runs.batches(4, count=16)
    met = set()
    for batch in [b for epoch in range(30) for b in batches.epoch(epoch)]:
        found = clip_numbers(batch)
        met |= {(a, b) for a in found for b in found if a != b}
    assert len(met) == 16 * 15


def same(one: Batch, other: Batch) -> bool:
    return (
        one.captions == other.captions
        and torch.equal(one.text_index, other.text_index)
        and len(one.motions) == len(other.motions)
        and all(
            torch.equal(a.joints, b.joints) and torch.equal(a.mask, b.mask)
            for a, b in zip(one.motions, other.motions, strict=True)
        )
        and torch.equal(one.teacher, other.teacher)
    )


def test_batches_depend_on_seed_and_epoch_only() -> None:
    varying = {"crop": 0.7, "speed": 0.1, "noise": 0.01}
    first, again = small_runs.batches(**varying), small_runs.batches(**varying)
    list(again.epoch(4))
    torch.rand(3)
    pairs = zip(first.epoch(2), again.epoch(2), strict=True)
    assert all(same(one, other) for one, other in pairs)
    for other in (first.epoch(3), small_runs.batches(seed=1, **varying).epoch(2)):
        assert not any(same(a, b) for a, b in zip(first.epoch(2), other, strict=True))


@pytest.mark.parametrize("skip", [0, 1, 2, 3])
def test_the_middle_of_an_epoch_is_the_same_when_it_is_taken_up(skip: int) -> None:
    batches = small_runs.batches(crop=0.7, speed=0.1, noise=0.01)
    whole, rest = list(batches.epoch(1)), list(batches.epoch(1, skip=skip))
    assert len(rest) == len(whole) - skip
    assert all(same(one, other) for one, other in zip(whole[skip:], rest, strict=True))


def test_a_pair_is_a_clip_with_one_of_its_captions() -> None:
    batches = small_runs.batches()
    drawn = set()
    for batch in [b for epoch in range(4) for b in batches.epoch(epoch)]:
        assert len(set(batch.captions)) == len(batch.captions)
        for row, number in enumerate(clip_numbers(batch)):
            clip = batches.clips[number]
            caption = batch.captions[int(batch.text_index[row])]
            assert caption in clip.captions
            assert torch.equal(small_runs.motions(batch)[row].joints, clip.motion.joints)
            assert batches.teacher.number[caption] == int(batch.numbers[row])
            own = [batches.teacher.number[caption] for caption in clip.captions]
            assert batch.own[row].tolist() == own
            drawn.add(caption)
    assert len(drawn) > 15  # of 22: both captions of a clip are drawn, not the first only


def test_own_captions_are_padded() -> None:
    few, many = doubles.clips(2, captions=1)[0], doubles.clips(2, captions=3)[1]
    teacher = Teacher.of(doubles.model(), [*few.captions, *many.captions])
    (batch,) = Batches([few, many], teacher, 2, 0).epoch(0)
    assert sorted(batch.own.tolist()) == [[0, -1, -1], [1, 2, 3]]


def test_the_teacher_is_the_frozen_tower() -> None:
    model = doubles.model()
    captions = ["a person walks", "someone runs", "a person walks"]
    teacher = Teacher.of(model, captions)
    assert len(teacher.raw) == 2
    assert not teacher.raw.requires_grad
    expected = F.normalize(model.text.encode(captions), dim=-1)
    torch.testing.assert_close(unit(teacher.of_captions(captions)), expected.detach())
    for batch in small_runs.batches().epoch(0):
        told = [batch.captions[row] for row in batch.text_index.tolist()]
        torch.testing.assert_close(batch.teacher, model.encode_text(told).detach())
        torch.testing.assert_close(batch.teacher.norm(dim=-1), torch.ones(len(told)))
        raw = model.text.encode(told).detach()
        torch.testing.assert_close(batch.teacher_norm, raw.norm(dim=-1))


def told(*captions: str) -> CaptionedMotion:
    return CaptionedMotion(captions[0], doubles.walk(1), captions)


def test_mirrored_twins_join_as_asked() -> None:
    clips = [told("turn left"), told("turn right"), told("left kick"), told("jump")]
    assert with_mirrored(clips, "off") == clips
    known = with_mirrored(clips, "known")
    assert [c.captions[0] for c in known[4:]] == ["turn right", "turn left", "jump"]
    every = with_mirrored(clips, "all")
    assert [c.captions[0] for c in every[4:]] == ["turn right", "turn left", "right kick", "jump"]
    twin = clips[0].motion.mirrored().joints
    assert torch.equal(every[4].motion.joints, twin)


def vary(motion: Motion, seed: int, **augment: float) -> Motion:
    return varied(motion, Augment(**augment), torch.Generator().manual_seed(seed))


def test_without_variation_the_motion_is_the_same() -> None:
    motion = doubles.walk(1)
    assert vary(motion, 0) is motion


def test_a_cut_is_a_span_of_the_clip() -> None:
    motion = doubles.walk(1, frames=40)
    lengths, starts = set(), set()
    for seed in range(60):
        cut = vary(motion, seed, crop=0.5)
        (start,) = (motion.joints[:, 0] == cut.joints[0, 0]).all(-1).nonzero().flatten().tolist()
        assert torch.equal(cut.joints, motion.joints[start : start + len(cut)])
        lengths.add(len(cut))
        starts.add(start)
    assert min(lengths) in (20, 21)
    assert max(lengths) in (39, 40)
    assert len(starts) > 10


def test_a_cut_leaves_two_frames_at_least() -> None:
    assert {len(vary(doubles.walk(1, frames=2), seed, crop=0.1)) for seed in range(9)} == {2}


def test_speed_changes_by_the_share_asked_for() -> None:
    motion = doubles.walk(1.0, frames=101)
    found = []
    for seed in range(60):
        other = vary(motion, seed, speed=0.2)
        assert other.fps == motion.fps
        torch.testing.assert_close(other.joints[[0, -1]], motion.joints[[0, -1]])
        steps = other.joints[1:, 0, 2] - other.joints[:-1, 0, 2]
        torch.testing.assert_close(steps, steps[:1].expand_as(steps), rtol=0, atol=1e-4)
        found.append(float(steps.mean()) * motion.fps)
    assert 1 / 1.21 < min(found) < 0.9
    assert 1.12 < max(found) < 1 / 0.79


def test_noise_has_the_deviation_asked_for() -> None:
    motion = doubles.walk(1, frames=200)
    noise = vary(motion, 0, noise=0.02).joints - motion.joints
    assert float(noise.std()) == pytest.approx(0.02, rel=0.05)
    assert float(noise.mean()) == pytest.approx(0, abs=1e-3)
