"""What a library tells of its clips, and which of them a search may find."""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True)
class Clip:
    """A stretch of a file, or a clip of a data set."""

    id: str
    """Of its content and its part: the same stretch has the same id in every library."""
    content: str
    """SHA-256 of the file; of a data set's clip, of its joints."""
    source: str
    """The folder that was added, or a data set as ``NAME`` or ``NAME:ROOT``."""
    path: str
    """Within the source, with ``/``; a data set's own id of the clip."""
    part: int
    """Which stretch of the file, from 0."""
    parts: int
    start: float
    """Seconds into the file."""
    end: float
    captions: tuple[str, ...]
    labels: tuple[str, ...]
    frames: int
    seconds: float

    @property
    def folder(self) -> str:
        """Of the file within its source; empty at its top."""
        return self.path.rpartition("/")[0]

    @property
    def title(self) -> str:
        """The first caption, else the name of the file."""
        return self.captions[0] if self.captions else self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Found:
    """A clip and its cosine with the query."""

    clip: Clip
    score: float


class Filter(BaseModel):
    """Which clips a search may find; all conditions that are given hold together."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    min_seconds: float | None = Field(None, ge=0)
    """Clips at least this long."""
    max_seconds: float | None = Field(None, ge=0)
    """Clips at most this long."""
    folder: str | None = Field(None, max_length=1000)
    """Clips of this folder of the source, and of the folders in it."""
    label: str | None = Field(None, max_length=1000)
    """Clips with this label."""

    def sql(self) -> str | None:
        """The condition as LanceDB reads it; ``None`` for no condition."""
        parts = []
        if self.min_seconds is not None:
            parts.append(f"seconds >= {self.min_seconds!r}")
        if self.max_seconds is not None:
            parts.append(f"seconds <= {self.max_seconds!r}")
        if folder := self._folder():
            inside = f"starts_with(folder, {quoted(folder + '/')})"
            parts.append(f"(folder = {quoted(folder)} OR {inside})")
        if self.label is not None:
            parts.append(f"array_has(labels, {quoted(self.label)})")
        return " AND ".join(parts) or None

    def holds(self, clip: Clip) -> bool:
        """Whether a clip meets the condition."""
        folder = self._folder()
        return (
            (self.min_seconds is None or clip.seconds >= self.min_seconds)
            and (self.max_seconds is None or clip.seconds <= self.max_seconds)
            and (not folder or f"{clip.folder}/".startswith(f"{folder}/"))
            and (self.label is None or self.label in clip.labels)
        )

    def _folder(self) -> str:
        """Without slashes at its ends; empty stands for every folder."""
        return (self.folder or "").replace("\\", "/").strip("/")


EVERYTHING = Filter()


@dataclass(frozen=True)
class Located:
    """A filter, and a folder by all the names that it may go by."""

    rest: Filter
    """What is wanted besides."""
    inside: Filter | None
    """The folder within any source."""
    places: tuple[str, ...]
    """Where it may lie on disk; a data set as ``NAME`` or ``NAME:ROOT``."""

    def sql(self) -> str:
        """The condition as LanceDB reads it; a clip's source is in its JSON alone."""
        ways = [self.inside.sql()] if self.inside is not None else []
        for source, begins in self._sources.items():
            ways += [_has(f'"source": {_json(source)}, "path": {_json(x)[:-1]}') for x in begins]
        ways += [_has(f'"source": {_json(root)[:-1]}') for root in self._roots]
        return " AND ".join(filter(None, [self.rest.sql(), f"({' OR '.join(map(str, ways))})"]))

    def holds(self, clip: Clip) -> bool:
        """Whether a clip meets the condition."""
        return self.rest.holds(clip) and (
            (self.inside is not None and self.inside.holds(clip))
            or any(map(clip.path.startswith, self._sources.get(clip.source, ())))
            or clip.source.startswith(self._roots)
        )

    @cached_property
    def _sources(self) -> dict[str, list[str]]:
        """Sources that may hold it, and how paths of clips then begin."""
        found: dict[str, list[str]] = {}
        for place in map(Path, self.places):
            found.setdefault(str(place), []).append("")
            for source in place.parents:
                begin = f"{place.relative_to(source).as_posix()}/"
                found.setdefault(str(source), []).append(begin)
        return found

    @cached_property
    def _roots(self) -> tuple[str, ...]:
        """How sources begin that lie in it."""
        return tuple(f"{place.rstrip(os.sep)}{os.sep}" for place in self.places)


Where = Filter | Located


def of_json(text: str) -> Clip:
    """A clip as a table keeps it. Raises ``ValueError``, ``TypeError`` or ``KeyError`` else."""
    fields: dict[str, Any] = json.loads(text)
    return Clip(**fields | {name: tuple(fields[name]) for name in ("captions", "labels")})


def quoted(text: str) -> str:
    """A string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _has(text: str) -> str:
    return f"contains(clip, {quoted(text)})"


def _json(text: str) -> str:
    """As a table keeps it."""
    return json.dumps(text, ensure_ascii=False)
