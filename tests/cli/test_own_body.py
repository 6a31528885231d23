"""A body that only its user knows: a real take under other names of joints, and its JSON file."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cli_support import Run

from moclip import catalog, datasets, formats, skeletons
from moclip.datasets._shards import Shards
from moclip.motion import Motion
from moclip.retargeting import canonical
from moclip.skeletons.base import Source


def called(joint: str) -> str:
    """No known body's word, and its side is told as tools do."""
    side = next((side for side in ("Left", "Right") if side.lower() in joint.lower()), "Mid")
    return f"{side}Part{sum(map(ord, joint)) % 997}_{len(joint)}"


def described(motion: Motion) -> dict[str, Any]:
    """The JSON of a body whose joints were renamed."""
    body = motion.skeleton
    sources: dict[str, Source] = catalog.load("skeletons", body.name, "TO_HUMANML3D")
    parents = [None if up < 0 else called(body.joint_names[up]) for up in body.parents]
    return {
        "name": "robot",
        "joint_names": [called(joint) for joint in body.joint_names],
        "parents": parents,
        "ends": {called(joint): tip for joint, tip in body.ends},
        "limbs": {limb: [called(joint) for joint in joints] for limb, joints in body.limbs},
        "across": [[called(left), called(right)] for left, right in body.across],
        "to_humanml3d": {joint: placed(source) for joint, source in sources.items()},
    }


def placed(source: Source) -> str | list[str | float]:
    if isinstance(source, str):
        end = "end:" if source.startswith("end:") else ""
        return end + called(source.removeprefix("end:"))
    start, end, share = source
    return [str(placed(start)), str(placed(end)), share]


def renamed(data: bytes, motion: Motion) -> bytes:
    """Only the words after ROOT and JOINT are changed."""
    lines = data.decode().splitlines()
    for number, line in enumerate(lines):
        kind, _, joint = line.strip().partition(" ")
        if kind in ("ROOT", "JOINT"):
            lines[number] = line.replace(joint, called(joint.strip()))
    return "\n".join(lines).encode() + b"\n"


@pytest.fixture(params=["bundled", "bandai_namco"])
def take(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A real BVH file as it is, with ``robot/take.bvh`` and ``robot.json`` beside it."""
    path = tmp_path / "take.bvh"
    if request.param == "bundled":
        formats.write(datasets.load("bundled", "val")[0].motion, path)
    else:
        shared: Path = request.getfixturevalue("shared_data")
        with zipfile.ZipFile(shared / "bandai_namco/bandai_namco_motiondataset.zip") as archive:
            name = next(n for n in archive.namelist() if n.endswith("walk_active_001.bvh"))
            path.write_bytes(archive.read(name))
    motion = formats.read(path)
    (tmp_path / "robot").mkdir()
    (tmp_path / "robot" / "take.bvh").write_bytes(renamed(path.read_bytes(), motion))
    (tmp_path / "robot.json").write_text(json.dumps(described(motion)))
    return path


@pytest.fixture
def robot(take: Path) -> Path:
    return take.parent / "robot" / "take.bvh"


@pytest.fixture
def body(take: Path) -> tuple[str, Path]:
    return "--skeleton-file", take.parent / "robot.json"


def test_no_names_are_left_by_which_it_could_be_known(take: Path, robot: Path) -> None:
    names = formats.read(robot).skeleton.joint_names
    assert len(set(names)) == len(formats.read(take).skeleton)
    assert skeletons.recognise(names, formats.read(robot).skeleton.parents) is None


def test_without_its_file_the_body_is_told_to_be_unknown(
    moclip: Run, model: Path, robot: Path, tmp_path: Path
) -> None:
    shown = moclip("encode", model, robot, "-o", tmp_path / "x.npz")
    assert shown.code == 2
    assert "'take' is not known" in shown.err
    assert "a JSON file can describe another" in shown.err
    assert shown.err.count("\n") == 1


def test_info_and_pictures_know_the_body(
    moclip: Run, robot: Path, body: tuple[str, Path], tmp_path: Path
) -> None:
    found = json.loads(moclip("info", robot, *body, "--json").out)
    assert found["skeleton"] == "robot"
    assert not any("no model can read it" in warning for warning in found["warnings"])
    shown = moclip("data", "show", robot, *body, "-o", tmp_path / "a.png", "--poses", 1)
    assert shown.code == 0, shown.err
    assert (tmp_path / "a.png").is_file()


def test_converted_it_is_the_known_body_under_other_names(
    moclip: Run, take: Path, robot: Path, body: tuple[str, Path], tmp_path: Path
) -> None:
    onto = ("--to-skeleton", "humanml3d", "--fps", 20)
    assert moclip("data", "convert", robot, tmp_path / "a.npz", *onto, *body).code == 0
    assert moclip("data", "convert", take, tmp_path / "b.npz", *onto).code == 0
    ours, known = formats.read(tmp_path / "a.npz"), formats.read(tmp_path / "b.npz")
    assert torch.equal(ours.joints, known.joints)
    assert ours.skeleton == known.skeleton


def test_what_was_converted_to_npz_needs_no_flag(
    moclip: Run, model: Path, take: Path, robot: Path, body: tuple[str, Path], tmp_path: Path
) -> None:
    assert moclip("data", "convert", robot.parent, tmp_path / "c", "--to", "npz", *body).code == 0
    assert moclip("encode", model, tmp_path / "c" / "take.npz", "-o", tmp_path / "v.npz").code == 0
    assert moclip("encode", model, robot, *body, "-o", tmp_path / "w.npz").code == 0
    assert moclip("encode", model, take, "-o", tmp_path / "x.npz").code == 0
    vectors = [np.load(tmp_path / f"{name}.npz")["vectors"] for name in "vwx"]
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-5)
    np.testing.assert_array_equal(vectors[1], vectors[2])


def test_search_reads_query_and_folder_with_it(
    moclip: Run, model: Path, robot: Path, body: tuple[str, Path]
) -> None:
    shown = moclip("search", model, robot, "--in", robot.parent, *body, "--json")
    assert (shown.code, shown.err) == (0, "")
    assert json.loads(shown.out)[0]["score"] == pytest.approx(1, abs=1e-4)


def test_prepare_retargets_it(
    moclip: Run, take: Path, robot: Path, body: tuple[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shown = moclip("data", "prepare", "files", "--source", robot.parent, *body, "-o", out)
    assert shown.code == 0, shown.err
    assert torch.equal(Shards(out)["take.bvh"].joints, canonical(formats.read(take)).joints)
    own = moclip(
        "data", "prepare", "files", "--source", robot.parent, *body, "-o", tmp_path / "own",
        "--skeleton", "own", "--fps", 30,
    )  # fmt: skip
    assert own.code == 0, own.err
    kept = Shards(tmp_path / "own")["take.bvh"]
    assert kept.skeleton.name == "robot"
    assert canonical(kept).joints.shape[1] == 22


def test_a_captioned_folder_takes_it_as_an_option(robot: Path, body: tuple[str, Path]) -> None:
    (robot.parent / "captions.csv").write_text("file,caption,split\ntake.bvh,a robot walks,val\n")
    options = {"root": robot.parent, "skeleton_file": body[1]}
    (clip,) = datasets.load("folder", "val", **options)
    assert clip.motion.skeleton.name == "humanml3d"
    assert clip.captions == ("a robot walks",)


def test_another_body_file_is_another_source(robot: Path, body: tuple[str, Path]) -> None:
    """What was kept or made with the older one is not taken up."""
    options: dict[str, Any] = {"root": robot.parent, "skeleton_file": body[1]}
    before = datasets.plan("files", **options).fingerprint
    told = json.loads(body[1].read_text())
    told["to_humanml3d"]["head"] = told["to_humanml3d"]["neck"]
    body[1].write_text(json.dumps(told))
    assert datasets.plan("files", **options).fingerprint != before


def test_a_data_set_with_a_body_of_its_own_refuses_it(
    moclip: Run, body: tuple[str, Path], tmp_path: Path
) -> None:
    shown = moclip("data", "prepare", "bundled", *body, "-o", tmp_path / "out")
    assert shown.code == 2
    assert "'bundled' has no option 'skeleton_file'" in shown.err
    assert shown.err.count("\n") == 1
