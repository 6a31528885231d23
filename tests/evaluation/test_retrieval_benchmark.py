"""A whole model on captioned clips."""

import json
from collections.abc import Sequence
from dataclasses import replace

import doubles
import pytest
import torch
from torch import Tensor

from moclip.evaluation import protocols, retrieval_benchmark
from moclip.evaluation.gallery import Gallery
from moclip.motion import CaptionedMotion


class CountingText(doubles.HashingText):
    """Remembers how many captions it was given."""

    seen = 0

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Tensor:
        self.seen += len(captions)
        return super().encode(captions, chunk=chunk)


def clips(count: int = 6) -> list[CaptionedMotion]:
    """Three captions each, one of them the same for all and one for two."""
    return [
        replace(clip, captions=(*clip.captions, "somebody walks", f"walk {i // 2}"))
        for i, clip in enumerate(doubles.clips(count, captions=1))
    ]


def test_summary_has_the_figures_that_training_selects_on() -> None:
    report = retrieval_benchmark.evaluate(doubles.model(), clips(), samples=0)
    summary = report.summary()
    wanted = {f"{way} R@{k}" for way in report.retrieval for k in (1, 2, 3, 5, 10)}
    wanted |= {"R@1", "motion->text MedR", "text->motion MedR"}
    assert wanted | {"content top-1", "content top-5", "content balanced top-1"} == set(summary)
    assert summary["R@1"] == pytest.approx(
        (summary["motion->text R@1"] + summary["text->motion R@1"]) / 2
    )


def test_report_goes_through_json_and_has_intervals() -> None:
    report = retrieval_benchmark.evaluate(doubles.model(), clips(), samples=50)
    back = json.loads(json.dumps(report.to_dict()))
    assert back["summary"] == pytest.approx(report.summary())
    figure = back["retrieval"]["motion->text"]["R@1"]
    assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 100
    table = report.table()
    assert "6 clips, 18 captions" in table
    for name in ("MedR", "text->motion", "content", "balanced top-1"):
        assert name in table


def test_every_string_is_encoded_once() -> None:
    model = doubles.model()
    model.text = CountingText()
    retrieval_benchmark.evaluate(model, clips(), gallery_clips=clips(8), samples=0)
    assert model.text.seen == 8 + 1 + 4


def test_gallery_clips_widen_the_gallery_with_captions_that_are_new() -> None:
    model = doubles.model()
    gallery = retrieval_benchmark.gallery_of(model, clips(), gallery_clips=clips(8))
    assert (gallery.owner == -1).sum() == 3
    assert len(gallery.captions) == 18 + 3
    rows = model.encode_text(gallery.captions)
    assert torch.allclose(gallery.text, rows, atol=1e-6)
    again = retrieval_benchmark.gallery_of(model, clips(), gallery_clips=clips())
    assert (again.owner >= 0).all()


def test_figures_are_those_of_the_gallery() -> None:
    model = doubles.model()
    for name in protocols.NAMES:
        report = retrieval_benchmark.evaluate(
            model, clips(), protocol=name, samples=20, reference=model.encode_text
        )
        gallery = retrieval_benchmark.gallery_of(model, clips())
        alone = protocols.evaluate(gallery, name, reference=gallery.text, samples=20)
        assert report.retrieval == alone.retrieval


def test_labels_of_gallery_clips_name_classes_too() -> None:
    model = doubles.model()
    other = CaptionedMotion("other", doubles.walk(1), ("a person kicks",), {"content": "kick"})
    narrow = retrieval_benchmark.evaluate(model, clips(), samples=0)
    wide = retrieval_benchmark.evaluate(model, clips(), gallery_clips=[other] * 30, samples=0)
    assert wide.captions == narrow.captions + 1
    assert wide.recognition["content"]["top-5"].value == 100


def test_modes_and_gradients_are_left_as_they_were() -> None:
    model = doubles.model().train()
    model.text.eval()
    before = [module.training for module in model.modules()]
    first = retrieval_benchmark.evaluate(model, clips(), samples=0)
    assert [module.training for module in model.modules()] == before
    assert first == retrieval_benchmark.evaluate(model, clips(), samples=0)  # no dropout
    assert not retrieval_benchmark.gallery_of(model, clips()).motion.requires_grad


def test_mistakes_are_told_before_anything_is_encoded() -> None:
    model = doubles.model()
    model.text = CountingText()
    with pytest.raises(LookupError, match="no protocol named 'al'"):
        retrieval_benchmark.evaluate(model, clips(), protocol="al")
    with pytest.raises(ValueError, match="no clips to evaluate on"):
        retrieval_benchmark.evaluate(model, [])
    assert model.text.seen == 0


def test_autocast_around_it_does_not_round_the_ranks() -> None:
    generator = torch.Generator().manual_seed(0)
    motion = torch.nn.functional.normalize(torch.randn(600, 16, generator=generator), dim=-1)
    text = torch.nn.functional.normalize(torch.randn(600, 16, generator=generator), dim=-1)
    gallery = Gallery(motion, text, torch.arange(600), tuple(map(str, range(600))))
    for name in protocols.NAMES:
        alone = protocols.evaluate(gallery, name, reference=text, samples=10)
        with torch.autocast("cpu", torch.bfloat16):
            assert protocols.evaluate(gallery, name, reference=text, samples=10) == alone
