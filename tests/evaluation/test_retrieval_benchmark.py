"""A whole model on captioned clips."""

import json

import pytest
import torch
from doubles import small_model, waving

from moclip.evaluation import protocols, retrieval_benchmark
from moclip.motion import CaptionedMotion


def clips(count: int = 6) -> list[CaptionedMotion]:
    return [
        CaptionedMotion(
            f"clip {i}",
            waving(1 + 0.2 * i, speed=0.5 + 0.3 * i),
            (f"a person waves {i} times", "someone waves", f"waving number {i // 2}"),
            {"content": "wave" if i % 2 else "swing"},
        )
        for i in range(count)
    ]


def test_summary_has_the_figures_that_training_selects_on() -> None:
    report = retrieval_benchmark.evaluate(small_model(), clips(), samples=0)
    summary = report.summary()
    wanted = {f"{way} R@{k}" for way in report.retrieval for k in (1, 2, 3, 5, 10)}
    wanted |= {"R@1", "motion->text MedR", "text->motion MedR"}
    assert wanted | {"content top-1", "content top-5", "content balanced top-1"} == set(summary)
    assert summary["R@1"] == pytest.approx(
        (summary["motion->text R@1"] + summary["text->motion R@1"]) / 2
    )


def test_report_goes_through_json_and_has_intervals() -> None:
    report = retrieval_benchmark.evaluate(small_model(), clips(), samples=50)
    back = json.loads(json.dumps(report.to_dict()))
    assert back["summary"] == pytest.approx(report.summary())
    figure = back["retrieval"]["motion->text"]["R@1"]
    assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 100
    table = report.table()
    assert "6 clips, 18 captions" in table
    for name in ("MedR", "text->motion", "content", "balanced top-1"):
        assert name in table


def test_every_string_is_encoded_once() -> None:
    model = small_model()
    retrieval_benchmark.evaluate(model, clips(), gallery_clips=clips(8), samples=0)
    assert model.text.captions_seen == 8 + 1 + 4


def test_gallery_clips_widen_the_gallery_with_captions_that_are_new() -> None:
    model = small_model()
    gallery = retrieval_benchmark.gallery_of(model, clips(), gallery_clips=clips(8))
    assert (gallery.owner == -1).sum() == 3
    assert len(gallery.captions) == 18 + 3
    rows = model.encode_text(gallery.captions)
    assert torch.allclose(gallery.text, rows, atol=1e-6)
    again = retrieval_benchmark.gallery_of(model, clips(), gallery_clips=clips())
    assert (again.owner >= 0).all()


def test_figures_are_those_of_the_gallery() -> None:
    model = small_model()
    for name in protocols.NAMES:
        report = retrieval_benchmark.evaluate(
            model, clips(), protocol=name, samples=20, reference=model.encode_text
        )
        gallery = retrieval_benchmark.gallery_of(model, clips())
        alone = protocols.evaluate(gallery, name, reference=gallery.text, samples=20)
        assert report.retrieval == alone.retrieval


def test_labels_of_gallery_clips_name_classes_too() -> None:
    model = small_model()
    other = CaptionedMotion("other", waving(), ("a person kicks",), {"content": "kick"})
    narrow = retrieval_benchmark.evaluate(model, clips(), samples=0)
    wide = retrieval_benchmark.evaluate(model, clips(), gallery_clips=[other] * 30, samples=0)
    assert wide.captions == narrow.captions + 1
    assert wide.recognition["content"]["top-5"].value == 100


def test_modes_and_gradients_are_left_as_they_were() -> None:
    model = small_model().train()
    model.text.eval()
    before = [module.training for module in model.modules()]
    first = retrieval_benchmark.evaluate(model, clips(), samples=0)
    assert [module.training for module in model.modules()] == before
    assert first == retrieval_benchmark.evaluate(model, clips(), samples=0)  # no dropout
    assert not retrieval_benchmark.gallery_of(model, clips()).motion.requires_grad


def test_mistakes_are_told_before_anything_is_encoded() -> None:
    model = small_model()
    with pytest.raises(LookupError, match="no protocol named 'al'"):
        retrieval_benchmark.evaluate(model, clips(), protocol="al")
    with pytest.raises(ValueError, match="no clips to evaluate on"):
        retrieval_benchmark.evaluate(model, [])
    assert model.text.captions_seen == 0
