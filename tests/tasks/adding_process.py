"""Adds a folder to an index, a file at a time; a test kills it while it does."""

import sys
from pathlib import Path
from typing import Any

import doubles

from moclip.tasks.library import changing
from moclip.tasks.library.store import Library

changing._BLOCK = 1
commit = changing._commit


def told(*arguments: Any) -> None:
    commit(*arguments)
    print("written", flush=True)


changing._commit = told
changing.add_files(Library.open(Path(sys.argv[1])), doubles.model(), [sys.argv[2]])
