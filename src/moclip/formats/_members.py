"""Members of NumPy's zips (``.npz``), read without trusting their directory."""

import io
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

from numpy import ndarray

from moclip import files
from moclip.formats._arrays import to_npy

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,  # a feature of zip that is not known
    RuntimeError,  # encrypted
)
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first date a zip can hold, so that bytes do not tell when they were written."""


def listed(source: bytes | Path, name: str) -> list[str]:
    """The names of all members. Raises ``ValueError`` for what is no zip."""
    _check_not_empty(source, name)
    try:
        with _open(source) as archive:
            return archive.namelist()
    except DAMAGE as error:
        raise ValueError(f"{name} is no zip that can be read: {_shown(error)}") from None


def unpack(source: bytes | Path, name: str, wanted: Collection[str]) -> dict[str, bytes]:
    """Those of the ``wanted`` members that are there.

    Raises ``ValueError`` for damaged ones, and for those that would unpack to more than a gibibyte
    together, before anything is unpacked.
    """
    _check_not_empty(source, name)
    try:
        with _open(source) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename in wanted]
            problem = _problem(entries)
            if not problem:
                return {entry.filename: _read(archive, entry) for entry in entries}
    except DAMAGE as error:
        raise ValueError(f"{name} is no zip that can be read: {_shown(error)}") from None
    raise ValueError(f"{name} {problem}")


def pack(arrays: Mapping[str, ndarray]) -> bytes:
    """The bytes of an ``.npz``; the same arrays give the same ones everywhere."""
    return pack_bytes({f"{name}.npy": to_npy(array) for name, array in arrays.items()})


def pack_bytes(parts: Mapping[str, bytes]) -> bytes:
    """The bytes of a zip of these members, not compressed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for entry, data in parts.items():
            archive.writestr(zipfile.ZipInfo(entry, _LONG_AGO), data)
    return stream.getvalue()


def holds(data: bytes, *members: str) -> bool:
    """Whether this is a zip with one of these members."""
    try:
        return not set(members).isdisjoint(listed(data, ""))
    except ValueError:
        return False


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """No more than the directory says: ``ZipFile.read`` unpacks all there is and then cuts it."""
    with archive.open(entry) as member:
        data = member.read(entry.file_size)
    if len(data) < entry.file_size:
        raise zipfile.BadZipFile(f"{entry.filename[:40]} is shorter than the directory says")
    return data


def _shown(error: Exception) -> str:
    """The standard library may put all bytes of the file into a message."""
    return str(error)[:100].replace("\n", " ")


def _check_not_empty(source: bytes | Path, name: str) -> None:
    if not source or (isinstance(source, Path) and not source.stat().st_size):
        raise ValueError(f"{name} is empty")


def _open(source: bytes | Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)


def _problem(entries: list[zipfile.ZipInfo]) -> str:
    """Why these are not to be unpacked, if there is a reason."""
    size = sum(entry.file_size for entry in entries)
    if size > files.LARGEST:
        return f"would unpack to {size:,} bytes, more than the {files.LARGEST:,} that are read"
    for entry in entries:
        if entry.compress_type not in _PACKED:
            return f"holds {entry.filename!r} packed in a way that NumPy does not write"
    return ""
