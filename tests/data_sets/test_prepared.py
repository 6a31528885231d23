"""Prepared data sets: opened at once, read by id, mapped."""

import json
from pathlib import Path

import pytest
import torch

from moclip import datasets, skeletons
from moclip.datasets._block import Block, packed
from moclip.datasets._shards import Manifest, Row, ShardFile
from moclip.datasets.prepared import Shards
from moclip.motion import Motion


def write(root: Path, shards: list[list[Motion]], *, canonical: bool = True) -> Path:
    """Shards of these motions, clips named by shard and place."""
    root.mkdir(parents=True)
    files, rows = [], []
    for number, motions in enumerate(shards):
        block = Block.of(motions, own_bones=False)
        data = packed(block)
        name = f"shard-{number:05d}.safetensors"
        (root / name).write_bytes(data)
        files.append(ShardFile(file=name, clips=len(block), bytes=len(data), sha256=""))
        rows += [
            Row(f"{number}/{row}", number, row, start, frames, "train", (f"clip {row}",), {})
            for row, (start, frames) in enumerate(zip(block.starts, block.lengths, strict=True))
        ]
    (root / "clips.jsonl").write_text("".join(f"{row.to_json()}\n" for row in rows))
    manifest = Manifest(
        dataset="made",
        source="here",
        licence="none",
        clips=len(rows),
        frames=sum(row.frames for row in rows),
        hours=0.0,
        captions=len(rows),
        splits={"train": len(rows)},
        fps=shards[0][0].fps,
        canonical=canonical,
        made_by={},
        skeleton=shards[0][0].skeleton,
        shards=tuple(files),
        left_out={},
        sources={},
    )
    (root / "manifest.json").write_text(manifest.to_json())
    return root


def noise(frames: int, seed: int) -> Motion:
    joints = torch.randn(frames, 22, 3, generator=torch.Generator().manual_seed(seed))
    return Motion(joints, 20.0, skeletons.get("humanml3d"))


@pytest.fixture
def motions() -> list[list[Motion]]:
    return [[noise(9, 0), noise(4, 1)], [noise(7, 2)]]


def test_any_clip_is_read_by_its_id(tmp_path: Path, motions: list[list[Motion]]) -> None:
    shards = Shards(write(tmp_path / "set", motions))
    assert list(shards) == ["0/0", "0/1", "1/0"]
    assert len(shards) == 3
    assert "0/1" in shards
    for name, motion in (
        (f"{s}/{r}", m) for s, row in enumerate(motions) for r, m in enumerate(row)
    ):
        assert torch.equal(shards[name].joints, motion.joints)
    clip = shards.captioned("0/1")
    assert (clip.id, clip.captions, len(clip.motion)) == ("0/1", ("clip 1",), 4)
    with pytest.raises(LookupError, match="holds no clip '9/9'"):
        shards["9/9"]


def test_the_manifest_comes_back_as_it_was(tmp_path: Path, motions: list[list[Motion]]) -> None:
    text = (write(tmp_path / "set", motions) / "manifest.json").read_text()
    assert Manifest.model_validate_json(text).to_json() == text
    assert json.loads(text)["skeleton"]["name"] == "humanml3d"


def test_reading_one_clip_leaves_the_rest_on_disk(tmp_path: Path) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("memory is counted as Linux does")
    root = write(tmp_path / "set", [[noise(1_000, seed) for seed in range(320)]])
    assert (root / "shard-00000.safetensors").stat().st_size > 80e6
    before = resident()
    shards = Shards(root)
    third = shards["0/3"].joints.sum()
    part = resident() - before
    everything = torch.stack([motion.joints.sum() for motion in shards.values()])
    whole = resident() - before
    assert third != 0
    assert everything.isfinite().all()
    assert part < 8e6, "one clip of 320 has 0.26 MB"
    assert whole > 80e6, "the measure would not have told"


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_what_is_not_canonical_is_made_so_when_loaded(tmp_path: Path) -> None:
    root = write(tmp_path / "set", [[noise(9, 0)]], canonical=False)
    (clip,) = datasets.load("prepared", "train", root=root)
    assert clip.motion.joints[..., 1].min() == pytest.approx(0, abs=1e-5)


def test_a_shard_cut_short_is_told(tmp_path: Path, motions: list[list[Motion]]) -> None:
    root = write(tmp_path / "set", motions)
    shard = root / "shard-00000.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"shard-00000\.safetensors is damaged: .* wanted"):
        Shards(root)["0/0"]
    assert len(Shards(root)["1/0"]) == 7


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("manifest.json", "{}", r"manifest\.json is none of ours: dataset"),
        ("manifest.json", "{", r"manifest\.json is none of ours"),
        ("clips.jsonl", "{}\n", r"clips\.jsonl, line 1 is damaged"),
        ("clips.jsonl", "", r"clips\.jsonl has 0 clips, the manifest 3"),
    ],
)
def test_what_is_none_of_ours_is_told(
    tmp_path: Path, motions: list[list[Motion]], file: str, text: str, told: str
) -> None:
    root = write(tmp_path / "set", motions)
    (root / file).write_text(text)
    with pytest.raises(ValueError, match=told) as found:
        Shards(root)
    assert "\n" not in str(found.value)
