"""MSR-Action3D (Li et al., CVPR workshops 2010): twenty actions of ten people before a sensor.

The user's own copy, as a folder or a zip (the set comes as ``.rar``: unpack it); in it, at any
depth, ``aAA_sSS_eEE_skeleton3D.txt`` (action, subject, take), or ``..._skeleton.txt`` for the
variant of the screen. Subjects 1, 3, 5, 7, 9 train and 2, 4, 6, 8, 10 are tested, the cross-subject
protocol over all twenty actions; one of the training subjects is held out to validate, which the
published protocol does not do. There are class names only, so captions are ours
(:mod:`moclip.datasets._msr_captions`).

Of the 567 files about ten are damaged, and papers leave out lists of them that differ. Here what is
in a file decides: nobody is seen in it, or mostly not, or what is seen has not the size of a person
or changes it all the time.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field, field_validator

from moclip import formats
from moclip.datasets import _common
from moclip.datasets._msr_captions import ACTIONS, CAPTIONS
from moclip.datasets._plan import Clip, File, Plan
from moclip.datasets._sources import Source, reader
from moclip.motion import Motion

_NAME = re.compile(
    r"(?P<id>a(?P<action>\d\d)_s(?P<subject>\d\d)_e\d\d)_skeleton(?P<world>3D)?\.txt",
    re.ASCII | re.IGNORECASE,
)
_SUBJECTS = 10
_SIZES = (2.5, 7.0)
"""Metres of a person's bones put end to end; of a grown one 4.4."""
_CHANGE = 0.25
"""How far that sum may change, as its deviation over its mean; a good file's changes less than each
of its bones, which the Kinect measures anew in each frame."""
_SHARES = (0.4, 2.5)
"""How short and long an arm's, a leg's or the back's bone may be beside that of the skeleton."""


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are and which of them to take."""

    root: Path | None = None
    """The folder, or a zip."""
    space: Literal["world", "screen"] = "world"
    """``world``: the files ``..._skeleton3D.txt``; ``screen``: ``..._skeleton.txt``, from which
    metres are approximate."""
    val_subject: int | None = 9
    """The training subject (1, 3, 5, 7 or 9) who validates; nobody with ``None``, as in the
    published protocol."""
    min_seconds: float = Field(0.5, ge=0)
    """Shorter clips are left out."""
    cache: bool = True
    """Whether clips once read are kept in ``$MOCLIP_CACHE`` or ``~/.cache/moclip``."""

    @field_validator("val_subject", mode="before")
    @classmethod
    def _trains(cls, value: object) -> object:
        """A command line has words only."""
        if value in (None, "none"):
            return None
        if str(value) not in ("1", "3", "5", "7", "9"):
            raise ValueError("wanted 1, 3, 5, 7, 9 or none")
        return value


class Name(NamedTuple):
    """What a file name says."""

    id: str
    action: int
    subject: int


def plan(options: Options) -> Plan:
    """The clips sorted by id: by action, subject and take.

    Raises ``ValueError`` for a root without such files.
    """
    root = _root(options)
    source = Source.open(root, ".txt")
    named, unreadable = _recognised(source.names, options.space)
    if not named and not unreadable:
        ending = "skeleton3D.txt" if options.space == "world" else "skeleton.txt"
        raise ValueError(f"{root} holds no aAA_sSS_eEE_{ending}, which space={options.space} wants")
    settings = [options.space, options.min_seconds]
    return Plan(
        tuple(File(named[name], (_clip(name, options),)) for name in sorted(named)),
        unreadable,
        _common.fingerprint(source.fingerprint, settings) if options.cache else "",
    )


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Each clip before the sensor, or why it cannot be used."""
    with reader(_root(options)) as read_file:
        for file in files:
            (clip,) = file.clips
            try:
                motion = formats.decode(read_file(file.key), file.key, space=options.space)
                _check(motion, file.key, options.min_seconds)
                yield clip.id, motion
            except _common.BROKEN as error:
                yield clip.id, str(error)


def _root(options: Options) -> Path:
    return _common.need_root("msr_action3d", options.root, "its folder or a zip of it")


def _recognised(keys: Sequence[str], space: str) -> tuple[dict[Name, str], dict[str, str]]:
    """Files of one variant by what their name says, and those whose name says nothing we know."""
    named: dict[Name, str] = {}
    unreadable = {}
    for key in keys:
        match = _NAME.fullmatch(PurePosixPath(key).name)
        if not match or bool(match["world"]) != (space == "world"):
            continue
        name = Name(match["id"].lower(), int(match["action"]), int(match["subject"]))
        if not 1 <= name.action <= len(ACTIONS) or not 1 <= name.subject <= _SUBJECTS:
            unreadable[key] = f"{key}: there are {len(ACTIONS)} actions and {_SUBJECTS} subjects"
        elif name in named:
            raise ValueError(f"the root holds '{name.id}' twice: {named[name]} and {key}")
        else:
            named[name] = key
    return named, unreadable


def _clip(name: Name, options: Options) -> Clip:
    action = ACTIONS[name.action - 1]
    return Clip(name.id, _split(name.subject, options), CAPTIONS[action], {"action": action})


def _split(subject: int, options: Options) -> str:
    if subject % 2 == 0:
        return "test"
    return "val" if subject == options.val_subject else "train"


def _check(motion: Motion, name: str, min_seconds: float) -> None:
    """Raises ``ValueError`` for a clip that is too short or shows no person."""
    if motion.duration < min_seconds:
        raise ValueError(f"{name} shows {motion.duration:.2f} s, wanted {min_seconds:g} at least")
    lengths = motion.bone_lengths()
    sizes = lengths.sum(dim=1)
    size, change = float(sizes.median()), float(sizes.std(correction=0) / sizes.mean())
    if not _SIZES[0] < size < _SIZES[1]:
        raise ValueError(f"{name} is damaged: its bones sum to {size:.1f} m, a person's to 4.4 m")
    if change > _CHANGE:
        raise ValueError(f"{name} is damaged: the size of its body changes by {change:.0%}")
    wanted = lengths.new_tensor(motion.skeleton.offsets)[1:].norm(dim=-1)
    shares = lengths.median(dim=0).values / size / (wanted / wanted.sum())
    long = wanted > 0.2
    if not _SHARES[0] < shares[long].min() <= shares[long].max() < _SHARES[1]:
        raise ValueError(f"{name} is damaged: its bones have not the proportions of a person")
