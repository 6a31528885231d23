"""Makes the clips that ship with the package from the BVH files they were cut from.

    python scripts/make_bundled.py FOLDER

``FOLDER`` holds ``cmu_actions/*.bvh`` and ``deepmimic/*.bvh``. What is cut where, and the captions,
stand in ``src/moclip/datasets/data/bundled.csv``; the same folder and table give the same file.
"""

import argparse
from pathlib import Path

from moclip import files, formats
from moclip.datasets import _common, bundled
from moclip.motion import Motion


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds cmu_actions/ and deepmimic/")
    motions = clips(parser.parse_args().folder)
    data = bundled.pack(motions)
    files.write_atomically(bundled.FOLDER / "bundled.safetensors", data)
    seconds = sum(motion.duration for motion in motions.values())
    print(f"{len(motions)} clips, {seconds / 60:.1f} minutes, {len(data) / 1e6:.2f} MB")


def clips(folder: Path) -> dict[str, Motion]:
    """The motion of each line of the table, by clip id."""
    rows = bundled.rows(bundled.FOLDER / "bundled.csv")
    return {
        row.id: _common.canonical(formats.read(folder / row.file), start=row.start, end=row.end)
        for row in rows
    }


if __name__ == "__main__":
    main()
