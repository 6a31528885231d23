"""Readers tell in a sentence why a file cannot be read; some of them have a check of their own."""

_SAYS = {
    "not_finite": ("not finite", "a finite number should"),
    "z_scored": ("look z-scored",),
    "captions": ("caption is empty", "caption has", "caption#tokens", "no caption", "captions.csv"),
}
"""Words of the reader's sentence that give a check its case."""


def kind(problem: str) -> str:
    """The check a reader's sentence belongs to, such as ``"z_scored"``."""
    for check, words in _SAYS.items():
        if any(word in problem for word in words):
            return check
    return "unreadable"
