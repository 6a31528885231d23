"""What a data set says of its files before any motion is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True)
class Clip:
    """A span of a file with what is told of it."""

    id: str
    """Stable and unique in the data set, whatever other files there are."""
    split: str
    """``train``, ``val`` or ``test``."""
    captions: tuple[str, ...]
    """None where nobody has described it: it can be prepared, but not trained on."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """The data set's own classes, such as content and style."""
    start: float = 0.0
    """Seconds from the beginning of the file."""
    end: float | None = None
    """Seconds; ``None`` is the end of the file."""


@dataclass(frozen=True)
class File:
    """One motion file and the clips that are cut from it."""

    key: str
    """Path inside the root, with ``/``."""
    clips: tuple[Clip, ...]


@dataclass(frozen=True)
class Plan:
    """All files of a data set, in an order that never changes."""

    files: tuple[File, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """What was found but cannot be used, and why, by file or clip."""
    fingerprint: str = ""
    """Changes with the files, and with the options that decide what is read of them; empty: nothing
    is cached."""
    root: Path | None = None
    """Where the keys of the files lie, a folder or a zip; ``None``: in the option ``root``."""
    splits: frozenset[str] = frozenset()
    """Those of which clips are listed, though none may be left that can be read."""
    ready: bool = False
    """Whether the motions are canonical already and cost nothing to read: they are taken as they
    are, by this process, and not cached."""

    def clips(self, split: str = "all") -> Iterator[Clip]:
        """The clips of a split."""
        for file in self.files:
            yield from (clip for clip in file.clips if split in ("all", clip.split))

    def of(self, split: str) -> tuple[File, ...]:
        """The files of which a split has clips, with those alone."""
        if split == "all":
            return self.files
        chosen = (
            replace(file, clips=tuple(clip for clip in file.clips if clip.split == split))
            for file in self.files
        )
        return tuple(file for file in chosen if file.clips)
