"""Where a preparation works, and how what it made takes its place."""

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from moclip.datasets._shards import MANIFEST, TABLE, read_manifest
from moclip.files import give_usual_rights

_OURS = re.compile(rf"{re.escape(MANIFEST)}|{re.escape(TABLE)}|shard-\d+\.safetensors")
_AT_WORK = re.compile(r"\.?part-\d+-\w+\.safetensors(\.\w+)?|new|old")


@dataclass(frozen=True)
class Place:
    """A folder to be written, and the folder beside it in which that is done."""

    out: Path
    work: Path

    @classmethod
    def at(cls, out: Path, dataset: str, source: str) -> "Place":
        """Raises ``ValueError`` when something else is there that would be lost."""
        out = out.absolute()
        place = cls(out, out.with_name(f"{out.name}.work"))
        place._put_back()
        _check_ours(out, dataset, source)
        if place.work.exists() and not _holds_only(place.work, _AT_WORK):
            raise ValueError(f"{place.work} is needed to work in, but holds something else")
        return place

    @contextmanager
    def opened(self, keep: Collection[str]) -> Iterator[None]:
        """The work folder, with those parts of an earlier run that are still wanted.

        It stays when the block is left by an interruption or a full disk, to be taken up again; not
        when what was asked for turns out to be wrong.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        for path in self.work.iterdir():
            if path.name not in keep:
                _remove(path)
        try:
            yield
        except (ValueError, LookupError):
            shutil.rmtree(self.work)
            raise

    def fresh(self) -> Path:
        """An empty folder to assemble in."""
        new = self.work / "new"
        _remove(new)
        new.mkdir()
        return new

    def take(self) -> None:
        """What was assembled stands at ``out``; a folder cannot be renamed onto a full one."""
        if self.out.exists():
            self.out.rename(self.work / "old")
        (self.work / "new").rename(self.out)
        give_usual_rights(self.out)
        shutil.rmtree(self.work)

    def _put_back(self) -> None:
        """A run that was killed between the two renames left the older output aside."""
        old = self.work / "old"
        if old.exists() and not self.out.exists():
            old.rename(self.out)
        elif old.exists():
            _remove(old)


def _check_ours(out: Path, dataset: str, source: str) -> None:
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise ValueError(f"{out} is no folder")
    if not any(out.iterdir()):
        return
    if not (out / MANIFEST).is_file() or not _holds_only(out, _OURS):
        raise ValueError(
            f"{out} holds something else; wanted a new folder, an empty one, or one that "
            "`moclip data prepare` wrote"
        )
    there = read_manifest(out)
    if (there.dataset, there.source) != (dataset, source):
        raise ValueError(
            f"{out} holds '{there.dataset}' of '{there.source}', not '{dataset}' of '{source}'; "
            "choose another folder"
        )


def _holds_only(folder: Path, names: re.Pattern[str]) -> bool:
    return folder.is_dir() and all(names.fullmatch(path.name) for path in folder.iterdir())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
