"""Caption files of HumanML3D and KIT-ML: a line ``caption#tokens#from#to`` for each caption."""

import math
from pathlib import Path

from moclip import files

Span = tuple[float, float | None]
"""Seconds; an end of ``None`` is the end of the motion."""


def captions_by_span(path: Path) -> dict[Span, tuple[str, ...]]:
    """Captions of the whole motion (``0#0`` or ``nan``) and of parts of it, each once.

    Tokens, words with their part of speech, are not kept: no model here takes them. Raises
    ``ValueError`` with the line that does not fit.
    """
    spans: dict[Span, dict[str, None]] = {}
    for number, line in enumerate(text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            caption, _, start, end = line.strip().split("#")
            span = _span(float(start), float(end))
            if not caption.strip():
                raise ValueError("empty caption")
        except ValueError:
            raise ValueError(
                f"{path.name}, line {number}: wanted caption#tokens#from#to, got '{line[:60]}'"
            ) from None
        spans.setdefault(span, {})[caption.strip()] = None
    if not spans:
        raise ValueError(f"{path.name} holds no caption")
    return {span: tuple(captions) for span, captions in spans.items()}


def text(path: Path) -> str:
    """Raises ``ValueError`` for what is no UTF-8, ``OSError`` for what is not there."""
    try:
        return files.read_bounded(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no UTF-8 text") from None


def _span(start: float, end: float) -> Span:
    start, end = (0.0 if math.isnan(number) else number for number in (start, end))
    if not start and not end:
        return 0.0, None
    if not 0 <= start < end < math.inf:
        raise ValueError(f"no span from {start:g} to {end:g}")
    return start, end
