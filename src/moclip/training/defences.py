"""What makes a text tower robust against other words, while it is fine-tuned.

*Other words*: some captions are said with synonyms or paraphrased, and everything else stays, also
the frozen tower's vector that the tether holds them to. *Consistency*: a caption and the same in
other words are held together. *Adversarial tether*: of several ways of saying a caption, the one
whose vector is farthest from the frozen tower's is pulled there, as LEAF (arXiv 2506.03355) does
for images. *Meaning*: a change of what is said must move a vector farther than other words do, so
that robustness is not bought with deafness.

The words are those of the attacks ``synonyms`` and ``paraphrase``; typing errors, substitution by
score and gradients are never practised, so they tell what a defence carries over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from moclip import losses
from moclip.evaluation import attacks, controls
from moclip.training.recipe import Defence

_WAYS = (("synonyms", None), ("paraphrase", 1.0), ("synonyms", None), ("synonyms", None))
"""Attacks that say a caption in other words, in turns, and their strength; the recipe's for
``None``."""
NAMES = ("consistency", "adversarial", "meaning")
"""Of the losses and of their weights."""
_MEANINGS = ("left_right", "direction", "speed", "count", "negation")
_SEEDS = 1_000_000
"""Evaluations seed their attacks from 0, so what is practised is not what is measured."""


@dataclass(eq=False)
class Variants:
    """Captions in other words, ``defence.tries`` ways each, made when they are first asked for."""

    defence: Defence
    seed: int
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    _others: dict[str, tuple[str | None, ...]] = field(default_factory=dict, init=False, repr=False)

    def of_captions(self, captions: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """For each caption the same in other words; they follow from the caption and the seed."""
        new = [caption for caption in dict.fromkeys(captions) if caption not in self._known]
        if new:
            ways = zip(
                *(self._said(new, number) for number in range(self.defence.tries)), strict=True
            )
            self._known |= zip(new, ways, strict=True)
        return tuple(self._known[caption] for caption in captions)

    def said(self, captions: Sequence[str], draw: torch.Generator) -> tuple[str, ...]:
        """Each caption as it is, or with a chance of ``other_words`` in one of the other ways."""
        share = self.defence.other_words
        if not share:
            return tuple(captions)
        chances = torch.rand(len(captions), 2, generator=draw).tolist()
        return tuple(
            ways[int(which * len(ways))] if chance < share else caption
            for caption, ways, (chance, which) in zip(
                captions, self.of_captions(captions), chances, strict=True
            )
        )

    def changed(self, captions: Sequence[str], draw: torch.Generator) -> tuple[str | None, ...]:
        """Each caption with one of the changes of meaning that it can have, drawn evenly."""
        if not self.defence.meaning:
            return ()
        new = [caption for caption in dict.fromkeys(captions) if caption not in self._others]
        told = [controls.perturb(name, new) for name in _MEANINGS]
        for caption, ways in zip(new, zip(*told, strict=True), strict=True):
            self._others[caption] = tuple(w.text for w in ways if w.changes) or (None,)
        chances = torch.rand(len(captions), generator=draw).tolist()
        return tuple(
            self._others[caption][int(chance * len(self._others[caption]))]
            for caption, chance in zip(captions, chances, strict=True)
        )

    def _said(self, captions: Sequence[str], number: int) -> list[str]:
        name, strength = _WAYS[number % len(_WAYS)]
        found = attacks.perturb(
            name,
            captions,
            strength=self.defence.strength if strength is None else strength,
            seed=_SEEDS + 1000 * self.seed + number,
        )
        return [one.text for one in found]


Encode = Callable[[Sequence[str]], Tensor]
"""Captions to unit vectors."""


def terms(
    encode: Encode,
    text: Float[Tensor, "pair dim"],
    variants: Sequence[Sequence[str]],
    index: Int[Tensor, " pair"],
    teacher: Float[Tensor, "pair dim"],
    defence: Defence,
    *,
    changed: Sequence[str | None] = (),
) -> dict[str, Tensor]:
    """The losses that the defence asks for, by name.

    ``text`` are the tower's unit vectors of the pairs' captions and ``teacher`` the frozen one's;
    ``index`` tells whose ``variants`` and ``changed`` captions belong to a pair.
    """
    found = {}
    if defence.consistency or defence.meaning:
        otherwise = encode([ways[0] for ways in variants])[index]
    if defence.consistency:
        found["consistency"] = losses.consistency(text, otherwise)
    if defence.meaning:
        differs = torch.tensor([c is not None for c in changed], device=index.device)[index]
        told = [c or ways[0] for c, ways in zip(changed, variants, strict=True)]
        found["meaning"] = losses.meaning(text, otherwise, encode(told)[index], differs)
    if defence.adversarial:
        first = torch.full((len(variants),), len(index), device=index.device)
        first = first.scatter_reduce(
            0, index, torch.arange(len(index), device=index.device), "amin"
        )
        farthest = encode(worst(encode, variants, teacher[first]))
        found["adversarial"] = losses.tether(farthest[index], teacher)
    return found


@torch.no_grad()
def worst(
    encode: Encode, variants: Sequence[Sequence[str]], aims: Float[Tensor, "caption dim"]
) -> list[str]:
    """Of each caption's variants the one whose vector is farthest from the caption's aim."""
    vectors = encode([way for ways in variants for way in ways])
    parts = vectors.split([len(ways) for ways in variants])
    return [
        ways[int((part * aim).sum(dim=-1).argmin())]
        for ways, part, aim in zip(variants, parts, aims, strict=True)
    ]
