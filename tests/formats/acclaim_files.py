"""The CMU database's ASF and AMC files made of real clips, and a reader that is slow and plain."""

import math
import re

import torch
from bvh_files import Matrix, product, turn

from moclip import geometry, skeletons
from moclip.motion import Motion

METRES = 0.0254 / 0.45
"""In one unit of the CMU database's files."""
BONES = {
    "lhipjoint": ("LHipJoint", (0, 0, 0), ""),
    "lfemur": ("LeftUpLeg", (0, 0, 20), "rx ry rz"),
    "ltibia": ("LeftLeg", (0, 0, 20), "rx"),
    "lfoot": ("LeftFoot", (-90, 0, 20), "rx rz"),
    "ltoes": ("LeftToeBase", (-90, 0, 20), "rx"),
    "rhipjoint": ("RHipJoint", (0, 0, 0), ""),
    "rfemur": ("RightUpLeg", (0, 0, -20), "rx ry rz"),
    "rtibia": ("RightLeg", (0, 0, -20), "rx"),
    "rfoot": ("RightFoot", (-90, 0, -20), "rx rz"),
    "rtoes": ("RightToeBase", (-90, 0, -20), "rx"),
    "lowerback": ("LowerBack", (0, 0, 0), "rx ry rz"),
    "upperback": ("Spine", (0, 0, 0), "rx ry rz"),
    "thorax": ("Spine1", (0, 0, 0), "rx ry rz"),
    "lowerneck": ("Neck", (0, 0, 0), "rx ry rz"),
    "upperneck": ("Neck1", (0, 0, 0), "rx ry rz"),
    "head": ("Head", (0, 0, 0), "rx ry rz"),
    "lclavicle": ("LeftShoulder", (0, 0, 0), "ry rz"),
    "lhumerus": ("LeftArm", (180, 30, 90), "rx ry rz"),
    "lradius": ("LeftForeArm", (180, 30, 90), "rx"),
    "lwrist": ("LeftHand", (0, 90, 90), "ry"),
    "lhand": ("LeftFingerBase", (0, 90, 90), "rx rz"),
    "lfingers": ("LeftHandIndex1", (0, 90, 90), "rx"),
    "lthumb": ("LThumb", (-90, 45, 0), "rx rz"),
    "rclavicle": ("RightShoulder", (0, 0, 0), "ry rz"),
    "rhumerus": ("RightArm", (180, -30, -90), "rx ry rz"),
    "rradius": ("RightForeArm", (180, -30, -90), "rx"),
    "rwrist": ("RightHand", (0, -90, -90), "ry"),
    "rhand": ("RightFingerBase", (0, -90, -90), "rx rz"),
    "rfingers": ("RightHandIndex1", (0, -90, -90), "rx"),
    "rthumb": ("RThumb", (-90, -45, 0), "rx rz"),
}
"""Bones with the joint of the BVH conversions, their axis (degrees, XYZ) and their dof."""
HIERARCHY = """root lhipjoint rhipjoint lowerback
lhipjoint lfemur
lfemur ltibia
ltibia lfoot
lfoot ltoes
rhipjoint rfemur
rfemur rtibia
rtibia rfoot
rfoot rtoes
lowerback upperback
upperback thorax
thorax lowerneck lclavicle rclavicle
lowerneck upperneck
upperneck head
lclavicle lhumerus
lhumerus lradius
lradius lwrist
lwrist lhand lthumb
lhand lfingers
rclavicle rhumerus
rhumerus rradius
rradius rwrist
rwrist rhand rthumb
rhand rfingers"""
LONGER = {"thorax": (0.0, 2.06, 0.04), "lwrist": (1.68, 0.0, 0.0), "rwrist": (-1.68, 0.0, 0.0)}
"""Bones that the BVH conversions leave out, in the files' unit."""


def axis_of(bone: str) -> Matrix:
    x, y, z = BONES[bone][1]
    return product(product(turn("Z", z), turn("Y", y)), turn("X", x))


def reaches(motion: Motion, longer: bool) -> dict[str, tuple[float, float, float]]:
    """From where each bone begins to where it ends, in the files' unit."""
    body = motion.skeleton
    tips = dict(body.ends)
    reach = {}
    for bone, (joint, _, _) in BONES.items():
        below = body.parents.index(body.index(joint)) if joint not in tips else None
        at = tips[joint] if below is None else body.offsets[below]
        reach[bone] = (at[0] / METRES, at[1] / METRES, at[2] / METRES)
    return reach | LONGER if longer else reach


def asf(motion: Motion, *, longer: bool = False) -> bytes:
    """The skeleton file of a body of the CMU database."""
    lines = ["# AST/ASF file generated using VICON BodyLanguage", "# " + "-" * 47]
    lines += [":version 1.10", ":name VICON", ":units", "  mass 1.0", "  length 0.45"]
    lines += [
        "  angle deg",
        ":documentation",
        "   .ast/.asf automatically generated from VICON data",
    ]
    lines += ["   VICON BodyBuilder and BodyLanguage model FoxedUp or BRILLIANT.MOD", ":root"]
    lines += ["   order TX TY TZ RX RY RZ", "   axis XYZ", "   position 0 0 0  "]
    lines += ["   orientation 0 0 0 ", ":bonedata"]
    for number, (bone, reach) in enumerate(reaches(motion, longer).items(), start=1):
        _, axis, dof = BONES[bone]
        length = math.hypot(*reach)
        x, y, z = (value / length if length else value for value in reach)
        lines += ["  begin", f"     id {number} ", f"     name {bone}"]
        lines += [f"     direction {x:.7g} {y:.7g} {z:.7g} ", f"     length {length:.7g} "]
        lines += [f"     axis {axis[0]} {axis[1]} {axis[2]}  XYZ"]
        if dof:
            limits = "\n           ".join("(-160.0 20.0)" for _ in dof.split())
            lines += [f"    dof {dof}", f"    limits {limits}"]
        lines.append("  end")
    lines += [":hierarchy", "  begin"]
    lines += [f"    {line}" for line in HIERARCHY.splitlines()]
    return "\n".join([*lines, "  end", ""]).encode()


def amc(motion: Motion, *, header: str = ":FULLY-SPECIFIED\n:DEGREES\n") -> bytes:
    """The motion file, with the degrees of freedom that the CMU database has."""
    assert motion.rotations is not None
    lines = ["#!OML:ASF H:\\made\\from\\a\\real\\clip.ASF", header.rstrip("\n")]
    columns = {"root": _numbers(motion.rotations[:, 0], torch.eye(3).tolist(), "rx ry rz")}
    for bone, (joint, _, dof) in BONES.items():
        if dof:
            turned = motion.rotations[:, motion.skeleton.index(joint)]
            columns[bone] = _numbers(turned, axis_of(bone), dof)
    path = (motion.joints[:, 0].double() / METRES).tolist()
    for frame, where in enumerate(path):
        lines.append(str(frame + 1))
        for bone, numbers in columns.items():
            row = (where if bone == "root" else []) + numbers[frame]
            lines.append(" ".join([bone, *(f"{number:.7g}" for number in row)]))
    return "\n".join([*lines, ""]).encode()


def _numbers(turned: torch.Tensor, axis: Matrix, dof: str) -> list[list[float]]:
    """Angles about the fixed axes of the bone, in degrees."""
    c = torch.tensor(axis, dtype=torch.float64)
    order = "YZX" if dof == "ry" else "ZYX"  # the middle one stays within a right angle
    angles = geometry.matrix_to_euler(c.T @ turned.double() @ c, order).rad2deg()
    unused = [i for i, axis in enumerate(order) if f"r{axis.lower()}" not in dof]
    assert angles[:, unused].abs().sum() < 1e-2 * max(len(angles), 1)
    return angles[:, [order.index(word[1].upper()) for word in dof.split()]].tolist()


def plain_positions(skeleton: bytes, motion: bytes) -> list[dict[str, list[float]]]:
    """Where every bone begins in each frame, in metres; one matrix and one line at a time."""
    text = skeleton.decode()
    bones, above = {}, {}
    for block in re.findall(r"begin\n(.*?)\n\s*end", text.split(":hierarchy")[0], re.DOTALL):
        words = {line.split()[0]: line.split()[1:] for line in block.split("\n")}
        bones[words["name"][0]] = words
    for line in text.split(":hierarchy")[1].split("\n"):
        parent, *children = line.split() or [""]
        above |= {child: parent for child in children if child in bones}
    clip = []
    for block in re.split(r"\n\d+\n", motion.decode())[1:]:
        angles = {line.split()[0]: line.split()[1:] for line in block.strip().split("\n")}
        clip.append(_pose(bones, above, angles))
    return clip


def _pose(
    bones: dict[str, dict[str, list[str]]], above: dict[str, str], angles: dict[str, list[str]]
) -> dict[str, list[float]]:
    x, y, z, rx, ry, rz = (float(word) for word in angles["root"])
    turned = {"root": product(product(turn("Z", rz), turn("Y", ry)), turn("X", rx))}
    starts = {"root": [x * METRES, y * METRES, z * METRES]}
    ends = dict(starts)
    for bone, parent in above.items():  # the hierarchy names parents first
        words = bones[bone]
        moved = turn("X", 0)
        for word, angle in zip(words.get("dof", []), angles.get(bone, []), strict=True):
            moved = product(turn(word[1].upper(), float(angle)), moved)
        ax, ay, az = (float(word) for word in words["axis"][:3])
        c = product(product(turn("Z", az), turn("Y", ay)), turn("X", ax))
        back = [list(row) for row in zip(*c, strict=True)]
        turned[bone] = product(turned[parent], product(product(c, moved), back))
        reach = [[float(words["length"][0]) * float(word)] for word in words["direction"]]
        starts[bone] = ends[parent]
        step = product(turned[bone], reach)
        ends[bone] = [a + b[0] * METRES for a, b in zip(starts[bone], step, strict=True)]
    return starts


def walker(frames: int = 5, *, seed: int = 0) -> Motion:
    """The CMU body turning about every degree of freedom that its bones have."""
    body = skeletons.get("cmu")
    draw = torch.Generator().manual_seed(seed)
    degrees = 5 * torch.randn(frames, len(BONES), 3, generator=draw, dtype=torch.float64).cumsum(0)
    rotations = torch.eye(3).repeat(frames, len(body), 1, 1)
    for number, (bone, (joint, _, dof)) in enumerate(BONES.items()):
        axis = torch.tensor(axis_of(bone), dtype=torch.float64)
        moved = torch.eye(3, dtype=torch.float64)
        for word in dof.split():
            angle = degrees[:, number, "xyz".index(word[1])].deg2rad()
            moved = geometry.axis_rotation(word[1].upper(), angle) @ moved
        rotations[:, body.index(joint)] = (axis @ moved @ axis.T).float()
    path = torch.stack([torch.linspace(0, 1, frames), torch.full((frames,), 0.95)], dim=-1)
    root = torch.cat((path, path[:, :1] / 2), dim=-1)
    return Motion.from_rotations(rotations, root, fps=120.0, skeleton=body)
