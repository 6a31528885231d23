"""One call that puts a text tower in CLIP's place inside a pipeline that is already running.

patch = moclip.patch(pipeline, "runs/demo")   # generators trained on CLIP now hear MoCLIP
patch.unpatch()                               # every byte as it was
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from moclip.models import identity, interop
from moclip.models.interop._clip import ClipText
from moclip.models.interop._names import State, text_entries, to_openai
from moclip.models.text.base import TextTower

_DEPTH = 4
"""How far objects that are no modules are searched: a pipeline, its parts, their parts."""
_PROJECTION = "text_projection"
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


@dataclass(eq=False)
class Patch:
    """What was changed, and the way back."""

    changed: dict[str, str]
    """Where towers were found, and what each was given."""
    skipped: dict[str, str]
    """Towers that the new one does not fit, and why."""
    tower_hash: str
    """Of the new tower."""
    _before: list[tuple[Tensor, Tensor]] = field(repr=False, default_factory=list)

    def unpatch(self) -> None:
        """Every byte as it was before; a second call changes nothing."""
        with torch.no_grad():
            for weight, old in self._before:
                weight.copy_(old)
        self._before.clear()

    def __enter__(self) -> "Patch":
        return self

    def __exit__(self, *_: object) -> None:
        self.unpatch()


def patch(target: Any, source: str | Path | TextTower) -> Patch:
    """Puts the text tower of ``source`` in place of every CLIP text tower inside ``target``.

    ``target`` is an OpenAI-clip, open_clip or transformers model, a module that holds one at any
    depth, or a pipeline object. ``source`` is whatever :func:`moclip.models.interop.read` reads, or
    a tower. Weights are copied in place, in the type and on the device of the old ones, so
    optimisers, compiled graphs and shared references stay valid. Nothing is changed unless every
    weight of a tower fits. Towers of other sizes beside a fitting one are left and listed.

    Raises ``LookupError`` when there is no CLIP text tower, ``ValueError`` in one sentence when
    none fits (another width, vocabulary, depth or projection).
    """
    tower = source if isinstance(source, TextTower) else interop.read(source)
    text = ClipText.of(tower)
    slots = list(find(target))
    if not slots:
        raise LookupError(f"no CLIP text tower was found in this {type(target).__name__}")
    fits, skipped = {}, {}
    for slot in slots:
        fault = _fault(slot, new := _named(text, slot))
        if fault:
            skipped[slot.path] = fault
        else:
            fits[slot.path] = (slot, new)
    if not fits:
        raise ValueError(next(iter(skipped.values())))
    before = [saved for slot, new in fits.values() for saved in _swap(slot, new)]
    changed = {path: _told(slot) for path, (slot, _) in fits.items()}
    return Patch(changed, skipped, identity.tower_hash(tower), before)


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
    parts = ("token_embedding", "positional_embedding", "transformer", "ln_final", _PROJECTION)
    if not all(hasattr(module, part) for part in parts):
        return None
    wanted = (*_OPENAI, _PROJECTION)
    weights = dict(module.named_parameters())
    return Slot(path, {k: w for k, w in weights.items() if k.startswith(wanted)}, "openai")


def _huggingface_slot(path: str, module: nn.Module) -> Slot | None:
    """transformers' classes: with a projection, without, or the whole CLIP."""
    if not hasattr(module, "text_model") and not hasattr(module, "final_layer_norm"):
        return None
    weights = dict(module.named_parameters())
    bare = "embeddings.token_embedding.weight"
    if f"text_model.{bare}" in weights:
        kept = {k: w for k, w in weights.items() if k.startswith(("text_model.", _PROJECTION))}
        return Slot(path, kept, "huggingface")
    if bare in weights and "final_layer_norm.weight" in weights:
        kept = {f"text_model.{name}": weight for name, weight in weights.items()}
        return Slot(path, kept, "huggingface")
    return None


def _named(text: ClipText, slot: Slot) -> State:
    """The new weights by the names of the place; a place without a projection gets none."""
    if slot.layout == "openai":
        new = to_openai(text.state, text_entries(text.config.num_hidden_layers))
        if f"{_PROJECTION}.weight" in slot.weights:  # open_clip may keep it as a linear layer
            new[f"{_PROJECTION}.weight"] = new.pop(_PROJECTION).T.contiguous()
        return new
    new = dict(text.state)
    if f"{_PROJECTION}.weight" not in slot.weights:
        del new[f"{_PROJECTION}.weight"]
    return new


def _fault(slot: Slot, new: State) -> str:
    """Why the new tower does not fit here, in the words of who would use it; empty if it does."""
    where = f"the tower at '{slot.path}'" if slot.path else "this tower"
    for name, what in _SIZES.items():
        here, there = slot.weights.get(name), new.get(name)
        if here is not None and there is not None and here.shape != there.shape:
            sizes = f"{tuple(here.shape)}, the new one {tuple(there.shape)}"
            return f"{where} has another {what}: {sizes}"
    missing = [name for name in slot.weights if name not in new]
    foreign = [name for name in new if name not in slot.weights]
    odd = [
        name for name in slot.weights if name in new and slot.weights[name].shape != new[name].shape
    ]
    for names, fault in ((missing, "lacks"), (foreign, "has too many, first"), (odd, "differs in")):
        if names:
            return f"{where} does not fit: the new one {fault} '{names[0]}'"
    return ""


_SIZES = {
    "token_embedding.weight": "vocabulary or width (words, width)",
    "text_model.embeddings.token_embedding.weight": "vocabulary or width (words, width)",
    "positional_embedding": "number of tokens or width (tokens, width)",
    "text_model.embeddings.position_embedding.weight": "number of tokens or width (tokens, width)",
    _PROJECTION: "projection (width, dimensions)",
    f"{_PROJECTION}.weight": "projection (dimensions, width)",
}


def _swap(slot: Slot, new: State) -> list[tuple[Tensor, Tensor]]:
    """Each weight with a copy of what it was."""
    saved = [(weight, weight.detach().clone()) for weight in slot.weights.values()]
    with torch.no_grad():
        for name, weight in slot.weights.items():
            weight.copy_(new[name])
    return saved


def _told(slot: Slot) -> str:
    kinds = sorted({str(w.dtype).removeprefix("torch.") for w in slot.weights.values()})
    count = sum(weight.numel() for weight in slot.weights.values())
    return f"{len(slot.weights)} weights, {count:,} numbers, {'/'.join(kinds)}, {slot.layout} names"
