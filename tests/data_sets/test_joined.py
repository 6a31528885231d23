"""Clips of several blocks in one file: what safetensors itself would write, and can read."""

from pathlib import Path

import moving_bodies
import pytest
import torch
from safetensors.torch import load

from moclip.datasets._block import Block, packed
from moclip.datasets._joined import Joined
from moclip.files import write_atomically
from moclip.motion import Motion


def motions(kind: str) -> list[Motion]:
    """Of several lengths; with rotations or without."""
    found = [moving_bodies.wandering(frames, seed=frames) for frames in (5, 9, 2, 7, 11)]
    if kind == "positions":
        return found
    turns = [torch.eye(3).repeat(len(m), len(m.skeleton), 1, 1) for m in found]
    return [
        Motion.from_rotations(t, m.joints[:, 0], fps=m.fps, skeleton=m.skeleton)
        for m, t in zip(found, turns, strict=True)
    ]


@pytest.mark.parametrize("kind", ["positions", "rotations"])
@pytest.mark.parametrize("own_bones", [False, True])
def test_the_bytes_are_those_of_all_clips_in_one_block(kind: str, own_bones: bool) -> None:
    clips = motions(kind)
    blocks = [Block.of(clips[:3], own_bones=own_bones), Block.of(clips[3:], own_bones=own_bones)]
    joined = Joined([(blocks[0], slice(1, 3)), (blocks[1], slice(0, 2))])
    whole = Block.of(clips[1:], own_bones=own_bones)
    assert b"".join(joined.pieces()) == packed(whole)
    assert (joined.starts, joined.lengths) == (whole.starts, whole.lengths)


def test_one_clip_is_a_file_too(tmp_path: Path) -> None:
    (clip,) = motions("positions")[:1]
    block = Block.of([clip], own_bones=False)
    path = tmp_path / "one.safetensors"
    write_atomically(path, Joined([(block, slice(0, 1))]).pieces())
    assert torch.equal(load(path.read_bytes())["joints"], clip.joints)
    assert torch.equal(Block.open(path, clip.skeleton, clip.fps).motion(0).joints, clip.joints)
