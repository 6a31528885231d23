"""Training our own evaluator: it learns what it is shown, and the same again from the same seed."""

import math

import doubles
import pytest
import torch

from moclip.evaluation.evaluator_quality import quality
from moclip.models.evaluator import _frames
from moclip.models.evaluator.own import Config, Evaluator
from moclip.motion import CaptionedMotion
from moclip.training import evaluator as training
from moclip.training._examples import IGNORED, Examples
from moclip.training.evaluator import Options, fit, loss_of, new_evaluator

SIZES = Config(dim=16, width=16, layers=1, text_layers=1, heads=2, buckets=64)
OPTIONS = Options(epochs=8, batch_size=8, lr=1e-2, mirror="off", sizes=SIZES)


def walks(count: int, *, seed: int = 0) -> list[CaptionedMotion]:
    """Slow and fast walks of three leans, told in words."""
    draw = torch.Generator().manual_seed(seed)
    made = []
    for i in range(count):
        pace, lean = i % 2, i // 2 % 3
        speed = 0.3 + 1.5 * pace + 0.2 * float(torch.rand((), generator=draw))
        word, body = ("slowly", "quickly")[pace], ("small", "middling", "large")[lean]
        made.append(
            CaptionedMotion(
                f"clip-{seed}-{i}",
                doubles.walk(speed, frames=14 + i % 9),
                (f"a {body} person goes {word}", f"someone {body} moves {word}"),
                {"pace": word},
            )
        )
    return made


def test_it_learns_labels_and_captions_of_clips_it_never_saw() -> None:
    fitted = fit(walks(24), walks(8, seed=1), OPTIONS)
    untaught = new_evaluator(Examples.of(walks(24)), OPTIONS).eval()
    test = walks(12, seed=2)
    learned, before = (quality(e, test, samples=0) for e in (fitted.evaluator, untaught))
    assert learned.recognition["pace"]["top-1"].value == 100
    found, chance = (r.retrieval["text->motion"]["R@5"].value for r in (learned, before))
    assert found > chance + 20


def test_it_comes_back_frozen_and_at_rest() -> None:
    fitted = fit(walks(6), walks(4, seed=1), OPTIONS.model_copy(update={"epochs": 1}))
    assert not fitted.evaluator.training
    assert not any(parameter.requires_grad for parameter in fitted.evaluator.parameters())
    assert fitted.epoch == 1


def test_the_same_seed_gives_the_same_evaluator_and_leaves_no_trace() -> None:
    options = OPTIONS.model_copy(update={"epochs": 2})
    state = torch.get_rng_state()
    one, other = (fit(walks(10), walks(4, seed=1), options).evaluator for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    assert all(torch.equal(a, b) for (_, a), (_, b) in pairs)
    third = fit(walks(10), walks(4, seed=1), options.model_copy(update={"seed": 1})).evaluator
    assert not torch.equal(third.motion_out.weight, one.motion_out.weight)


def test_the_best_epoch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([1.0, 3.0, 3.0, 2.0])
    kept: list[torch.Tensor] = []
    validated = training._Run._validated

    def counted(run: training._Run) -> object:
        kept.append(run.evaluator.motion_out.weight.detach().clone())
        report = validated(run)
        told[id(report)] = next(scores)
        return report

    told: dict[int, float] = {}
    monkeypatch.setattr(training._Run, "_validated", counted)
    monkeypatch.setattr(training, "score", lambda report: told[id(report)])
    fitted = fit(walks(8), walks(4, seed=1), OPTIONS.model_copy(update={"epochs": 4}))
    assert fitted.epoch == 3
    assert torch.equal(fitted.evaluator.motion_out.weight, kept[2])


def test_a_temperature_above_its_bound_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def hot(*arguments: object) -> Evaluator:
        made = new_evaluator(*arguments)
        made.logit_scale.data.fill_(math.log(100) + 0.5)
        return made

    monkeypatch.setattr(training, "new_evaluator", hot)
    fitted = fit(walks(10), walks(4, seed=1), OPTIONS.model_copy(update={"epochs": 2}))
    assert fitted.evaluator.logit_scale < math.log(100)


def test_a_seed_that_torch_cannot_take_is_told() -> None:
    with pytest.raises(ValueError, match="less than 4294967296"):
        Options(seed=2**63)


def test_too_few_clips_and_labels_that_are_not_there_are_told() -> None:
    with pytest.raises(ValueError, match="1 clips to train on and 4 to validate on"):
        fit(walks(1), walks(4), OPTIONS)
    with pytest.raises(LookupError, match="no two labels 'mood'; there are: pace"):
        fit(walks(4), walks(4), OPTIONS.model_copy(update={"labels": ("mood",)}))


def examples() -> Examples:
    return Examples.of(walks(9))


def test_an_epoch_shows_every_clip_once_with_a_caption_of_its_own() -> None:
    clips = examples()
    number = {caption: i for i, own in enumerate(clips.captions) for caption in own}
    draw = torch.Generator().manual_seed(0)
    noise = torch.zeros(_frames.CHANNELS)
    batches = list(clips.batches(4, crop=1.0, noise=noise, draw=draw))
    assert [len(batch.captions) for batch in batches] == [4, 4]  # a clip alone has no negatives
    for batch in batches:
        for frames, caption in zip(batch.frames, batch.captions, strict=True):
            assert any(
                caption in own and torch.equal(frames, whole)
                for own, whole in zip(clips.captions, clips.frames, strict=True)
            )
        assert (batch.own == batch.numbers[:, None]).any(dim=1).all()
    assert number.keys() >= {caption for batch in batches for caption in batch.captions}


def test_cuts_leave_the_share_that_was_asked_for() -> None:
    clips = examples()
    draw = torch.Generator().manual_seed(0)
    noise = torch.zeros(_frames.CHANNELS)
    lengths = {len(frames) for frames in clips.frames}
    for _ in range(5):
        for batch in clips.batches(4, crop=0.5, noise=noise, draw=draw):
            assert all(
                round(min(lengths) / 2) <= len(frames) <= max(lengths) for frames in batch.frames
            )
    cut = {len(f) for b in clips.batches(4, crop=0.5, noise=noise, draw=draw) for f in b.frames}
    assert cut - lengths


def test_a_clip_without_a_label_does_not_pull_at_it() -> None:
    clips = walks(8)
    bare = [CaptionedMotion(c.id, c.motion, c.captions) for c in clips[:4]]
    made = Examples.of([*bare, *clips[4:]])
    draw = torch.Generator().manual_seed(0)
    (batch,) = made.batches(8, crop=1.0, noise=torch.zeros(_frames.CHANNELS), draw=draw)
    assert (batch.labels["pace"] == IGNORED).sum() == 4
    torch.manual_seed(0)
    evaluator = new_evaluator(made, OPTIONS).eval()
    scores = evaluator.label_scores(evaluator.gather_frames(batch.frames), "pace")
    known = batch.labels["pace"] != IGNORED
    wanted = torch.nn.functional.cross_entropy(
        scores[known], batch.labels["pace"][known], label_smoothing=OPTIONS.smoothing
    )
    without = loss_of(evaluator, batch, OPTIONS.model_copy(update={"label_weight": 0.0}))
    torch.testing.assert_close(loss_of(evaluator, batch, OPTIONS) - without, wanted)


def test_clips_that_share_a_caption_are_no_negatives() -> None:
    """Of two clips told alike, nothing is left to choose between: only the pull of labels stays."""
    first, second = walks(2)
    twin = CaptionedMotion("twin", second.motion, first.captions, second.labels)
    made = Examples.of([first, twin])
    draw = torch.Generator().manual_seed(0)
    (batch,) = made.batches(2, crop=1.0, noise=torch.zeros(_frames.CHANNELS), draw=draw)
    evaluator = new_evaluator(made, OPTIONS).eval()
    loss = loss_of(evaluator, batch, OPTIONS.model_copy(update={"label_weight": 0.0}))
    assert loss == 0
