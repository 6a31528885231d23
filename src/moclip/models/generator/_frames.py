"""Motions as the frames a quantiser reads: HumanML3D's 263 features, as many as there are frames.

A frame's features tell the step to the next one. After the last frame a body is taken to move on as
it did, so a clip of n frames has n features, and decoding gives n frames back.

A network that tells places of joints lets bones stretch; :func:`on_skeleton` puts that right.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from moclip.features import humanml263
from moclip.models.motion._channels import require_metres
from moclip.motion import MotionBatch

FPS = humanml263.FPS
BODY = humanml263.SKELETON
CHANNELS = humanml263.BODY.dim
_JOINTS = len(BODY)
TURN, STEP, HEIGHT = slice(0, 1), slice(1, 3), slice(3, 4)
POSITIONS = slice(4, 3 * _JOINTS + 1)
ROTATIONS = slice(POSITIONS.stop, 9 * _JOINTS - 5)
VELOCITIES = slice(ROTATIONS.stop, 12 * _JOINTS - 5)
CONTACTS = slice(VELOCITIES.stop, CHANNELS)
_GROUPS = (TURN, STEP, HEIGHT, POSITIONS, ROTATIONS, VELOCITIES, CONTACTS)
_STRESSED = (TURN, STEP, HEIGHT, CONTACTS)
_STRESS = 5.0
"""How much more the root and the contacts weigh than others (``feat_bias`` of Guo et al.)."""
_LENGTHS = tuple(torch.tensor(BODY.offsets).norm(dim=-1).tolist())
_STILL = 1e-3
"""What varies less is not blown up to unit deviation."""


def measure(batch: MotionBatch) -> Float[Tensor, "clip frame 263"]:
    """Features on HumanML3D's own skeleton and floor; zero in padding.

    Raises ``ValueError`` for another skeleton or frame rate, and for what is not in metres.
    """
    if batch.fps != FPS:
        raise ValueError(
            f"motions of {batch.fps:g} fps came, the quantiser reads {FPS:g} fps; bring them there "
            f"with moclip.retargeting.canonical"
        )
    require_metres(batch, BODY)
    return humanml263.from_joints(_with_next(batch), batch.lengths + 1)


def _with_next(batch: MotionBatch) -> Float[Tensor, "clip frame_ joint 3"]:
    """The joints, and after each clip's last frame one more."""
    joints = F.pad(batch.joints, (0, 0, 0, 0, 0, 1))
    rows, last = torch.arange(len(batch), device=joints.device), batch.lengths - 1
    joints[rows, last + 1] = 2 * joints[rows, last] - joints[rows, (last - 1).clamp(min=0)]
    return joints


def mean_and_deviation(
    batches: Iterable[MotionBatch],
) -> tuple[Float[Tensor, "263"], Float[Tensor, "263"]]:
    """What a network's input is standardised by, as Guo et al. (CVPR 2022) do it.

    One deviation for each kind of number, so that a joint which hardly moves does not count as much
    as one that does; smaller ones for the root and contacts, which therefore weigh more. Raises
    ``ValueError`` when there are no motions.
    """
    frames, total, squares = 0, torch.zeros(()), torch.zeros(())
    for batch in batches:
        values = measure(batch)[batch.mask].double().cpu()
        frames += len(values)
        total, squares = total + values.sum(dim=0), squares + values.square().sum(dim=0)
    if not frames:
        raise ValueError("there are no motions to take mean and deviation from")
    mean = total / frames
    deviation = (squares / frames - mean.square()).clamp(min=0).sqrt()
    for group in _GROUPS:
        deviation[group] = deviation[group].mean()
    for group in _STRESSED:
        deviation[group] /= _STRESS
    return mean.float(), deviation.clamp(min=_STILL).float()


def on_skeleton(joints: Float[Tensor, "*place 22 3"]) -> Float[Tensor, "*place 22 3"]:
    """A body of HumanML3D's bones whose joints reach for these; the root stays.

    From the root on, each joint lies a bone's length from the one above, on the way to where it is
    wanted: a bone that is too long or too short does not push what hangs below.
    """
    placed = [joints[..., 0, :]]
    for joint, parent in list(enumerate(BODY.parents))[1:]:
        way = joints[..., joint, :] - placed[parent]
        placed.append(placed[parent] + F.normalize(way, dim=-1) * _LENGTHS[joint])
    return torch.stack(placed, dim=-2)
