"""How tasks ask a model for vectors: no gradients, no dropout, float32 on the processor."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor, nn

from moclip.models.spaces import Space
from moclip.motion import Motion
from moclip.tasks._reading import Piece, Skipped

_known: "WeakKeyDictionary[nn.Module, tuple[object, str]]" = WeakKeyDictionary()


def text_vectors(model: Space, captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
    """Unit vectors. Raises ``ValueError`` for a caption without a word."""
    if not captions or not all(caption.strip() for caption in captions):
        raise ValueError("a caption is empty" if captions else "there is no caption to encode")
    with _at_rest(model):
        return model.encode_text(list(captions)).float().cpu()


def motion_vectors(model: Space, motions: Sequence[Motion]) -> Float[Tensor, "clip dim"]:
    """Unit vectors of motions of any known skeleton."""
    with _at_rest(model):
        return model.encode_motion(list(motions)).float().cpu()


def encoded(
    model: Space, block: Sequence[Piece], skipped: list[Skipped]
) -> Iterator[tuple[Piece, Float[Tensor, " dim"]]]:
    """Pieces with their vectors. One that the model refuses does not take its block with it."""
    try:
        vectors = motion_vectors(model, [piece.motion for piece in block])
    except ValueError as error:
        if len(block) == 1:
            skipped.append(Skipped(block[0].path, " ".join(str(error).split())))
            return
        for piece in block:
            yield from encoded(model, [piece], skipped)
    else:
        yield from zip(block, vectors, strict=True)


def fingerprint(model: nn.Module) -> str:
    """SHA-256 of all weights: name, type, shape and bytes. Vectors of two models never mix.

    Kept until torch counts a change of a weight, so that only the first search pays for it.
    """
    state = sorted(model.state_dict().items())
    counted = not any(tensor.is_inference() for _, tensor in state)  # else torch counts nothing
    stamp = tuple((name, t.data_ptr(), t._version) for name, t in state) if counted else None
    if counted and model in _known and _known[model][0] == stamp:
        return _known[model][1]
    digest = hashlib.sha256()
    for name, tensor in state:
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    _known[model] = stamp, digest.hexdigest()
    return _known[model][1]


@contextmanager
def _at_rest(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; every module's own mode is put back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
