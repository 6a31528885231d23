"""Binary glTF: what the specification asks, a body that moves as the motion does, several clips."""

import json
import struct
from typing import Any

import numpy as np
import pytest
import torch

from moclip import datasets, geometry, skeletons
from moclip.figures import figure
from moclip.formats import _capsules, bvh, glb
from moclip.motion import Motion


@pytest.fixture(scope="module")
def real() -> Motion:
    clip = datasets.load("bundled", "val")[2].motion
    return bvh.decode(bvh.encode(clip), name="clip.bvh")


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The two chunks, by the specification alone."""
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON"
    assert size % 4 == 0
    head = json.loads(data[20 : 20 + size])
    rest, kind = struct.unpack_from("<I4s", data, 20 + size)
    assert kind == b"BIN\x00"
    return head, data[28 + size : 28 + size + rest]


def whole(head: dict[str, Any], blob: bytes) -> bytes:
    """A file of two chunks."""
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 4)
    length = 28 + len(text) + len(blob)
    data = struct.pack("<4sIII4s", b"glTF", 2, length, len(text), b"JSON") + text
    return data + struct.pack("<I4s", len(blob), b"BIN\x00") + blob


Channel = tuple[int, str, np.ndarray, np.ndarray]
"""A node, what of it is moved, times, values."""


def made(nodes: list[dict[str, Any]], joints: list[int], channels: list[Channel]) -> bytes:
    """A file of these nodes, its skin of these joints, that anybody might have written."""
    head: dict[str, Any] = {"asset": {"version": "2.0"}, "nodes": nodes}
    head |= {"skins": [{"joints": joints}], "bufferViews": [], "accessors": []}
    blob, targets, samplers = b"", [], []
    for node, path, times, values in channels:
        for array, kind in ((times, "SCALAR"), (values, {3: "VEC3", 4: "VEC4"}[values.shape[1]])):
            raw = array.astype("<f4").tobytes()
            view = {"buffer": 0, "byteOffset": len(blob), "byteLength": len(raw)}
            told = {"componentType": 5126, "count": len(array), "type": kind}
            head["accessors"].append(told | {"bufferView": len(head["bufferViews"])})
            head["bufferViews"].append(view)
            blob += raw
        targets.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        last = len(head["accessors"])
        samplers.append({"input": last - 2, "output": last - 1})
    head["animations"] = [{"channels": targets, "samplers": samplers}]
    return whole(head | {"buffers": [{"byteLength": len(blob)}]}, blob)


def array(head: dict[str, Any], blob: bytes, number: int) -> np.ndarray:
    accessor = head["accessors"][number]
    view = head["bufferViews"][accessor["bufferView"]]
    kind = {5126: "<f4", 5123: "<u2", 5125: "<u4"}[accessor["componentType"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
    assert view["byteOffset"] % 4 == 0
    found = np.frombuffer(blob, kind, accessor["count"] * width, view["byteOffset"])
    return found.reshape(-1, width)


def test_the_file_is_what_the_specification_asks(real: Motion) -> None:
    head, blob = parts(glb.encode(real))
    assert head["asset"]["version"] == "2.0"
    assert head["buffers"] == [{"byteLength": len(blob)}]
    for accessor, number in zip(head["accessors"], range(len(head["accessors"])), strict=True):
        values = array(head, blob, number)
        assert np.isfinite(values).all()
        if "min" in accessor:
            assert accessor["min"] == values.min(axis=0).tolist()
    for animation in head["animations"]:
        for channel in animation["channels"]:
            clock = head["accessors"][animation["samplers"][channel["sampler"]]["input"]]
            assert clock["min"] == [0.0]
    primitive = head["meshes"][0]["primitives"][0]
    assert {"POSITION", "NORMAL", "JOINTS_0", "WEIGHTS_0"} == set(primitive["attributes"])


def test_the_skin_at_rest_is_the_figure_and_moves_with_its_joints(real: Motion) -> None:
    """Vertices by the specification's formula lie on the cones of the figure in every frame."""
    head, blob = parts(glb.encode(real))
    again = glb.decode(glb.encode(real), name="a.glb")
    inverse = array(head, blob, head["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4)
    assert again.rotations is not None
    turned = geometry.global_rotations(again.rotations, again.skeleton.parents)
    frame = len(real) // 2
    drawn = figure(real).at(slice(frame, frame + 1))
    radii = drawn.radii.max(dim=1).values
    for primitive in head["meshes"][0]["primitives"]:
        corners = primitive["attributes"]
        points = torch.tensor(array(head, blob, corners["POSITION"]).copy())
        joints = torch.tensor(array(head, blob, corners["JOINTS_0"])[:, 0].astype(np.int64))
        weights = array(head, blob, corners["WEIGHTS_0"])
        assert (weights.sum(axis=1) == 1).all()
        local = points + torch.tensor(inverse[:, 3, :3].copy())[joints]
        moved = (turned[frame, joints] @ local[..., None])[..., 0] + again.joints[frame, joints]
        away = _distance(moved, drawn.starts[0], drawn.ends[0])
        assert (away <= radii + 0.03).any(dim=1).all()  # tips are supposed anew in each frame


def _distance(points: torch.Tensor, starts: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """(point, cone): how far each point is from the middle line of each cone."""
    along = ends - starts
    share = ((points[:, None] - starts) * along).sum(dim=-1) / along.square().sum(dim=-1)
    nearest = starts + share.clamp(0, 1)[..., None] * along
    return (points[:, None] - nearest).norm(dim=-1)


def test_a_real_clip_comes_back_with_its_rotations(real: Motion) -> None:
    again = glb.decode(glb.encode(real), name="a.glb")
    assert again.rotations is not None
    assert real.rotations is not None
    torch.testing.assert_close(again.joints, real.joints, atol=1e-4, rtol=0)
    torch.testing.assert_close(again.rotations, real.rotations, atol=1e-4, rtol=0)
    assert again.skeleton.name == "humanml3d"


def test_quaternions_take_the_shorter_way(real: Motion) -> None:
    head, blob = parts(glb.encode(real))
    for sampler, channel in zip(
        head["animations"][0]["samplers"], head["animations"][0]["channels"], strict=True
    ):
        if channel["target"]["path"] == "rotation":
            keys = array(head, blob, sampler["output"])
            assert np.allclose(np.linalg.norm(keys, axis=1), 1, atol=1e-5)
            assert ((keys[1:] * keys[:-1]).sum(axis=1) > 0).all()


def test_several_clips_share_one_body(real: Motion) -> None:
    shorter = real.cut(0.0, 1.0)
    data = glb.encode_clips({"whole": real, "start": shorter})
    head, _ = parts(data)
    assert [animation["name"] for animation in head["animations"]] == ["whole", "start"]
    assert len(head["skins"]) == len(head["meshes"]) == 1
    assert len(glb.decode(data, name="a.glb")) == len(real)
    other = Motion(torch.zeros(2, 13, 3), 20.0, skeletons.get("deepmimic"))
    with pytest.raises(ValueError, match="clip 'b' has other joints than the first"):
        glb.encode_clips({"a": real, "b": other})


def test_triangles_look_outwards() -> None:
    body = skeletons.get("humanml3d")
    still = torch.eye(3).expand(1, len(body), 3, 3)
    rest = Motion.from_rotations(still, torch.zeros(1, 3), fps=1.0, skeleton=body)
    for mesh in _capsules.meshes(figure(rest)).values():
        a, b, c = (mesh.positions[mesh.triangles[:, corner]] for corner in range(3))
        faces = np.cross(b - a, c - a)
        real_faces = np.linalg.norm(faces, axis=1) > 1e-9
        outward = mesh.normals[mesh.triangles].sum(axis=1)
        assert ((faces * outward).sum(axis=1)[real_faces] > 0).all()


def test_another_rate_is_sampled(real: Motion) -> None:
    again = glb.decode(glb.encode(real), name="a.glb", fps=60.0)
    assert again.fps == 60
    torch.testing.assert_close(again.joints[::3][:10], real.joints[:10], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda head: head.pop("skins"), "holds no skin"),
        (lambda head: head.pop("animations"), "holds no animation"),
        (
            lambda head: head["animations"][0]["samplers"][0].update(interpolation="CUBICSPLINE"),
            "has CUBICSPLINE keys",
        ),
        (lambda head: head["accessors"][-1].update(count=10**9), "is cut short"),
        (lambda head: head["nodes"][5].update(children=[0]), "ancestors|roots"),
    ],
)
def test_what_cannot_be_read_is_told(real: Motion, change: Any, sentence: str) -> None:
    head, blob = parts(glb.encode(real))
    change(head)
    with pytest.raises(ValueError, match=sentence) as caught:
        glb.decode(whole(head, blob), name="odd.glb")
    assert "\n" not in str(caught.value)
