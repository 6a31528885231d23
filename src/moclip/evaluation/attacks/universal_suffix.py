"""The same few words behind every caption: those that hurt most, found on other captions.

After the universal triggers of Wallace et al. (EMNLP 2019), but of whole words that say nothing of
a motion, and found by asking alone: greedily, word by word, for the lowest mean score over the
victim's ``sample``.
"""

import re
from collections.abc import Sequence

from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._rounds import DIGITS, argmin
from moclip.evaluation.attacks.base import BLIND, Change, Judge, Perturbed, Victim, asked

STRENGTHS = (1.0, 2.0, 4.0)
NEEDS = ("score", "sample")

FILLERS = (
    "actually", "apparently", "basically", "certainly", "clearly", "evidently", "frankly",
    "generally", "hopefully", "indeed", "maybe", "naturally", "obviously", "okay", "overall",
    "perhaps", "please", "possibly", "presumably", "probably", "really", "seemingly", "simply",
    "surely", "thanks", "today", "truly", "typically", "well", "yes", "video", "camera", "footage",
    "scene", "clip", "recording", "animation", "data", "frames", "example",
)  # fmt: skip
"""Words that say nothing of a motion."""
_END = re.compile(r"[\s.!?,;]*$")


class Options(base.Options):
    """How long the suffix is, and how it is looked for."""

    strength: float = Field(2.0, ge=0, le=8)
    """Words of the suffix, rounded."""
    pool: int = Field(20, ge=1)
    """Words tried for each place, drawn by the seed."""
    sample: int = Field(64, ge=1)
    """Captions of the victim's sample that it is found on, drawn by the seed."""


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Captions without a word stay as they are."""
    count = round(options.strength)
    if not count or not captions:
        return [Perturbed(caption) for caption in captions]
    found = suffix(count, options, asked(victim.score, "score"), victim.sample)
    return [_ended(caption, " ".join(found)) for caption in captions]


def suffix(count: int, options: Options, score: Judge, sample: Sequence[str]) -> list[str]:
    """``count`` words, each the worst behind those before it."""
    draw = Draw(options.seed, "universal suffix")
    sample = draw.order(sorted(set(sample)))[: options.sample]
    found: list[str] = []
    for _ in range(count):
        pool = [word for word in draw.order(FILLERS) if word not in found][: options.pool]
        texts = [_ended(c, " ".join([*found, word])).text for word in pool for c in sample]
        scores = score(texts, list(sample) * len(pool)).view(len(pool), len(sample))
        found.append(pool[argmin([round(mean, DIGITS) for mean in scores.mean(dim=1).tolist()])])
    return found


def _ended(caption: str, words: str) -> Perturbed:
    """The caption with words behind its last one, before the full stop."""
    end = _END.search(caption)
    assert end is not None
    at = end.start()
    return Perturbed(caption, (Change(at, at, "", f" {words}"),) if at else ())
