"""Captions of one split that stand in another.

That two people walk is no leak; but a clip whose captions, two or more, are all those of one clip
in another split was described once and counted twice, or its captions are made of labels. Words
then tell the test's answers from training.
"""

from collections.abc import Iterator, Sequence

from moclip.curation.checks.base import Card, Fault

HIDES: tuple[str, ...] = ()

_FEWEST = 2
"""Captions; one sentence may be the same by chance."""


def compare(cards: Sequence[Card]) -> Iterator[tuple[str, Fault]]:
    """One fault for each split that is held out: how many clips, and the first of them."""
    first: dict[tuple[frozenset[str], str], Card] = {}
    for card in cards:
        first.setdefault((_captions(card), card.split), card)
    for later, earlier in (("test", "train"), ("val", "train")):
        held = [card for card in cards if card.split == later and len(_captions(card)) >= _FEWEST]
        leaks = [card for card in held if (_captions(card), earlier) in first]
        if leaks:
            twin = first[_captions(leaks[0]), earlier]
            yield (
                leaks[0].id,
                Fault(
                    f"{len(leaks)} of {len(held)} clips of {later} have all their captions from a "
                    f"clip of {earlier}: this one those of {twin.id}, such as "
                    f"'{leaks[0].captions[0]}'",
                    "warning",
                ),
            )


def _captions(card: Card) -> frozenset[str]:
    return frozenset(" ".join(caption.lower().split()) for caption in card.captions)
