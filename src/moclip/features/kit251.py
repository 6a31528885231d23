"""KIT-ML's 251 numbers a frame: HumanML3D's features (Guo et al., CVPR 2022) of 21 joints.

0: turn of the heading, 1, 2: step of the root, 3: its height, 4..63: the other 20 joints, 64..183:
six-dimensional rotations, 184..246: velocities, 247..250: contacts of LMrot, LF, RMrot, RF. Exact
and approximate as in :mod:`moclip.features.humanml263`.

**Unit**: the published files count in millimetres, and so do these features, the threshold of the
contacts (a foot that moves less than the root of 0.05, 0.22 mm, in a frame) included; motions are
in metres as everywhere. No official KIT-ML file was at hand when this was written: constants are
the published script's, checked against a plain version of it on retargeted motion.
Its bodies stand on the skeleton of KIT-ML's example 03950, which is not ours to ship: here a body
keeps its own bone lengths unless some are given.
"""

from collections.abc import Sequence
from functools import partial

from jaxtyping import Float, Int
from torch import Tensor

from moclip import skeletons
from moclip.features import _guo
from moclip.features._guo_body import Body, Settings
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

SKELETON = skeletons.get("kit")
FPS = 12.5
UNIT = 0.001
"""Metres."""

BODY = Body(
    SKELETON,
    directions={
        "BP": "+y",
        "BT": "+y",
        "BLN": "+y",
        "BUN": "+y",
        "RS": "+x",  # the published directions are those of the other side
        "RE": "-y",
        "RW": "-y",
        "LS": "-x",
        "LE": "-y",
        "LW": "-y",
        "RH": "+x",
        "RK": "-y",
        "RA": "-y",
        "RMrot": "+z",
        "RF": "+z",
        "LH": "-x",
        "LK": "-y",
        "LA": "-y",
        "LMrot": "+z",
        "LF": "+z",
    },
    restart=("RS", "LS"),
    facing=("RH", "LH", "RS", "LS"),
    leg=("LK", "LA"),
    feet=("LMrot", "LF", "RMrot", "RF"),
    still=0.05,
)


def encode(motion: Motion) -> Float[Tensor, "steps 251"]:
    """Features of a motion, one frame fewer, placed as officially; bones keep their lengths.

    Raises ``ValueError`` for a motion of another skeleton, of another frame rate (velocities are
    a frame's) or of a single frame.
    """
    return _guo.encode_motion(motion, BODY, FPS, from_joints)


def decode(
    features: Float[Tensor, "frame dim"],
    *,
    skeleton: Skeleton = SKELETON,
    fps: float = FPS,
    unit: float = UNIT,
) -> Motion:
    """The motion in metres, without rotations; ``unit`` is that of the features in metres."""
    made = partial(to_joints, unit=unit)
    return _guo.decode_motion(features, made, skeleton=skeleton, fps=fps)


def from_joints(
    joints: Float[Tensor, "clip frame 21 3"],
    lengths: Int[Tensor, " clip"] | None = None,
    *,
    prepare: bool = True,
    bones: Sequence[float] | None = None,
    as_published: bool = False,
    unit: float = UNIT,
) -> Float[Tensor, "clip steps 251"]:
    """Features of many clips, as :func:`moclip.features.humanml263.from_joints`.

    ``bones`` are lengths in metres of each joint's bone (the root's is not used) to put the bodies
    on; ``unit`` is that of the features in metres.
    """
    wanted = None if bones is None else tuple(length / unit for length in bones)
    settings = Settings(wanted, prepare, as_published, least=Settings.least / unit)
    return _guo.encode(joints / unit, lengths, BODY, settings)


def to_joints(
    features: Float[Tensor, "clip frame dim"], *, following: bool = False, unit: float = UNIT
) -> Float[Tensor, "clip frame_ 21 3"]:
    """Joints of many clips in metres, as :func:`moclip.features.humanml263.to_joints`."""
    return _guo.decode(features, BODY, following=following) * unit
