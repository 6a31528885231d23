"""What this service is and holds: ``/api/health``, ``/api/library``, ``/api/skeleton``."""

from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter

import moclip
from moclip import formats, skeletons
from moclip.models.autoencoder.model import MotionCLIP
from moclip.web.routes._common import Shared

ROUTER = APIRouter(tags=["about"])
_OFFERED = ("bvh", "glb", "npz", "csv", "gif", "mp4")
_BODY = skeletons.get("humanml3d")
PROMPTS = (
    "a person waves",
    "a person walks forward slowly",
    "someone jumps into the air",
    "a person runs fast",
    "a person kicks a ball",
    "a person dances",
)


def exports() -> list[str]:
    """Suffixes of files that can be made here."""
    there = {suffix.strip(".") for suffix in formats.suffixes(written=True)} | {"gif"}
    if find_spec("imageio_ffmpeg"):
        there.add("mp4")
    return [suffix for suffix in _OFFERED if suffix in there]


@ROUTER.get("/health")
def health(service: Shared) -> dict[str, Any]:
    """Whether it works, with which models, and what it takes."""
    limits, facts = service.limits, service.library.facts
    maker = None
    if service.generator is not None:
        edits = service.editor is not None
        maker = {"kind": "motionclip" if edits else "generator", "edits": edits}
    kind = "motionclip" if isinstance(service.model, MotionCLIP) else "moclip"
    return {
        "status": "ok",
        "version": moclip.__version__,
        "clips": len(service.library),
        "model": {"kind": kind, "dim": facts.dim, "fps": facts.fps},
        "generator": maker,
        "coming": service.coming.told() if service.coming and not maker else None,
        "exports": exports(),
        "limits": {
            "prompt": limits.prompt,
            "upload": limits.upload,
            "seconds": limits.made,
            "k": limits.k,
        },
    }


@ROUTER.get("/library")
def library(service: Shared) -> dict[str, Any]:
    """What there is to search."""
    found = service.library
    return {
        "clips": len(found),
        "seconds": found.seconds(),
        "folders": [{"name": name, "clips": n} for name, n in found.folders().items() if name],
        "labels": [{"name": name, "clips": n} for name, n in found.labels().items()],
        "prompts": list(PROMPTS),
    }


@ROUTER.get("/skeleton")
def skeleton() -> dict[str, Any]:
    """The body of every clip."""
    return {
        "name": _BODY.name,
        "joints": list(_BODY.joint_names),
        "parents": list(_BODY.parents),
        "limbs": {name: list(joints) for name, joints in _BODY.limbs},
    }
