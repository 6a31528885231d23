"""glTF 2.0 in one binary file (Khronos), which Blender, Unity, Unreal and browsers open.

A mannequin of capsules is skinned to the motion's own joints in its rest pose, and an animation
turns them: a rotation for every joint, a translation for the root and for joints that move apart
from their bones. Metres, y up, +z ahead, as glTF has it too. The tips of the body are nodes below
their joints, called ``JOINT_end``, that are in no skin and do not move. The exact frame rate, which
times in float32 cannot tell, stands in the animation's ``extras``.
"""

from collections.abc import Mapping

import numpy as np
import pygltflib as gltf
import torch
from numpy import ndarray

from moclip import geometry
from moclip.figures import figure
from moclip.formats import _capsules, _glb_read
from moclip.formats._glb_buffer import Buffer
from moclip.formats._glb_nodes import TIP
from moclip.motion import Motion
from moclip.posing import local_bones, pose
from moclip.skeletons.base import Skeleton

SUFFIXES = (".glb",)
COLOURS = ((0.74, 0.71, 0.67), (0.87, 0.25, 0.07), (0.07, 0.23, 0.67))
"""Linear red, green, blue of the body's middle, left and right."""
_STRAYS = 5e-6
"""Metres a joint may be away from the end of its bone before it gets translations."""


def encode(motion: Motion) -> bytes:
    """One clip with its body."""
    return encode_clips({motion.skeleton.name: motion})


def encode_clips(clips: Mapping[str, Motion]) -> bytes:
    """Several animations of one body in one file, by name; the first one's bones are shown.

    Raises ``ValueError`` when there are none or their joints differ.
    """
    motions = list(clips.values())
    if not motions:
        raise ValueError("there is no motion to write")
    for name, motion in clips.items():
        if not motion.skeleton.same_tree(motions[0].skeleton):
            raise ValueError(f"clip '{name}' has other joints than the first; retarget them first")
    posed = {name: (motion, *pose(motion)) for name, motion in clips.items()}
    skeleton = next(iter(posed.values()))[1]
    buffer = Buffer()
    model = gltf.GLTF2(asset=gltf.Asset(version="2.0", generator="moclip"))
    _add_body(model, buffer, skeleton)
    for name, (motion, own, rotations) in posed.items():
        model.animations.append(_animation(buffer, name, motion, own, rotations))
    model.buffers = [gltf.Buffer(byteLength=len(buffer.data))]
    model.bufferViews, model.accessors = buffer.views, buffer.accessors
    model.set_binary_blob(bytes(buffer.data))
    return b"".join(model.save_to_bytes())


def decode(data: bytes, *, name: str = "file", fps: float | None = None) -> Motion:
    """The first animation of the first skin, its nodes placed by all that stand above them.

    Keys that are evenly spaced are the frames; others are sampled evenly, and all are at ``fps`` if
    that is given. Raises ``ValueError`` for a file without a skin or an animation, for a body that
    is stretched, mirrored or changes its size, and for too many frames of joints.
    """
    return _glb_read.motion(data, name=name, fps=fps)


def _add_body(model: gltf.GLTF2, buffer: Buffer, skeleton: Skeleton) -> None:
    """Joints as nodes 0, 1, ... in their order, then the skinned mannequin."""
    count = len(skeleton)
    children: list[list[int]] = [[] for _ in range(count)]
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        children[parent].append(joint)
    model.nodes = [
        gltf.Node(name=joint, translation=list(offset), children=below)
        for joint, offset, below in zip(
            skeleton.joint_names, skeleton.offsets, children, strict=True
        )
    ]
    rest = _rest(skeleton)
    inverse = np.tile(np.eye(4, dtype=np.float32), (count, 1, 1))
    inverse[:, 3, :3] = -rest.joints[0].numpy()  # columns first, so the shift is the last row
    binds = buffer.add(inverse.reshape(count, 16), gltf.MAT4)
    model.skins = [gltf.Skin(inverseBindMatrices=binds, joints=list(range(count)), skeleton=0)]
    model.materials = [_material(colour) for colour in COLOURS]
    model.meshes = [_mesh(buffer, _capsules.meshes(figure(rest)))]
    model.nodes.append(gltf.Node(name="mannequin", mesh=0, skin=0))
    model.scenes, model.scene = [gltf.Scene(nodes=[0, count])], 0
    _add_tips(model, skeleton)


def _add_tips(model: gltf.GLTF2, skeleton: Skeleton) -> None:
    """Leaves below their joints, each with a name of its own; a tip without length is none."""
    names = {node.name for node in model.nodes}
    for joint, tip in dict(skeleton.ends).items():
        if not any(tip):
            continue
        name = joint + TIP
        while name in names:
            name = name.removesuffix(TIP) + "_" + TIP
        names.add(name)
        model.nodes[skeleton.index(joint)].children.append(len(model.nodes))
        model.nodes.append(gltf.Node(name=name, translation=list(tip)))


def _rest(skeleton: Skeleton) -> Motion:
    still = torch.eye(3).expand(1, len(skeleton), 3, 3)
    root = torch.tensor(skeleton.offsets[:1])
    return Motion.from_rotations(still, root, fps=1.0, skeleton=skeleton)


def _material(colour: tuple[float, float, float]) -> gltf.Material:
    surface = gltf.PbrMetallicRoughness(
        baseColorFactor=[*colour, 1.0], metallicFactor=0.0, roughnessFactor=0.8
    )
    return gltf.Material(pbrMetallicRoughness=surface)


def _mesh(buffer: Buffer, sides: Mapping[int, _capsules.Mesh]) -> gltf.Mesh:
    primitives = []
    for side, mesh in sides.items():
        carried = np.zeros((len(mesh.joints), 4), np.uint16)
        carried[:, 0] = mesh.joints
        weights = np.zeros((len(mesh.joints), 4), np.float32)
        weights[:, 0] = 1
        corners = gltf.Attributes(
            POSITION=buffer.add(mesh.positions.astype(np.float32), gltf.VEC3, bounds=True),
            NORMAL=buffer.add(mesh.normals.astype(np.float32), gltf.VEC3),
            JOINTS_0=buffer.add(carried, gltf.VEC4),
            WEIGHTS_0=buffer.add(weights, gltf.VEC4),
        )
        faces = buffer.add(mesh.triangles.astype(np.uint32).reshape(-1), gltf.SCALAR)
        primitives.append(gltf.Primitive(attributes=corners, indices=faces, material=side))
    return gltf.Mesh(name="mannequin", primitives=primitives)


def _animation(
    buffer: Buffer, name: str, motion: Motion, own: Skeleton, rotations: torch.Tensor
) -> gltf.Animation:
    """Linear keys at the motion's own frames."""
    made = gltf.Animation(name=name, extras={"fps": float(motion.fps)})
    times = (np.arange(len(motion)) / motion.fps).astype(np.float32)
    clock = buffer.add(times, gltf.SCALAR, bounds=True)
    quaternions = _continuous(geometry.matrix_to_quaternion(rotations).numpy())[..., [1, 2, 3, 0]]
    bones = local_bones(motion.joints.double().cpu(), rotations, own).numpy()
    strays = np.abs(bones - np.array(own.offsets)).max(axis=(0, 2)) > _STRAYS
    for joint in range(len(own)):
        keys = buffer.add(quaternions[:, joint].astype(np.float32), gltf.VEC4)
        _channel(made, clock, keys, joint, "rotation")
        if joint == 0 or strays[joint]:
            keys = buffer.add(bones[:, joint].astype(np.float32), gltf.VEC3)
            _channel(made, clock, keys, joint, "translation")
    return made


def _channel(made: gltf.Animation, clock: int, keys: int, joint: int, path: str) -> None:
    target = gltf.AnimationChannelTarget(node=joint, path=path)
    made.channels.append(gltf.AnimationChannel(sampler=len(made.samplers), target=target))
    made.samplers.append(gltf.AnimationSampler(input=clock, output=keys, interpolation="LINEAR"))


def _continuous(quaternions: ndarray) -> ndarray:
    """Signs such that neighbours in time are near: players blend the shorter way."""
    dots = (quaternions[1:] * quaternions[:-1]).sum(axis=-1)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    out = quaternions.copy()
    out[1:] *= signs[..., None]
    return out
