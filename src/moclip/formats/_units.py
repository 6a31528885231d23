"""Metres from files that do not say what they count in."""

import math
from collections.abc import Sequence

UNITS = {
    "m": 1.0,
    "foot": 0.3048,
    "cmu": 0.0254 / 0.45,
    "inch": 0.0254,
    "cm": 0.01,
    "mm": 0.001,
}
"""Metres in each unit; ``cmu`` is what the CMU database's own files count in."""

_REACH = 2.2
"""Metres from fingertip to toe along the bones of a grown person."""


def metres(unit: str | float | None, parents: Sequence[int], lengths: Sequence[float]) -> float:
    """Metres in one unit of a file: the unit asked for, else the one that makes the body human.

    ``lengths`` are those of the bones above each joint. The longest way along bones from one tip of
    the tree to another, without those above the first fork that tie the body to the world, is
    compared with 2.2 m on a logarithmic scale, and the nearest of :data:`UNITS` is taken. A tree
    without any length counts in centimetres.

    Raises ``LookupError`` for an unknown unit and ``ValueError`` for a number that is no scale.
    """
    if isinstance(unit, str):
        if unit not in UNITS:
            raise LookupError(f"no unit named '{unit}'; there are: {', '.join(UNITS)}")
        return UNITS[unit]
    if unit is not None:
        if not 0 < unit < math.inf:
            raise ValueError(f"a unit of {unit} metres is no length")
        return float(unit)
    reach = _longest_way(parents, lengths)
    if not 0 < reach < math.inf:
        return UNITS["cm"]
    return min(UNITS.values(), key=lambda scale: abs(math.log(reach * scale / _REACH)))


def _longest_way(parents: Sequence[int], lengths: Sequence[float]) -> float:
    """Between two tips of the tree; bones above the first fork are no part of the body."""
    count = len(parents)
    children = [0] * count
    for parent in parents[1:]:
        children[parent] += 1
    fork = next((joint for joint in range(count) if children[joint] != 1), 0)
    if not children[fork]:
        fork = 0  # a chain: it is all body
    deepest, longest = [0.0] * count, 0.0
    for joint in range(count - 1, fork, -1):
        parent, depth = parents[joint], deepest[joint] + lengths[joint]
        longest = max(longest, deepest[parent] + depth)
        deepest[parent] = max(deepest[parent], depth)
    return longest
