"""A generator that is trained while the page is served already, and taken in when it is ready."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from moclip.training.metrics import read_metrics
from moclip.training.motionclip.recipe import Recipe
from moclip.training.state import has_state

_log = logging.getLogger(__name__)
_PATIENCE = 20.0
"""Seconds that a training has to write down how far it is when it is told to stop."""
_NICE = 10
"""The page goes first."""


def command(recipe: str, folder: Path) -> list[str]:
    """The program that trains a recipe of the package, or goes on with the run in the folder."""
    words = [sys.executable, "-m", "moclip", "train", "--out", str(folder)]
    if has_state(folder):
        return [*words, str(folder / "recipe.toml"), "--resume"]
    return [*words, recipe]


def progress(folder: Path) -> float:
    """The share of its epochs that a run has done, from 0 to 1."""
    recipe = folder / "recipe.toml"
    if not recipe.is_file():
        return 0.0
    done = len(read_metrics(folder / "metrics.jsonl"))
    return min(1.0, done / Recipe.load(recipe).schedule.epochs)


def is_whole(folder: Path) -> bool:
    """Whether there is a model, and not that of a run that can be taken up."""
    there = (folder / "config.json").is_file()
    return there and (not has_state(folder) or progress(folder) == 1)


class Coming:
    """Runs a program that fills a folder with a model; its output goes to a log beside it."""

    def __init__(self, words: Sequence[str], folder: Path, *, take: Callable[[Path], None]) -> None:
        """``take`` is called in a thread of its own, once the program has ended well."""
        self.folder, self.failed = folder, False
        self.log = folder.with_suffix(".log")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._stop = _stop()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        if hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)
        self._take = take
        self._thread = Thread(target=self._watch, name="coming", daemon=True)
        self._thread.start()

    def told(self) -> dict[str, Any]:
        """For JSON: the ``share`` that is done, and whether it has ``failed``."""
        return {"share": round(progress(self.folder), 3), "failed": self.failed}

    def close(self) -> None:
        """The run that is under way is kept, to be taken up again."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join()

    def _watch(self) -> None:
        code = self._process.wait()
        try:
            if code:
                raise RuntimeError(f"training ended with {code}")
            self._take(self.folder)
        except Exception as error:
            self.failed = True
            if code >= 0 and code != 130:
                _log.warning("no generator came: %s; see %s", error, self.log)


def _stop() -> signal.Signals:
    """Ctrl-C, at which a training writes its state; a child of who ignores that ignores it too."""
    ignored = os.name == "nt" or signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return signal.SIGTERM if ignored else signal.SIGINT
