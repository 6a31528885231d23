"""What there is to say about a motion: its size, its floor, its bones, and what looks wrong."""

from typing import Any

from moclip import skeletons
from moclip.curation.checks import bones
from moclip.motion import Motion
from moclip.retargeting import canonical

_FASTEST = 15.0
"""Metres per second; no root of a human body moves faster."""
_HEIGHTS = (0.8, 2.4)
"""Metres a person's body spans from the lowest joint to the highest when upright."""


def facts(motion: Motion) -> dict[str, Any]:
    """Lengths in metres, times in seconds; ``warnings`` is empty for a motion in good order."""
    lengths = motion.bone_lengths()
    rigid = lengths[:, [joint - 1 for joint in bones.rigid(motion.skeleton)]]
    found = skeletons.recognise(motion.skeleton.joint_names, motion.skeleton.parents)
    size = (motion.joints.amax((0, 1)) - motion.joints.amin((0, 1))).tolist()
    steps = motion.joints[1:, 0] - motion.joints[:-1, 0]
    return {
        "frames": len(motion),
        "fps": motion.fps,
        "seconds": motion.duration,
        "skeleton": motion.skeleton.name if found or motion.skeleton.to_humanml3d else None,
        "joints": list(motion.skeleton.joint_names),
        "rotations": motion.rotations is not None,
        "size": size,
        "height": _height(motion),
        "floor": float(motion.joints[..., 1].min()),
        "path": float(steps.norm(dim=-1).sum()),
        "bones": dict(
            zip(motion.skeleton.joint_names[1:], lengths.mean(dim=0).tolist(), strict=True)
        ),
        "bones_change": float((rigid.amax(0) - rigid.amin(0)).max()) if rigid.numel() else 0.0,
        "warnings": warnings(motion),
    }


def warnings(motion: Motion) -> list[str]:
    """What would surprise whoever uses this motion, one sentence each."""
    found = []
    try:
        canonical(motion)
    except (ValueError, LookupError) as error:
        found.append(f"no model can read it: {error}")
    height, (short, tall) = _height(motion), _HEIGHTS
    if not short <= height <= tall:
        found.append(
            f"the body is never upright, or not in metres: it spans {height:.2f} m at most"
        )
    lengths = motion.bone_lengths()
    for number in bones.rigid(motion.skeleton):
        length = lengths[:, number - 1]
        change = float(length.max() - length.min())
        if change > 0.01:
            joint = motion.skeleton.joint_names[number]
            found.append(f"the bone to '{joint}' changes its length by {change * 100:.1f} cm")
    speed = (motion.joints[1:, 0] - motion.joints[:-1, 0]).norm(dim=-1) * motion.fps
    if len(speed) and speed.max() > _FASTEST:
        frame = int(speed.argmax())
        found.append(f"the root jumps after frame {frame}, at {float(speed.max()):.0f} m/s")
    return found


def _height(motion: Motion) -> float:
    """Largest vertical span over the frames."""
    heights = motion.joints[..., 1].amax(dim=1) - motion.joints[..., 1].amin(dim=1)
    return float(heights.max())
