"""A film as long as the motion, with its words below."""

import subprocess
from pathlib import Path

import moving_bodies
import numpy as np
import pytest

from moclip.rendering import film

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="the extra [video] is not installed")


def frames(data: bytes, place: Path, size: tuple[int, int]) -> list[np.ndarray]:
    """As ffmpeg reads them back."""
    place.write_bytes(data)
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-v", "error", "-i", place, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    width, height = size
    return list(np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3))


def test_it_plays_in_the_motions_own_time_with_words_and_the_time_below(tmp_path: Path) -> None:
    motion = moving_bodies.wandering(20)
    data = film.mp4(motion, title="a walk", size=160)
    assert b"avc1" in data  # H.264
    pictures = frames(data, tmp_path / "a.mp4", (160, 200))
    assert len(pictures) == round(30 * motion.duration)
    assert pictures[0][:160].astype(int).std() > 5  # a body is drawn
    words = [(picture[164:] < 120).any(axis=(0, 2)) for picture in (pictures[0], pictures[-1])]
    assert words[0][:70].any()
    assert not (pictures[0][164:, 100:] == pictures[-1][164:, 100:]).all()  # the time goes on


def test_a_long_motion_is_cut_and_a_long_title_too(tmp_path: Path) -> None:
    data = film.mp4(moving_bodies.wandering(40), title="very " * 60, size=64, seconds=0.5)
    assert len(frames(data, tmp_path / "a.mp4", (64, 104))) == 15
