"""One target under libFuzzer: ``python -m fuzz.target NAME CORPUS [-max_total_time=60 ...]``."""

import logging
import sys

import atheris

with atheris.instrument_imports(include=["moclip.formats", "moclip.skeletons", "zipfile"]):
    from fuzz import readers

import torch


def main() -> None:
    """Never returns: libFuzzer ends the process, with 77 when it found something."""
    name, *rest = sys.argv[1:]
    torch.set_num_threads(1)
    logging.getLogger("moclip").setLevel(logging.ERROR)
    atheris.Setup([sys.argv[0], *rest], readers.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
