"""HumanML3D's 263 numbers a frame (Guo et al., CVPR 2022): joints to features and back.

0: turn of the heading to the next frame, as half the angle. 1, 2: step of the root to the next
frame along x and z, seen from the heading there. 3: height of the root. 4..66: the other 21 joints,
seen from the heading, from the floor below the root. 67..192: six-dimensional rotations of the
bones. 193..258: velocities of all joints, metres a frame, seen from the heading here. 259..262:
contacts of left ankle, left foot, right ankle, right foot.

**Exact** are all but the rotations and contacts; joints come back to 1e-5 m. **Approximate** are
the rotations: they are solved from positions, lose twists and do not drive a rig faithfully
(:mod:`moclip.features.rot6d` does). See :mod:`moclip.features._guo` for the published script's
choices.

Measured on the two official clips: features to joints differ from ``new_joints`` by 2e-7 m. Joints
with the frame that the last features step to give back all 263 channels to 4e-6, and to 1e-4 when
they are put on the skeleton again (its offsets are rounded). Of ``new_joints`` alone, which lack
that frame, height and contacts agree all the way, all others to 8e-6 (1e-4 when put on the
skeleton again) in frames more than 4 s before the end, the reach of the smoothing. Nearer to it the
heading is off by up to 0.015 rad in the clip that ends turning: turns by 3e-4, steps by 1.4e-4,
velocities by 4e-4, positions by 7e-3, rotations by 0.013.
"""

from jaxtyping import Float, Int
from torch import Tensor

from moclip import skeletons
from moclip.features import _guo
from moclip.features._guo_body import Body, Settings
from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

SKELETON = skeletons.get("humanml3d")
FPS = 20.0

BODY = Body(
    SKELETON,
    directions={
        "left_hip": "+x",
        "right_hip": "-x",
        "spine1": "+y",
        "left_knee": "-y",
        "right_knee": "-y",
        "spine2": "+y",
        "left_ankle": "-y",
        "right_ankle": "-y",
        "spine3": "+y",
        "left_foot": "+z",
        "right_foot": "+z",
        "neck": "+y",
        "left_collar": "+x",
        "right_collar": "-x",
        "head": "+z",
        "left_shoulder": "-y",
        "right_shoulder": "-y",
        "left_elbow": "-y",
        "right_elbow": "-y",
        "left_wrist": "-y",
        "right_wrist": "-y",
    },
    restart=("left_collar", "right_collar"),
    facing=("right_hip", "left_hip", "right_shoulder", "left_shoulder"),
    leg=("right_knee", "right_ankle"),
    feet=("left_ankle", "left_foot", "right_ankle", "right_foot"),
    still=0.002,
)


def encode(motion: Motion) -> Float[Tensor, "steps 263"]:
    """Features of a motion, one frame fewer, on HumanML3D's skeleton and placed as officially.

    Raises ``ValueError`` for a motion of another skeleton, of another frame rate (velocities are
    a frame's) or of a single frame.
    """
    return _guo.encode_motion(motion, BODY, FPS, from_joints)


def decode(
    features: Float[Tensor, "frame dim"], *, skeleton: Skeleton = SKELETON, fps: float = FPS
) -> Motion:
    """The motion, without rotations, from features as they are in ``new_joint_vecs``.

    Never from z-scored ones; :func:`moclip.formats.npy.decode` refuses those.
    """
    return _guo.decode_motion(features, to_joints, skeleton=skeleton, fps=fps)


def from_joints(
    joints: Float[Tensor, "clip frame 22 3"],
    lengths: Int[Tensor, " clip"] | None = None,
    *,
    prepare: bool = True,
    as_published: bool = False,
) -> Float[Tensor, "clip steps 263"]:
    """Features of many clips of ``lengths`` frames (all, when not given), padded with zeros.

    ``prepare`` puts the bodies on HumanML3D's skeleton and floor, above the origin and facing +z;
    joints that were decoded from features are already there. ``as_published`` reproduces the
    official files where a heading passes the direction opposite to the first one: the turn has
    the wrong sign there.

    Raises ``ValueError`` for a clip of fewer than two frames.
    """
    settings = Settings(BODY.template if prepare else None, prepare, as_published)
    return _guo.encode(joints, lengths, BODY, settings)


def to_joints(
    features: Float[Tensor, "clip frame dim"], *, following: bool = False
) -> Float[Tensor, "clip frame_ 22 3"]:
    """Joints of many clips, in metres; what follows a clip's own frames is of no use.

    ``following`` adds the frame to which the last velocities step, so that :func:`from_joints`
    gives back as many frames, and the same.
    """
    return _guo.decode(features, BODY, following=following)
