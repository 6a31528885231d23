"""Captions under attack as vectors: what is excluded, what counts as changed."""

from typing import Any

import attack_victims
import doubles
import pytest
import torch

from moclip.evaluation import victims
from moclip.models.two_tower import MoCLIP
from moclip.training.study.robustness.attacked import Attacked, attacked
from moclip.training.study.robustness.recipe import Measuring

CAPTIONS = ("a person walks forward slowly", "someone jumps up quickly", "a man kicks a ball")


@pytest.fixture(autouse=True)
def words_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(victims, "sentence_similarity", attack_victims.similarity)


def model() -> MoCLIP:
    made = doubles.model()
    made.text = attack_victims.tower()
    return made


def clean() -> torch.Tensor:
    with torch.no_grad():
        return attack_victims.tower().encode(CAPTIONS)


def under(name: str, strength: float, **how: Any) -> Attacked:
    return attacked(
        model(),
        CAPTIONS,
        name,
        strength,
        victim=attack_victims.victim(),
        seed=0,
        how=Measuring(steps=2, **how),
    )


@pytest.mark.parametrize("name", ["typos", "synonyms", "substitution", "projected_gradient"])
def test_strength_0_moves_nothing(name: str) -> None:
    found = under(name, 0.0)
    assert torch.allclose(found.raw, clean(), atol=1e-5)
    assert not found.changed.any()
    assert found.excluded == []


def test_words_below_the_floor_are_excluded_told_and_not_used() -> None:
    found = under("synonyms", 1.0, floor=1.0)
    assert len(found.excluded) == len(CAPTIONS)
    assert torch.allclose(found.raw, clean(), atol=1e-5)
    assert not found.changed.any()
    one = found.excluded[0]
    assert one["clean"] in CAPTIONS
    assert one["text"] != one["clean"]
    assert one["similarity"] < 1


def test_words_above_the_floor_are_used() -> None:
    found = under("synonyms", 1.0, floor=-1.0)
    assert found.excluded == []
    assert found.changed.all()
    assert not torch.allclose(found.raw, clean(), atol=1e-3)


def test_what_a_sentence_encoder_cannot_read_is_not_judged_by_it() -> None:
    assert under("typos", 0.5, floor=1.0).excluded == []


def test_the_gradient_moves_vectors_farther_than_noise_of_equal_norm() -> None:
    noise, gradient = under("random_noise", 0.05), under("projected_gradient", 0.05)
    assert noise.changed.all()
    assert gradient.changed.all()
    aims = torch.nn.functional.normalize(clean(), dim=-1)
    kept = [
        (torch.nn.functional.normalize(found.raw, dim=-1) * aims).sum(dim=-1)
        for found in (noise, gradient)
    ]
    assert (kept[0] > kept[1]).all()
