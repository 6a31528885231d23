"""What the data sets share: splits, their root, and how clips that cannot be read are reported."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moclip import retargeting, skeletons
from moclip.datasets._plan import Clip
from moclip.motion import Motion
from moclip.skeletons import UserSkeleton

_log = logging.getLogger(__name__)

FPS = 20.0
"""Frame rate of canonical motion."""
SPLITS = ("train", "val", "test")
BROKEN = (ValueError, LookupError, OSError)
"""What reading a clip may raise: the clip's fault, not ours."""


def check_split(split: str) -> None:
    """Raises ``ValueError`` naming the splits there are."""
    if split not in (*SPLITS, "all"):
        raise ValueError(f"no split '{split}'; there are: {', '.join(SPLITS)}, all")


def need_root(name: str, root: Path | None, what: str) -> Path:
    """The root, which must exist. Raises ``ValueError`` saying what to give."""
    if root is None:
        raise ValueError(f"data set '{name}' needs root=PATH: {what}")
    if not root.exists():
        raise ValueError(f"data set '{name}' needs root=PATH, {what}; there is nothing at {root}")
    return root


def own_body(skeleton_file: Path | None) -> UserSkeleton | None:
    """The body that a user has described. Raises ``ValueError`` or ``OSError`` naming the file."""
    return None if skeleton_file is None else skeletons.from_json(skeleton_file)


def fingerprint(*parts: object) -> str:
    """A short text that is another one when the parts are."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def share(key: str, seed: int = 0) -> float:
    """A number in [0, 1) that depends on nothing but the key and the seed."""
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_by_hash(key: str, seed: int = 0) -> str:
    """80 % train, 10 % val, 10 % test."""
    at = share(key, seed)
    return "train" if at < 0.8 else "val" if at < 0.9 else "test"


def canonical(motion: Motion, *, start: float = 0.0, end: float | None = None) -> Motion:
    """The span in seconds, in the form every model sees; joints only."""
    return retargeting.canonical(cut(motion, start, end), fps=FPS)


def cut(motion: Motion, start: float = 0.0, end: float | None = None) -> Motion:
    """The span in seconds.

    An ``end`` that lies less than two of the file's frames behind its last one means the last one:
    captions are timed to a tenth of a second.
    """
    if end is not None and motion.duration < end <= motion.duration + 2 / motion.fps:
        end = None
    return motion.cut(start, end) if start or end is not None else motion


def span(motion: Motion | str, clip: Clip) -> Motion | str:
    """What the clip says of its file's motion; or why not, which may be known already."""
    if isinstance(motion, str):
        return motion
    try:
        return cut(motion, clip.start, clip.end)
    except BROKEN as error:
        return str(error)


@dataclass
class Unreadable:
    """Clips of a data set that could not be read, and why."""

    dataset: str
    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, clip: str, why: Exception | str) -> None:
        self.reasons[clip] = str(why)

    def extend(self, reasons: Mapping[str, str]) -> None:
        self.reasons.update(reasons)

    def report(self, readable: int) -> None:
        """Names and counts them in the log. Raises ``ValueError`` when no clip is left."""
        if not self.reasons:
            return
        count, named = len(self.reasons), "; ".join(_shortened(self.reasons.items()))
        if not readable:
            raise ValueError(f"data set '{self.dataset}' has no clip that can be used: {named}")
        _log.warning(
            "data set '%s': %d of %d clips cannot be used and are left out: %s",
            self.dataset,
            count,
            count + readable,
            named,
        )


def _shortened(reasons: Iterable[tuple[str, str]], most: int = 5) -> list[str]:
    texts = [why if clip in why else f"{clip}: {why}" for clip, why in reasons]
    if len(texts) > most:
        texts[most:] = [f"and {len(texts) - most} more"]
    return texts
