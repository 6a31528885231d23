"""Where CLIP text towers are inside an object that someone else made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

from torch import Tensor, nn

_DEPTH = 4
"""How far objects that are no modules are searched: a pipeline, its parts, their parts."""
PROJECTION = "text_projection"
_LEAVES = (str, bytes, int, float, Tensor, type, ModuleType, FunctionType, MethodType)
"""What holds no tower."""


@dataclass(frozen=True)
class Slot:
    """A CLIP text tower found inside an object."""

    path: str
    """Where it is, as ``model.clip_model``; empty for the object itself."""
    weights: Mapping[str, Tensor]
    """By the names of :attr:`layout`; the live tensors."""
    layout: str
    """``openai`` or ``huggingface``."""
    heads: int | None
    """Of its attention; ``None`` where its modules do not tell."""
    activation: nn.Module | None
    """Between the two layers of its perceptrons; ``None`` where it is not found."""
    is_causal: bool
    """Whether a token sees only what stands before it."""


def find(target: Any) -> Iterator[Slot]:
    """Every CLIP text tower inside an object, each once."""
    seen: set[int] = set()
    for path, module in _modules(target, "", _DEPTH, set()):
        slot = _openai_slot(path, module) or _huggingface_slot(path, module)
        if slot is None:
            continue
        first = id(next(iter(slot.weights.values())))
        if first not in seen:
            seen.add(first)
            yield slot


def _modules(
    target: Any, path: str, depth: int, visited: set[int]
) -> Iterator[tuple[str, nn.Module]]:
    """Modules from the outside in, so that a projection is found with the tower it belongs to."""
    if id(target) in visited or depth < 0:
        return
    visited.add(id(target))
    if isinstance(target, nn.Module):
        for name, module in target.named_modules():
            yield _join(path, name), module
        for name, module in target.named_modules():  # such as a module kept in a plain attribute
            for key, value in _plain_parts(module):
                yield from _modules(value, _join(_join(path, name), key), depth - 1, visited)
        return
    for key, value in _plain_parts(target):
        yield from _modules(value, _join(path, key), depth - 1, visited)


def _plain_parts(target: Any) -> Iterator[tuple[str, Any]]:
    """What hangs on an object in its attributes, or in a dict or list."""
    if isinstance(target, Mapping):
        table = {str(key): value for key, value in target.items()}
    elif isinstance(target, list | tuple):
        table = {str(number): value for number, value in enumerate(target)}
    else:
        table = dict(getattr(target, "__dict__", {}))
    for key, value in table.items():
        if key.startswith("_") or isinstance(value, _LEAVES):
            continue
        if isinstance(value, nn.Module | Mapping | list | tuple) or hasattr(value, "__dict__"):
            yield key, value


def _join(path: str, name: str) -> str:
    return ".".join(part for part in (path, name) if part)


_OPENAI = ("token_embedding.", "positional_embedding", "transformer.resblocks.", "ln_final.")


def _openai_slot(path: str, module: nn.Module) -> Slot | None:
    """OpenAI's and open_clip's class, whole or its text half."""
    parts = ("token_embedding", "positional_embedding", "transformer", "ln_final", PROJECTION)
    if not all(hasattr(module, part) for part in parts):
        return None
    wanted = (*_OPENAI, PROJECTION)
    weights = dict(module.named_parameters())
    kept = {k: w for k, w in weights.items() if k.startswith(wanted) or k == "cls_emb"}
    return Slot(path, kept, "openai", *_unweighted(module))


def _huggingface_slot(path: str, module: nn.Module) -> Slot | None:
    """transformers' classes: with a projection, without, or the whole CLIP."""
    if not hasattr(module, "text_model") and not hasattr(module, "final_layer_norm"):
        return None
    weights = dict(module.named_parameters())
    bare = "embeddings.token_embedding.weight"
    if f"text_model.{bare}" in weights:
        kept = {k: w for k, w in weights.items() if k.startswith(("text_model.", PROJECTION))}
        return Slot(path, kept, "huggingface", *_unweighted(module))
    if bare in weights and "final_layer_norm.weight" in weights:
        kept = {f"text_model.{name}": weight for name, weight in weights.items()}
        return Slot(path, kept, "huggingface", *_unweighted(module))
    return None


def _unweighted(module: nn.Module) -> tuple[int | None, nn.Module | None, bool]:
    """What no weight tells of a text tower: heads, activation, direction."""
    heads: int | None = None
    activation: nn.Module | None = None
    for name, part in module.named_modules():
        if name.startswith(("visual", "vision_model")):
            continue
        if name.endswith("attn") and isinstance(count := getattr(part, "num_heads", None), int):
            heads = count
        if name.endswith((".gelu", ".activation_fn")):
            activation = part
    is_causal = getattr(module, "attn_mask", ...) is not None  # open_clip has None for both ways
    return heads, activation, is_causal
