"""A model as attacks see it: what it may be asked, and what a change of words does to it."""

import functools
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation.attacks.base import Victim
from moclip.models.spaces import Space
from moclip.models.text import minilm
from moclip.models.two_tower import unit


def of_model(
    model: Space,
    *,
    aims: Mapping[str, Float[Tensor, " dim"]] | None = None,
    sample: Sequence[str] = (),
) -> Victim:
    """The model's text side, open to every attack.

    ``aims`` are unit vectors by caption, usually of its own motion; a caption without one is driven
    away from its own clean vector. The score of a text is the cosine with the aim of the caption it
    stands for. Meaning is judged by :func:`sentence_similarity`. The model is in evaluation mode.
    """
    own = dict(aims or {})

    def aim(captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
        missing = [caption for caption in dict.fromkeys(captions) if caption not in own]
        if missing:
            own.update(zip(missing, vectors(model, missing), strict=True))
        return torch.stack([own[caption] for caption in captions])

    def score(texts: Sequence[str], captions: Sequence[str]) -> Float[Tensor, " text"]:
        return (vectors(model, texts) * aim(captions)).sum(dim=-1)

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
    with torch.no_grad():
        encoded = unit(_sentence_encoder().encode([*texts, *captions])).cpu()
    return (encoded[: len(texts)] * encoded[len(texts) :]).sum(dim=-1)


@functools.cache
def _sentence_encoder() -> minilm.Encoder:
    return minilm.Encoder.from_pretrained()
