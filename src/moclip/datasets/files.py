"""Any folder or zip of motion files, of whatever formats and bodies, without captions.

Every file that a format of ours reads is a clip, named by its path. Good enough to be checked,
counted and prepared; to train on clips they need a table of captions, see the data set ``folder``.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from moclip import formats
from moclip.datasets import _common
from moclip.datasets._plan import Clip, File, Plan
from moclip.datasets._sources import Source, reader
from moclip.motion import Motion


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are."""

    root: Path | None = None
    """The folder, or a zip of it."""
    seed: int = 0
    """Another seed is another split: by file, 80 % train, 10 % val, 10 % test."""
    skeleton_file: Path | None = None
    """JSON of the body in the files, where it is none of ours (``docs/skeletons.md``)."""


def plan(options: Options) -> Plan:
    """The files sorted by their paths. Raises ``ValueError`` where there are none."""
    root, body = _root(options), _common.own_body(options.skeleton_file)
    source = Source.open(root, *formats.suffixes())
    with reader(root) as read_file:
        names = [name for name in source.names if _holds_motion(name, read_file)]
    if not names:
        raise ValueError(f"{root} holds text files alone, and no motion is in them")
    files = (
        File(name, (Clip(name, _common.split_by_hash(name, options.seed), ()),)) for name in names
    )
    return Plan(tuple(files), fingerprint=_common.fingerprint(source.fingerprint, repr(body)))


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Each file whole."""
    root, body = _root(options), _common.own_body(options.skeleton_file)
    with reader(root) as read_file:
        for file in files:
            (clip,) = file.clips
            try:
                if root.is_dir():
                    yield (
                        clip.id,
                        formats.read(root / file.key, skeleton=body),
                    )  # and what is beside
                else:
                    data = read_file(file.key)
                    yield clip.id, formats.decode(data, file.key, skeleton=body)
            except _common.BROKEN as error:
                yield clip.id, str(error)


def _holds_motion(name: str, read_file: Callable[[str], bytes]) -> bool:
    """Reading will tell what is wrong with those that cannot be read."""
    try:
        return formats.holds_motion(name, partial(read_file, name))
    except _common.BROKEN:
        return True


def _root(options: Options) -> Path:
    return _common.need_root("files", options.root, "a folder or zip of motion files")
