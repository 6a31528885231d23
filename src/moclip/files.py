"""Reading without trust in sizes; writing whole files or nothing; folders that one alone fills."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

LARGEST = 2**30
"""Bytes; a single motion or caption file beyond this is refused before it is read."""


def read_bounded(path: Path, limit: int = LARGEST) -> bytes:
    """A file's bytes. Raises ``ValueError`` when it is larger than ``limit`` or no file."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder, wanted a file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if not path.is_file():  # a device or a pipe has no size to tell how much would come
        raise ValueError(f"{path} is no plain file")
    size = path.stat().st_size
    if size > limit:
        raise ValueError(f"{path} has {size:,} bytes, more than the {limit:,} that are read")
    return path.read_bytes()


def write_atomically(path: Path, data: bytes | Iterable[bytes | memoryview]) -> None:
    """The whole file appears under its name, or nothing does; an older file stays until then.

    ``data`` may come in pieces.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        give_usual_rights(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def fill_folder(path: Path) -> Iterator[Path]:
    """A temporary folder to fill; it takes the place of ``path`` only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield temporary
        give_usual_rights(temporary)
        if path.exists():
            _replace_folder(path, temporary)
        else:
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_folder(path: Path, newer: Path) -> None:
    """A folder cannot be renamed onto a full one: the older steps aside, and back on failure."""
    aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old."))
    older = aside / path.name
    try:
        path.rename(older)
        try:
            newer.rename(path)
        except BaseException:
            older.rename(path)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Whether the folder is ours alone until the block, or this process, ends.

    False while another process holds it so. The folder itself is locked, so that nothing lies in
    it. True where the system, or the drive, has no such locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # Windows
        yield True
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield _locked(lambda: fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB))
    finally:
        os.close(handle)


def _locked(lock: Callable[[], None]) -> bool:
    try:
        lock()
    except BlockingIOError:
        return False
    except OSError:  # a network drive without locks
        return True
    return True


def give_usual_rights(path: Path) -> None:
    """Rights of a file or folder made in the ordinary way; temporary ones are private."""
    path.chmod((0o777 if path.is_dir() else 0o666) & ~_umask())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
