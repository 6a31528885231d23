"""What transformers and OpenAI's code call the same weights of a CLIP.

OpenAI's code keeps queries, keys and values in one fused matrix and its projections transposed;
open_clip uses the same names. Nothing is passed over: a weight that is missing, foreign or of
another shape is an error that names it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

State = dict[str, Tensor]

_BLOCK = {
    "attn.out_proj": "self_attn.out_proj",
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
_TEXT = {
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}
_IMAGE = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",  # their spelling
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
}


class Entry(NamedTuple):
    """One weight of OpenAI's code and the one or three of transformers that hold it."""

    openai: str
    huggingface: tuple[str, ...]
    is_transposed: bool = False


def text_entries(layers: int) -> list[Entry]:
    """The text tower with its projection."""
    return [
        *(Entry(ours, (theirs,)) for ours, theirs in _TEXT.items()),
        *_blocks("transformer.resblocks", "text_model.encoder.layers", layers),
        Entry("text_projection", ("text_projection.weight",), is_transposed=True),
    ]


def image_entries(layers: int) -> list[Entry]:
    """The image tower, a vision transformer, with its projection and the temperature."""
    return [
        *(Entry(ours, (theirs,)) for ours, theirs in _IMAGE.items()),
        *_blocks("visual.transformer.resblocks", "vision_model.encoder.layers", layers),
        Entry("visual.proj", ("visual_projection.weight",), is_transposed=True),
        Entry("logit_scale", ("logit_scale",)),
    ]


def _blocks(openai: str, huggingface: str, layers: int) -> Iterator[Entry]:
    for layer in range(layers):
        here, there = f"{openai}.{layer}", f"{huggingface}.{layer}"
        for kind in ("weight", "bias"):
            fused = tuple(f"{there}.self_attn.{part}_proj.{kind}" for part in "qkv")
            yield Entry(f"{here}.attn.in_proj_{kind}", fused)
            for ours, theirs in _BLOCK.items():
                yield Entry(f"{here}.{ours}.{kind}", (f"{there}.{theirs}.{kind}",))


def layers(names: Collection[str], prefix: str) -> int:
    """How many blocks there are under a prefix such as ``"transformer.resblocks"``."""
    pattern = re.compile(re.escape(prefix) + r"\.(\d+)\.")
    found = {int(match[1]) for name in names if (match := pattern.match(name))}
    return max(found, default=-1) + 1


def to_openai(state: Mapping[str, Tensor], entries: list[Entry]) -> State:
    """Weights by transformers' names -> by OpenAI's."""
    require(state, [name for entry in entries for name in entry.huggingface])
    return {entry.openai: _fused(state, entry) for entry in entries}


def to_huggingface(state: Mapping[str, Tensor], entries: list[Entry]) -> State:
    """Weights by OpenAI's names -> by transformers'."""
    require(state, [entry.openai for entry in entries])
    return {
        name: part.contiguous()
        for entry in entries
        for name, part in zip(entry.huggingface, _parts(state, entry), strict=True)
    }


def _fused(state: Mapping[str, Tensor], entry: Entry) -> Tensor:
    parts = [state[name] for name in entry.huggingface]
    weight = parts[0] if len(parts) == 1 else torch.cat(parts)
    return weight.T.contiguous() if entry.is_transposed else weight.contiguous()


def _parts(state: Mapping[str, Tensor], entry: Entry) -> tuple[Tensor, ...]:
    weight = state[entry.openai]
    if entry.is_transposed:
        return (weight.T,)
    if len(entry.huggingface) == 1:
        return (weight,)
    if len(weight) % 3:
        raise ValueError(
            f"'{entry.openai}' has shape {tuple(weight.shape)}, wanted queries, keys and values"
        )
    return weight.chunk(3)


def require(state: Mapping[str, Tensor], wanted: Collection[str]) -> None:
    """Raises ``ValueError`` naming the first weights that are missing or have no place."""
    there = set(wanted)
    wrong = [f"'{name}' is missing" for name in wanted if name not in state]
    wrong += [f"'{name}' has no place" for name in state if name not in there]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ValueError(f"the weights do not fit a CLIP: {', '.join(wrong[:3])}{more}")


def split(state: State, prefix: str) -> tuple[State, State]:
    """Weights under a prefix, and the others."""
    there = {name: weight for name, weight in state.items() if name.startswith(prefix)}
    return there, {name: weight for name, weight in state.items() if name not in there}
