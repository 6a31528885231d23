"""MSR-Action3D's layout, made small here of bodies before a sensor."""

import logging
import zipfile
from pathlib import Path

import pytest
import torch
from kinect_files import before_the_sensor, screen, text, world
from moving_bodies import wandering

from moclip import datasets
from moclip.datasets import msr_action3d
from moclip.datasets._msr_captions import ACTIONS, CAPTIONS
from moclip.motion import CaptionedMotion

NAMES = ("a01_s01_e01", "a01_s02_e01", "a14_s09_e02", "a20_s05_e03", "a20_s10_e01")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Five files in both variants, as the two archives unpack, and a note."""
    root = tmp_path / "MSRAction3D"
    for folder in ("MSRAction3DSkeletonReal3D", "MSRAction3DSkeleton(20joints)"):
        (root / folder).mkdir(parents=True)
    for number, name in enumerate(NAMES):
        seen = before_the_sensor(wandering(20, seed=number))
        (place(root, name)).write_bytes(text(world(seen)))
        (place(root, name, "screen")).write_bytes(text(screen(seen)))
    (root / "ReadMe.txt").write_text("Notes.")
    return root


def place(root: Path, name: str, space: str = "world") -> Path:
    if space == "world":
        return root / "MSRAction3DSkeletonReal3D" / f"{name}_skeleton3D.txt"
    return root / "MSRAction3DSkeleton(20joints)" / f"{name}_skeleton.txt"


def load(root: Path, split: str, **options: object) -> list[CaptionedMotion]:
    return datasets.load("msr_action3d", split, root=root, **options)


def ids(root: Path, split: str, **options: object) -> list[str]:
    return [clip.id for clip in load(root, split, **options)]


def test_even_subjects_are_tested_and_one_odd_one_validates(root: Path) -> None:
    assert ids(root, "train") == ["a01_s01_e01", "a20_s05_e03"]
    assert ids(root, "val") == ["a14_s09_e02"]
    assert ids(root, "test") == ["a01_s02_e01", "a20_s10_e01"]
    assert ids(root, "val", val_subject=5) == ["a20_s05_e03"]
    assert ids(root, "train", val_subject=None) == ["a01_s01_e01", "a14_s09_e02", "a20_s05_e03"]
    assert ids(root, "val", val_subject=None) == ids(root, "val", val_subject="none") == []
    assert ids(root, "val", val_subject="5") == ["a20_s05_e03"]
    with pytest.raises(ValueError, match="wanted 1, 3, 5, 7, 9 or none, got '2'"):
        ids(root, "val", val_subject="2")


def test_no_subject_stands_in_two_splits() -> None:
    told = {
        subject: msr_action3d._split(subject, msr_action3d.Options()) for subject in range(1, 11)
    }
    assert [subject for subject, split in told.items() if split == "test"] == [2, 4, 6, 8, 10]
    assert [subject for subject, split in told.items() if split == "train"] == [1, 3, 5, 7]


def test_a_clip_has_its_action_and_captions_of_it(root: Path) -> None:
    kick = load(root, "val")[0]
    assert kick.labels == {"action": "forward kick"}
    assert "a person kicks forward" in kick.captions
    assert load(root, "test")[1].labels == {"action": "pickup & throw"}


def test_there_are_twenty_actions_and_no_caption_fits_two() -> None:
    captions = [caption for options in CAPTIONS.values() for caption in options]
    assert len(ACTIONS) == 20
    assert ACTIONS[12] == "bend"
    assert len(set(captions)) == len(captions)
    assert all(caption == caption.strip().lower() for caption in captions)


def test_clips_are_canonical(root: Path) -> None:
    clip = load(root, "test")[0]
    wanted = before_the_sensor(wandering(20, seed=1))
    assert clip.motion.skeleton.name == "humanml3d"
    assert clip.motion.fps == 20.0
    assert abs(clip.motion.duration - wanted.duration) < 0.1
    assert clip.motion.joints[..., 1].min() == pytest.approx(0.0, abs=1e-6)
    tall, seen = (
        float(m.joints[..., 1].max() - m.joints[..., 1].min()) for m in (clip.motion, wanted)
    )
    assert tall == pytest.approx(seen, abs=0.15)


def test_the_screen_is_nearly_the_world(root: Path) -> None:
    for ours, theirs in zip(load(root, "all"), load(root, "all", space="screen"), strict=True):
        assert ours.id == theirs.id
        assert (ours.motion.joints - theirs.motion.joints).norm(dim=-1).max() < 0.01


def test_a_zip_gives_what_the_folder_gives(root: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "msr.zip", "w") as archive:
        for path in root.rglob("*.txt"):
            archive.write(path, path.relative_to(root))
    zipped, plain = load(tmp_path / "msr.zip", "all"), load(root, "all")
    assert [clip.id for clip in zipped] == [clip.id for clip in plain]
    for a, b in zip(zipped, plain, strict=True):
        assert torch.equal(a.motion.joints, b.motion.joints)


def test_damaged_files_are_told_by_what_is_in_them(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = world(before_the_sensor(wandering(20)))
    grows = good.clone()
    grows[..., :3] *= torch.linspace(0.3, 2.0, 20)[:, None, None]
    bent = good.clone()
    bent[:, 7:15, :3] *= 4
    noise = torch.rand(20, 20, 4, generator=torch.Generator().manual_seed(0))
    spoilt = {
        "a02_s01_e01": (good * 0, "nobody is seen in any of 20 frames"),
        "a02_s01_e02": (good[:5], "shows 0.33 s, wanted 0.5 at least"),
        "a02_s01_e03": (grows, "the size of its body changes by"),
        "a02_s02_e01": (torch.cat((good[:4], good[:12] * 0, good[:4])), "seen in only 8 of 20"),
        "a02_s03_e01": (noise * 0.01, "damaged"),
        "a02_s04_e01": (bent, "have not the proportions of a person"),
    }
    for name, (rows, _) in spoilt.items():
        place(root, name).write_bytes(text(rows))
    with caplog.at_level(logging.WARNING):
        assert ids(root, "all") == list(NAMES)
    options = msr_action3d.Options(root=root)
    found = dict(msr_action3d.read(msr_action3d.plan(options).files, options))
    for name, (_, why) in spoilt.items():
        assert isinstance(found[name], str)
        assert why in str(found[name])
        assert name in str(found[name])
    assert "6 of 11 clips" in caplog.text


def test_names_outside_the_set_are_told(root: Path) -> None:
    place(root, "a21_s01_e01").write_bytes(b"")
    place(root, "a01_s11_e01").write_bytes(b"")
    plan = datasets.plan("msr_action3d", root=root)
    assert len(plan.unreadable) == 2
    assert all("20 actions and 10 subjects" in why for why in plan.unreadable.values())
    assert len(plan.files) == len(NAMES)


def test_a_root_of_something_else_is_told(root: Path, tmp_path: Path) -> None:
    (root / "more").mkdir()
    (root / "more" / "a01_s01_e01_skeleton3D.txt").write_bytes(b"")
    with pytest.raises(ValueError, match="holds 'a01_s01_e01' twice: "):
        load(root, "all")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a01_s01_e01_skeleton.txt").write_bytes(b"")
    with pytest.raises(ValueError, match=r"no aAA_sSS_eEE_skeleton3D\.txt, which space=world"):
        load(tmp_path / "other", "all")
