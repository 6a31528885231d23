"""What there is to say about a trained model, from its weights and from the files beside them."""

import tomllib
from collections.abc import Callable
from typing import Any

from torch import nn

from moclip.cli import _model
from moclip.features.humanml263 import FPS
from moclip.models import checkpoint, identity
from moclip.models.generator.generator import load_text_tower
from moclip.models.opening import open_model
from moclip.training.metrics import read_metrics


def facts(model: str) -> dict[str, Any]:
    """Towers, sizes, and what its folder says of how it was trained and how well it does."""
    folder = _model.folder(model)
    opened: Any = open_model(folder)
    kind = checkpoint.kind_of(folder)
    name, configuration = _MOTION[kind](opened)
    text = load_text_tower(folder) if kind == "generator" else opened.text
    recipe = checkpoint.read_paperwork(folder).recipe
    return {
        "kind": kind,
        "text": {
            "tower": opened.tower.name if kind == "generator" else opened.text_name,
            "parameters": _parameters(text),
            "tower_hash": identity.tower_hash(text),
        },
        "motion": {
            "tower": name,
            "parameters": _parameters(opened) - _parameters(getattr(opened, "text", None)),
            "configuration": configuration,
        },
        "dim": text.dim,
        "scale": None if kind == "generator" else opened.scale.item(),
        "fps": FPS if kind == "generator" else opened.fps,
        "data": tomllib.loads(recipe)["data"] if recipe else None,
        "metrics": _best(read_metrics(folder / "metrics.jsonl")),
        "recipe": recipe,
    }


def _of_generator(model: Any) -> tuple[str, dict[str, Any]]:
    parts = ("quantiser", "masked", "residual")
    sizes = {part: getattr(model, part).config.model_dump() for part in parts}
    return "generator", {f"{part} {key}": n for part in parts for key, n in sizes[part].items()}


_MOTION: dict[str, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    "moclip": lambda model: (model.motion_name, model.motion.config.model_dump()),
    "motionclip": lambda model: ("auto-encoder", model.config.model_dump()),
    "generator": _of_generator,
}
"""What hears or makes motion: its name and sizes, by the kind of the model."""


def _best(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The epoch that was kept: the last with the highest validation R@1, or the lowest loss."""
    for name, sign in (("val_R@1", 1), ("val_loss", -1)):
        measured = [row for row in rows if row.get(name) is not None]
        if measured:
            best = max(reversed(measured), key=lambda row: sign * row[name])
            return {k: v for k, v in best.items() if k == "epoch" or k.startswith("val_")}
    return {}


def _parameters(module: nn.Module | None) -> int:
    return sum(parameter.numel() for parameter in module.parameters()) if module else 0
