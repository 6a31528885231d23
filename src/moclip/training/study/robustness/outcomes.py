"""What is measured of each tower: what it finds and how far its vectors move, clean and attacked.

A row is one attack of one strength. R@k and MedR are of captions that look for their motion among
those of the test split (a clip whose own captions have the very words is right). ``drift`` is one
minus the cosine with the clean vector, the mean over the captions that changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation import victims
from moclip.evaluation.attacks.base import Victim
from moclip.evaluation.ranking import Right, cosines, count_ranks
from moclip.models.two_tower import MoCLIP, unit
from moclip.training.study.robustness.attacked import Attacked, attacked
from moclip.training.study.robustness.material import Asked, Material
from moclip.training.study.robustness.recipe import Recipe

CLEAN = "none"
FOUND = 0.5
"""Chance from which a caption counts as having found its motion."""
_DIGITS = 6


def measure(model: MoCLIP, of: Material, recipe: Recipe, *, seed: int) -> dict[str, Any]:
    """``rows``, and ``excluded``: perturbations that were made and not used."""
    model.eval()
    with torch.no_grad():
        motion = model.encode_motion([clip.motion for clip in of.test]).float().cpu()
    looked = _Looked.of(model, motion, of.asked)
    victim = looked.victim(tuple(dict.fromkeys(c for clip in of.train for c in clip.captions)))
    rows: list[dict[str, Any]] = [looked.row(CLEAN, "clean", 0.0, None)]
    excluded = []
    for name, kind, strength in conditions(recipe):
        found = attacked(
            model,
            of.asked.captions,
            name,
            strength,
            victim=victim,
            seed=seed,
            how=recipe.measuring,
        )
        rows.append(looked.row(name, kind, strength, found))
        excluded += [{"attack": name, "strength": strength, **one} for one in found.excluded]
    rows += _text_only(model, of.text_only, recipe, seed)
    return {"rows": rows, "excluded": excluded}


def conditions(recipe: Recipe) -> Iterator[tuple[str, str, float]]:
    """Attacks and their strengths, then changes of meaning: name, ``attack`` or ``control``."""
    for name, strengths in recipe.attacks.items():
        yield from ((name, "attack", strength) for strength in strengths)
    yield from ((name, "control", 1.0) for name in recipe.controls)


@dataclass(frozen=True, eq=False)
class _Looked:
    """A tower with what it makes of clean captions."""

    model: MoCLIP
    motion: Float[Tensor, "clip dim"]
    asked: Asked
    clean: Float[Tensor, "caption dim"]

    @classmethod
    def of(cls, model: MoCLIP, motion: Float[Tensor, "clip dim"], asked: Asked) -> "_Looked":
        return cls(model, motion, asked, victims.vectors(model, asked.captions))

    def victim(self, sample: Sequence[str]) -> Victim:
        """Captions are driven away from the mean of their own motions."""
        own = torch.zeros_like(self.clean)
        own = own.index_add(0, self.asked.query, self.motion[self.asked.clip])
        aims: Mapping[str, Tensor] = dict(zip(self.asked.captions, unit(own), strict=True))
        return victims.of_model(self.model, aims=aims, sample=sample)

    def row(self, name: str, kind: str, strength: float, found: Attacked | None) -> dict[str, Any]:
        vectors = self.clean if found is None else unit(found.raw)
        hits, figures = self._found(vectors)
        row = {"attack": name, "kind": kind, "strength": strength, **figures, "hits": hits}
        before, _ = self._found(self.clean)
        kept = [after for was, after in zip(before, hits, strict=True) if was >= FOUND]
        lost = None if not kept else round(1 - sum(kept) / len(kept), _DIGITS)
        return row | {"lost": lost} | drift(self.clean, vectors, found)

    def _found(self, vectors: Float[Tensor, "caption dim"]) -> tuple[list[float], dict[str, float]]:
        """Chance of each caption to find a right clip first, and R@k in percent with MedR."""
        right = Right(self.asked.query, self.asked.clip, torch.ones(len(self.asked.clip)))
        ranks = count_ranks(cosines(vectors, self.motion), right, torch.ones(len(self.motion)))
        figures = {f"R@{k}": round(100 * float(ranks.hits(k).mean()), 4) for k in (1, 5, 10)}
        median = float(ranks.expected().double().quantile(0.5))
        return [round(h, 4) for h in ranks.hits(1).tolist()], figures | {"MedR": median}


def drift(
    clean: Float[Tensor, "caption dim"],
    vectors: Float[Tensor, "caption dim"],
    found: Attacked | None,
) -> dict[str, Any]:
    """Of the captions that changed; ``None`` where none did."""
    if found is None or not found.changed.any():
        return {"drift": None, "changed": 0.0, "drifts": []}
    moved = 1 - (clean * vectors).sum(dim=-1)[found.changed]
    return {
        "drift": round(float(moved.mean()), _DIGITS),
        "changed": round(float(found.changed.float().mean()), _DIGITS),
        "drifts": [round(value, _DIGITS) for value in moved.tolist()],
    }


def _text_only(
    model: MoCLIP, captions: Sequence[str], recipe: Recipe, seed: int
) -> Iterator[dict[str, Any]]:
    """Drift on captions of another set, of which no motion is at hand."""
    if not captions:
        return
    clean, victim = victims.vectors(model, captions), victims.of_model(model)
    for name, kind, strength in conditions(recipe):
        found = attacked(
            model, captions, name, strength, victim=victim, seed=seed, how=recipe.measuring
        )
        row = {"attack": name, "kind": f"{kind}, text only", "strength": strength}
        yield row | drift(clean, unit(found.raw), found)
