"""Retrieval protocols of the field: the same vectors, different rules of what counts as found.

=============  ====================================================================================
all            the whole gallery; only a clip's own captions, and a caption's own clip, are right
all-identical  a caption with the same string as one of the clip's own is right too
all-threshold  so is one whose similarity to an own caption exceeds .95
dissimilar     ``all`` among a list of mutually dissimilar captions and their clips
small-32       ``all`` in random batches of 32 clips (or all, if fewer), a caption each, averaged
=============  ====================================================================================

They differ by a factor of ten on the same model: never compare across them. See TMR (Petrovich et
al., ICCV 2023, section 4.1), whose caption similarity is (1 + cosine) / 2, so that .95 is a cosine
of .9; and, for ``all-identical``, MotionPatches (Yu et al., CVPR 2024).
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from moclip.evaluation import bootstrap
from moclip.evaluation.figures import DIRECTIONS, Figure, Report
from moclip.evaluation.gallery import Gallery, Strings
from moclip.evaluation.ranking import Ranks, Right, cosines, count_ranks

Groups = Int[Tensor, " query"]
"""Numbers of what is drawn together."""

NAMES = ("all", "all-identical", "all-threshold", "dissimilar", "small-32")
CUTS = (1, 2, 3, 5, 10)
BATCH = 32
_ROUNDS = 10
"""Times the clips are dealt anew into batches of 32."""


def evaluate(
    gallery: Gallery,
    protocol: str = "all-identical",
    *,
    reference: Float[Tensor, "caption width"] | None = None,
    threshold: float = 0.95,
    chosen: Sequence[int] | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Report:
    """R@1/2/3/5/10 and MedR in both directions, each with a 95 % bootstrap interval.

    Queries are drawn; captions of one clip together, and captions of one string together, of which
    the wider interval is told: they are found and missed together.
    ``reference`` holds vectors of the captions by a model that judges which are alike
    (``all-threshold``, ``dissimilar``); ``chosen`` is a given list for ``dissimilar``.
    ``samples=0`` leaves the intervals out. Raises ``LookupError`` for an unknown protocol and
    ``ValueError`` when it lacks its reference.
    """
    if protocol not in NAMES:
        raise LookupError(f"no protocol named '{protocol}'; there are: {', '.join(NAMES)}")
    if protocol == "dissimilar":
        gallery = gallery.only(
            dissimilar(gallery, _wanted(reference, protocol)) if chosen is None else chosen
        )
    if protocol == "small-32":
        found = _in_batches(gallery, torch.Generator().manual_seed(seed))
        together: tuple[Groups, ...] = ()
    else:
        near = _wanted(reference, protocol) if protocol == "all-threshold" else None
        rule = "all" if protocol == "dissimilar" else protocol
        known = Strings.of(gallery)
        by_motion, by_text = _ranks(known, rule, near, threshold)
        found = _scores(by_motion), _scores(by_text)
        together = known.clip[known.pair_of], known.string[known.pair_of]
    directions = zip(DIRECTIONS, found, ((), together), strict=True)
    return Report(
        protocol=protocol,
        clips=len(gallery.motion),
        captions=len(gallery.captions),
        retrieval={
            name: _figures(scores, samples, seed, groups) for name, scores, groups in directions
        },
    )


def dissimilar(
    gallery: Gallery, reference: Float[Tensor, "caption width"], *, size: int = 100
) -> list[int]:
    """Captions far from each other, one a clip: each next one is farthest from those chosen.

    The first is the farthest from the mean; of equals the earliest is taken.
    """
    vectors = F.normalize(reference.double(), dim=-1)
    nearest = vectors @ vectors.mean(dim=0)
    taken = gallery.owner < 0
    chosen: list[int] = []
    while len(chosen) < size and not taken.all():
        chosen.append(int(nearest.masked_fill(taken, torch.inf).argmin()))
        taken = taken | (gallery.owner == gallery.owner[chosen[-1]])
        similar = vectors @ vectors[chosen[-1]]
        nearest = similar if len(chosen) == 1 else nearest.maximum(similar)
    return chosen


def _ranks(
    known: Strings,
    rule: str,
    reference: Float[Tensor, "caption width"] | None,
    threshold: float,
) -> tuple[Ranks, Ranks]:
    """Of all clips as queries, then of all captions with an owner."""
    once = torch.ones(len(known.similarity))
    if rule == "all":
        to_text = Right(known.clip, known.string, known.times)
        pairs = torch.arange(len(known.clip))
        to_motion = Right(pairs, known.clip, torch.ones_like(known.times))
        columns, query_of = known.string, known.pair_of
    else:
        clip, string = known.clip, known.string
        if reference is not None:
            clip, string = _alike(known, reference[known.first], threshold)
        to_text = Right(clip, string, known.copies[string])
        columns, query = string.unique(return_inverse=True)
        to_motion = Right(query, clip, torch.ones(len(clip)))
        asked = torch.searchsorted(columns, known.string)
        query_of = asked[known.pair_of]
    by_motion = count_ranks(known.similarity, to_text, known.copies)
    by_text = count_ranks(_columns(known.similarity, columns).T, to_motion, once)
    return by_motion, _pick(by_text, query_of)


def _alike(
    known: Strings, reference: Float[Tensor, "string width"], threshold: float
) -> tuple[Int[Tensor, " pair"], Int[Tensor, " pair"]]:
    """Pairs of a clip and a string that is nearly one of its own."""
    vectors = F.normalize(reference.float(), dim=-1)
    alike = torch.zeros_like(known.similarity)
    alike[known.clip, known.string] = 1
    for clips, strings in zip(known.clip.split(1024), known.string.split(1024), strict=True):
        near = ((1 + cosines(vectors[strings], vectors)) / 2 > threshold).to(alike)
        alike.index_add_(0, clips, near)
    clip, string = alike.nonzero().unbind(dim=1)
    return clip, string


def _columns(
    similarity: Float[Tensor, "clip string"], columns: Int[Tensor, " query"]
) -> Float[Tensor, "clip query"]:
    """Not copied where all columns are wanted in their order."""
    if torch.equal(columns, torch.arange(similarity.shape[1])):
        return similarity
    return similarity.index_select(1, columns)


def _in_batches(
    gallery: Gallery, generator: torch.Generator
) -> tuple[Float[Tensor, "clip figure"], Float[Tensor, "clip figure"]]:
    """Mean of each clip over the batches it is dealt into; the last, smaller batch is left out."""
    clips = len(gallery.motion)
    size = min(BATCH, clips)
    place = torch.arange(clips // size * size)
    own = Right(place, place % size, torch.ones(len(place)))
    totals, seen = torch.zeros(2, clips, len(CUTS) + 1), torch.zeros(clips)
    for _ in range(_ROUNDS):
        members = torch.randperm(clips, generator=generator)[: len(place)]
        captions = _one_each(gallery.owner, generator)[members]
        motion = gallery.motion[members].unflatten(0, (-1, size))
        similarity = cosines(motion, gallery.text[captions].unflatten(0, (-1, size)))
        for total, side in zip(totals, (similarity, similarity.mT), strict=True):
            total[members] += _scores(count_ranks(side.flatten(0, 1), own, torch.ones(size)))
        seen[members] += 1
    dealt = seen > 0
    by_motion, by_text = totals[:, dealt] / seen[dealt, None]
    return by_motion, by_text


def _one_each(owner: Int[Tensor, " caption"], generator: torch.Generator) -> Int[Tensor, " clip"]:
    """A caption of each clip, drawn evenly from its own."""
    shuffled = torch.randperm(len(owner), generator=generator)
    order = shuffled[owner[shuffled].argsort(stable=True)]
    _, counts = owner.unique(return_counts=True)
    firsts = order[counts.cumsum(0) - counts]
    return firsts[owner[firsts] >= 0]


def _wanted(
    reference: Float[Tensor, "caption width"] | None, protocol: str
) -> Float[Tensor, "caption width"]:
    if reference is None:
        raise ValueError(
            f"protocol '{protocol}' needs reference vectors of the captions to tell which are alike"
        )
    return reference


def _pick(ranks: Ranks, queries: Int[Tensor, " query"]) -> Ranks:
    return Ranks(ranks.above[queries], ranks.tied[queries], ranks.right[queries])


def _scores(ranks: Ranks) -> Float[Tensor, "query figure"]:
    """Hits at each of ``CUTS`` in percent, then the expected rank."""
    return torch.stack([*(100 * ranks.hits(k) for k in CUTS), ranks.expected()], dim=1)


def _figures(
    scores: Float[Tensor, "query figure"], samples: int, seed: int, groups: Sequence[Groups]
) -> dict[str, Figure]:
    names = [*(f"R@{k}" for k in CUTS), "MedR"]
    hits, ranks = scores[:, :-1].double(), scores[:, -1].double()
    values = [*hits.mean(dim=0).tolist(), float(ranks.quantile(0.5))]
    if not samples:
        return dict(zip(names, map(Figure, values), strict=True))
    ends = torch.stack([_ends(hits, ranks, samples, seed, own) for own in groups or (None,)])
    widest = (ends[..., 1] - ends[..., 0]).argmax(dim=0)
    told = ends[widest, torch.arange(len(names))].tolist()
    return {
        name: Figure(value, low, high)
        for name, value, (low, high) in zip(names, values, told, strict=True)
    }


def _ends(
    hits: Float[Tensor, "query cut"],
    ranks: Float[Tensor, " query"],
    samples: int,
    seed: int,
    group: Groups | None,
) -> Float[Tensor, "figure 2"]:
    how: Any = {
        "samples": samples,
        "generator": torch.Generator().manual_seed(seed),
        "group": None if group is None else group.unique(return_inverse=True)[1],
    }
    means = bootstrap.mean_interval(hits, **how)
    return torch.cat([means, bootstrap.median_interval(ranks, **how)[None]])
