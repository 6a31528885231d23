"""Clips that users uploaded or had made: files in a temporary folder, the oldest make room."""

import secrets
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Literal

from moclip import formats
from moclip.motion import Motion
from moclip.retargeting import retarget
from moclip.web.shapes import Clip


class Shelf:
    """Gone when the service stops."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="moclip-")
        self._clips: OrderedDict[str, Clip] = OrderedDict()

    def put(self, motion: Motion, title: str, kind: Literal["upload", "made"]) -> Clip:
        """Keeps a motion, on HumanML3D's body if it is of another."""
        if motion.skeleton.name != "humanml3d":
            motion = retarget(motion)
        clip = Clip(
            id=f"{kind[0]}-{secrets.token_hex(8)}",
            kind=kind,
            title=title,
            captions=[title] if kind == "made" else [],
            end=motion.duration,
            seconds=motion.duration,
            frames=len(motion),
            fps=motion.fps,
        )
        formats.write(motion.to("cpu"), self._place(clip.id))
        with self._lock:
            self._clips[clip.id] = clip
            while len(self._clips) > self._size:
                gone, _ = self._clips.popitem(last=False)
                self._place(gone).unlink(missing_ok=True)
        return clip

    def clip(self, id: str) -> Clip | None:
        """``None`` for what is not, or no longer, here."""
        return self._clips.get(id)

    def motion(self, id: str) -> Motion:
        """Raises ``LookupError`` for what is not, or no longer, here."""
        try:
            return formats.read(self._place(id))
        except FileNotFoundError:
            raise LookupError(f"there is no clip '{id}' any more") from None

    def close(self) -> None:
        """Deletes all of it."""
        self._folder.cleanup()

    def _place(self, id: str) -> Path:
        return Path(self._folder.name, f"{id}.npz")
