"""Lists of clips to train, validate and test on, and nested parts of the first.

Where a clip goes is decided by a hash of its motion's name and the seed, so clips that are added
later move no other. Clips of one take (``take@0-2.5``, ``take@2.5-6``) stay together, and so do a
mirrored twin (an ``M`` before the id) and its original; captions hang on their clips.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from moclip.datasets import _common
from moclip.datasets._plan import Clip
from moclip.files import write_atomically

SPLITS = ("train", "val", "test")
FRACTIONS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0)
By = Literal["motion", "subject", "own"]

_SPAN = re.compile(r"@[\d.]*-[\d.]*$")
_RULE = {
    "motion": "80 % train, 10 % val, 10 % test of the takes, by sha256 of seed and take",
    "subject": "80 % train, 10 % val, 10 % test of the subjects, by sha256 of seed and subject",
    "own": "the splits of the data set itself",
}
_PART_RULE = "a take is in x % of train when sha256 of seed and take falls into the first x %"


def nested_fractions(
    ids: Sequence[str], fractions: Sequence[float | int] = FRACTIONS, seed: int = 0
) -> dict[float | int, list[str]]:
    """For each percentage the ids in it, in their order; every smaller part lies in every larger.

    Whole takes are drawn, each on its own, so a part has about as many as its percentage says and
    of a few clips perhaps none. Raises ``ValueError`` for a percentage that is none.
    """
    for fraction in fractions:
        if not 0 < fraction <= 100:
            raise ValueError(f"{fraction:g} is no percentage; wanted more than 0, at most 100")
    at = {clip: 100 * _common.share(f"part:{take}", seed) for clip, take in takes(ids).items()}
    return {
        fraction: [clip for clip in ids if at[clip] < fraction] for fraction in sorted(fractions)
    }


def by_hash(groups: Mapping[str, str], seed: int = 0) -> dict[str, list[str]]:
    """Ids by split, 80 : 10 : 10; ``groups`` says for each id with which others it stays."""
    found: dict[str, list[str]] = {split: [] for split in SPLITS}
    for clip, group in groups.items():
        at = _common.share(f"split:{group}", seed)
        found["train" if at < 0.8 else "val" if at < 0.9 else "test"].append(clip)
    return found


def takes(ids: Sequence[str]) -> dict[str, str]:
    """The take of each clip: its id without the span, that of its original if it is mirrored."""
    known = {_SPAN.sub("", clip) for clip in ids}
    return {clip: _original(_SPAN.sub("", clip), known) for clip in ids}


def subjects(clips: Sequence[Clip], pattern: str | None = None) -> dict[str, str]:
    """Who moves in each clip: its label ``subject``, or what ``pattern`` finds in its take.

    ``pattern`` is a regular expression; its first group counts, or all it matches. Raises
    ``ValueError`` naming a clip of which it is not known.
    """
    try:
        compiled = None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
    found = {}
    for clip, take in takes([clip.id for clip in clips]).items():
        match = compiled.search(take) if compiled else None
        found[clip] = "" if match is None else match[1] if match.re.groups else match[0]
    if compiled is None:
        found = {clip.id: clip.labels.get("subject", "") for clip in clips}
    unknown = [clip for clip, subject in found.items() if not subject]
    if unknown:
        how = "it has no label 'subject'; give --subject REGEX"
        if pattern:
            how = f"'{pattern}' finds nothing in it; give another --subject REGEX"
        raise ValueError(
            f"the subject of clip '{unknown[0]}' and {len(unknown) - 1} others is not known: {how}"
        )
    return found


def split(
    clips: Sequence[Clip], *, by: By = "motion", seed: int = 0, pattern: str | None = None
) -> dict[str, list[str]]:
    """Ids of train, val and test; with ``own`` as the data set has them.

    Raises ``ValueError`` when one of them would have none.
    """
    if by == "own":
        return {part: [clip.id for clip in clips if clip.split == part] for part in SPLITS}
    if by == "motion":
        groups, kind = takes([clip.id for clip in clips]), "takes"
    else:
        groups, kind = subjects(clips, pattern), "subjects"
    found = by_hash(groups, seed)
    for part in SPLITS:
        if not found[part]:
            raise ValueError(
                f"none of {len(set(groups.values()))} {kind} falls into {part} with seed {seed}; "
                "try another seed"
            )
    return found


def write(
    out: Path,
    splits: Mapping[str, Sequence[str]],
    parts: Mapping[float | int, Sequence[str]],
    *,
    by: By,
    seed: int,
) -> None:
    """``train.txt``, ``val.txt``, ``test.txt``, ``train_5.txt`` ..., an id a line.

    ``split.json`` comes last: it says how they were made and how many ids each has.
    """
    lists = {**splits, **{f"train_{fraction:g}": ids for fraction, ids in parts.items()}}
    for name, ids in lists.items():
        write_atomically(out / f"{name}.txt", "".join(f"{clip}\n" for clip in ids).encode())
    about = {
        "by": by,
        "seed": seed,
        "rule": _RULE[by],
        "fractions": [float(fraction) for fraction in parts],
        "fractions_rule": _PART_RULE,
        "clips": {name: len(ids) for name, ids in lists.items()},
    }
    write_atomically(out / "split.json", (json.dumps(about, indent=2) + "\n").encode())


def _original(take: str, known: set[str]) -> str:
    """``M000123`` -> ``000123``; of other names only where the original is there too."""
    folder, slash, name = take.rpartition("/")
    for mirrored, original in ((take, take[1:]), (name, f"{folder}{slash}{name[1:]}")):
        plain = mirrored[1:].split(".")[0]
        if mirrored.startswith("M") and (original in known or plain.isdigit()):
            return original
    return take
