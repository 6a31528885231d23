"""What the service would answer in the page's tests, from the bundled library.

Words are compared by hashing them, so that no model has to be loaded; motions that are "made" are
clips of the library. The service itself has tests of its own.
"""

import math
import re
import zlib
from typing import Any

import numpy as np
import torch

from moclip import formats
from moclip.datasets import bundled
from moclip.motion import Motion
from moclip.skeletons import get

PROMPTS = ["a person waves", "someone kicks a ball", "a person jumps forward"]
ATTACKS = {"typos": "attack", "noise": "embedding", "sides": "control"}
BODY = get("humanml3d")


def vector(text: str) -> np.ndarray:
    """A unit vector: the sum of one for each word, made from the word's own letters."""
    words = re.findall(r"[a-z]+", text.lower()) or [""]
    seeds = (np.random.default_rng(zlib.crc32(word[:5].encode())) for word in words)
    total = sum(seed.normal(size=64) for seed in seeds)
    return total / np.linalg.norm(total)


class Library:
    """Clips by id, and those that were made or uploaded meanwhile."""

    def __init__(self, generator: bool) -> None:
        self.generator = {"kind": "motionclip", "edits": True} if generator else None
        self.clips: dict[str, dict[str, Any]] = {}
        self.motions: dict[str, Motion] = {}
        packed = bundled.unpack(bundled.FOLDER / "bundled.safetensors")
        for row in bundled.rows(bundled.FOLDER / "bundled.csv"):
            id = re.sub(r"[^\w-]", "_", row.id)
            self.add(
                packed[row.id], row.captions[0], id=id, captions=row.captions, label=row.action
            )
        self.size = len(self.clips)
        self.vectors = {id: vector(" ".join(c["captions"])) for id, c in self.clips.items()}

    def add(
        self,
        motion: Motion,
        title: str,
        *,
        id: str | None = None,
        kind: str = "library",
        captions: tuple[str, ...] = (),
        label: str | None = None,
    ) -> dict[str, Any]:
        id = id or f"{kind}-{len(self.clips)}"
        spans = {"start": 0.0, "end": motion.duration, "seconds": motion.duration}
        counts = {"frames": len(motion), "fps": motion.fps, "path": None}
        named = {"id": id, "kind": kind, "title": title, "captions": list(captions or [title])}
        self.motions[id] = motion
        self.clips[id] = {**named, **spans, **counts, "labels": [label] if label else []}
        return self.clips[id]

    def ranked(self, query: np.ndarray) -> list[tuple[float, str]]:
        return sorted(((float(v @ query), id) for id, v in self.vectors.items()), reverse=True)

    def hits(self, query: np.ndarray, k: int) -> list[dict[str, Any]]:
        return [{"clip": self.clips[id], "score": score} for score, id in self.ranked(query)[:k]]

    def moved(self, clean: np.ndarray, query: np.ndarray, k: int) -> dict[str, Any]:
        """What the clean query finds, ranked by the other one."""
        order = {id: rank for rank, (_, id) in enumerate(self.ranked(query), start=1)}
        cosine = float(clean @ query)
        ranks = [order[hit["clip"]["id"]] for hit in self.hits(clean, k)]
        return {
            "cosine": cosine,
            "degrees": math.degrees(math.acos(min(1, cosine))),
            "ranks": ranks,
        }

    def motion_of(self, item: dict[str, str]) -> Motion:
        return self.motions[item.get("clip") or self.ranked(vector(item["prompt"]))[0][1]]


def labels_of(library: Library) -> list[dict[str, Any]]:
    names = [clip["labels"][0] for clip in library.clips.values() if clip["kind"] == "library"]
    return [{"name": name, "clips": names.count(name)} for name in sorted(set(names))]


def health(library: Library, _: dict[str, str]) -> Any:
    exports = [suffix.lstrip(".") for suffix in formats.suffixes(written=True)]
    limits = {"prompt": 300, "upload": 2**20, "seconds": 10, "k": 200}
    model = {"kind": "moclip", "dim": 64, "fps": 20}
    known = {"status": "ok", "version": "0", "clips": library.size, "model": model}
    return {**known, "generator": library.generator, "exports": exports, "limits": limits}


def facts(library: Library, _: dict[str, str]) -> Any:
    seconds = sum(clip["seconds"] for clip in library.clips.values())
    shelves = {"folders": [{"name": "all", "clips": library.size}], "labels": labels_of(library)}
    return {"clips": library.size, "seconds": seconds, "prompts": PROMPTS, **shelves}


def skeleton(library: Library, _: dict[str, str]) -> Any:
    limbs = {name: list(joints) for name, joints in BODY.limbs}
    parents = [-1 if parent is None else parent for parent in BODY.parents]
    return {"name": BODY.name, "joints": BODY.joint_names, "parents": parents, "limbs": limbs}


def browse(library: Library, query: dict[str, str]) -> Any:
    label, first = query.get("label"), int(query.get("offset", 0))
    clips = [clip for clip in library.clips.values() if clip["kind"] == "library"]
    clips = [clip for clip in clips if label is None or label in clip["labels"]]
    return {"total": len(clips), "clips": clips[first : first + int(query.get("limit", 24))]}


def attacks(library: Library, _: dict[str, str]) -> Any:
    shared = {"strengths": [1], "about": "an attack"}
    return {"attacks": [{"name": name, "kind": kind, **shared} for name, kind in ATTACKS.items()]}


def chart(library: Library, _: dict[str, str]) -> Any:
    places = np.stack(list(library.vectors.values()))[:, :2]
    named = [library.clips[id] for id in library.vectors]
    points = [
        {"id": c["id"], "x": float(x), "y": float(y), "title": c["title"], "label": c["labels"][0]}
        for c, (x, y) in zip(named, places, strict=True)
    ]
    return {"method": "pca", "explained": [0.2, 0.1], "total": library.size, "points": points}


def search(library: Library, request: dict[str, Any]) -> Any:
    query = vector(request["query"]) if "query" in request else library.vectors.get(request["clip"])
    found = library.hits(vector("walk") if query is None else query, request["k"])
    return {"hits": found, "milliseconds": 1.0}


def generate(library: Library, request: dict[str, Any]) -> Any:
    found = library.hits(vector(request["prompt"]), request["n"])
    motions = [library.motions[hit["clip"]["id"]] for hit in found]
    return {"clips": [library.add(motion, request["prompt"], kind="made") for motion in motions]}


def edit(library: Library, request: dict[str, Any]) -> Any:
    which = "base" if request["scale"] < 0.5 else "to"
    return {"clips": [library.add(library.motion_of(request[which]), "an edit", kind="made")]}


def interpolate(library: Library, request: dict[str, Any]) -> Any:
    """Joints between the two, for as long as both last."""
    one, other = (library.motion_of(request[name]).joints for name in ("one", "other"))
    count = min(len(one), len(other))
    shares = torch.linspace(0, 1, request["steps"])
    mixed = (torch.lerp(one[:count], other[:count], share) for share in shares)
    clips = [library.add(Motion(joints, 20.0, BODY), "a blend", kind="made") for joints in mixed]
    return {"clips": clips}


def attack(library: Library, request: dict[str, Any]) -> Any:
    prompt, k = request["prompt"], request["k"]
    clean = vector(prompt)
    words = [
        {
            **{"word": match[0], "start": match.start(), "end": match.end()},
            **library.moved(clean, vector(prompt[: match.start()] + prompt[match.end() :]), k),
        }
        for match in re.finditer(r"\S+", prompt)
    ]
    asked = [(name, ATTACKS[name], f"{prompt} {name}") for name in request["attacks"]]
    if request["typed"]:
        asked.append(("typed", "typed", request["typed"]))
    outcomes = [
        {
            **{"attack": name, "kind": kind, "strength": 1, "text": text, "changes": []},
            **{"hits": library.hits(vector(text), k)},
            **library.moved(clean, vector(text), k),
        }
        for name, kind, text in asked
    ]
    return {"prompt": prompt, "hits": library.hits(clean, k), "words": words, "outcomes": outcomes}


ASKED = {
    **{"health": health, "library": facts, "skeleton": skeleton, "clips": browse},
    **{"attacks": attacks, "map": chart},
}
SENT = {
    **{"search": search, "generate": generate, "edit": edit},
    **{"interpolate": interpolate, "attack": attack},
}
