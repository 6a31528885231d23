"""Means over motions, and derivatives of the paths of joints."""

from collections.abc import Callable, Sequence

from moclip.motion import Motion


def mean_over(motions: Sequence[Motion], value: Callable[[Motion], float]) -> float:
    """Every motion weighs the same. Raises ``ValueError`` where there is none."""
    if not motions:
        raise ValueError("no motions came; wanted at least one")
    return sum(map(value, motions)) / len(motions)


def mean_derivative(motions: Sequence[Motion], order: int, name: str) -> float:
    """Mean length of the derivative of all joints' paths, in m/s^order, by finite differences.

    Over frames and joints, then over motions. Raises ``ValueError`` for a motion that is too short.
    """

    def of_one(motion: Motion) -> float:
        if len(motion) <= order:
            raise ValueError(
                f"{name} takes motions of at least {order + 1} frames, one has {len(motion)}"
            )
        change = motion.joints.double().diff(n=order, dim=0)
        return float(change.norm(dim=-1).mean()) * motion.fps**order

    return mean_over(motions, of_one)
