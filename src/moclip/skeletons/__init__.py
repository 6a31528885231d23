"""One file a body.

``SKELETON`` is its tree, ``TO_HUMANML3D`` says where HumanML3D's joints stand on it.
"""

from moclip import catalog
from moclip.skeletons.base import Skeleton


def get(name: str) -> Skeleton:
    """A skeleton by name. Raises ``LookupError`` naming those there are."""
    skeleton: Skeleton = catalog.load("skeletons", name, "SKELETON")
    return skeleton


def match(joint_names: tuple[str, ...], parents: tuple[int, ...]) -> Skeleton | None:
    """The known skeleton with exactly these joints under these parents, if there is one."""
    for name in catalog.names("skeletons"):
        known = get(name)
        if known.joint_names == joint_names and known.parents == parents:
            return known
    return None
