"""A folder or a zip of files, read the same way; a zip is never unpacked to disk."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from moclip.files import read_bounded
from moclip.formats._members import DAMAGE

LARGEST_FILE = 64 * 2**20
"""Bytes of one motion file; the largest real one has 2.4 MB."""
LARGEST_TOTAL = 8 * 2**30
"""Bytes all members of a zip may unpack to."""
_BODILESS, _BODY = ".amc", ".asf"
"""Files that need the skeleton beside them, and the skeleton's."""


@dataclass(frozen=True)
class Source:
    """The files with certain suffixes below a root."""

    root: Path
    names: tuple[str, ...]
    """Paths inside the root, with ``/``, sorted."""
    fingerprint: str
    """Changes when a file is added, removed or changed; so it does for the bodies of ``.amc``."""

    @classmethod
    def open(cls, root: Path, *suffixes: str) -> "Source":
        """Lists a folder or a zip. Raises ``ValueError`` for anything else, or an unsafe zip."""
        wanted = (*suffixes, _BODY) if _BODILESS in suffixes else suffixes
        stamps = _folder(root, wanted) if root.is_dir() else _zip(root, wanted)
        names = tuple(name for name in sorted(stamps) if name.lower().endswith(suffixes))
        if not names:
            raise ValueError(f"{root} holds no {', '.join(suffixes)} files")
        text = json.dumps(sorted(stamps.items()))
        return cls(root, names, hashlib.sha256(text.encode()).hexdigest())


@contextmanager
def reader(root: Path) -> Iterator[Callable[[str], bytes]]:
    """A function from the name of a file to its bytes, valid inside the block."""
    if root.is_dir():
        yield lambda name: read_bounded(root / name, LARGEST_FILE)
    else:
        stat = root.stat()
        archive = _opened(root, stat.st_size, stat.st_mtime_ns)
        yield lambda name: _member(archive, name)


@lru_cache(maxsize=1)
def _opened(root: Path, size: int, modified: int) -> zipfile.ZipFile:
    """Kept open: thousands of members are listed anew each time a zip is opened."""
    return zipfile.ZipFile(root)


def stamps(root: Path | None, names: Iterable[str]) -> dict[str, list[int]]:
    """Of those names that are files below the root: numbers that change when the file does."""
    if root is None or not root.exists():
        return {}
    if root.is_dir():
        paths = {name: root / name for name in names}
        found = {name: path.stat() for name, path in paths.items() if path.is_file()}
        return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in found.items()}
    wanted = set(names)
    with zipfile.ZipFile(root) as archive:
        return {
            m.filename: [m.file_size, m.CRC] for m in archive.infolist() if m.filename in wanted
        }


def beside(root: Path | None, names: Iterable[str]) -> list[str]:
    """The ``.asf`` files, with bodies, in the folders of those names that are ``.amc`` files."""
    needy = [PurePosixPath(name) for name in names if name.lower().endswith(_BODILESS)]
    folders = {name.parent for name in needy}
    if root is None or not needy or not root.exists():
        return []
    if root.is_dir():
        paths = (path for folder in folders for path in (root / folder).glob("*"))
        there = [path.relative_to(root).as_posix() for path in paths]
    else:
        with zipfile.ZipFile(root) as archive:
            there = [n for n in archive.namelist() if PurePosixPath(n).parent in folders]
    return sorted(name for name in there if name.lower().endswith(_BODY) and not _is_hidden(name))


def _folder(root: Path, suffixes: tuple[str, ...]) -> dict[str, list[int]]:
    stamps = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if name.lower().endswith(suffixes) and path.is_file() and not _is_hidden(name):
            stat = path.stat()
            stamps[name] = [stat.st_size, stat.st_mtime_ns]
    return stamps


def _zip(root: Path, suffixes: tuple[str, ...]) -> dict[str, list[int]]:
    try:
        with zipfile.ZipFile(root) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError(f"{root} is neither a folder nor a zip that can be read") from error
    for member in members:
        _check_safe(root, member)
    total = sum(member.file_size for member in members)
    if total > LARGEST_TOTAL:
        raise ValueError(f"{root} would unpack to {total:,} bytes, more than {LARGEST_TOTAL:,}")
    modified = root.stat().st_mtime_ns
    return {
        member.filename: [member.file_size, member.CRC, modified]
        for member in members
        if member.filename.lower().endswith(suffixes) and not _is_hidden(member.filename)
    }


def _check_safe(root: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename
    if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
        raise ValueError(f"{root} holds a path that leads out of the archive: '{name}'")
    if member.file_size > LARGEST_FILE:
        raise ValueError(
            f"{root}: '{name}' would unpack to {member.file_size:,} bytes, more than "
            f"{LARGEST_FILE:,}"
        )


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's bytes, however much its header lies about their number."""
    try:
        with archive.open(name) as stream:
            data = stream.read(LARGEST_FILE + 1)
    except DAMAGE as error:
        raise ValueError(f"{name} cannot be unpacked: {error}") from error
    if len(data) > LARGEST_FILE:
        raise ValueError(f"{name} unpacks to more than {LARGEST_FILE:,} bytes")
    return data


def _is_hidden(name: str) -> bool:
    """What file managers leave behind: ``.DS_Store``, ``__MACOSX/._clip.bvh``."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
