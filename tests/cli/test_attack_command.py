"""``moclip attack`` with a tiny model."""

import json
from pathlib import Path

import pytest
from cli_support import Run

from moclip import MoCLIP
from moclip.evaluation.attacked_prompt import kinds

PROMPT = "a person walks forward slowly with the left hand up"


def test_the_json_says_what_the_model_says(moclip: Run, model: Path, clips: Path) -> None:
    shown = moclip(
        "attack", model, PROMPT, "--in", clips, "--json", "-k", 2,
        "--attack", "synonyms", "left_right", "projected_gradient",
    )  # fmt: skip
    assert (shown.code, shown.err) == (0, "")
    found = json.loads(shown.out)
    assert len(found["hits"]) == 2
    assert [o["attack"] for o in found["outcomes"]] == [
        "synonyms", "left_right", "projected_gradient",
    ]  # fmt: skip
    towers = MoCLIP.from_pretrained(model)
    clean = towers.encode_text(PROMPT)[0]
    for outcome in found["outcomes"][:2]:
        assert outcome["text"] != PROMPT
        moved = float(towers.encode_text(outcome["text"])[0] @ clean)
        assert outcome["cosine"] == pytest.approx(moved, abs=1e-4)
        assert len(outcome["hits"]) == 2
    assert found["outcomes"][1]["changes"] == [
        {"start": 39, "end": 43, "before": "left", "after": "right"}
    ]
    assert found["outcomes"][2]["text"] == PROMPT
    assert found["outcomes"][2]["degrees"] > 0


def test_all_are_tried_where_none_is_named(moclip: Run, model: Path) -> None:
    shown = moclip("attack", model, PROMPT, "--json", "-k", 1)
    assert {o["attack"] for o in json.loads(shown.out)["outcomes"]} == set(kinds())


def test_hits_stand_side_by_side(moclip: Run, model: Path, clips: Path) -> None:
    shown = moclip("attack", model, PROMPT, "--in", clips, "--attack", "typos", "count")
    assert shown.code == 0
    assert "still found" in shown.out
    assert "'person' -> " in shown.out or "'walks' -> " in shown.out
    assert "before" in shown.out
    assert shown.out.rstrip().endswith("nothing in this prompt to change for: count")


def test_the_seed_decides(moclip: Run, model: Path, clips: Path) -> None:
    attack = ("attack", model, PROMPT, "--in", clips, "--attack", "typos", "--json", "--seed")
    once, again, other = (moclip(*attack, seed).out for seed in (1, 1, 2))
    assert once == again != other


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--attack", "typso"), "no attack named 'typso'; there are: "),
        (("--attack", "typos", "--strength", "2"), "option 'strength'"),
        (("-k", "0"), "-k is 0"),
        (("--in", "nowhere"), "there is no folder or index nowhere"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    moclip: Run, model: Path, arguments: tuple[str, ...], told: str
) -> None:
    shown = moclip("attack", model, "a person walks", *arguments)
    assert shown.code == 2
    assert told in shown.err
    assert len(shown.err.splitlines()) == 1


def test_an_empty_prompt_is_told(moclip: Run, model: Path) -> None:
    shown = moclip("attack", model, " ", "--attack", "typos")
    assert (shown.code, shown.err) == (2, "moclip: the prompt is empty\n")
