"""A body no skeleton describes: it cannot be retargeted, and no model can read it.

Joints are found by name, so a body becomes known by one file that says which joint is which.
"""

from collections.abc import Iterator

from moclip import catalog, skeletons
from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()


def look(case: Case) -> Iterator[Fault]:
    """How many joints it has and which known body comes nearest."""
    motion = case.motion
    if motion is None or case.body is not None:
        return
    names = set(motion.skeleton.joint_names)
    shared = {n: len(names & set(skeletons.get(n).joint_names)) for n in catalog.names("skeletons")}
    nearest = max(shared, key=lambda name: shared[name])
    known = skeletons.get(nearest)
    if names == set(known.joint_names):
        near = f"has the joints of '{nearest}' under other parents, or lacks its rotations"
    elif shared[nearest]:
        odd = ", ".join(sorted(set(known.joint_names) - names)[:3])
        near = f"shares {shared[nearest]} of the {len(known)} of '{nearest}', not {odd}"
    else:
        near = f"shares none with any known body ({', '.join(shared)})"
    first = ", ".join(motion.skeleton.joint_names[:4])
    yield Fault(f"its {len(names)} joints ({first}, ...) are no known body's: it {near}")
