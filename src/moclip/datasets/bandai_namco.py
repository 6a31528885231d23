"""Bandai-Namco Research Motiondataset 1 and 2: everyday actions, each acted in several styles.

The user's own copy (CC BY-NC 4.0), as a folder or as the zip, which is not unpacked; in it, at any
depth, ``Bandai-Namco-Research-Motiondataset-*/data/dataset-N_CONTENT_STYLE_NNN.bvh``. File names
carry the labels of the ``.json`` files beside them. Words that both halves use (walk and run;
active, feminine and normal) are one class: 2,618 clips of 24 contents in 19 styles, 202
(content, style) pairs. Captions: :mod:`moclip.datasets._bandai_captions`.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from moclip import formats
from moclip.datasets import _common
from moclip.datasets._bandai_captions import CONTENTS, STYLES, compose
from moclip.datasets._plan import Clip, File, Plan
from moclip.datasets._sources import Source, reader
from moclip.motion import Motion

LICENCE = "CC BY-NC 4.0, Bandai Namco Research Inc."
_NAME = re.compile(r"dataset-\d+_(?P<content>[a-z-]+)_(?P<style>[a-z-]+)_\d+")
_IN_ONE_STYLE = {"call", "dance-long", "dance-short", "kick", "punch", "respond", "slash"}
"""Contents acted only normally: held out, they would be new actions, not new combinations."""


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are and which of them to take."""

    root: Path | None = None
    """The folder, or the zip."""
    split_by: Literal["file", "unseen-combinations"] = "file"
    """``file``: 80 % of the clips train, 10 % validate, 10 % test. ``unseen-combinations``: about
    one (content, style) pair in five is tested, with all its clips; none of them is trained on."""
    seed: int = 0
    """Another seed is another split of the same kind."""
    max_seconds: float = Field(10.0, gt=0)
    """Longer clips are cut to their beginning."""
    min_seconds: float = Field(0.5, ge=0)
    """Shorter clips are left out."""
    cache: bool = True
    """Whether clips once read are kept in ``$MOCLIP_CACHE`` or ``~/.cache/moclip``."""


class Name(NamedTuple):
    """What a file name says."""

    id: str
    content: str
    style: str


def plan(options: Options) -> Plan:
    """The clips sorted by id. Raises ``ValueError`` for a root of something else."""
    source = Source.open(_root(options), ".bvh")
    names, foreign = _recognised(source.names)
    lengths = [options.min_seconds, options.max_seconds]
    return Plan(
        tuple(File(names[name], (_clip(name, options),)) for name in sorted(names)),
        foreign,
        _common.fingerprint(source.fingerprint, lengths) if options.cache else "",
    )


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """At most ``max_seconds`` of each clip, or why it cannot be read."""
    with reader(_root(options)) as read_file:
        for file in files:
            (clip,) = file.clips
            try:
                yield clip.id, _motion(read_file(file.key), file.key, options)
            except _common.BROKEN as error:
                yield clip.id, str(error)


def _root(options: Options) -> Path:
    return _common.need_root("bandai_namco", options.root, "its folder or zip")


def _clip(name: Name, options: Options) -> Clip:
    labels = {"content": name.content, "style": name.style}
    return Clip(name.id, split_of(name, options), compose(name.content, name.style), labels)


def split_of(clip: Name, options: Options) -> str:
    """``train``, ``val`` or ``test``: decided by hashes, so other files make no difference."""
    if options.split_by == "file":
        return _common.split_by_hash(clip.id, options.seed)
    if is_unseen(clip.content, clip.style, options.seed):
        return "test"
    return "val" if _common.share(clip.id, options.seed) < 0.1 else "train"


def is_unseen(content: str, style: str, seed: int = 0) -> bool:
    """Whether the pair is held out by ``unseen-combinations``."""
    return content not in _IN_ONE_STYLE and _common.share(f"{content}/{style}", seed) < 0.2


def _recognised(names: tuple[str, ...]) -> tuple[dict[Name, str], dict[str, str]]:
    """Files by what their name says, and those whose name says nothing we know."""
    clips: dict[Name, str] = {}
    foreign = {}
    for name in names:
        stem = PurePosixPath(name).stem
        match = _NAME.fullmatch(stem)
        if not match or match["content"] not in CONTENTS or match["style"] not in STYLES:
            foreign[name] = "its name is not dataset-N_CONTENT_STYLE_NNN.bvh with known labels"
            continue
        clip = Name(stem, match["content"], match["style"])
        if clip in clips:
            raise ValueError(f"the root holds '{stem}.bvh' twice: {clips[clip]} and {name}")
        clips[clip] = name
    return clips, foreign


def _motion(data: bytes, name: str, options: Options) -> Motion:
    motion = formats.decode(data, name, unit="cm")
    if motion.duration < options.min_seconds:
        raise ValueError(
            f"{name} lasts {motion.duration:.2f} s, less than the {options.min_seconds:g} s wanted"
        )
    return _common.cut(motion, end=min(motion.duration, options.max_seconds))
