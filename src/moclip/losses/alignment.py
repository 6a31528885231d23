"""The losses of MoCLIP (arXiv 2505.10810): tensors in, a scalar out.

L = contrastive + lambda * tether + align. All vectors have unit length, but for those of
:func:`norm_guard`.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor


def contrastive(
    motion: Float[Tensor, "pair dim"],
    text: Float[Tensor, "pair dim"],
    scale: Float[Tensor, ""] | float,
    *,
    ignore: Bool[Tensor, "pair pair"] | None = None,
) -> Float[Tensor, ""]:
    """Symmetric InfoNCE: pair ``i`` is the positive, all other pairs of the batch negatives.

    ``scale`` is 1 / temperature. Where ``ignore[i, j]`` is True, text ``j`` is no negative of
    motion ``i`` (see :func:`false_negatives`); the diagonal is always kept.
    """
    logits = scale * motion @ text.T
    if ignore is not None:
        other = ~torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(ignore & other, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def tether(
    student: Float[Tensor, "caption dim"], teacher: Float[Tensor, "caption dim"]
) -> Float[Tensor, ""]:
    """Squared distance of the fine-tuned text vectors to the frozen tower's.

    A *sum* over dimensions and a mean over captions, as the paper's formula: averaging over the
    dimensions too, as ``mse_loss`` does, makes it ``dim`` times weaker.
    """
    return (student - teacher).square().sum(dim=-1).mean()


def align(motion: Float[Tensor, "pair dim"], text: Float[Tensor, "pair dim"]) -> Float[Tensor, ""]:
    """1 - mean cosine of the pairs."""
    return 1 - F.cosine_similarity(motion, text, dim=-1).mean()


def norm_guard(
    student: Float[Tensor, "caption dim"], teacher_norm: Float[Tensor, " caption"]
) -> Float[Tensor, ""]:
    """Mean squared relative change of the length of *raw* text vectors.

    The other losses see unit vectors only, so nothing in them holds the length, yet generators
    consume raw ones. Its gradient is radial: it turns no vector. Not part of the paper.
    """
    return (student.norm(dim=-1) / teacher_norm - 1).square().mean()


def false_negatives(
    captions: Int[Tensor, " pair"],
    own: Int[Tensor, "pair most"],
    teacher: Float[Tensor, "pair dim"],
    *,
    threshold: float = 1.0,
) -> Bool[Tensor, "pair pair"]:
    """Pairs of a batch that say the same and must not be pushed apart.

    ``captions`` numbers the caption that each pair has, ``own`` all captions of its motion (rows
    padded with -1). True where one pair's caption is also told of the other's motion, so where two
    pairs share caption or motion, or where the frozen tower finds their captions more alike than
    ``threshold`` (a cosine; 1 switches that off).
    """
    told = (own[:, :, None] == captions).any(dim=1)
    same = told | told.T
    return same | (teacher @ teacher.T > threshold) if threshold < 1 else same
