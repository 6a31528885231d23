"""What there is to say about a trained model, from its weights and from the files beside them."""

import tomllib
from pathlib import Path
from typing import Any

from torch import nn

from moclip.cli import _model
from moclip.models import identity
from moclip.training.loop import read_metrics


def facts(model: str) -> dict[str, Any]:
    """Towers, sizes, and what its folder says of how it was trained and how well it does."""
    towers = _model.load(model, "cpu")
    toml = Path(model) / "recipe.toml"
    recipe = toml.read_text(encoding="utf-8") if toml.exists() else None
    return {
        "text": {
            "tower": towers.text_name,
            "parameters": _parameters(towers.text),
            "tower_hash": identity.tower_hash(towers.text),
        },
        "motion": {
            "tower": towers.motion_name,
            "parameters": _parameters(towers.motion),
            "configuration": towers.motion.config.model_dump(),
        },
        "dim": towers.dim,
        "scale": towers.scale.item(),
        "fps": towers.fps,
        "data": tomllib.loads(recipe)["data"] if recipe else None,
        "metrics": _best(read_metrics(Path(model) / "metrics.jsonl")),
        "recipe": recipe,
    }


def _best(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The epoch that was kept: the last with the highest validation R@1."""
    measured = [row for row in rows if row.get("val_R@1") is not None]
    if not measured:
        return {}
    best = max(reversed(measured), key=lambda row: row["val_R@1"])
    return {k: v for k, v in best.items() if k == "epoch" or k.startswith("val_")}


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
