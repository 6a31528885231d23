"""Captions under one attack of one strength, as the vectors a tower makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from moclip.evaluation import attacked_prompt, attacks, victims
from moclip.evaluation.attacks import embeddings
from moclip.evaluation.attacks.base import Perturbed, Victim
from moclip.models.two_tower import MoCLIP
from moclip.training.study.robustness.recipe import Measuring

_JUDGED = ("synonyms", "paraphrase", "word_order")
"""Attacks that hold no floor of meaning themselves, and whose words a sentence encoder can read."""


@dataclass(frozen=True, eq=False)
class Attacked:
    """What became of the captions."""

    raw: Float[Tensor, "caption dim"]
    """Of the tower; the clean vector where nothing changed."""
    changed: Bool[Tensor, " caption"]
    excluded: list[dict[str, Any]]
    """Perturbations that were made and not used, and why."""


def attacked(
    model: MoCLIP,
    captions: Sequence[str],
    name: str,
    strength: float,
    *,
    victim: Victim,
    seed: int,
    how: Measuring,
) -> Attacked:
    """The captions under an attack, a change of meaning, or an attack on their tokens' vectors."""
    kind = attacked_prompt.kinds()[name]
    options = {"seed": seed, "strength": strength} | _options(name, how)
    if kind == "embedding":
        moved = embeddings.perturb(name, captions, victim, **options)
        return Attacked(moved.vectors.detach().float().cpu(), moved.radius.cpu() > 0, [])
    folder = attacked_prompt.FOLDERS[kind]
    found = attacks.perturb(name, captions, victim, folder=folder, **options)
    excluded = _excluded(found, how.floor) if name in _JUDGED else []
    told = {one["clean"] for one in excluded}
    texts = [one.clean if one.clean in told else one.text for one in found]
    changed = [text != caption for text, caption in zip(texts, captions, strict=True)]
    with torch.no_grad():
        raw = model.text.encode(texts).float().cpu()
    return Attacked(raw, torch.tensor(changed), excluded)


def _options(name: str, how: Measuring) -> dict[str, Any]:
    """Beside seed and strength."""
    return {
        "substitution": {"queries": how.queries},
        "projected_gradient": {"steps": how.steps, "restarts": how.restarts},
    }.get(name, {})


def _excluded(found: Sequence[Perturbed], floor: float) -> list[dict[str, Any]]:
    changed = [one for one in found if one.changes]
    if not changed:
        return []
    alike = victims.sentence_similarity([o.text for o in changed], [o.clean for o in changed])
    return [
        {"clean": one.clean, "text": one.text, "similarity": round(like, 4)}
        for one, like in zip(changed, alike.tolist(), strict=True)
        if like < floor
    ]
