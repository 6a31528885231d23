"""What a walk loses on other bodies: how feet slide, limbs point elsewhere and joints turn.

python -m benchmarks.rigs bandai_namco.zip
python -m benchmarks.rigs bandai_namco.zip --picture docs/retargeting.png
"""

import zipfile
from pathlib import Path
from typing import Annotated

import torch
import torch.nn.functional as F
import tyro
from torch import Tensor

from moclip import formats, geometry, rendering, skeletons
from moclip.files import write_atomically
from moclip.motion import Motion
from moclip.planting import LEGS, held
from moclip.retargeting import retarget
from moclip.rigging import rig

TAKES = (
    "dataset-1_walk-back_active_001",
    "dataset-1_walk_angry_002",
    "dataset-2_walk-turn-left_active_021",
    "dataset-2_walk-turn-left_elderly_022",
    "dataset-2_walk-turn-left_exhausted_036",
)
BODIES = ("cmu", "mixamo", "smpl", "lafan1")
_BONES = (
    ("hip", "knee"),
    ("knee", "ankle"),
    ("ankle", "foot"),
    ("shoulder", "elbow"),
    ("elbow", "wrist"),
)


def main(source: Annotated[Path, tyro.conf.Positional], /, *, picture: Path | None = None) -> None:
    """Measure five walks on four bodies.

    Args:
        source: Bandai-Namco's zip
        picture: PNG of one walk on all bodies to write
    """
    walks = {take: _read(source, take) for take in TAKES}
    print("walk, body: slide of source and there m/s, ratio; degrees mean, most; turn a frame")
    for take, walk in walks.items():
        for body in BODIES:
            print(f"{take}, {body}: {_told(walk, rig(walk, skeletons.get(body)))}")
    if picture is not None:
        walk = walks[TAKES[2]]
        shown = [walk, *(rig(walk, skeletons.get(body)) for body in BODIES)]
        sheet = rendering.contact_sheet(shown, titles=[TAKES[2], *BODIES], poses=7, width=150)
        write_atomically(picture, sheet)


def _read(source: Path, take: str) -> Motion:
    with zipfile.ZipFile(source) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(f"/{take}.bvh"))
        return formats.decode(archive.read(name), name)


def _told(walk: Motion, made: Motion) -> str:
    before, after = retarget(walk), retarget(made)
    stance = torch.stack([held(before, leg).all(dim=-1) for leg in LEGS], dim=1)
    one, other = _slide(before, stance), _slide(after, stance)
    cosines = (_directions(before) * _directions(after)).sum(dim=-1)
    off = torch.rad2deg(torch.acos(cosines.clamp(-1, 1)))
    return (
        f"{one:.4f} {other:.4f} {other / one:.2f}x; {float(off.mean()):.2f} "
        f"{float(off.max()):.1f}; {_turn(walk):.1f} {_turn(made):.1f}"
    )


def _slide(points: Motion, stance: Tensor) -> float:
    path = torch.stack([points.joint(leg.ankle)[:, [0, 2]] for leg in LEGS], dim=1)
    return float((path.diff(dim=0).norm(dim=-1) * points.fps)[stance[1:] & stance[:-1]].mean())


def _directions(points: Motion) -> Tensor:
    named = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in _BONES]
    return F.normalize(
        torch.stack([points.joint(b) - points.joint(a) for a, b in named], 1), dim=-1
    )


def _turn(motion: Motion) -> float:
    """Degrees of the largest turn of a joint from one frame to the next."""
    assert motion.rotations is not None
    steps = motion.rotations[:-1].mT @ motion.rotations[1:]
    return float(torch.rad2deg(geometry.matrix_to_axis_angle(steps).norm(dim=-1)).max())


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
