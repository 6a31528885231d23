"""A generator that is trained while the page is served already, and taken in when it is ready."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from moclip.files import held
from moclip.training import kinds
from moclip.training.metrics import read_metrics
from moclip.training.state import has_state

_log = logging.getLogger(__name__)
_PATIENCE = 20.0
"""Seconds that a training has to write down how far it is when it is told to stop."""
_NICE = 10
"""The page goes first."""
_REFUSED, _ELSEWHERE = 2, b"is being trained by another process"
"""How a training ends, and what it says, where another one is at work in its folder."""
_INTERRUPTED = 130
_PAUSE = 2.0
"""Seconds between two looks whether another process is still at it."""


def command(recipe: str, folder: Path, device: str) -> list[str]:
    """The program that trains a recipe of the package, or goes on with the run in the folder."""
    words = [sys.executable, "-m", "moclip", "train", "--out", str(folder), "--device", device]
    if has_state(folder):
        return [*words, str(folder / "recipe.toml"), "--resume"]
    return [*words, recipe]


def progress(folder: Path) -> float:
    """The share of its epochs that a run has done, from 0 to 1."""
    recipe = folder / "recipe.toml"
    rows = read_metrics(folder / "metrics.jsonl")
    if not rows or not recipe.is_file():
        return 0.0
    plan: Any = kinds.load(recipe)
    return min(1.0, float(rows[-1]["epoch"] / plan.schedule.epochs))


def is_whole(folder: Path) -> bool:
    """Whether there is a model, and not that of a run that can be taken up."""
    there = (folder / "config.json").is_file()
    return there and (not has_state(folder) or progress(folder) == 1)


class Coming:
    """Runs a program that fills a folder with a model; its output goes to a log beside it.

    Where another process trains in that folder already, its model is waited for and taken.
    """

    def __init__(
        self, words: Callable[[], Sequence[str]], folder: Path, *, take: Callable[[Path], None]
    ) -> None:
        """``words`` tells the program as it is to be called now; it may be called again.

        ``take`` is called in a thread of its own, once there is a whole model.
        """
        self.folder, self.failed = folder, False
        self.log = folder.with_suffix(".log")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._words, self._take, self._stop = words, take, _stop()
        self._closed, self._turn = Event(), Lock()
        self._begin()
        self._thread = Thread(target=self._watch, name="coming", daemon=True)
        self._thread.start()

    def told(self) -> dict[str, Any]:
        """For JSON: the ``share`` that is done, and whether it has ``failed``."""
        return {"share": round(progress(self.folder), 3), "failed": self.failed}

    def close(self) -> None:
        """The run that is under way is kept, to be taken up again."""
        with self._turn:
            self._closed.set()
        if self._process.poll() is None:
            self._process.send_signal(self._stop)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join()

    def _begin(self) -> None:
        with self.log.open("ab") as log:  # not anew: another process may be writing there
            self._said_before = log.tell()
            self._process = subprocess.Popen(self._words(), stdout=log, stderr=subprocess.STDOUT)
        if hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

    def _watch(self) -> None:
        code = self._process.wait()
        try:
            while self._is_elsewhere(code):
                code = self._follow()
            if code:
                raise RuntimeError(f"training ended with {code}")
            self._take(self.folder)
        except Exception as error:
            self.failed = True
            if code >= 0 and code != _INTERRUPTED:
                _log.warning("no generator came: %s; see %s", error, self.log)

    def _is_elsewhere(self, code: int) -> bool:
        """Whether the program was refused because another one trains in the folder.

        One that has found a run there, and was not to go on with it, says only that.
        """
        if code != _REFUSED:
            return False
        return _is_held(self.folder) or _ELSEWHERE in self.log.read_bytes()[self._said_before :]

    def _follow(self) -> int:
        """0 when the other process made a whole model; else how our own program ends now."""
        _log.warning("%s %s; its model is taken when it is whole", self.folder, _ELSEWHERE.decode())
        while _is_held(self.folder):
            if self._closed.wait(_PAUSE):
                return _INTERRUPTED
        return 0 if is_whole(self.folder) else self._again()

    def _again(self) -> int:
        with self._turn:
            if self._closed.is_set():
                return _INTERRUPTED
            self._begin()
        return self._process.wait()


def _is_held(folder: Path) -> bool:
    with held(folder) as is_free:
        return not is_free


def _stop() -> signal.Signals:
    """Ctrl-C, at which a training writes its state; a child of who ignores that ignores it too."""
    ignored = os.name == "nt" or signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return signal.SIGTERM if ignored else signal.SIGINT
