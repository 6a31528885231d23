"""One prompt under many attacks: what changed, how far its vector moved, what is found now."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor

from moclip import catalog
from moclip.evaluation import attacks, controls, victims
from moclip.evaluation.attacks import embeddings
from moclip.evaluation.attacks.base import Change, Perturbed, Victim
from moclip.models.spaces import Space
from moclip.models.two_tower import unit
from moclip.tasks.retrieval import Hit, Index

Kind = Literal["attack", "embedding", "control"]
FOLDERS: Mapping[Kind, str] = {
    "attack": attacks.FOLDER,
    "embedding": embeddings.FOLDER,
    "control": controls.FOLDER,
}


@dataclass(frozen=True)
class Outcome:
    """A prompt after one attack."""

    attack: str
    kind: Kind
    """A good encoder ignores attacks, on words or on embeddings, and hears controls."""
    strength: float
    text: str
    """The prompt itself where only its embeddings were moved."""
    changes: tuple[Change, ...]
    cosine: float
    """With the clean prompt's vector."""
    hits: tuple[Hit, ...]

    @property
    def degrees(self) -> float:
        """How far the vector turned."""
        return math.degrees(math.acos(max(-1.0, min(1.0, self.cosine))))


def kinds() -> dict[str, Kind]:
    """Every attack and control by its name: attacks on words, on embeddings, then controls."""
    return {name: kind for kind, folder in FOLDERS.items() for name in catalog.names(folder)}


def attack_prompt(
    model: Space,
    prompt: str,
    index: Index,
    names: Sequence[str] = (),
    *,
    strength: float | None = None,
    seed: int = 0,
    k: int = 5,
) -> tuple[tuple[Hit, ...], list[Outcome]]:
    """What the clean prompt finds, and what becomes of it under each attack.

    Without ``names`` all are tried that can be; without a ``strength`` each has the strongest of a
    study. Attacks drive the prompt away from the motion that it found first. Raises ``LookupError``
    for an unknown attack and ``ValueError`` for an empty prompt, an index without clips or a
    strength that does not fit.
    """
    if not prompt.strip():
        raise ValueError("the prompt is empty")
    if not len(index):
        raise ValueError("the index holds no clip")
    clean = victims.vectors(model, [prompt])[0]
    aim = index.vectors[int((index.vectors @ clean).argmax())]
    victim = victims.of_model(model, aims={prompt: aim}, sample=_sample(index, prompt))
    outcomes = []
    for name, kind in _chosen(names, victim).items():
        options: dict[str, Any] = {"seed": seed, "strength": strength}
        if strength is None:
            options["strength"] = catalog.load(FOLDERS[kind], name, "STRENGTHS")[-1]
        found, vector = _attacked(model, prompt, victim, name, kind, options)
        hits = tuple(index.nearest(vector, k))
        outcomes.append(
            Outcome(
                attack=name,
                kind=kind,
                strength=options["strength"],
                text=found.text,
                changes=found.changes,
                cosine=float(vector @ clean),
                hits=hits,
            )
        )
    return tuple(index.nearest(clean, k)), outcomes


def _chosen(names: Sequence[str], victim: Victim) -> dict[str, Kind]:
    """The attacks asked for; all that the victim has the parts for, where none is."""
    known = kinds()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LookupError(f"no attack named '{unknown[0]}'; there are: {', '.join(known)}")
    if names:
        return {name: known[name] for name in names}
    return {
        name: kind
        for name, kind in known.items()
        if all(getattr(victim, part) for part in catalog.load(FOLDERS[kind], name, "NEEDS"))
    }


def _attacked(
    model: Space, prompt: str, victim: Victim, name: str, kind: Kind, options: dict[str, Any]
) -> tuple[Perturbed, Float[Tensor, " dim"]]:
    """The prompt with its changes, and the unit vector of what came out."""
    if kind == "embedding":
        moved = embeddings.perturb(name, [prompt], victim, **options)
        return Perturbed(prompt), unit(moved.vectors)[0].cpu()
    (found,) = attacks.perturb(name, [prompt], victim, folder=FOLDERS[kind], **options)
    return found, victims.vectors(model, [found.text])[0]


def _sample(index: Index, prompt: str) -> list[str]:
    """Captions of the index, for attacks that learn; the prompt itself is kept from them."""
    captions = (caption for entry in index.entries for caption in entry.captions)
    return [caption for caption in dict.fromkeys(captions) if caption != prompt]
