"""Making a part: files are read, brought into one form, mirrored and written, by any process."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from moclip import catalog, retargeting
from moclip.curation._parts import Look, Note, Part, Settings, check_alike
from moclip.datasets._block import Block, packed
from moclip.datasets._common import BROKEN
from moclip.datasets._plan import Clip, File
from moclip.datasets._sources import beside
from moclip.files import write_atomically
from moclip.motion import Motion, mirror_caption

Formed = list[tuple[Clip, Motion]]


class Made(NamedTuple):
    """What is told of a part that was made."""

    files: int
    look: Look | None


def make(part: Part, settings: Settings, folder: Path, parent: int | None = None) -> Made:
    """Writes the part's file into the folder.

    Bytes depend on nothing but files and settings: one thread adds in one order. A process whose
    ``parent`` was killed writes nothing, for another run may be at it already.
    """
    with _one_thread():
        clips, left_out = _read(part.files, settings)
    note = _note(part, settings, clips, left_out)
    block = Block.of([m for _, m in clips], own_bones=settings.skeleton == "own") if clips else None
    data = packed(block, note.to_json())
    if parent in (None, os.getpid(), os.getppid()):
        write_atomically(folder / part.name, data)
    return Made(len(part.files), note.look)


def _read(files: Sequence[File], settings: Settings) -> tuple[Formed, dict[str, str]]:
    """Clips in their form, twins after their originals, and the reasons of those there are not."""
    planned = {clip.id: clip for file in files for clip in file.clips}
    clips: Formed = []
    left_out: dict[str, str] = {}
    for clip, found in catalog.load("datasets", settings.dataset, "read")(files, settings.options):
        formed = _formed(found, settings)
        if isinstance(formed, str):
            left_out[clip] = formed
            continue
        clips.append((planned[clip], formed))
        if settings.mirror:
            clips.append((_twin(planned[clip]), formed.mirrored()))
    return clips, left_out


def _formed(motion: Motion | str, settings: Settings) -> Motion | str:
    if isinstance(motion, str):
        return motion
    try:
        if settings.skeleton == "own":
            return motion.resampled(settings.fps)
        if settings.ready and settings.canonical:
            return motion
        return retargeting.canonical(motion, fps=settings.fps)
    except BROKEN as error:
        return str(error)


def _twin(clip: Clip) -> Clip:
    """Left and right exchanged in all that is said; in the split of its original."""
    return replace(
        clip,
        id=f"M{clip.id}",
        captions=tuple(mirror_caption(caption) for caption in clip.captions),
        labels={kind: mirror_caption(label) for kind, label in clip.labels.items()},
    )


def _note(part: Part, settings: Settings, clips: Formed, left_out: dict[str, str]) -> Note:
    for clip, motion in clips[1:]:
        check_alike(_look(*clips[0]), _look(clip, motion))
    keys = [file.key for file in part.files]
    return Note(
        tuple(clip for clip, _ in clips),
        left_out,
        dict(_hashes(settings.root, [*keys, *beside(settings.root, keys)])),
        _look(*clips[0]) if clips else None,
    )


def _look(clip: Clip, motion: Motion) -> Look:
    return Look(clip.id, motion.skeleton, motion.rotations is not None)


def _hashes(root: Path | None, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """sha256 of the files in a folder; a zip is hashed as a whole, elsewhere."""
    if root is None or not root.is_dir():
        return
    for path, key in ((root / key, key) for key in keys):
        if path.is_file():
            with path.open("rb") as stream:
                yield key, hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
