"""A file that cannot be read.

The sentence is the reader's own, with the line or the shape it stumbled over.
"""

from collections.abc import Iterator

from moclip.curation.checks import _problems
from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()


def look(case: Case) -> Iterator[Fault]:
    """Whatever the reader says that no other check has a name for."""
    if case.problem and _problems.kind(case.problem) == "unreadable":
        yield Fault(case.problem)
