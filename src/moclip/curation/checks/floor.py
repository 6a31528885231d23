"""Feet that float, or sink under the floor.

Motions are put on the floor by their lowest point, so a constant height is only a warning; a foot
that dips for a moment lifts all the other frames off the ground.
"""

from collections.abc import Iterator

from moclip.curation.checks._bodies import runs
from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()

_ABOVE, _BELOW = 0.2, -0.12
"""Metres from y = 0 to the lowest joint when the body rests on the floor: ankles and toes are up to
10 cm above the sole, and captures in use have their floor within 10 cm."""
_DIP = 0.15
"""Metres under that rest; soft ground and bent toes have 6 cm."""
_SHORT = 0.1
"""Share of the frames a dip lasts at most; stairs and steps down last longer."""


def look(case: Case) -> Iterator[Fault]:
    """Where the lowest joint rests (a tenth of the frames is lower), and where it dips from it."""
    body = case.body
    if body is None or len(body) < 3:
        return
    low, lowest = body.joints[..., 1].min(dim=1)
    rest = float(low.quantile(0.1))
    middle = float(low.median())
    if not _BELOW <= rest <= _ABOVE:
        how = "float above" if rest > 0 else "sink under"
        yield Fault(f"the feet {how} the floor: they rest at y = {rest:.2f} m", "warning")
    dips = runs(low < min(rest, middle) - _DIP)
    inside = [run for run in dips if run[0] > 0 and run[1] < len(body)]
    if inside and sum(end - start for start, end in dips) <= max(1, _SHORT * len(body)):
        frame = int(low.argmin())
        joint = body.skeleton.joint_names[int(lowest[frame])]
        yield Fault(
            f"'{joint}' dips {middle - float(low[frame]):.2f} m under the floor at "
            f"{case.seconds(frame)}: put on its lowest point, the body floats by that much",
            frame=frame,
            joint=joint,
        )
