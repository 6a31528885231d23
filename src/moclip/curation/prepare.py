"""Any data set, or any motion files, into a few large files that are mapped.

Files are read in parts of fixed size by as many processes as are wanted, so the output has the same
bytes however many they were. Parts are kept in ``OUT.work`` until the whole is in place: a run that
was stopped, killed or ran out of disk is taken up where it was, and what stood at ``OUT`` before
stays until then.
"""

import errno
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from tqdm import tqdm

from moclip import catalog, datasets
from moclip.curation._assembly import assemble
from moclip.curation._making import make
from moclip.curation._parts import Look, Part, Settings, check_alike, parts_of, read_part
from moclip.curation._place import Place
from moclip.curation.pool import Backend, shared_out
from moclip.datasets._shards import Manifest

_log = logging.getLogger(__name__)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def prepare(
    name: str,
    out: Path,
    *,
    options: Mapping[str, Any] | None = None,
    fps: float = 20.0,
    skeleton: str = "humanml3d",
    mirror: bool = False,
    jobs: int | None = None,
    backend: Backend = "loky",
    address: str | None = None,
    shard_mb: float = 256.0,
) -> Manifest:
    """Writes the clips of a data set to the folder ``out``, which ``prepared`` then reads.

    ``skeleton`` is ``humanml3d`` or ``own`` (that of the files, with rotations, resampled only);
    ``mirror`` adds twins with left and right exchanged, also in what is said of them, to the split
    of their originals; ``jobs`` are processes, all cores if ``None``; ``address`` is that of a Ray
    cluster. A clip that cannot be read is left out and named in the manifest.

    Raises ``ValueError`` or ``LookupError`` for a wrong option, a data set without a clip that can
    be read, and an ``out`` that holds something else; ``OSError`` when the disk is full.
    """
    _check(skeleton, fps=fps, jobs=jobs, shard_mb=shard_mb)
    chosen = _absolute(datasets.options_of(name, dict(options or {})))
    plan = catalog.load("datasets", name, "plan")(chosen)
    root = plan.root or getattr(chosen, "root", None)
    settings = Settings(name, chosen, root, fps, skeleton, mirror, plan.ready)
    if mirror:
        _check_no_twins({clip.id for clip in plan.clips()})
    place = Place.at(out, name, settings.source)
    parts = parts_of(plan, settings)
    with _full_disk_told(place.work), place.opened([part.name for part in parts]):
        _make_all(parts, settings, place.work, jobs=jobs, backend=backend, address=address)
        manifest = assemble(
            [place.work / part.name for part in parts],
            place.fresh(),
            plan=plan,
            settings=settings,
            shard_bytes=int(shard_mb * 1e6),
        )
        place.take()
    return manifest


def _check(skeleton: str, *, fps: float, jobs: int | None, shard_mb: float) -> None:
    if skeleton not in ("humanml3d", "own"):
        catalog.load("skeletons", skeleton, "SKELETON")  # an unknown name is told
        raise ValueError(
            f"motions can be retargeted to 'humanml3d' alone, not to '{skeleton}'; "
            "'own' keeps the skeleton of the files"
        )
    wanted = {"fps": fps, "jobs": 1 if jobs is None else jobs, "shard_mb": shard_mb}
    for what, number in wanted.items():
        if not 0 < number < float("inf"):
            raise ValueError(f"{what} is {number:g}, wanted a positive number")


def _absolute(options: BaseModel) -> BaseModel:
    """Processes may stand in another folder."""
    paths = {name: value.absolute() for name, value in options if isinstance(value, Path)}
    return options.model_copy(update=paths)


def _check_no_twins(ids: set[str]) -> None:
    twins = sorted(f"M{clip}" for clip in ids if f"M{clip}" in ids)
    if twins:
        raise ValueError(f"the data set has mirrored twins of its own, such as '{twins[0]}'")


def _make_all(
    parts: Sequence[Part],
    settings: Settings,
    folder: Path,
    *,
    jobs: int | None,
    backend: Backend,
    address: str | None,
) -> None:
    """Makes those parts that are not there yet, in no certain order."""
    todo = [part for part in parts if not _is_made(folder / part.name)]
    files = sum(len(part.files) for part in parts)
    left = sum(len(part.files) for part in todo)
    if left < files:
        _log.info("%d of %d files were done before", files - left, files)
    work = partial(
        make, settings=settings, folder=folder, parent=os.getpid() if backend == "loky" else None
    )
    with (
        shared_out(work, todo, jobs=jobs, backend=backend, address=address) as results,
        tqdm(
            total=files,
            initial=files - left,
            desc=f"preparing {settings.dataset}",
            unit="file",
            disable=None,
        ) as bar,
    ):
        first: Look | None = None
        for made in results:
            bar.update(made.files)
            first = first or made.look
            if first and made.look:
                check_alike(first, made.look)


def _is_made(path: Path) -> bool:
    """Whether an earlier run has left this part whole."""
    if not path.is_file():
        return False
    try:
        read_part(path)
    except ValueError as error:
        _log.warning("%s, so it is made anew", error)
        return False
    return True


@contextmanager
def _full_disk_told(work: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(
            f"the disk is full; what was done is kept in {work}, so free some space and say "
            "the same again"
        ) from error
