"""AMASS files: official rotations on the performer's bones."""

import io
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from amass_files import (
    WIDTHS,
    body_model,
    packed,
    plain_joints,
    recording,
    with_header,
    write_body_models,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from moclip import formats, geometry, retargeting, skeletons
from moclip.formats import _body_model, amass
from moclip.motion import Motion
from moclip.posing import pose

BODIES = tuple(WIDTHS)
HOW_CLOSE = 1e-5
"""Metres, of 32-bit against 64-bit arithmetic."""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for body in BODIES:
        write_body_models(tmp_path / "body_models", body)
    return tmp_path / "body_models"


def off(motion: Motion, wanted: np.ndarray) -> float:
    return float(np.abs(motion.joints.numpy() - wanted).max())


@pytest.mark.parametrize("body", ["smpl", "smplh"])
def test_joints_are_those_of_plain_kinematics(body: str, models: Path) -> None:
    recorded = recording(body)
    motion = amass.decode(packed(recorded), body_models=models)
    assert off(motion, plain_joints(recorded, body_model(body, seed=1))) < HOW_CLOSE
    assert (motion.fps, motion.skeleton.name, len(motion)) == (120.0, body, 8)


def test_shapes_of_smplx_stop_where_its_expressions_begin(models: Path) -> None:
    recorded = recording("smplx") | {"betas": np.full(300, 0.1)}
    motion = amass.decode(packed(recorded), body_models=models)
    model = body_model("smplx", seed=1)
    assert off(motion, plain_joints(recorded, model)) < HOW_CLOSE
    first = models / "first.npz"
    model["shapedirs"] = model["shapedirs"][..., :20]
    np.savez(first, **model)
    motion = amass.decode(packed(recorded), body_models=first)
    assert off(motion, plain_joints(recorded, model, betas=10)) < HOW_CLOSE


def test_float32_files_are_as_close(models: Path) -> None:
    recorded = recording()
    recorded |= {key: recorded[key].astype(np.float32) for key in ("poses", "trans")}
    motion = amass.decode(packed(recorded, compressed=True), body_models=models)
    assert off(motion, plain_joints(recorded, body_model("smplh", seed=1))) < HOW_CLOSE


def test_smplx_of_amass_has_its_poses_in_parts(models: Path) -> None:
    recorded = recording("smplx")
    poses = recorded["poses"]
    parts = {
        "root_orient": poses[:, :3],
        "pose_body": poses[:, 3:66],
        "pose_hand": poses[:, 75:],
        "pose_jaw": poses[:, 66:69],
        "pose_eye": poses[:, 69:75],
    }
    whole = amass.decode(packed(recorded), body_models=models)
    del recorded["poses"], recorded["mocap_framerate"]
    recorded |= parts | {"mocap_frame_rate": 60.0, "surface_model_type": "smplx"}
    pieces = amass.decode(packed(recorded), body_models=models)
    assert torch.equal(pieces.joints, whole.joints)
    assert pieces.fps == 60.0


@pytest.mark.parametrize("gender", ["male", "female", "neutral"])
@pytest.mark.parametrize("kind", [np.str_, np.bytes_])
def test_gender_chooses_the_body_model(gender: str, kind: type[np.generic], models: Path) -> None:
    recorded = recording() | {
        "gender": np.array(kind(gender, "ascii") if kind is np.bytes_ else gender)
    }
    seed = ("male", "female", "neutral").index(gender)
    motion = amass.decode(packed(recorded), body_models=models)
    assert off(motion, plain_joints(recorded, body_model("smplh", seed))) < HOW_CLOSE
    if gender == "male":
        other = amass.decode(packed(recorded), body_models=models, gender="female")
        again = amass.decode(packed(recorded), body_models=models, gender={"male": "female"})
        assert torch.equal(other.joints, again.joints)
        assert off(other, plain_joints(recorded, body_model("smplh", 1))) < HOW_CLOSE
        assert off(other, motion.joints.numpy()) > 1e-3


def test_betas_change_the_bones_and_can_be_fewer(models: Path) -> None:
    recorded = recording()
    model = body_model("smplh", seed=1)
    for count in (0, 10, 16):
        motion = amass.decode(packed(recorded), body_models=models, betas=count)
        assert off(motion, plain_joints(recorded, model, betas=count)) < HOW_CLOSE
    ten, sixteen = (
        amass.decode(packed(recorded), body_models=models, betas=n).bone_lengths() for n in (10, 16)
    )
    assert (ten - sixteen).abs().max() > 1e-3


def test_every_nth_frame_can_be_taken(models: Path) -> None:
    data = packed(recording(frames=20))
    whole = amass.decode(data, body_models=models)
    some = amass.decode(data, body_models=models, subsample=20.0)
    assert (some.joints - whole.joints[::6]).abs().max() < 1e-6
    assert some.fps == 20.0
    slower = amass.decode(data, body_models=models, subsample=20.0, fps=59.97)
    assert (slower.joints - whole.joints[::2]).abs().max() < 1e-6
    assert slower.fps == 59.97 / 2


def test_rotations_are_the_files_own_and_drive_the_bones(models: Path) -> None:
    recorded = recording()
    motion = amass.decode(packed(recorded), body_models=models)
    assert motion.rotations is not None
    wanted = geometry.axis_angle_to_matrix(torch.from_numpy(recorded["poses"]).reshape(8, 52, 3))
    assert (motion.rotations[:, 1:] - wanted[:, 1:]).abs().max() < 1e-5
    again = Motion.from_rotations(
        motion.rotations, motion.joints[:, 0], fps=120.0, skeleton=motion.skeleton
    )
    assert (again.joints - motion.joints).abs().max() < HOW_CLOSE


def from_real_clip(clip: Motion) -> dict[str, Any]:
    """The clip's rotations as AMASS would hold them: z up, axis-angle, fingers at rest."""
    _, rotations = pose(clip)
    z_up = torch.tensor(((1.0, 0, 0), (0, 0, -1), (0, 1, 0))).double()
    rotations = torch.cat((z_up @ rotations[:, :1], rotations[:, 1:]), dim=1)
    poses = np.zeros((len(clip), 156))
    poses[:, :66] = geometry.matrix_to_axis_angle(rotations).reshape(len(clip), 66).numpy()
    x, y, z = clip.joints[:, 0].double().numpy().T
    trans = np.stack((x, -z, y), axis=1) - (-0.002, -0.223, 0.028)
    return {"poses": poses, "trans": trans, "betas": np.zeros(16), "mocap_framerate": 20.0}


def test_a_real_clip_stays_upright_and_its_left_stays_left(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "humanml3d_reference/HumanML3D/new_joints/000000.npy"
    clip = formats.read(path)
    np.savez(tmp_path / "model.npz", **body_model("smplh", blurred=False))
    data = packed(from_real_clip(clip) | {"gender": "neutral"})
    motion = amass.decode(data, body_models=tmp_path / "model.npz")
    assert (motion.joints[:, :22] - clip.joints).norm(dim=-1).mean() < 0.01
    assert (motion.joints[:, 0] - clip.joints[:, 0]).abs().max() < 1e-5
    assert (motion.facing() * clip.facing()).sum(-1).min() > 0.99
    seen, wanted = retargeting.canonical(motion), retargeting.canonical(clip)
    assert (seen.joints - wanted.joints).norm(dim=-1).mean() < 0.02


def test_without_a_body_model_the_template_is_turned_and_said_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    amass._warn_of_template.cache_clear()
    recorded = recording()
    with caplog.at_level(logging.WARNING):
        motion = amass.decode(packed(recorded))
        amass.decode(packed(recorded))
    assert [record.message.startswith("smplh poses are put on") for record in caplog.records] == [
        True
    ]
    assert motion.skeleton == skeletons.get("smplh")
    model = body_model("smplh", blurred=False)
    rest = plain_joints(recorded | {"betas": []}, model)
    assert off(motion.moved(torch.tensor((-0.002, 0.028, 0.223))), rest) < HOW_CLOSE


def test_asking_for_the_template_is_no_reason_to_warn(caplog: pytest.LogCaptureFixture) -> None:
    amass._warn_of_template.cache_clear()
    amass.decode(packed(recording()), body_models="template")
    assert not caplog.records


def test_a_file_that_is_y_up_already_is_left_so() -> None:
    data = packed(recording())
    z_up, y_up = (amass.decode(data, body_models="template", up=up) for up in ("z", "y"))
    x, y, z = y_up.joints.unbind(-1)
    assert (z_up.joints - torch.stack((x, z, -y), dim=-1)).abs().max() < HOW_CLOSE


def test_files_are_told_from_our_own_by_their_content(tmp_path: Path) -> None:
    np.savez(tmp_path / "amass.npz", **recording())
    motion = formats.read(tmp_path / "amass.npz", body_models="template")
    formats.write(motion, tmp_path / "ours.npz")
    assert amass.recognises((tmp_path / "amass.npz").read_bytes())
    assert not amass.recognises((tmp_path / "ours.npz").read_bytes())
    assert torch.equal(formats.read(tmp_path / "ours.npz").joints, motion.joints)


@pytest.mark.parametrize("body", BODIES)
def test_it_can_be_written_as_bvh_and_read_back(body: str, models: Path, tmp_path: Path) -> None:
    motion = amass.decode(packed(recording(body)), body_models=models)
    formats.write(motion, tmp_path / "a.bvh")
    again = formats.read(tmp_path / "a.bvh", unit="cm")
    assert again.skeleton.name == body
    assert (again.joints - motion.joints).abs().max() < 1e-4
    assert retargeting.canonical(again, fps=60.0).skeleton == skeletons.get("humanml3d")


def spoiled(**changes: Any) -> bytes:
    recorded = recording() | changes
    return packed({key: value for key, value in recorded.items() if value is not None})


def nan_at(key: str, frame: int) -> dict[str, Any]:
    array = recording()[key].copy()
    array[frame, 1] = np.nan
    return {key: array}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (spoiled(poses=np.zeros((8, 150))), r"\(8, 150\), wanted .* 72 \(smpl\), 156 \(smplh\)"),
        (spoiled(poses=np.zeros((8, 52, 3))), r"poses have shape \(8, 52, 3\)"),
        (spoiled(poses=None), "has no poses, nor root_orient"),
        (spoiled(trans=None), "has no trans"),
        (spoiled(trans=np.zeros((7, 3))), "holds poses of 8 frames and trans of 7"),
        (spoiled(trans=np.zeros(3)), r"trans has shape \(3,\)"),
        (spoiled(trans=np.array(1.0)), r"trans has shape \(\)"),
        (spoiled(poses=np.zeros((0, 156)), trans=np.zeros((0, 3))), "at least one frame"),
        (spoiled(**nan_at("poses", 3)), "poses hold a number that is not finite at frame 3"),
        (spoiled(**nan_at("trans", 5)), "trans hold a number that is not finite at frame 5"),
        (spoiled(poses=np.full((8, 156), 1e300)), "poses hold .* not finite at frame 0"),
        (spoiled(mocap_framerate=None), "has no mocap_framerate, and no fps was given"),
        (spoiled(mocap_framerate=0.0), "mocap_framerate is no number of frames per second"),
        (spoiled(mocap_framerate=np.ones(2)), "mocap_framerate is no number"),
        (spoiled(mocap_framerate=np.nan), "mocap_framerate is no number"),
        (spoiled(betas=np.zeros((8, 10))), r"betas have shape \(8, 10\), wanted one row"),
        (spoiled(betas=np.zeros(301)), "wanted one row of at most 300"),
        (spoiled(betas=np.full(10, np.inf)), "betas hold a number that is not finite"),
        (spoiled(gender=np.array("unknown")), "gender is 'unknown', wanted female, male, neutral"),
        (spoiled(gender=np.array("male", dtype=object)), "gender is stored as a Python object"),
        (spoiled(poses=np.array({}, dtype=object)), "poses holds Python objects, .* never loaded"),
        (with_header(recording(), "poses", "(10**9, 156)"), "poses holds no array"),
        (with_header(recording(), "poses", "(1000000000, 156)"), "wants 1,248,000,000,000"),
        (packed(recording())[:-400], "is no zip that can be read"),
        (b"", "is empty"),
    ],
)
def test_bad_files_are_told_in_one_sentence(data: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        amass.decode(data, name="some file", body_models="template")
    assert str(caught.value).startswith("some file")
    assert "\n" not in str(caught.value)


def test_too_many_frames_are_refused() -> None:
    many = np.broadcast_to(np.zeros(1, dtype=np.int8), (600_000, 156))
    with pytest.raises(ValueError, match="31,200,000 poses of joints are too many"):
        amass.decode(spoiled(poses=many), body_models="template")


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    data = bytearray(packed({"poses": np.zeros((1, 156))}))
    entry = data.rindex(b"PK\1\2")
    data[entry + 24 : entry + 28] = (2**30 + 1).to_bytes(4, "little")
    with pytest.raises(ValueError, match="would unpack to 1,073,741,825 bytes"):
        amass.decode(bytes(data), body_models="template")


LAYOUTS = ["smplh/male/model.npz", "smplh/SMPLH_MALE.npz", "SMPLH_MALE.npz", "male/model.npz"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_body_models_are_found_in_the_official_layouts(layout: str, tmp_path: Path) -> None:
    path = tmp_path / layout
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert _body_model.find(tmp_path, "smplh", "male") == path
    assert _body_model.find(path, "smplh", "male") == path


def test_a_missing_body_model_is_told_with_the_names_it_may_have(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no female smplh body model .*smplh/female/model\.npz"):
        amass.decode(packed(recording()), body_models=tmp_path)
    (tmp_path / "SMPLH_FEMALE.pkl").write_bytes(b"")
    with pytest.raises(ValueError, match=r"SMPLH_FEMALE\.pkl is a pickle, which is never loaded"):
        amass.decode(packed(recording()), body_models=tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"J_regressor": None}, "is no body model: it has no J_regressor"),
        ({"J_regressor": np.array({}, dtype=object)}, "J_regressor holds Python objects"),
        ({"J_regressor": np.zeros((24, 82))}, r"is no smplh of 52 joints.*\(24, 82\)"),
        ({"kintree_table": np.zeros((2, 52), dtype=np.uint32)}, "is no smplh of 52 joints"),
        ({"shapedirs": np.zeros((82, 3))}, "is no smplh of 52 joints"),
        ({"v_template": np.full((82, 3), np.nan)}, "holds a number that is not finite"),
    ],
)
def test_a_wrong_body_model_is_told(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    arrays = body_model("smplh") | change
    path = tmp_path / "model.npz"
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(ValueError, match=told) as caught:
        amass.decode(packed(recording()), body_models=path)
    assert str(path) in str(caught.value)


def test_a_body_model_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, **body_model("smplh", seed=0))
    first = _body_model.load(path, "smplh")
    assert _body_model.load(path, "smplh") is first
    np.savez(path, **body_model("smplh", seed=3), more=np.zeros(5))
    assert np.abs(_body_model.load(path, "smplh").joints - first.joints).max() > 1e-3


def shaken(data: bytes, draw: np.random.Generator, reach: int) -> bytes:
    """One to three bytes near the beginning replaced, doubled or cut out."""
    out = bytearray(data)
    for _ in range(draw.integers(1, 4)):
        at = int(draw.integers(0, min(reach, len(out))))
        how = draw.integers(0, 3)
        out[at : at + (how != 1)] = b"" if how == 2 else bytes([draw.integers(0, 256)])
    return bytes(out)


def rezipped(data: bytes, change: Callable[[bytes], bytes], members: tuple[str, ...]) -> bytes:
    """The archive with its members changed and their checksums right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name in members else content)
    return out.getvalue()


def refused_or_read(data: bytes, body_models: Path | str) -> None:
    """Nothing but one sentence comes out that names the file, or a motion."""
    told = ""
    try:
        assert amass.decode(data, name="some file", body_models=body_models).joints.isfinite().all()
    except (ValueError, LookupError) as error:
        told = str(error)
    assert not told or told.startswith(("some file", str(body_models)))
    assert "\n" not in told


@given(seed=st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_damaged_recordings_are_refused_or_read(seed: int) -> None:
    draw = np.random.default_rng(seed)
    data = packed(recording(frames=2))
    refused_or_read(shaken(data, draw, len(data)), "template")
    members = (str(draw.choice(["poses", "trans", "betas", "gender", "mocap_framerate"])) + ".npy",)
    reach = int(draw.choice([40, 128, 10**6]))
    refused_or_read(
        rezipped(data, lambda content: shaken(content, draw, reach), members), "template"
    )


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_damaged_body_models_are_refused_or_read(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("fuzz") / "model.npz"
    key = str(draw.choice(["J_regressor", "v_template", "shapedirs", "kintree_table"]))
    reach = int(draw.choice([40, 128, 10**6]))
    data = packed(body_model("smplh"))
    path.write_bytes(rezipped(data, lambda c: shaken(c, draw, reach), (f"{key}.npy",)))
    refused_or_read(packed(recording(frames=2)), path)
