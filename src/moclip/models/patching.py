"""One call that puts a text tower in CLIP's place inside a pipeline that is already running.

patch = moclip.patch(pipeline, "runs/demo")   # generators trained on CLIP now hear MoCLIP
patch.unpatch()                               # every byte as it was
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.activations import ACT2FN

from moclip.models import identity, interop
from moclip.models._slots import PROJECTION, Slot, find
from moclip.models.interop._clip import ClipText
from moclip.models.interop._names import State, text_entries, to_openai
from moclip.models.text.base import TextTower


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

    def require(self, trained_with: str | None, *, owner: str) -> None:
        """Raises ``ValueError`` when ``owner``, a checkpoint, was trained with another tower.

        ``trained_with`` is the :attr:`tower_hash` that was stored with it, ``None`` if none was.
        """
        which = "the one patched in"
        identity.require_same(trained_with, self.tower_hash, owner=owner, which=which)

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
    none fits (another width, vocabulary, depth, projection, number of heads, activation or
    direction of reading, or numbers too large for half precision).
    """
    tower = source if isinstance(source, TextTower) else interop.read(source)
    text = ClipText.of(tower)
    slots = list(find(target))
    if not slots:
        raise LookupError(f"no CLIP text tower was found in this {type(target).__name__}")
    fits, skipped = {}, {}
    for slot in slots:
        new = _named(text, slot)
        fault = _fault(slot, new) or _unweighted_fault(slot, text)
        if fault:
            skipped[slot.path] = fault
        else:
            fits[slot.path] = (slot, new)
    if not fits:
        raise ValueError(next(iter(skipped.values())))
    before = [saved for slot, new in fits.values() for saved in _swap(slot, new)]
    changed = {path: _told(slot) for path, (slot, _) in fits.items()}
    return Patch(changed, skipped, identity.tower_hash(tower), before)


def _named(text: ClipText, slot: Slot) -> State:
    """The new weights by the names of the place; a place without a projection gets none."""
    if slot.layout == "openai":
        new = to_openai(text.state, text_entries(text.config.num_hidden_layers))
        if f"{PROJECTION}.weight" in slot.weights:  # open_clip may keep it as a linear layer
            new[f"{PROJECTION}.weight"] = new.pop(PROJECTION).T.contiguous()
        return new
    new = dict(text.state)
    if f"{PROJECTION}.weight" not in slot.weights:
        del new[f"{PROJECTION}.weight"]
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
    for name, weight in slot.weights.items():
        if not torch.isfinite(new[name].to(weight.dtype)).all():
            kind = str(weight.dtype).removeprefix("torch.")
            return f"{where} is in {kind}, which cannot hold the numbers of '{name}'"
    return ""


_SAMPLE = (-3.0, -1.0, -0.1, 0.5, 2.0)


def _unweighted_fault(slot: Slot, text: ClipText) -> str:
    """Weights of one activation or number of heads fit another in shape, and mean nothing there."""
    where = f"the tower at '{slot.path}'" if slot.path else "this tower"
    heads, activation = text.config.num_attention_heads, text.config.hidden_act
    if not slot.is_causal:
        return f"{where} reads captions in both directions, the new one forwards"
    if slot.heads not in (None, heads):
        return f"{where} has {slot.heads} attention heads, the new one {heads}"
    if slot.activation is not None:
        sample = torch.tensor(_SAMPLE)
        if not torch.allclose(slot.activation(sample), ACT2FN[activation](sample), atol=1e-4):
            kind = type(slot.activation).__name__
            return f"{where} computes with the activation {kind}, the new one with {activation}"
    return ""


_SIZES = {
    "token_embedding.weight": "vocabulary or width (words, width)",
    "text_model.embeddings.token_embedding.weight": "vocabulary or width (words, width)",
    "positional_embedding": "number of tokens or width (tokens, width)",
    "text_model.embeddings.position_embedding.weight": "number of tokens or width (tokens, width)",
    PROJECTION: "projection (width, dimensions)",
    f"{PROJECTION}.weight": "projection (dimensions, width)",
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
