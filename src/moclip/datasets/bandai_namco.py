"""Bandai-Namco Research Motiondataset 1 and 2: everyday actions, each acted in several styles.

The user's own copy (CC BY-NC 4.0), as a folder or as the zip, which is not unpacked; in it, at any
depth, ``Bandai-Namco-Research-Motiondataset-*/data/dataset-N_CONTENT_STYLE_NNN.bvh``. File names
carry the labels of the ``.json`` files beside them. Words that both halves use (walk and run;
active, feminine and normal) are one class: 2,618 clips of 24 contents in 19 styles, 202
(content, style) pairs. Captions: :mod:`moclip.datasets._bandai_captions`.
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from moclip import formats
from moclip.datasets import _common
from moclip.datasets._bandai_captions import CONTENTS, STYLES, compose
from moclip.datasets._cache import Clips, cached
from moclip.datasets._reading import read_in_chunks
from moclip.datasets._sources import Source
from moclip.motion import CaptionedMotion, Motion

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


class Clip(NamedTuple):
    """What a file name says."""

    id: str
    content: str
    style: str


def load(split: str, options: Options) -> list[CaptionedMotion]:
    """The clips of a split, sorted by id. Raises ``ValueError`` for a root of something else."""
    _common.check_split(split)
    root = _common.need_root("bandai_namco", options.root, "its folder or zip")
    source = Source.open(root, ".bvh")
    names, foreign = _recognised(source.names)
    unreadable = _common.Unreadable("bandai_namco", foreign)
    clips = read(source, names, options)
    unreadable.extend(clips.unreadable)
    unreadable.report(len(clips.motions))
    known = sorted(names)
    return [
        CaptionedMotion(
            clip.id,
            clips.motions[clip.id],
            compose(clip.content, clip.style),
            {"content": clip.content, "style": clip.style},
        )
        for clip in known
        if clip.id in clips.motions and split in ("all", split_of(clip, options))
    ]


def split_of(clip: Clip, options: Options) -> str:
    """``train``, ``val`` or ``test``: decided by hashes, so other files make no difference."""
    if options.split_by == "file":
        return _common.split_by_hash(clip.id, options.seed)
    if is_unseen(clip.content, clip.style, options.seed):
        return "test"
    return "val" if _common.share(clip.id, options.seed) < 0.1 else "train"


def is_unseen(content: str, style: str, seed: int = 0) -> bool:
    """Whether the pair is held out by ``unseen-combinations``."""
    return content not in _IN_ONE_STYLE and _common.share(f"{content}/{style}", seed) < 0.2


def read(source: Source, names: dict[Clip, str], options: Options) -> Clips:
    """Canonical motion of the named files, from the cache where it has them."""
    make = partial(_read_all, source, names, options)
    if not options.cache:
        return make()
    lengths = [options.min_seconds, options.max_seconds]
    return cached("bandai_namco", {"source": source.fingerprint, "seconds": lengths}, make)


def _recognised(names: tuple[str, ...]) -> tuple[dict[Clip, str], dict[str, str]]:
    """Files by what their name says, and those whose name says nothing we know."""
    clips: dict[Clip, str] = {}
    foreign = {}
    for name in names:
        stem = PurePosixPath(name).stem
        match = _NAME.fullmatch(stem)
        if not match or match["content"] not in CONTENTS or match["style"] not in STYLES:
            foreign[name] = "its name is not dataset-N_CONTENT_STYLE_NNN.bvh with known labels"
            continue
        clip = Clip(stem, match["content"], match["style"])
        if clip in clips:
            raise ValueError(f"the root holds '{stem}.bvh' twice: {clips[clip]} and {name}")
        clips[clip] = name
    return clips, foreign


def _read_all(source: Source, names: dict[Clip, str], options: Options) -> Clips:
    files = sorted((clip.id, name) for clip, name in names.items())
    return read_in_chunks(partial(_read_chunk, source, options), files, title="bandai_namco")


def _read_chunk(
    source: Source, options: Options, files: Sequence[tuple[str, str]]
) -> list[tuple[str, Motion | str]]:
    """Clip by clip its motion, or why it cannot be read."""
    results: list[tuple[str, Motion | str]] = []
    with source.reader() as read_file:
        for clip, name in files:
            try:
                results.append((clip, _motion(read_file(name), name, options)))
            except _common.BROKEN as error:
                results.append((clip, str(error)))
    return results


def _motion(data: bytes, name: str, options: Options) -> Motion:
    motion = formats.decode(data, name, unit="cm")
    if motion.duration < options.min_seconds:
        raise ValueError(
            f"{name} lasts {motion.duration:.2f} s, less than the {options.min_seconds:g} s wanted"
        )
    return _common.canonical(motion, end=min(motion.duration, options.max_seconds))
