"""Classes told from similarities: by the captions of a data set's classes, or by prompts."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from moclip.evaluation import bootstrap
from moclip.evaluation.figures import Figure
from moclip.evaluation.ranking import Right, cosines, count_ranks

CUTS = (1, 5)


def by_captions(
    similarity: Float[Tensor, "clip caption"],
    meanings: Sequence[frozenset[str]],
    truth: Sequence[str | None],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Figure]:
    """Accuracy when classes are ranked by the best of their captions.

    ``meanings`` are the classes each caption stands for (those of the clips it was written for),
    ``truth`` the class of each clip, ``None`` for a clip that has none and is left out. Raises
    ``ValueError`` when no clip has a class, or one has a class that no caption stands for.
    """
    classes = sorted(frozenset().union(*meanings))
    scores = similarity.new_full((len(similarity), len(classes)), -torch.inf)
    for column, name in enumerate(classes):
        own = [i for i, classes_of in enumerate(meanings) if name in classes_of]
        scores[:, column] = similarity[:, own].amax(dim=1)
    return _by_name(scores, classes, truth, samples, seed)


def zero_shot(
    motion: Float[Tensor, "clip dim"],
    prompts: Mapping[str, Float[Tensor, "prompt dim"]],
    truth: Sequence[str | None],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Figure]:
    """Accuracy when each class is the mean of its prompts' vectors (CLIP, section 3.1.4).

    Raises ``ValueError`` as :func:`by_captions`.
    """
    means = torch.stack([F.normalize(vectors.mean(dim=0), dim=0) for vectors in prompts.values()])
    return _by_name(cosines(motion, means), list(prompts), truth, samples, seed)


def accuracy(
    scores: Float[Tensor, "clip class"],
    truth: Int[Tensor, " clip"],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Figure]:
    """``top-1``, ``top-5`` and ``balanced top-1`` (mean over classes) in percent.

    Ties count their exact mean. ``samples=0`` leaves the intervals out.
    """
    clips = torch.arange(len(scores))
    once = torch.ones(len(scores))
    ranks = count_ranks(scores, Right(clips, truth, once), torch.ones(scores.shape[1]))
    hits = torch.stack([100 * ranks.hits(k) for k in CUTS], dim=1).double()
    names = [*(f"top-{k}" for k in CUTS), "balanced top-1"]
    values = [*hits.mean(dim=0).tolist(), bootstrap.balanced_mean(hits[:, 0], truth)]
    if not samples:
        return dict(zip(names, map(Figure, values), strict=True))
    draw = torch.Generator().manual_seed(seed)
    means = bootstrap.mean_interval(hits, samples=samples, generator=draw)
    balanced = bootstrap.balanced_interval(hits[:, 0], truth, samples=samples, generator=draw)
    ends = [*means.tolist(), balanced.tolist()]
    return {
        name: Figure(value, low, high)
        for name, value, (low, high) in zip(names, values, ends, strict=True)
    }


def _by_name(
    scores: Float[Tensor, "clip class"],
    classes: Sequence[str],
    truth: Sequence[str | None],
    samples: int,
    seed: int,
) -> dict[str, Figure]:
    asked = [i for i, name in enumerate(truth) if name is not None]
    number = {name: i for i, name in enumerate(classes)}
    unknown = sorted({str(truth[i]) for i in asked} - set(number))
    if unknown or not asked:
        what = f"class '{unknown[0]}' stands in no caption" if unknown else "no clip has a class"
        raise ValueError(f"{what}; the classes told apart are: {', '.join(classes) or 'none'}")
    right = torch.tensor([number[str(truth[i])] for i in asked])
    return accuracy(scores[asked], right, samples=samples, seed=seed)
