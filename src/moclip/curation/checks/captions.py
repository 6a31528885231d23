"""Captions that are missing, empty, malformed, or given twice for one clip.

The same words for two clips are no fault: many people walk.
"""

from collections.abc import Iterator

from moclip.curation.checks import _problems
from moclip.curation.checks.base import Case, Fault

HIDES: tuple[str, ...] = ()


def look(case: Case) -> Iterator[Fault]:
    """Empty ones are errors, repetitions weigh one sentence twice."""
    if case.problem and _problems.kind(case.problem) == "captions":
        yield Fault(case.problem)
    if case.captions is None:
        return
    empty = sum(not caption.strip() for caption in case.captions)
    if not case.captions:
        yield Fault("it has no caption")
    if empty:
        yield Fault(f"{empty} of its {len(case.captions)} captions are empty")
    plain = [" ".join(caption.lower().split()) for caption in case.captions if caption.strip()]
    for caption in dict.fromkeys(plain):
        if (count := plain.count(caption)) > 1:
            yield Fault(f"the caption '{caption}' is given {count} times", "warning")
