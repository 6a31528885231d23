"""Numbers that are none: NaN or infinite.

One of them spoils every mean it enters, so no reader lets it pass.
"""

from collections.abc import Iterator

from moclip.curation.checks import _problems
from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()


def look(case: Case) -> Iterator[Fault]:
    """What the reader says of them, with the line or the frame."""
    if case.problem and _problems.kind(case.problem) == "not_finite":
        yield Fault(case.problem)
