"""A model as attacks see it: what it may be asked, and what a change of words does to it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation.attacks.base import Victim
from moclip.models.spaces import Space
from moclip.models.text import minilm
from moclip.models.text.base import TextTower
from moclip.models.two_tower import unit

Vectors = Float[Tensor, "text dim"]
_CHUNK = 64
"""Texts that are encoded together: few enough for the processor's cache, and of like length."""
_MOST = 2**17
"""Texts whose vectors are kept; beyond that all are forgotten."""


@dataclass(eq=False)
class Encoded:
    """Texts as vectors, each encoded once: strengths, places and captions ask for the same."""

    encode: Callable[[Sequence[str]], Vectors]
    _known: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if len(self._known) + len(new) > _MOST:
            self._known.clear()
            new = list(dict.fromkeys(texts))
        if new:
            self._known |= zip(new, self.encode(new), strict=True)
        return torch.stack([self._known[text] for text in texts])


def of_model(
    model: Space,
    *,
    aims: Mapping[str, Float[Tensor, " dim"]] | None = None,
    sample: Sequence[str] = (),
) -> Victim:
    """The model's text side, open to every attack.

    ``aims`` are unit vectors by caption, usually of its own motion; a caption without one is driven
    away from its own clean vector. The score of a text is the cosine with the aim of the caption it
    stands for. Meaning is judged by :func:`sentence_similarity`. The model is in evaluation mode,
    and its weights stay as they are while the victim is in use: it knows what it was asked before.
    """
    own, encoded = dict(aims or {}), _encoded(model)

    def aim(captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
        missing = [caption for caption in dict.fromkeys(captions) if caption not in own]
        if missing:
            own.update(zip(missing, encoded(missing), strict=True))
        return torch.stack([own[caption] for caption in captions])

    def score(texts: Sequence[str], captions: Sequence[str]) -> Float[Tensor, " text"]:
        return (encoded(texts) * aim(captions)).sum(dim=-1)

    return Victim(
        score=score,
        similarity=sentence_similarity,
        tower=model.text,
        aims=aim,
        sample=tuple(sample),
    )


def vectors(model: Space, captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
    """Unit vectors without gradient, on the CPU."""
    with torch.no_grad():
        return model.encode_text(list(captions)).float().cpu()


def sentence_similarity(texts: Sequence[str], captions: Sequence[str]) -> Float[Tensor, " text"]:
    """Cosines of all-MiniLM-L6-v2 as it comes, whatever is under attack.

    Raises ``OSError`` where it is neither installed nor to be had.
    """
    sentences = _sentences()
    return (sentences(texts) * sentences(captions)).sum(dim=-1)


def _encoded(model: Space) -> Encoded:
    """A tower that is the sentence encoder itself shares what is known of it."""
    if isinstance(model.text, minilm.Encoder) and _is_sentence_encoder(model.text):
        return _sentences()
    return Encoded(functools.partial(_units, model.text))


def _is_sentence_encoder(tower: minilm.Encoder) -> bool:
    """Told by weights and words; the first weight that differs ends the comparison."""
    plain = _sentence_encoder()
    own, known = tower.state_dict(), plain.state_dict()
    return (
        own.keys() == known.keys()
        and all(torch.equal(own[name].to(known[name]), known[name]) for name in known)
        and tower.tokenizer.to_str() == plain.tokenizer.to_str()
    )


@torch.no_grad()
def _units(tower: TextTower, texts: Sequence[str]) -> Vectors:
    return unit(tower.encode(texts, chunk=_CHUNK)).float().cpu()


@functools.cache
def _sentences() -> Encoded:
    return Encoded(functools.partial(_units, _sentence_encoder()))


@functools.cache
def _sentence_encoder() -> minilm.Encoder:
    return minilm.Encoder.from_pretrained()
