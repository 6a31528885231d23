"""Change the words of a prompt and see whether the model still finds the same motions.

Examples:
  moclip attack runs/demo "a person walks forward slowly"
  moclip attack runs/demo "a person kicks with the left leg" --attack typos synonyms left_right
  moclip attack runs/demo "a person jumps" --attack substitution --strength 0.5 --in my_clips
  moclip attack runs/demo "a person waves" --attack projected_gradient --strength 0.02 --json

Attacks leave the meaning and change the letters, the words or the vectors of the tokens: a robust
model finds the same. Controls change the meaning (sides, directions, speeds, numbers, negations,
actors): a model that hears what is said finds something else. What each does, and in which unit its
strength is, stands in docs/robustness.md.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from moclip.cli._device import Device

if TYPE_CHECKING:
    from moclip.evaluation.attacked_prompt import Outcome
    from moclip.tasks.retrieval import Hit


def main(
    model: Positional[str],
    prompt: Positional[str],
    /,
    *,
    attack: Annotated[tuple[str, ...], arg(metavar="NAME ...")] = (),
    strength: float | None = None,
    seed: int = 0,
    where: Annotated[Path | None, arg(name="in", metavar="FOLDER|INDEX")] = None,
    k: Annotated[int, arg(aliases=["-k"])] = 3,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Attack a prompt.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        prompt: a caption
        attack: attacks and controls to try; all of them if absent
        strength: in the attack's own unit; the strongest of a study if absent
        seed: decides all random choices
        where: folder of motion files, or an index; the bundled clips if absent
        k: how many motions to show
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _index, _model, _output

    if k < 1:
        raise ValueError(f"-k is {k}, wanted at least 1")
    _index.check_there(where)
    towers = _model.load(model, device)
    from moclip.evaluation.attacked_prompt import attack_prompt

    clean, outcomes = attack_prompt(
        towers, prompt, _index.of(towers, where), attack, strength=strength, seed=seed, k=k
    )
    if json:
        print(_output.as_json_text(_as_dict(prompt, clean, outcomes)))
    else:
        print(_report(clean, outcomes))


def _as_dict(prompt: str, clean: "tuple[Hit, ...]", outcomes: "list[Outcome]") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "prompt": prompt,
        "hits": [_hit(hit) for hit in clean],
        "outcomes": [
            {
                "attack": outcome.attack,
                "kind": outcome.kind,
                "strength": outcome.strength,
                "text": outcome.text,
                "changes": [asdict(change) for change in outcome.changes],
                "cosine": outcome.cosine,
                "degrees": outcome.degrees,
                "hits": [_hit(hit) for hit in outcome.hits],
            }
            for outcome in outcomes
        ],
    }


def _hit(hit: "Hit") -> dict[str, Any]:
    return {"clip": hit.entry.path or hit.entry.id, "score": hit.score}


def _report(clean: "tuple[Hit, ...]", outcomes: "list[Outcome]") -> str:
    """A table over all attacks, then what each finds beside what the prompt found."""
    from moclip.cli import _output

    changed = [o for o in outcomes if o.changes or o.kind == "embedding"]
    parts = [_output.table([_line(clean, outcome) for outcome in changed])] if changed else []
    parts += [_beside(clean, outcome) for outcome in changed]
    if idle := [o.attack for o in outcomes if o not in changed]:
        parts.append(f"nothing in this prompt to change for: {', '.join(idle)}")
    return "\n\n".join(parts)


def _line(clean: "tuple[Hit, ...]", outcome: "Outcome") -> dict[str, Any]:
    same = {h.entry.id for h in clean} & {h.entry.id for h in outcome.hits}
    return {
        "attack": outcome.attack,
        "kind": outcome.kind,
        "strength": outcome.strength,
        "degrees": outcome.degrees,
        "still found": f"{len(same)} of {len(clean)}",
        "text": outcome.text,
    }


def _beside(clean: "tuple[Hit, ...]", outcome: "Outcome") -> str:
    from moclip.cli import _output

    told = ", ".join(f"{_quoted(c.before)} -> {_quoted(c.after)}" for c in outcome.changes)
    rows = [
        {"before": _named(one), "cosine": one.score, "after": _named(other), "now": other.score}
        for one, other in zip(clean, outcome.hits, strict=True)
    ]
    return f"{outcome.attack}: {told or 'tokens moved'}\n{_output.table(rows)}"


def _quoted(words: str) -> str:
    return f"'{words.strip()}'" if words.strip() else "nothing"


def _named(hit: "Hit") -> str:
    return hit.entry.path or hit.entry.id
