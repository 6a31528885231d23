"""The one flag for a body that only its user knows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

if TYPE_CHECKING:
    from moclip.skeletons import UserSkeleton

SkeletonFile = Annotated[Path | None, arg(metavar="BODY.json")]


def read(path: Path | None) -> "UserSkeleton | None":
    """The body, if there is one. Raises ``ValueError`` or ``OSError`` that names the file."""
    from moclip import skeletons

    return None if path is None else skeletons.from_json(path)
