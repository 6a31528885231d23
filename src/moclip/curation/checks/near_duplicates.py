"""The same movement in two splits: the test would ask what training has shown.

Every clip is a unit vector of canonical joints; cosines of all pairs are one matrix product, block
by block, and the pairs that are near are compared joint by joint. A mirrored twin counts too.
"""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from moclip import skeletons
from moclip.curation.checks.base import Card, Fault

HIDES: tuple[str, ...] = ()

_COSINE = 0.99
"""Below, two clips differ too much to be looked at joint by joint."""
_METRES = 0.01
"""Distance of the joint that is farthest in any pose. Two takes of one actor who raises a hand
differ by 1.8 cm and more; another format, frame rate or rounding by millimetres."""
_SECONDS = 0.1
"""Difference of length."""
_BLOCK = 2048
"""Rows of the matrix product, or pairs, at a time."""
_ORDER = ("train", "val", "test", "")

_MIRROR = list(skeletons.get("humanml3d").mirror)


def compare(cards: Sequence[Card]) -> Iterator[tuple[str, Fault]]:
    """Every clip that has a twin in another split, or, where nothing is split, anywhere."""
    seen = [card for card in cards if card.poses is not None]
    if len(seen) < 2:
        return
    poses = torch.stack([card.poses for card in seen if card.poses is not None]).float()
    for flipped in (False, True):
        for i, j, apart in _twins(seen, poses, _mirrored(poses) if flipped else poses):
            yield seen[i].id, _fault(seen[i], seen[j], apart, flipped)


def _fault(card: Card, twin: Card, apart: float, flipped: bool) -> Fault:
    where = f" ({card.split} and {twin.split})" if card.split else ""
    how = "the mirror image of" if flipped else "the same movement as"
    return Fault(
        f"it is {how} {twin.id}{where}: joints differ by {100 * apart:.2g} cm at most",
        "error" if card.split != twin.split else "warning",
    )


def _mirrored(poses: Float[Tensor, "clip pose 22 3"]) -> Float[Tensor, "clip pose 22 3"]:
    return poses[:, :, _MIRROR] * poses.new_tensor((-1.0, 1.0, 1.0))


def _vectors(
    poses: Float[Tensor, "clip pose 22 3"], mean: Float[Tensor, "22 3"]
) -> Float[Tensor, "clip dim"]:
    """Every second pose without the mean pose, so that a cosine tells movements apart."""
    return torch.nn.functional.normalize((poses - mean)[:, ::2].flatten(1), dim=1)


def _twins(
    cards: Sequence[Card],
    poses: Float[Tensor, "clip pose 22 3"],
    others: Float[Tensor, "clip pose 22 3"],
) -> Iterator[tuple[int, int, float]]:
    """Pairs (later split, earlier split, metres apart) of clips that move alike."""
    mean = poses.mean(dim=(0, 1))
    rows, columns = _vectors(poses, mean), _vectors(others, mean)
    seconds = torch.tensor([card.seconds for card in cards])
    splits = torch.tensor([_ORDER.index(card.split) for card in cards])
    numbers = torch.arange(len(cards))
    for block in numbers.split(_BLOCK):
        near = rows[block] @ columns.T > _COSINE
        near &= (seconds[block, None] - seconds).abs() <= _SECONDS
        near &= _is_to_compare(splits[block, None], splits, numbers[block, None] > numbers)
        for pairs in near.nonzero().split(_BLOCK):
            i, j = block[pairs[:, 0]], pairs[:, 1]
            apart = (poses[i] - others[j]).norm(dim=-1).amax(dim=(1, 2))
            for pair in (apart < _METRES).nonzero().flatten().tolist():
                yield int(i[pair]), int(j[pair]), float(apart[pair])


def _is_to_compare(split: Tensor, other: Tensor, is_later: Tensor) -> Tensor:
    """Each pair once, and only clips of other splits where there are splits."""
    return torch.where(split == other, (split == _ORDER.index("")) & is_later, split > other)
