"""Motion files: one file here a format, found by the suffix of what is read or written.

An entry has ``SUFFIXES`` and ``decode(data, *, name, **options) -> Motion``; where it has

``encode(motion) -> bytes``
    it can be written too,
``recognises(data) -> bool``
    it shares a suffix with others and knows its own by a cheap look at the content; of the formats
    with one suffix one may do without: it takes what no other recognises,
``beside(path) -> dict``
    it needs files that lie next to the one that is read; the options of ``decode`` made of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from moclip import catalog, files, skeletons
from moclip.motion import Motion
from moclip.skeletons import UserSkeleton

_WAYS = {".fbx": "; export it from Blender or another program as .glb or .bvh"}
"""What to do with a file that many have and nobody but its maker documents."""


def read(path: str | Path, **options: Any) -> Motion:
    """A motion file of any format; options are ``skeleton`` and those of the format's ``decode``.

    ``skeleton`` is the user's own (:func:`moclip.skeletons.from_json`): arrays hold its joints in
    its order, and the body of any other file takes its name and limbs.

    Raises ``ValueError`` naming the file for one that cannot be a motion and for an option that its
    format does not take, ``OSError`` for one that cannot be opened.
    """
    path = Path(path)
    _sharing(path.name)  # an unknown suffix is told before anything is read
    data = files.read_bounded(path)
    beside = _part(_format(data, path.name), "beside")
    found = beside(path) if beside else {}
    return decode(data, path.name, **{**found, **options})


def write(motion: Motion, path: str | Path) -> None:
    """The motion in the format that the suffix names; the file appears whole or not at all.

    Raises ``ValueError`` for a suffix that is unknown or only read.
    """
    path = Path(path)
    for entry in _sharing(path.name, written=True):
        if encode := _part(entry, "encode"):
            files.write_atomically(path, encode(motion))
            return
    suffix, there = path.suffix.lower(), ", ".join(suffixes(written=True))
    raise ValueError(f"{path.name}: '{suffix}' files are only read; written are: {there}")


def decode(
    data: bytes, name: str, *, skeleton: UserSkeleton | None = None, **options: Any
) -> Motion:
    """A motion from bytes, by the suffix of ``name``, which stands in error messages too."""
    reader = _part(_format(data, name), "decode")
    taken = signature(reader).parameters
    _check_taken(options, taken, name)
    if skeleton is not None and "skeleton" in taken:
        options["skeleton"] = skeleton  # the file does not name its joints
    motion: Motion = reader(data, name=name, **options)
    if skeleton is None or "skeleton" in options:
        return motion
    try:
        return replace(motion, skeleton=skeletons.as_users(motion.skeleton, skeleton))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _check_taken(options: Iterable[str], taken: Iterable[str], name: str) -> None:
    """Raises ``ValueError`` for an option that the format's reader does not have."""
    there = [option for option in taken if option not in ("data", "name", "skeleton")]
    for option in options:
        if option not in there:
            others = f"; it takes: {', '.join(there)}" if there else ""
            suffix = Path(name).suffix.lower()
            raise ValueError(f"{name}: a '{suffix}' file takes no '{option}'{others}")


def is_motion(path: Path) -> bool:
    """Whether a file looks like one of ours (see :func:`holds_motion`)."""
    try:
        return holds_motion(path.name, partial(_head, path))
    except OSError:
        return True  # reading it will tell what is wrong


def holds_motion(name: str, read: Callable[[], bytes]) -> bool:
    """Whether a file of this name looks like one of ours, by its suffix alone or by its content.

    It is read where all formats with that suffix know their own by the beginning: most ``.txt``
    files hold no motion.
    """
    known = [_part(entry, "recognises") for entry in _with_suffix(name)]
    if not known or not all(known):
        return bool(known)
    head = read()
    return any(recognises(head) for recognises in known)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4096)


def suffixes(*, written: bool = False) -> tuple[str, ...]:
    """All that can be read, as ``".bvh"``, each once; or only those that can be written."""
    entries = [e for e in catalog.names("formats") if not written or _part(e, "encode")]
    return tuple(dict.fromkeys(s for entry in entries for s in _part(entry, "SUFFIXES")))


def _sharing(name: str, *, written: bool = False) -> list[str]:
    """The formats that have the suffix of this name. Raises ``ValueError`` when none has."""
    found = _with_suffix(name)
    if not found:
        suffix, there = Path(name).suffix.lower(), ", ".join(suffixes(written=written))
        way = "" if written else _WAYS.get(suffix, "")
        raise ValueError(f"{name}: no format '{suffix}'; there are: {there}{way}")
    return found


def _with_suffix(name: str) -> list[str]:
    suffix = Path(name).suffix.lower()
    return [e for e in catalog.names("formats") if suffix in _part(e, "SUFFIXES")]


def _format(data: bytes, name: str) -> str:
    """The one format of this content."""
    sharing = _sharing(name)
    if len(sharing) == 1:
        return sharing[0]
    usual = [entry for entry in sharing if not _part(entry, "recognises")]
    assert len(usual) <= 1, f"{usual} share a suffix and recognise nothing"
    for entry in sharing:
        if entry not in usual and _part(entry, "recognises")(data):
            return entry
    if not data:
        raise ValueError(f"{name} is empty")
    if not usual:
        raise ValueError(f"{name} is none of the formats with its suffix: {', '.join(sharing)}")
    return usual[0]


def _part(entry: str, attribute: str) -> Any:
    """What a format's file has under this name, or ``None``."""
    return getattr(import_module(f"moclip.formats.{entry}"), attribute, None)
