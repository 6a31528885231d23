"""Token vectors under attack: the ball, the seed, and that the gradient finds more than chance."""

from itertools import pairwise
from pathlib import Path

import pytest
import small_clip
import torch
from attack_victims import tower as small_bert
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from moclip.evaluation.attacks import embeddings
from moclip.evaluation.attacks.base import Victim
from moclip.evaluation.attacks.embeddings import projected_gradient
from moclip.models.text import clip
from moclip.models.text.base import TextTower, Tokens, forward_from, is_word, token_table

NAMES = embeddings.names()
CAPTIONS = ("a person walks forward", "someone jumps", "a man who is old waves with both hands", "")


@pytest.fixture(params=["bert", "clip"])
def tower(request: pytest.FixtureRequest, tmp_path: Path) -> TextTower:
    if request.param == "bert":
        return small_bert()
    return clip.Encoder.from_pretrained(str(small_clip.write_text_tower(tmp_path / "clip")))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def victim(tower: TextTower) -> Victim:
    def aims(captions: object) -> Tensor:
        with torch.no_grad():
            return normalize(tower.encode(list(captions)), dim=-1)  # type: ignore[call-overload]

    return Victim(tower=tower, aims=aims)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tokens, Tensor]]:
    """All points that an attack looks at."""
    points: list[tuple[Tokens, Tensor]] = []

    def watched(tower: TextTower, tokens: Tokens, here: Tensor) -> Tensor:
        points.append((tokens, here.detach().clone()))
        return forward_from(tower, tokens, here)

    for entry in NAMES:
        monkeypatch.setattr(f"moclip.evaluation.attacks.embeddings.{entry}.forward_from", watched)
    return points


def test_a_tower_fed_its_own_token_vectors_answers_as_ever(tower: TextTower) -> None:
    tokens = tower.tokenise(CAPTIONS)
    with torch.no_grad():
        points = token_table(tower).weight[tokens.ids]
        assert torch.equal(forward_from(tower, tokens, points), tower(tokens))
        moved = forward_from(tower, tokens, points.flip(-1))
    assert not torch.allclose(moved, tower(tokens), atol=1e-3)
    assert not token_table(tower)._forward_hooks


def test_words_are_neither_padding_nor_added(tower: TextTower) -> None:
    tokens = tower.tokenise(["a person", ""])
    words = is_word(tower, tokens)
    assert not words[1].any()
    assert not words[0, 0]
    assert words[0].sum() == tokens.mask[0].sum() - 2


def test_a_tower_without_a_table_is_told() -> None:
    double = small_bert().__class__.__new__(small_bert().__class__)
    torch.nn.Module.__init__(double)
    double.source = "graphs"
    with pytest.raises(ValueError, match="'graphs' has no table"):
        token_table(double)


@pytest.mark.parametrize("strength", [0.005, 0.05, 0.5])
def test_no_point_ever_leaves_the_ball(
    name: str, strength: float, tower: TextTower, seen: list[tuple[Tokens, Tensor]]
) -> None:
    moved = embeddings.perturb(name, CAPTIONS, victim(tower), strength=strength)
    assert (moved.radius <= strength * (1 + 1e-4)).all()
    assert seen
    for tokens, here in seen:
        original = token_table(tower).weight.detach()[tokens.ids]
        words = is_word(tower, tokens)[..., None]
        away = (here - original).flatten(1).norm(dim=1)
        allowed = strength * (original * words).flatten(1).norm(dim=1)
        assert (away <= allowed * (1 + 1e-4) + 1e-6).all()
        assert torch.equal((here - original) * ~words, torch.zeros_like(here))


def test_strength_0_moves_nothing(name: str, tower: TextTower) -> None:
    moved = embeddings.perturb(name, CAPTIONS, victim(tower), strength=0)
    with torch.no_grad():
        assert torch.allclose(moved.vectors, tower.encode(CAPTIONS), atol=1e-5)
    assert not moved.radius.any()


def test_neighbours_make_no_difference(name: str, tower: TextTower) -> None:
    together = embeddings.perturb(name, CAPTIONS, victim(tower), strength=0.02).vectors
    backwards = embeddings.perturb(name, CAPTIONS[::-1], victim(tower), strength=0.02).vectors
    alone = [embeddings.perturb(name, [c], victim(tower), strength=0.02) for c in CAPTIONS]
    assert torch.allclose(backwards.flip(0), together, atol=1e-3)
    assert torch.allclose(torch.cat([one.vectors for one in alone]), together, atol=1e-3)


def test_the_seed_decides(name: str, tower: TextTower) -> None:
    once, again, other = (
        embeddings.perturb(name, CAPTIONS, victim(tower), strength=0.1, seed=seed).vectors
        for seed in (1, 1, 2)
    )
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_the_gradient_finds_more_than_chance(tower: TextTower) -> None:
    with torch.no_grad():
        clean = tower.encode(CAPTIONS[:3])
    noise, attack = (
        embeddings.perturb(entry, CAPTIONS[:3], victim(tower), strength=0.05)
        for entry in ("random_noise", "projected_gradient")
    )
    of_noise, of_attack = (cosine_similarity(m.vectors, clean) for m in (noise, attack))
    assert (1 - of_attack > 2 * (1 - of_noise)).all()
    assert torch.allclose(noise.radius, torch.tensor(0.05), rtol=1e-3)


def test_a_larger_ball_holds_a_worse_point(tower: TextTower) -> None:
    with torch.no_grad():
        clean = tower.encode(CAPTIONS[:3])
    found = [
        cosine_similarity(
            embeddings.perturb(
                "projected_gradient", CAPTIONS[:3], victim(tower), strength=strength
            ).vectors,
            clean,
        )
        for strength in projected_gradient.STRENGTHS
    ]
    assert all((weak > strong).all() for weak, strong in pairwise(found))


def test_no_parameter_gets_a_gradient(tower: TextTower) -> None:
    embeddings.perturb("projected_gradient", CAPTIONS, victim(tower))
    assert all(parameter.grad is None for parameter in tower.parameters())


def test_what_the_victim_lacks_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="the victim has no 'tower'"):
        embeddings.perturb(name, CAPTIONS, Victim())
