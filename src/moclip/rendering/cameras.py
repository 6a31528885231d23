"""Cameras, and where to put them so that a motion fills the picture without leaving it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.figures import Figure, figure
from moclip.motion import Motion
from moclip.skeletons.base import Vector

_SMOOTH = 0.5
"""Seconds over which a following camera evens out the body's path."""


@dataclass(frozen=True)
class Camera:
    """Where a picture is taken from. Raises ``ValueError`` where no picture could be."""

    eye: Vector
    """Metres."""
    target: Vector
    """The point in the middle of the picture."""
    fov: float = math.radians(28)
    """Vertical angle of view in radians."""

    def __post_init__(self) -> None:
        if not 0 < self.fov < math.pi:
            raise ValueError(f"fov is {self.fov:g} radians, wanted more than 0 and less than pi")
        ahead = [t - e for t, e in zip(self.target, self.eye, strict=True)]
        if not math.hypot(*ahead) > 1e-6 or math.hypot(ahead[0], ahead[2]) < 1e-6:
            raise ValueError(
                f"a camera at {self.eye} cannot look at {self.target}: wanted another place, "
                "not straight above or below"
            )

    def moved(self, by: Sequence[float]) -> "Camera":
        """The same view from elsewhere, in metres."""
        x, y, z = by
        eye, target = self.eye, self.target
        return replace(
            self,
            eye=(eye[0] + x, eye[1] + y, eye[2] + z),
            target=(target[0] + x, target[1] + y, target[2] + z),
        )


def look_at(
    motion: Motion,
    azimuth: float = 0.6,
    elevation: float = 0.2,
    *,
    fov: float = math.radians(28),
    aspect: float = 1.0,
    margin: float = 0.06,
) -> Camera:
    """One camera that sees the whole body in all frames, as near as it can be.

    ``azimuth`` (radians) goes round the body from where it faces in the first frame (+z where its
    skeleton does not tell) to its left; ``elevation`` is upwards. ``aspect`` is width by height of
    the picture, ``margin`` the share of it that stays free on each side.
    """
    turn = azimuth + heading(motion)
    return _fitted(figure(motion), turn, elevation, fov=fov, aspect=aspect, margin=margin)


def follow(
    motion: Motion,
    azimuth: float = 0.6,
    elevation: float = 0.2,
    *,
    fov: float = math.radians(28),
    aspect: float = 1.0,
    margin: float = 0.06,
) -> list[Camera]:
    """A camera for each frame that goes along with the body: always the same direction and size.

    Arguments are those of :func:`look_at`.
    """
    path = _path(motion)
    body, turn = figure(motion), azimuth + heading(motion)
    here = replace(body, starts=body.starts - path[:, None], ends=body.ends - path[:, None])
    camera = _fitted(here, turn, elevation, fov=fov, aspect=aspect, margin=margin)
    return [camera.moved(at) for at in path.tolist()]


def heading(motion: Motion) -> float:
    """Angle about y from +z to where the body faces in the first frame, in radians."""
    if not motion.skeleton.across:
        return 0.0
    x, _, z = motion.facing()[0].tolist()
    return math.atan2(x, z)


def basis(
    cameras: Sequence[Camera],
) -> tuple[Float[Tensor, "camera 3"], Float[Tensor, "camera 3 3"], Float[Tensor, " camera"]]:
    """Eyes, axes (rows: right, up, ahead) and the tangent of half the angle of view."""
    eye = torch.tensor([camera.eye for camera in cameras], dtype=torch.float64)
    target = torch.tensor([camera.target for camera in cameras], dtype=torch.float64)
    ahead = F.normalize(target - eye, dim=-1)
    up = torch.tensor((0.0, 1.0, 0.0), dtype=torch.float64).expand_as(ahead)
    right = F.normalize(torch.linalg.cross(ahead, up), dim=-1)
    axes = torch.stack((right, torch.linalg.cross(right, ahead), ahead), dim=1)
    tangent = torch.tensor([math.tan(camera.fov / 2) for camera in cameras])
    return eye.float(), axes.float(), tangent.float()


def _fitted(
    body: Figure, turn: float, elevation: float, *, fov: float, aspect: float, margin: float
) -> Camera:
    """The nearest eye in a given direction from which all balls at the ends of bones are seen.

    In the camera's axes a ball is inside the window when ``|x - eye_x| <= tangent * (z - eye_z)``
    less what its radius takes, so the eye is bounded by the outermost ball on each of four sides.
    """
    if not 0 <= margin < 0.5:
        raise ValueError(f"margin is {margin:g}, wanted 0 or more and less than 0.5")
    flat = math.cos(elevation)
    back = (flat * math.sin(turn), math.sin(elevation), flat * math.cos(turn))
    axes = basis([Camera(back, (0.0, 0.0, 0.0), fov)])[1][0]
    points = torch.cat((body.starts, body.ends), dim=1).reshape(-1, 3) @ axes.T
    poses = len(body.starts)
    radii = torch.cat((body.radii[:, 0], body.radii[:, 1])).repeat(poses)
    x, y, z = points.unbind(-1)
    tangent = math.tan(fov / 2) * (1 - 2 * margin)
    middle_x, near_x = _bound(x, z, radii, tangent * aspect)
    middle_y, near_y = _bound(y, z, radii, tangent)
    nearest = min(near_x, near_y, float((z - 2 * radii).min()))
    eye = torch.tensor((middle_x, middle_y, nearest)) @ axes
    depth = float(z.mean()) - nearest
    target = eye + depth * axes[2]
    return Camera(_vector(eye), _vector(target), fov)


def _bound(x: Tensor, z: Tensor, radii: Tensor, tangent: float) -> tuple[float, float]:
    """Where between two opposite sides of the window the eye is, and how far forward it may be."""
    grown = radii * math.sqrt(1 + tangent**-2)
    high = float((x / tangent - z + grown).max())
    low = float((-x / tangent - z + grown).max())
    return tangent * (high - low) / 2, -(high + low) / 2


def _path(motion: Motion) -> Float[Tensor, "frame 3"]:
    """The middle of the body over the ground, evened out over time."""
    middle = motion.joints.detach().float().cpu().mean(dim=1)
    width = min(2 * round(_SMOOTH * motion.fps / 2) + 1, 2 * len(motion) - 1)
    padded = F.pad(middle.T[None], (width // 2, width // 2), mode="replicate")
    smooth = F.avg_pool1d(padded, width, stride=1)[0].T
    return smooth * smooth.new_tensor((1.0, 0.0, 1.0))


def _vector(point: Tensor) -> Vector:
    x, y, z = point.tolist()
    return (x, y, z)
