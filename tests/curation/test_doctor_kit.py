"""``doctor`` on a folder in KIT-ML's layout: 21 joints in millimetres at 12.5 fps."""

from pathlib import Path

import numpy as np
import pytest
import torch
from spoiled import bundled, jump, teleported, walk

from moclip.curation import _patients
from moclip.curation.doctor import Report, examine
from moclip.motion import Motion
from moclip.skeletons import kit

FEET = {"RF": ("right_ankle", "right_foot"), "LF": ("left_ankle", "left_foot")}
"""KIT's tips of the feet lie beyond HumanML3D's."""


def millimetres(motion: Motion) -> np.ndarray:
    """A captured clip at KIT's joints."""
    motion = motion.resampled(12.5)
    at = {own: motion.joint(joint) for joint, own in kit.TO_HUMANML3D.items() if type(own) is str}
    for tip, (ankle, foot) in FEET.items():
        at[tip] = motion.joint(foot) + 0.4 * (motion.joint(foot) - motion.joint(ankle))
    return 1000 * torch.stack([at[joint] for joint in kit.SKELETON.joint_names], dim=1).numpy()


@pytest.fixture
def official(tmp_path: Path) -> Path:
    (tmp_path / "new_joints").mkdir()
    (tmp_path / "texts").mkdir()
    clips = {"00001": walk(), "00002": jump(), "00003": bundled()["cmu_actions/running_01"]}
    for name, motion in clips.items():
        np.save(tmp_path / "new_joints" / f"{name}.npy", millimetres(motion))
        (tmp_path / "texts" / f"{name}.txt").write_text(f"clip {name}#clip/NOUN#0.0#0.0\n")
    for split, names in (("train", ["00001", "00002"]), ("val", []), ("test", ["00003"])):
        (tmp_path / f"{split}.txt").write_text("\n".join(names))
    return tmp_path


def test_the_layout_is_recognised_and_clean(official: Path) -> None:
    assert _patients.find(str(official)).dataset == "kit"
    assert examine(str(official), jobs=1) == Report((), 3)


def test_a_fault_is_told_of_its_clip_alone(official: Path) -> None:
    np.save(official / "new_joints" / "00002.npy", millimetres(teleported(jump())))
    report = examine(str(official), jobs=1)
    assert [(finding.clip, finding.check) for finding in report.findings] == [("00002", "jumps")]


def test_a_copy_in_metres_is_clean_and_one_in_no_unit_is_not(official: Path) -> None:
    """The size of the body tells metres from millimetres."""
    arrays = official / "new_joints"
    np.save(arrays / "00001.npy", millimetres(walk()) / 1000)
    assert examine(str(official), jobs=1) == Report((), 3)
    np.save(arrays / "00001.npy", millimetres(walk()) * 100)
    report = examine(str(official), jobs=1)
    assert [(finding.clip, finding.check) for finding in report.findings] == [("00001", "unit")]
