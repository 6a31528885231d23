"""What a model under attack is asked is encoded once, and answered as if it were encoded anew."""

from collections.abc import Sequence

import attack_victims
import doubles
import pytest
import torch
from torch import Tensor

from moclip.evaluation import attacks, victims
from moclip.evaluation.attacks.base import Victim
from moclip.evaluation.victims import Encoded

CAPTIONS = ("a person walks forward slowly", "someone jumps up", "a man throws a ball")


def counted() -> tuple[Encoded, list[str]]:
    """Vectors of lengths, and all texts that were ever encoded."""
    seen: list[str] = []

    def encode(texts: Sequence[str]) -> Tensor:
        seen.extend(texts)
        return torch.tensor([[float(len(text)), 1.0] for text in texts])

    return Encoded(encode), seen


def test_no_text_is_encoded_twice() -> None:
    encoded, seen = counted()
    first = encoded(["ab", "abc", "ab"])
    again = encoded(["abc", "a"])
    assert first.tolist() == [[2, 1], [3, 1], [2, 1]]
    assert again.tolist() == [[3, 1], [1, 1]]
    assert seen == ["ab", "abc", "a"]


def test_too_many_texts_are_forgotten_and_still_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(victims, "_MOST", 3)
    encoded, seen = counted()
    encoded(["a", "bb", "ccc"])
    assert encoded(["bb", "dddd"]).tolist() == [[2, 1], [4, 1]]
    assert seen == ["a", "bb", "ccc", "bb", "dddd"]


def test_a_score_is_the_cosine_with_the_aim() -> None:
    model = doubles.model()
    aim = victims.vectors(model, ["a person runs"])[0]
    victim = victims.of_model(model, aims={CAPTIONS[0]: aim})
    assert victim.score is not None
    found = victim.score([CAPTIONS[1], CAPTIONS[1]], [CAPTIONS[0], CAPTIONS[2]])
    own = victims.vectors(model, CAPTIONS)
    assert found.tolist() == pytest.approx([float(own[1] @ aim), float(own[1] @ own[2])], abs=1e-5)


def test_two_strengths_find_what_each_finds_alone() -> None:
    encoded = Encoded(attack_victims.aims)

    def score(texts: Sequence[str], captions: Sequence[str]) -> Tensor:
        return (encoded(texts) * encoded(captions)).sum(dim=-1)

    plain = attack_victims.victim()
    knowing = Victim(score=score, similarity=plain.similarity)
    for strength in (0.25, 1.0):
        how = {"strength": strength, "floor": 0.5}
        wanted = attacks.perturb("substitution", CAPTIONS, plain, **how)
        assert attacks.perturb("substitution", CAPTIONS, knowing, **how) == wanted


def test_a_tower_that_is_the_sentence_encoder_shares_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tower = attack_victims.tower()
    monkeypatch.setattr(victims, "_sentence_encoder", lambda: tower)
    victims._sentences.cache_clear()
    try:
        model = doubles.model()
        assert victims._encoded(model) is not victims._sentences()
        model.text = tower
        assert victims._encoded(model) is victims._sentences()
    finally:
        victims._sentences.cache_clear()
