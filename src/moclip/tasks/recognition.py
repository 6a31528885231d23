"""Say what a motion is: the captions that fit it best, or how likely each of some labels is."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.models.spaces import Space
from moclip.motion import Motion
from moclip.tasks._encoding import motion_vectors, text_vectors


@dataclass(frozen=True)
class Description:
    """A caption and its cosine with the motion."""

    caption: str
    score: float


def describe(
    model: Space, motion: Motion, captions: Sequence[str], k: int = 5
) -> list[Description]:
    """The ``k`` captions of a list that fit the motion best, the best first, each string once."""
    if k < 1:
        raise ValueError(f"k is {k}, wanted at least 1")
    choice = list(dict.fromkeys(captions))
    scores = text_vectors(model, choice) @ motion_vectors(model, [motion])[0]
    best = scores.topk(min(k, len(choice)))
    found = zip(best.values.tolist(), best.indices.tolist(), strict=True)
    return [Description(choice[at], score) for score, at in found]


def classify(
    model: Space,
    motions: Sequence[Motion],
    labels: Sequence[str],
    template: str = "a person performs: {}",
) -> Float[Tensor, "motion label"]:
    """Probabilities over ``labels``: softmax of the cosines at the model's own temperature.

    ``template`` puts a label, at its ``{}``, into a sentence as the text tower knows them.
    Raises ``ValueError`` when it has no ``{}`` or a label comes twice.
    """
    check_template(template)
    if len(set(labels)) != len(labels):
        twice = sorted({label for label in labels if list(labels).count(label) > 1})
        raise ValueError(f"label '{twice[0]}' is given twice")
    prompts = text_vectors(model, [template.replace("{}", label) for label in labels])
    cosines = motion_vectors(model, motions) @ prompts.T
    return torch.softmax(model.scale.detach().cpu() * cosines, dim=-1)


def check_template(template: str) -> None:
    """Raises ``ValueError`` for a sentence without a place for a label."""
    if "{}" not in template:
        raise ValueError(f"the template '{template}' has no {{}} where the label goes")
