"""Finding AMASS recordings wherever their archives were unpacked, under the names of any release.

Data sets over AMASS name a recording by sub-set, subject and take, such as
``KIT/3/kick_high_left02_poses.npz``. Folders above these three differ between copies; the
releases with SMPL-X say ``_stageii`` for ``_poses``, ``_`` for blanks, and renamed some sub-sets.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from moclip import files
from moclip.datasets._sources import Source
from moclip.formats import amass
from moclip.motion import Motion

_log = logging.getLogger(__name__)

_RENAMED = {
    "biomotionlabntroje": "bmlrub",
    "dfaust67": "dfaust",
    "mpihdm05": "hdm05",
    "mpilimits": "poseprior",
    "mpimosh": "mosh",
    "ssmsynced": "ssm",
    "tcdhandmocap": "tcdhands",
    "transitionsmocap": "transitions",
}
"""Sub-sets that have a new name in the releases with SMPL-X."""
_ENDING = re.compile(r"[ _](poses|stageii)$")

Take = tuple[str, str, str]
"""Sub-set, subject, take: what names one recording in every release."""


@dataclass(frozen=True)
class Library:
    """The recordings below a folder."""

    root: Path
    paths: Mapping[Take, str]
    """Inside the root, with ``/``."""
    fingerprint: str

    @classmethod
    def open(cls, root: Path) -> "Library":
        """Lists the folder. Raises ``ValueError`` when there is no ``.npz`` in it."""
        if not root.is_dir():
            raise ValueError(f"{root} is no folder with AMASS's .npz files; unpack its archives")
        source = Source.open(root, ".npz")
        paths: dict[Take, str] = {}
        for name in source.names:
            paths.setdefault(take_of(name), name)
        return cls(root, paths, source.fingerprint)

    def find(self, path: str) -> str:
        """Where the recording that a data set calls ``path`` lies, inside the root.

        In two releases of AMASS, it is the first by name. Raises ``LookupError`` when it is not
        there.
        """
        found = self.paths.get(take_of(path))
        if found is None:
            raise LookupError(f"AMASS has no {'/'.join(PurePosixPath(path).parts[-3:])} here")
        return found


def take_of(path: str) -> Take:
    """What is the same in all names of a recording."""
    parts = ("", "", "", *PurePosixPath(path.lower().replace(" ", "_")).with_suffix("").parts)
    subset, subject, take = parts[-3:]
    subset = subset.replace("_", "")
    return _RENAMED.get(subset, subset), subject, _ENDING.sub("", take)


def read(root: Path, key: str, body_models: Path | None, **options: Any) -> Motion:
    """The recording; without body models on our template, which :func:`check_models` tells once."""
    data = files.read_bounded(root / key)
    return amass.decode(data, name=key, body_models=body_models or "template", **options)


def check_models(dataset: str, body_models: Path | None) -> None:
    """Warns when there are none. Raises ``ValueError`` when there is nothing at their path."""
    if body_models is None:
        _log.warning(
            "data set '%s' has no body_models=PATH: poses are put on a template body, whose bones "
            "are not the performers'",
            dataset,
        )
    elif not body_models.exists():
        raise ValueError(f"data set '{dataset}', body_models: there is nothing at {body_models}")


def models_stamp(body_models: Path | None) -> list[list[object]]:
    """Changes when the body models do."""
    if body_models is None:
        return []
    found = [body_models] if body_models.is_file() else sorted(body_models.rglob("*.npz"))
    stats = [(path.as_posix(), path.stat()) for path in found]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
