"""Binary glTF's nodes: what stands above the joints, scales, matrices, tips, endless trees."""

from pathlib import Path
from typing import Any

import numpy as np
import pygltflib as gltf
import pytest
import torch
from scipy.spatial.transform import Rotation
from test_glb import Channel, made, parts, whole

from moclip import formats, retargeting, skeletons
from moclip.formats import _glb_nodes, glb
from moclip.motion import Motion

TIMES = np.arange(7) / 20
LYING = Rotation.from_euler("x", -90, degrees=True)
Node = dict[str, Any]


def walker(frames: int = 7) -> Motion:
    """DeepMimic's body, which has tips, turning every joint on its way."""
    body = skeletons.get("deepmimic")
    turns = Rotation.random(frames * len(body), random_state=0).as_matrix()
    path = torch.linspace(0, 1, 3 * frames).reshape(frames, 3)
    rotations = torch.tensor(turns).reshape(frames, -1, 3, 3).float()
    return Motion.from_rotations(rotations, path, fps=20.0, skeleton=body)


def under(*above: Node, below: Motion) -> Motion:
    """What is read of a motion whose nodes hang below these, the topmost first."""
    head, blob = parts(glb.encode(below))
    first = len(head["nodes"])
    for number, node in enumerate(above):
        child = 0 if number == len(above) - 1 else first + number + 1
        head["nodes"].append(node | {"children": [child]})
    return glb.decode(whole(head, blob), name="a.glb")


ARMATURE = {"name": "Armature", "rotation": LYING.as_quat().tolist(), "scale": [0.01] * 3}
MATRIX = np.eye(4)
MATRIX[:3, :3] = 0.01 * LYING.as_matrix()
AS_MATRIX = {"name": "Armature", "matrix": MATRIX.T.reshape(-1).tolist()}


@pytest.mark.parametrize("armature", [ARMATURE, AS_MATRIX])
def test_an_armature_turns_and_shrinks_the_body(armature: Node) -> None:
    """As Blender and Mixamo have it: centimetres and z up below a node that mends both."""
    plain = walker()
    again = under({"translation": [1, 2, 3]}, armature, below=plain)
    turn = torch.tensor(LYING.as_matrix()).float()
    wanted = 0.01 * plain.joints @ turn.T + torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(again.joints, wanted, atol=1e-6, rtol=0)
    assert again.rotations is not None
    assert plain.rotations is not None
    torch.testing.assert_close(again.rotations[:, 0], turn @ plain.rotations[:, 0])
    torch.testing.assert_close(again.rotations[:, 1:], plain.rotations[:, 1:])
    sizes = torch.tensor(again.skeleton.offsets[1:]) / torch.tensor(plain.skeleton.offsets[1:])
    assert sizes.nanmean().item() == pytest.approx(0.01)
    assert again.skeleton.offsets[0] == pytest.approx((1, 2, 3))
    for (joint, tip), (same, own) in zip(again.skeleton.ends, plain.skeleton.ends, strict=True):
        assert joint == same
        assert tip == pytest.approx([0.01 * length for length in own])


def drawn(seed: int, count: int = 9, above: int = 3) -> tuple[list[Node], list[Channel]]:
    """Nodes on each other at random; all turn and move or rest turned and moved, all have sizes."""
    dice = np.random.default_rng(seed)
    nodes: list[Node] = [{"name": f"node{number}", "children": []} for number in range(count)]
    channels: list[Channel] = []
    for number, node in enumerate(nodes):
        if number:
            parent = number - 1 if number <= above else int(dice.integers(above, number))
            nodes[parent]["children"].append(number)
        node["scale"] = [float(dice.uniform(0.5, 2))] * 3
        turns = Rotation.random(len(TIMES), random_state=dice.integers(99)).as_quat()
        turns *= np.sign(turns[:, 3:])
        moves = dice.normal(size=(len(TIMES), 3))
        for path, values in (("rotation", turns), ("translation", moves)):
            node[path] = values[0].tolist()
            if dice.integers(2) or number == above:
                channels.append((number, path, TIMES, values))
    return nodes, channels


def matrices(nodes: list[Node], channels: list[Channel], frame: int) -> np.ndarray:
    """Slow and plain: the specification's products, of each node from the top."""
    now = [
        node | {p: v[frame] for n, p, _, v in channels if n == i} for i, node in enumerate(nodes)
    ]
    whole = np.tile(np.eye(4), (len(nodes), 1, 1))
    for number, node in enumerate(now):
        own = np.eye(4)
        own[:3, :3] = Rotation.from_quat(node["rotation"]).as_matrix() * node["scale"]
        own[:3, 3] = node["translation"]
        whole[number] = whole[number] @ own
        for child in node["children"]:
            whole[child] = whole[number]
    return whole


@pytest.mark.parametrize("seed", range(5))
def test_joints_are_where_products_of_matrices_put_them(seed: int) -> None:
    nodes, channels = drawn(seed)
    again = glb.decode(made(nodes, list(range(3, 9)), channels), name="a.glb")
    for frame in range(len(TIMES)):
        worlds = matrices(nodes, channels, frame)[3:]
        order = [int(name.removeprefix("node")) - 3 for name in again.skeleton.joint_names]
        wanted = torch.tensor(worlds[order, :3, 3]).float()
        torch.testing.assert_close(again.joints[frame], wanted, atol=1e-4, rtol=1e-5)
    assert again.rotations is not None
    first = Rotation.from_matrix(worlds[0, :3, :3] / np.cbrt(np.linalg.det(worlds[0, :3, :3])))
    wanted = torch.tensor(first.as_matrix()).float()
    torch.testing.assert_close(again.rotations[-1, 0], wanted, atol=1e-5, rtol=0)


def leg(**knee: Any) -> list[Node]:
    hip = {"name": "Hip", "translation": [0, 1, 0], "children": [1]}
    ankle = {"name": "Ankle", "translation": [0, -0.5, 0]}
    return [hip, {"name": "Knee", "translation": [0, -0.5, 0], "children": [2]} | knee, ankle]


def read(nodes: list[Node], *channels: Channel, joints: tuple[int, ...] = (0, 1, 2)) -> Motion:
    still = np.tile([0.0, 1.0, 0.0], (len(TIMES), 1))
    data = made(nodes, list(joints), [(joints[0], "translation", TIMES, still), *channels])
    return glb.decode(data, name="leg.glb")


def test_a_scale_that_stays_is_no_matter() -> None:
    """Exporters that bake everything write one for every joint."""
    ones = 1 + 1e-6 * np.random.default_rng(0).normal(size=(len(TIMES), 3))
    again = read(leg(), (1, "scale", TIMES, ones))
    torch.testing.assert_close(again.joints[0, :, 1], torch.tensor([1, 0.5, 0]), atol=1e-5, rtol=0)
    twice = read(leg(), (1, "scale", TIMES, 2 * ones))
    torch.testing.assert_close(twice.joints[0, :, 1], torch.tensor([1, 0.5, -0.5]))


SHEAR = np.eye(4)
SHEAR[0, 1] = 0.5
GROWING = np.repeat(np.linspace(1, 2, len(TIMES))[:, None], 3, axis=1)
STRETCHED = np.tile([1.0, 2.0, 1.0], (len(TIMES), 1))


@pytest.mark.parametrize(
    ("knee", "channels", "sentence"),
    [
        ({"scale": [1, 2, 1]}, [], "node 'Knee' is scaled by 1 to 2"),
        ({"scale": [-1, -1, -1]}, [], "node 'Knee' is scaled by -1"),
        ({"scale": [0, 0, 0]}, [], "node 'Knee' is scaled by 0"),
        ({}, [(1, "scale", TIMES, GROWING)], "node 'Knee' is scaled by 1 to 2"),
        ({}, [(1, "scale", TIMES, STRETCHED)], "node 'Knee' is scaled by 1 to 2"),
        ({"matrix": SHEAR.T.reshape(-1).tolist()}, [], "node 'Knee' has a matrix that is not"),
        ({"matrix": (-np.eye(4)).reshape(-1).tolist()}, [], "node 'Knee' has a matrix that is not"),
        ({"matrix": [1, 0, 0]}, [], "node 'Knee' has a matrix of 3 numbers"),
        ({"rotation": [0, 1, 0]}, [], "node 'Knee' has a rotation of 3 numbers"),
        ({"translation": [0, 0, float("nan")]}, [], "node 'Knee' has a translation that is not"),
        ({"scale": [1e-20] * 3, "name": None}, [], "node 1 is scaled by 1e-20 with all above it"),
    ],
)  # fmt: skip
def test_a_node_that_cannot_be_read_is_named(
    knee: Node, channels: list[Channel], sentence: str
) -> None:
    with pytest.raises(ValueError, match=rf"leg\.glb: {sentence}") as caught:
        read(leg(**knee), *channels)
    assert "\n" not in str(caught.value)


def test_an_armature_that_cannot_be_read_is_named() -> None:
    nodes = [*leg(), {"name": "Armature", "scale": [1, 1, 3], "children": [0]}]
    with pytest.raises(ValueError, match="node 'Armature' is scaled by 1 to 3"):
        read(nodes)
    nodes = [*leg(), {"name": "Armature", "children": [0, 4]}, {"children": [3]}]
    with pytest.raises(ValueError, match="nodes that are their own ancestors"):
        read(nodes)


def test_an_endless_tree_is_refused_soon() -> None:
    nodes = [gltf.Node(children=[number + 1]) for number in range(50_000)]
    nodes.append(gltf.Node(name="Hip"))
    for joints in (set(range(len(nodes))), {len(nodes) - 1}):
        with pytest.raises(ValueError, match="more than 10,000 nodes is not read"):
            _glb_nodes.rig(nodes, joints, {}, "a.glb")


@pytest.mark.parametrize("clip", ["walk", "dance_a"])
def test_tips_come_back(shared_data: Path, clip: str, tmp_path: Path) -> None:
    """Without them DeepMimic's body has no wrists and no toes."""
    motion = formats.read(shared_data / "deepmimic" / f"{clip}.bvh")
    formats.write(motion, tmp_path / "a.glb")
    again = formats.read(tmp_path / "a.glb")
    assert len(again.skeleton.ends) == 5
    assert again.skeleton == motion.skeleton
    ours, theirs = retargeting.retarget(again), retargeting.retarget(motion)
    torch.testing.assert_close(ours.joints, theirs.joints, atol=1e-4, rtol=0)


def test_tips_are_leaves_that_no_skin_and_no_animation_knows() -> None:
    assert glb.decode(glb.encode(walker()), name="a.glb").skeleton == walker().skeleton
    head, _ = parts(glb.encode(walker()))
    tips = [n for n, node in enumerate(head["nodes"]) if node.get("name", "").endswith("_end")]
    assert len(tips) == 5
    assert not set(tips) & set(head["skins"][0]["joints"])
    animation = head["animations"][0]
    assert not set(tips) & {channel["target"]["node"] for channel in animation["channels"]}
    for node in (head["nodes"][tip] for tip in tips):
        above = head["nodes"][walker().skeleton.index(node["name"].removesuffix("_end"))]
        assert head["nodes"].index(node) in above["children"]
        assert not node.get("children")


def test_a_tip_has_a_name_of_its_own_and_some_length() -> None:
    ends = (("hip", (0.0, 0.0, 0.0)), ("hip_end", (0.0, 0.1, 0.2)), ("foot", (0.25, 0.0, 0.0)))
    body = skeletons.base.build(
        "legs",
        (
            ("hip", None, (0.0, 0.0, 0.0)),
            ("hip_end", "hip", (0.0, -0.5, 0.0)),
            ("hip_end_end", "hip_end", (0.0, -0.2, 0.0)),
            ("foot", "hip_end", (0.0, -0.4, 0.0)),
        ),
        ends=ends,
    )
    still = torch.eye(3).expand(2, len(body), 3, 3)
    motion = Motion.from_rotations(still, torch.zeros(2, 3), fps=20.0, skeleton=body)
    head, _ = parts(glb.encode(motion))
    names = [node["name"] for node in head["nodes"]]
    assert len(set(names)) == len(names)
    again = glb.decode(glb.encode(motion), name="legs.glb")
    assert again.skeleton.ends == ends[1:]


def test_what_hangs_on_a_joint_is_a_tip_only_if_it_is_called_one() -> None:
    """Mixamo's bodies end in nodes such as ``LeftToe_End``; a sword is none, nor has it a name."""
    things: list[Node] = [
        {"name": "Ankle_End", "translation": [0, 0, 0.2]},
        {"name": "sword", "translation": [0, 0, 1]},
        {"translation": [0, 0, 1]},
        {"name": "light_end", "translation": [0, 0, 1], "mesh": 0},
        {"name": "chain_end", "translation": [0, 0, 1], "children": [8]},
        {"name": "second_end", "translation": [0, 0, 0.4]},
    ]
    nodes = [*leg(scale=[0.5, 0.5, 0.5]), *things]
    nodes[2]["children"] = [3, 4, 5, 6, 7]
    assert read(nodes).skeleton.ends == (("Ankle", (0.0, 0.0, 0.1)),)
