"""Which sums of clips are made to judge edits, and what the verdict says."""

import doubles
import pytest

from moclip.evaluation import edits
from moclip.evaluation.edits import Sum
from moclip.motion import CaptionedMotion


def clips_of(*pairs: tuple[str, str]) -> list[CaptionedMotion]:
    return [
        CaptionedMotion(str(n), doubles.walk(0.5), ("a",), {"content": content, "style": style})
        for n, (content, style) in enumerate(pairs)
    ]


def test_sums_lead_from_neutral_to_a_style_by_another_content() -> None:
    clips = clips_of(("walk", "normal"), ("run", "normal"), ("run", "old"), ("walk", "old"))
    assert edits.sums(clips) == [
        Sum(base=1, start=0, end=3, content="run", style="old"),
        Sum(base=0, start=1, end=2, content="walk", style="old"),
    ]


def test_a_pair_of_content_and_style_counts_once() -> None:
    clips = clips_of(
        ("walk", "normal"), ("walk", "normal"), ("run", "normal"), ("run", "old"), ("run", "old")
    )
    assert len(edits.sums(clips)) == 1


def test_a_choice_of_sums_is_spread_over_all() -> None:
    contents = [f"c{n}" for n in range(6)]
    clips = clips_of(*((c, s) for c in contents for s in ("normal", "old", "sad")))
    every = edits.sums(clips)
    assert len(every) == 6 * 5 * 2
    some = edits.sums(clips, most=12)
    assert len(some) == 12
    assert {one.content for one in some} == set(contents)


@pytest.mark.parametrize("pairs", [(("walk", "normal"), ("run", "old")), (("walk", "old"),)])
def test_where_nothing_can_be_edited_it_is_told(pairs: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(ValueError, match="no two contents share the style 'normal'"):
        edits.sums(clips_of(*pairs))


def test_the_verdict_counts_content_style_both_and_what_did_not_move() -> None:
    wanted = [
        Sum(0, 1, 2, "walk", "old"),
        Sum(0, 1, 3, "walk", "sad"),
        Sum(1, 0, 4, "run", "old"),
        Sum(1, 0, 5, "run", "sad"),
    ]
    read = [("walk", "old"), ("walk", "normal"), ("walk", "old"), ("jump", "normal")]
    found = edits._verdict(wanted, read, "normal")
    assert (found.sums, found.content, found.style, found.both, found.kept) == (4, 50, 50, 25, 50)
    assert found.by_style == {"old": (2, 50.0, 100.0), "sad": (2, 50.0, 0.0)}
    assert found.by_content == {"run": (2, 0.0, 50.0), "walk": (2, 100.0, 50.0)}
