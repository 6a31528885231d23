"""Time that runs too fast or too slow: another frame rate than the file says.

Nobody falls faster than a stone, and in the air everybody falls as fast as one; legs of one length
take long steps quickly and short ones slowly, in a ratio that hardly changes with speed. Only clear
cases are told, a factor of one and a half or more.
"""

import math
from collections.abc import Iterator

from moclip.curation.checks import _physics
from moclip.curation.checks._physics import GRAVITY
from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()

_FASTEST_FALL = 3.0
"""Times gravity, over a sixth of a second; sprints and flips in captures reach 2.2, since a lump of
mass at every joint is no whole body."""
_IN_AIR = (0.4, 0.7, 1.4, 2.5)
"""Times gravity in flight: below the first and above the last an error, between them and the inner
two a warning. Jumps of all captures at hand have 0.93 to 1.08."""
_RISE, _MISFIT = 0.05, 0.005
"""Metres: a parabola lower than that, or a path that far beside it, is no free flight."""
_STEP_RATE = 5.5
"""Steps a second; sprinters have 5."""
_STEP = 0.3
"""Metres; shorter ones may trip as fast as they like."""
_WALK_RATIO = 1.2
"""Metres times seconds: length of a step over steps a second. Walkers have 0.3 to 0.5 at any speed
(Sekiya and Nagasaki, Gait and Posture 1998), slow-motion acting and runners up to 0.8."""


def look(case: Case) -> Iterator[Fault]:
    """The first that tells: a flight, a fall, then the steps."""
    body = case.body
    if body is None or len(body) < 8:
        return
    for evidence in (_flight, _fall, _steps):
        fault = evidence(case)
        if fault is not None:
            yield fault
            return


def _flight(case: Case) -> Fault | None:
    assert case.body is not None
    true = [f for f in _physics.flights(case.body) if f.rise > _RISE and f.misfit < _MISFIT]
    if not true:
        return None
    longest = max(true, key=lambda flight: flight.seconds)
    times = longest.fall / GRAVITY
    wrong_slow, slow, fast, wrong_fast = _IN_AIR
    if slow <= times <= fast:
        return None
    rate = case.body.fps / math.sqrt(times)
    return Fault(
        f"in the air at {case.seconds(longest.frame)} the body falls with {longest.fall:.1f} m/s^2 "
        f"instead of {GRAVITY}: {_told(case, rate)}",
        "warning" if wrong_slow <= times <= wrong_fast else "error",
        longest.frame,
    )


def _fall(case: Case) -> Fault | None:
    assert case.body is not None
    fall, frame = _physics.steepest_fall(case.body)
    if fall <= _FASTEST_FALL * GRAVITY:
        return None
    at_most = case.body.fps / math.sqrt(fall / GRAVITY)
    return Fault(
        f"at {case.seconds(frame)} the body falls with {fall:.0f} m/s^2, faster than any stone: "
        f"{_told(case, at_most)}",
        frame=frame,
    )


def _steps(case: Case) -> Fault | None:
    assert case.body is not None
    gait = _physics.gait(case.body)
    if gait is None or gait.length < _STEP:
        return None
    what = f"it makes {gait.rate:.2g} steps of {gait.length:.2f} m a second"
    if gait.rate > _STEP_RATE:
        return Fault(
            f"{what}, more than any sprinter: {_told(case, case.body.fps * 2 / gait.rate)}"
        )
    ratio = gait.length / gait.rate
    if ratio > _WALK_RATIO:
        rate = case.body.fps * ratio / 0.4
        return Fault(f"{what}, which is walking in slow motion: {_told(case, rate)}")
    return None


def _told(case: Case, rate: float) -> str:
    assert case.motion is not None
    return f"about {rate:.2g} frames a second would be right, the file says {case.motion.fps:g}"
