"""The other half of a CLIP: its image tower and its temperature, kept as they were."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPModel, CLIPVisionConfig

from moclip.models.interop._files import read_state
from moclip.models.interop._names import (
    State,
    image_entries,
    layers,
    to_huggingface,
    to_openai,
)
from moclip.models.text import _huggingface as huggingface

_HEAD = 64


@dataclass(frozen=True, eq=False)
class Half:
    """Image tower, its projection and ``logit_scale``."""

    state: State
    """By OpenAI's names, in the numbers of the file."""
    config: CLIPVisionConfig | None
    """``None`` for a convolutional tower, which transformers cannot hold."""

    @property
    def dim(self) -> int:
        """Width of the common space."""
        name = "visual.proj" if "visual.proj" in self.state else "visual.attnpool.c_proj.weight"
        return self.state[name].shape[1 if name == "visual.proj" else 0]

    def by_huggingface(self) -> tuple[CLIPVisionConfig, State]:
        """Sizes and weights by transformers' names."""
        if self.config is None:
            raise ValueError("the base has a convolutional image tower, which this layout lacks")
        entries = image_entries(self.config.num_hidden_layers)
        state = to_huggingface(self.state, entries)
        return self.config, {name: weight.float() for name, weight in state.items()}


def read(base: str | None, dim: int) -> Half:
    """From a whole CLIP in OpenAI's layout (a file) or transformers' (a folder or hub id).

    Raises ``ValueError`` when none is given, or when it is no whole CLIP of ``dim`` dimensions.
    """
    if base is None:
        raise ValueError(
            "this layout holds a whole CLIP; give the one the tower was fine-tuned from as base "
            "(a file such as ViT-B-32.pt, a folder, or a hub id), and its image tower is kept"
        )
    half = _of_file(Path(base)) if Path(base).is_file() else _of_huggingface(base)
    if half.dim != dim:
        raise ValueError(f"base '{base}' has {half.dim} dimensions, the text tower {dim}")
    return half


def _of_file(path: Path) -> Half:
    whole = read_state(path)
    state = {k: v for k, v in whole.items() if k.startswith("visual.") or k == "logit_scale"}
    if "logit_scale" not in state or not {"visual.proj", "visual.attnpool.c_proj.weight"} & set(
        state
    ):
        raise ValueError(f"{path} holds no image tower by OpenAI's names")
    return Half(state, _config(state))


def _config(state: State) -> CLIPVisionConfig | None:
    if "visual.class_embedding" not in state:
        return None
    width, _, patch, _ = state["visual.conv1.weight"].shape
    side = round((len(state["visual.positional_embedding"]) - 1) ** 0.5)
    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=_rows(state, "visual.transformer.resblocks.0.mlp.c_fc.weight"),
        num_hidden_layers=layers(state, "visual.transformer.resblocks"),
        num_attention_heads=width // _HEAD,
        image_size=side * patch,
        patch_size=patch,
        projection_dim=state["visual.proj"].shape[1],
        hidden_act="quick_gelu",
    )


def _rows(state: State, name: str) -> int:
    if name not in state:
        raise ValueError(f"the weights do not fit a CLIP: '{name}' is missing")
    return len(state[name])


def _of_huggingface(base: str) -> Half:
    folder = huggingface.resolve(base)
    if huggingface.model_type(folder) != "clip":
        raise ValueError(f"base '{base}' is no whole CLIP")
    model: CLIPModel = huggingface.load_weights(
        CLIPModel,
        folder,
        beside=("text_model.embeddings.pos", "vision_model.embeddings.position_ids"),
    )
    config: Any = model.config.vision_config
    names = {name for entry in image_entries(config.num_hidden_layers) for name in entry[1]}
    state: dict[str, Tensor] = {k: v for k, v in model.state_dict().items() if k in names}
    with torch.no_grad():
        return Half(to_openai(state, image_entries(config.num_hidden_layers)), config)
