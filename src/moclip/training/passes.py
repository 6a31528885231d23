"""How a batch goes through the towers: at once or piece by piece, here or on several devices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from moclip.models.two_tower import MoCLIP
from moclip.motion import MotionBatch
from moclip.ranks import Ranks


@dataclass(frozen=True)
class Passes:
    """Vectors of a whole batch, whatever fits in memory.

    With ``cache`` this is gradient caching (Gao et al., 2021, GradCache): vectors are made without
    keeping what led to them; the loss of all of them tells their gradients; then each piece goes
    through again, with the same random numbers for dropout, to carry its gradients to the weights.
    Contrastive batches may so be larger than memory, for one more forward pass.
    """

    cache: int | None = None
    """Clips, or captions, that are in memory at once; ``None``: all, and nothing is done twice."""
    ranks: Ranks = field(default_factory=Ranks.now)

    def motions(self, model: MoCLIP, parts: Sequence[MotionBatch]) -> Float[Tensor, "clip dim"]:
        """Unit vectors of all clips, of which this rank encodes its share of every part."""
        own = [piece for part in parts for piece in self._pieces(self._share(part))]
        vectors = [self._run(_motions, model, piece.joints, piece.mask, piece) for piece in own]
        return self.ranks.together(torch.cat(vectors), [len(part) for part in parts])

    def texts(self, model: MoCLIP, captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
        """Raw vectors, in full precision where there are several ranks."""
        own = self.ranks.share(captions)
        size = self.cache or len(own)
        pieces = [own[at : at + size] for at in range(0, len(own), size)]
        vectors = torch.cat(
            [self._run(_texts, model, model.logit_scale, piece) for piece in pieces]
        )
        if self.ranks.count == 1:
            return vectors
        return self.ranks.together(vectors.float(), [len(captions)])

    def _share(self, part: MotionBatch) -> MotionBatch:
        return part if self.ranks.count == 1 else rows(part, self.ranks.numbers(len(part)))

    def _pieces(self, part: MotionBatch) -> list[MotionBatch]:
        if self.cache is None or len(part) <= self.cache:
            return [part]
        numbers = range(len(part))
        return [rows(part, numbers[at : at + self.cache]) for at in numbers[:: self.cache]]

    def _run(self, encode: Callable[..., Tensor], *inputs: Any) -> Tensor:
        """Tensors must be among the inputs: torch keeps the random numbers of their devices."""
        if self.cache is None:
            return encode(*inputs)
        vectors: Tensor = checkpoint(encode, *inputs, use_reentrant=False)
        return vectors


def _motions(model: MoCLIP, joints: Tensor, mask: Tensor, part: MotionBatch) -> Tensor:
    return model.encode_motion(replace(part, joints=joints, mask=mask))


def _texts(model: MoCLIP, at: Tensor, captions: Sequence[str]) -> Tensor:
    return model.text.encode(captions)


def rows(batch: MotionBatch, numbers: Sequence[int]) -> MotionBatch:
    """These clips, without the frames that none of them has."""
    at = torch.tensor(list(numbers), device=batch.mask.device)
    mask = batch.mask[at]
    longest = int(mask.sum(dim=1).max())
    turns = None if batch.rotations is None else batch.rotations[at, :longest]
    return replace(
        batch, joints=batch.joints[at, :longest], mask=mask[:, :longest], rotations=turns
    )


def recompute(model: nn.Module) -> None:
    """Gradient checkpointing: what blocks compute is not kept, but computed again on the way back.

    A block is a member of a ``ModuleList``, as transformers have them. Weights, their names and
    what is computed stay as they are.
    """
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    for block in dict.fromkeys(block for blocks in lists for block in blocks):
        block.forward = partial(_again, block.forward)


def _again(forward: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*inputs, **options)
    return checkpoint(forward, *inputs, use_reentrant=False, **options)
