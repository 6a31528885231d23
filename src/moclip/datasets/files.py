"""Any folder or zip of motion files, of whatever formats and bodies, without captions.

Every file that a format of ours reads is a clip, named by its path. Good enough to be checked,
counted and prepared; to train on clips they need a table of captions, see the data set ``folder``.
"""

from collections.abc import Iterator, Sequence
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


def plan(options: Options) -> Plan:
    """The files sorted by their paths. Raises ``ValueError`` where there are none."""
    source = Source.open(_root(options), *formats.suffixes())
    files = (
        File(name, (Clip(name, _common.split_by_hash(name, options.seed), ()),))
        for name in source.names
    )
    return Plan(tuple(files), fingerprint=source.fingerprint)


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Each file whole."""
    root = _root(options)
    with reader(root) as read_file:
        for file in files:
            (clip,) = file.clips
            try:
                if root.is_dir():
                    yield clip.id, formats.read(root / file.key)  # with what lies beside it
                else:
                    yield clip.id, formats.decode(read_file(file.key), file.key)
            except _common.BROKEN as error:
                yield clip.id, str(error)


def _root(options: Options) -> Path:
    return _common.need_root("files", options.root, "a folder or zip of motion files")
