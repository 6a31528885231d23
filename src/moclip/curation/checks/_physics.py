"""What gravity and legs tell of the time that passes between two frames."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.curation.checks._bodies import runs
from moclip.motion import Motion

GRAVITY = 9.81
"""Metres per second squared."""
_SEGMENTS = (
    ("pelvis", "neck", 0.4346, 0.5),
    ("neck", "head", 0.0694, 1.0),
    *(
        (f"{side}_{above}", f"{side}_{under}", mass, at)
        for side in ("left", "right")
        for above, under, mass, at in (
            ("hip", "knee", 0.1416, 0.41),
            ("knee", "ankle", 0.0433, 0.446),
            ("ankle", "foot", 0.0137, 0.44),
            ("shoulder", "elbow", 0.0271, 0.577),
            ("elbow", "wrist", 0.0223, 0.57),
        )
    ),
)
"""Between two joints: share of the body's mass, and where on the way its centre lies (men of
de Leva, J. Biomechanics 1996; the hand goes with the forearm)."""
_WINDOW = 0.16
"""Seconds over which an acceleration is measured; in less, noise of a millimetre is a g."""
_OFF_GROUND = 0.08
"""Metres of the lowest joint above where it rests."""
_STRIDE = 0.1
"""Metres an ankle must be ahead of the other to have made a step."""


class Flight(NamedTuple):
    """The body in the air."""

    frame: int
    seconds: float
    fall: float
    """Downward acceleration in m/s^2."""
    rise: float
    """Metres from the take-off to the top of the parabola."""
    misfit: float
    """Metres between path and parabola, root mean square."""


class Gait(NamedTuple):
    """Steps at an even pace."""

    length: float
    """Metres of a step."""
    rate: float
    """Steps a second."""


def centre_of_mass(body: Motion) -> Float[Tensor, "frame 3"]:
    """Of HumanML3D's joints."""
    total = sum(mass for *_, mass, _ in _SEGMENTS)
    parts = (
        mass / total * ((1 - at) * body.joint(above) + at * body.joint(under))
        for above, under, mass, at in _SEGMENTS
    )
    return torch.stack(list(parts)).sum(dim=0)


def steepest_fall(body: Motion) -> tuple[float, int]:
    """The greatest downward acceleration (m/s^2) over a window, and its middle frame."""
    width = max(5, round(_WINDOW * body.fps)) | 1
    if len(body) < width:
        return 0.0, 0
    fall, _ = _parabolas(centre_of_mass(body)[:, 1].unfold(0, width, 1), body.fps)
    return float(fall.max()), int(fall.argmax()) + width // 2


def flights(body: Motion) -> list[Flight]:
    """Stretches of at least six frames in which no joint is near the ground."""
    height = centre_of_mass(body)[:, 1]
    low = body.joints[..., 1].amin(dim=1)
    found = []
    for start, end in runs(low > low.quantile(0.1) + _OFF_GROUND):
        if end - start >= 6:
            fall, misfit = _parabolas(height[None, start:end], body.fps)
            seconds = (end - start) / body.fps
            rise = float(fall) * seconds**2 / 8
            found.append(Flight(start, seconds, float(fall), rise, float(misfit)))
    return found


def gait(body: Motion) -> Gait | None:
    """Steps by which ankle is ahead; ``None`` for fewer than four, or at no even pace."""
    left = body.joint("left_hip") - body.joint("right_hip")
    ahead = torch.stack((-left[:, 2], left[:, 0]), dim=-1)
    ahead = torch.nn.functional.normalize(ahead, dim=-1)
    between = (body.joint("left_ankle") - body.joint("right_ankle"))[:, [0, 2]]
    at = _crossings((between * ahead).sum(dim=-1).tolist())
    if len(at) < 5:
        return None
    times = torch.tensor(at).diff().float() / body.fps
    if times.std() > 0.25 * times.mean():
        return None
    path = body.joint("pelvis")[at[0] : at[-1] + 1, [0, 2]].diff(dim=0).norm(dim=-1).sum()
    return Gait(float(path) / len(times), 1 / float(times.mean()))


def _parabolas(
    heights: Float[Tensor, "window frame"], fps: float
) -> tuple[Float[Tensor, " window"], Float[Tensor, " window"]]:
    """Of the parabola nearest to each window: downward acceleration and misfit."""
    width = heights.shape[1]
    time = (torch.arange(width, dtype=torch.float64) - (width - 1) / 2) / fps
    powers = torch.stack((torch.ones_like(time), time, time**2), dim=1)
    fitted = heights.double() @ torch.linalg.pinv(powers).T
    misfit = (heights - fitted @ powers.T).square().mean(dim=1).sqrt()
    return (-2 * fitted[:, 2]).float(), misfit.float()


def _crossings(ahead: list[float]) -> list[int]:
    """Frames at which the other foot has come ahead."""
    side, found = 0, []
    for frame, metres in enumerate(ahead):
        now = 1 if metres > _STRIDE else -1 if metres < -_STRIDE else side
        if side and now != side:
            found.append(frame)
        side = now
    return found
