"""Readers tell in a sentence why a file cannot be read; some of them have a check of their own."""

_SAYS = {
    "not_finite": ("finite",),
    "z_scored": ("z-scored",),
    "captions": ("caption",),
}
"""Words of the reader's sentence that give a check its case."""


def kind(problem: str) -> str:
    """The check a reader's sentence belongs to, such as ``"z_scored"``."""
    for check, words in _SAYS.items():
        if any(word in problem for word in words):
            return check
    return "unreadable"
