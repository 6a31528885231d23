"""What every format promises, whichever files there are."""

import random
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moclip import catalog, formats, skeletons
from moclip.motion import Motion

NAMES = catalog.names("formats")
HOW_CLOSE = 1e-4
"""Metres."""


def entry(name: str) -> ModuleType:
    module = __import__(f"moclip.formats.{name}", fromlist=["decode"])
    assert isinstance(module, ModuleType)
    return module


WRITTEN = [name for name in NAMES if hasattr(entry(name), "encode")]
"""The others can only be read; their own tests make their files."""
READ_ONLY = [name for name in NAMES if name not in WRITTEN]


def walker(frames: int = 6) -> Motion:
    """HumanML3D's body in its rest pose, going forward and swaying."""
    body = skeletons.get("humanml3d")
    rest = torch.zeros(len(body), 3)
    for joint, parent in enumerate(body.parents[1:], start=1):
        rest[joint] = rest[parent] + torch.tensor(body.offsets[joint])
    time = torch.linspace(0, 1, frames)[:, None, None]
    sway = 0.05 * torch.sin(3 * time + rest)
    return Motion(rest + sway + time * torch.tensor([0.0, 0.0, 1.0]), 20.0, body)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_motion_comes_back(name: str) -> None:
    motion, module = walker(), entry(name)
    again = module.decode(module.encode(motion), name=f"a{module.SUFFIXES[0]}")
    assert (again.joints - motion.joints).abs().max() < HOW_CLOSE
    assert again.fps == motion.fps
    assert again.skeleton.same_tree(motion.skeleton)
    assert again.skeleton.limbs == motion.skeleton.limbs


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_motion_gives_the_same_bytes(name: str) -> None:
    assert entry(name).encode(walker()) == entry(name).encode(walker())


@pytest.mark.parametrize("name", WRITTEN)
def test_one_frame_is_enough(name: str) -> None:
    module = entry(name)
    assert len(module.decode(module.encode(walker(1)), name="a")) == 1


@pytest.mark.parametrize("name", WRITTEN)
def test_files_are_read_by_their_suffix(name: str, tmp_path: Path) -> None:
    for suffix in entry(name).SUFFIXES:
        formats.write(walker(), tmp_path / f"a{suffix}")
        again = formats.read(tmp_path / f"a{suffix}")
        assert (again.joints - walker().joints).abs().max() < HOW_CLOSE


@pytest.mark.parametrize("name", READ_ONLY)
def test_a_format_that_is_only_read_says_so(name: str, tmp_path: Path) -> None:
    for suffix in set(entry(name).SUFFIXES) - set(formats.suffixes(written=True)):
        with pytest.raises(ValueError, match=rf"'{suffix}' files are only read; written are: "):
            formats.write(walker(), tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


def test_suffixes_are_named_once_in_small_letters() -> None:
    assert len(set(formats.suffixes())) == len(formats.suffixes())
    assert set(formats.suffixes(written=True)) <= set(formats.suffixes())
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in formats.suffixes())


@pytest.mark.parametrize("suffix", formats.suffixes())
def test_formats_that_share_a_suffix_can_be_told_apart(suffix: str) -> None:
    sharing = [name for name in NAMES if suffix in entry(name).SUFFIXES]
    usual = [name for name in sharing if not hasattr(entry(name), "recognises")]
    written = [name for name in sharing if name in WRITTEN]
    assert len(usual) <= 1 or len(sharing) == 1
    assert len(written) <= 1
    for name in set(sharing) - set(usual):
        assert not entry(name).recognises(b"")


def assert_refused_or_read(module: ModuleType, data: bytes) -> None:
    """Nothing but one sentence of ``ValueError`` or ``LookupError`` comes out, or a motion."""
    problem = ""
    try:
        assert module.decode(data, name="some file").joints.isfinite().all()
    except (ValueError, LookupError) as error:
        problem = str(error)
    assert not problem or problem.startswith("some file")
    assert "\n" not in problem


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_garbage_is_refused(name: str, data: bytes) -> None:
    module = entry(name)
    with pytest.raises(ValueError, match=r"^some file"):
        module.decode(data, name="some file")


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_is_called_empty(name: str) -> None:
    with pytest.raises(ValueError, match="some file is empty"):
        entry(name).decode(b"", name="some file")


WORDS = (
    b"nan",
    b"-1",
    b"1e999",
    b"9999999999",
    b"{",
    b"}",
    b"\n",
    b"\0",
    b"\xff",
    b"",
    b"'O'",
    b'"',
)


def damaged(data: bytes, seed: int) -> bytes:
    """One to four places overwritten, cut out, doubled or flipped; most of them near the head."""
    dice = random.Random(seed)
    out = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(min(len(out), dice.choice((100, 1500, len(out)))) or 1)
        end = start + dice.choice((0, 1, 3, 30))
        how = dice.randrange(4)
        if how == 0:
            out[start:end] = dice.choice(WORDS)
        elif how == 1:
            out[start:start] = out[start:end]
        elif how == 2 and len(out) > start:
            out[start] ^= 1 << dice.randrange(8)
        else:
            del out[start : dice.choice((end, len(out)))]
        if not out:
            break
    return bytes(out)


@pytest.mark.parametrize("name", WRITTEN)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_damaged_files_are_refused_or_read(name: str, seed: int) -> None:
    module = entry(name)
    assert_refused_or_read(module, damaged(module.encode(walker(2)), seed))


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(name: str, share: float) -> None:
    data = entry(name).encode(walker())
    with pytest.raises(ValueError, match=r"^some file"):
        entry(name).decode(data[: int(share * len(data))], name="some file")
