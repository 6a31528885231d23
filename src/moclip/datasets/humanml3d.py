"""HumanML3D (Guo et al., CVPR 2022) in its official layout, read from the user's own copy.

22 joints at 20 frames a second, motions of 40 to 199 frames, almost three captions each; every
motion has a mirrored twin. The layout: :mod:`moclip.datasets._official`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from moclip.datasets import _official
from moclip.datasets._plan import File, Plan
from moclip.motion import Motion

LICENCE = (
    "motions: AMASS, Max Planck Institute for Intelligent Systems, and HumanAct12: non-commercial "
    "research, not to be passed on; texts and index: HumanML3D, MIT"
)
_NAME = "humanml3d"


class Options(BaseModel, frozen=True, extra="forbid"):
    """Where the data are and which of them to take."""

    root: Path | None = None
    """The folder with ``new_joint_vecs``, ``texts`` and the lists of ids."""
    min_frames: int = Field(40, ge=2)
    """Shorter motions and spans are left out, as in the official protocol."""
    max_frames: int = Field(199, ge=2)
    """Longer motions and spans are left out, as in the official protocol."""
    cache: bool = True
    """Whether clips once read are kept in ``$MOCLIP_CACHE`` or ``~/.cache/moclip``."""


def plan(options: Options) -> Plan:
    """The motions of the lists. Raises ``ValueError`` when the root is no HumanML3D."""
    return _official.plan(_NAME, options)


def read(files: Sequence[File], options: Options) -> Iterator[tuple[str, Motion | str]]:
    """Whole motions and the spans that captions describe."""
    return _official.read(_NAME, files, options)
