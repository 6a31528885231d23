"""Whatever model a folder or hub id holds, opened by what its ``config.json`` says it is."""

from pathlib import Path
from typing import Any

from torch import nn

from moclip.models import checkpoint


def open_model(folder_or_hub_id: str | Path, *, revision: str | None = None) -> nn.Module:
    """MoCLIP, MotionCLIP, or a generator, in evaluation mode.

    Raises ``OSError`` or ``ValueError`` in one sentence.
    """
    folder = checkpoint.find(folder_or_hub_id, revision=revision)
    kind = checkpoint.kind_of(folder)
    model: nn.Module = _class(kind, folder).from_pretrained(folder)
    return model


def _class(kind: str, folder: Path) -> Any:
    if kind == "moclip":
        from moclip.models.two_tower import MoCLIP

        return MoCLIP
    if kind == "motionclip":
        from moclip.models.autoencoder.model import MotionCLIP

        return MotionCLIP
    if kind == "generator":
        from moclip.models.generator.generator import MotionGenerator

        return MotionGenerator
    raise ValueError(f"{folder} holds a model of kind '{kind}', which cannot be used here")
