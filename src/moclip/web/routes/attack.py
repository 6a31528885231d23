"""``/api/attacks`` and ``/api/attack``: a prompt changed, and what is found then."""

import ast
import math
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from torch import Tensor

from moclip import catalog
from moclip.evaluation.attacked_prompt import FOLDERS, attack_prompt, kinds
from moclip.tasks._encoding import text_vectors
from moclip.tasks.library.clips import EVERYTHING
from moclip.web import shapes
from moclip.web.routes._common import Shared, hits, ranks, refuse
from moclip.web.service import Service

ROUTER = APIRouter(tags=["attack"])


@ROUTER.get("/attacks")
def attacks() -> dict[str, Any]:
    """What can be done to a prompt."""
    return {
        "attacks": [
            {
                "name": name,
                "kind": kind,
                "strengths": list(catalog.load(FOLDERS[kind], name, "STRENGTHS")),
                "about": _about(f"moclip.{FOLDERS[kind]}.{name}"),
            }
            for name, kind in kinds().items()
        ]
    }


@ROUTER.post("/attack")
async def attack(service: Shared, wanted: shapes.Attack) -> shapes.Attacked:
    """What each word does to the ranks, and what attacks and a rewording change."""
    if unknown := [name for name in wanted.attacks if name not in kinds()]:
        refuse(422, f"attacks: no attack named '{unknown[0][:80]}'; /api/attacks lists them")
    found: shapes.Attacked = await service.slow.do(_attacked, service, wanted)
    return found


def _attacked(service: Service, wanted: shapes.Attack) -> shapes.Attacked:
    spans = [(m[0], m.start(), m.end()) for m in re.finditer(r"\S+", wanted.prompt)][:64]
    without = [(wanted.prompt[:a] + wanted.prompt[b:]).strip() for _, a, b in spans]
    left = [(span, text) for span, text in zip(spans, without, strict=True) if text]
    texts = [wanted.prompt, *(text for _, text in left)]
    clean, *others = text_vectors(service.model, texts)
    first = hits(service, clean, wanted.k, EVERYTHING, None)
    ids = [hit.clip.id for hit in first]
    words = [
        shapes.Word(word=w, start=a, end=b, **_turned(clean, v), ranks=_ranks(service, v, ids))
        for ((w, a, b), _), v in zip(left, others, strict=True)
    ]
    outcomes = _outcomes(service, wanted, ids) if wanted.attacks else []
    if wanted.typed:
        outcomes.append(_typed(service, wanted.typed, clean, wanted.k, ids))
    return shapes.Attacked(prompt=wanted.prompt, hits=first, words=words, outcomes=outcomes)


def _outcomes(service: Service, wanted: shapes.Attack, ids: list[str]) -> list[shapes.Outcome]:
    held = service.held()
    _, outcomes = attack_prompt(
        service.model,
        wanted.prompt,
        held.index,
        wanted.attacks,
        strength=wanted.strength,
        seed=wanted.seed,
        k=len(held.index),
    )
    return [
        shapes.Outcome(
            attack=one.attack,
            kind=one.kind,
            strength=one.strength,
            text=one.text,
            changes=[shapes.Change(before=c.before, after=c.after) for c in one.changes],
            cosine=one.cosine,
            degrees=one.degrees,
            hits=[
                shapes.Hit(clip=held.clips[hit.entry.id], score=hit.score)
                for hit in one.hits[: wanted.k]
            ],
            ranks=_places([hit.entry.id for hit in one.hits], ids),
        )
        for one in outcomes
    ]


def _typed(service: Service, text: str, clean: Tensor, k: int, ids: list[str]) -> shapes.Outcome:
    (vector,) = text_vectors(service.model, [text])
    return shapes.Outcome(
        attack="typed",
        kind="typed",
        strength=0.0,
        text=text,
        changes=[],
        **_turned(clean, vector),
        hits=hits(service, vector, k, EVERYTHING, None),
        ranks=_ranks(service, vector, ids),
    )


def _ranks(service: Service, vector: Tensor, ids: list[str]) -> list[int]:
    return ranks(service.held().index, vector, ids)


def _places(order: list[str], ids: list[str]) -> list[int]:
    """Where some clips stand in an order; 0 for one that is not in it."""
    at = {id: place for place, id in enumerate(order, 1)}
    return [at.get(id, 0) for id in ids]


def _turned(clean: Tensor, vector: Tensor) -> dict[str, float]:
    cosine = max(-1.0, min(1.0, float(clean @ vector)))
    return {"cosine": cosine, "degrees": math.degrees(math.acos(cosine))}


def _about(module: str) -> str:
    """The first line of a file's docstring."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0]
