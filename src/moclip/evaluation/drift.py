"""How far one text tower lies from another: may it stand in the other's place?

Generators read raw vectors, while the contrastive loss and the tether of MoCLIP (arXiv 2505.10810)
see unit vectors: nothing holds lengths, so they are measured beside directions. Which captions lie
near each other is compared too; that holds for towers of any width and any choice of axes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64, Int
from torch import Tensor

from moclip.evaluation import bootstrap
from moclip.evaluation.figures import Figure, grid
from moclip.evaluation.ranking import TIE

NORMS = (0.95, 1.05)
"""Mean norm ratios at which generators that read raw vectors take the other tower."""

NEAREST = (1, 10)

FEWEST = max(NEAREST) + 2
"""Captions; with fewer the ten nearest would be all there are."""

GENERIC = Path(__file__).parent / "data" / "generic_captions.txt"
"""Objects, places, animals, food, pictures and thoughts, nobody moving; one a line."""


@dataclass(frozen=True)
class Drift:
    """Tower B beside tower A on the same captions."""

    captions: int
    figures: Mapping[str, Figure]
    """``norm ratio`` (B / A), ``norms kept, %`` (captions whose ratio lies in :data:`NORMS`) and
    ``cosine drift`` (1 - cosine), of towers of one width alone; ``overlap@1, %``, ``overlap@10, %``
    and ``rank correlation``. Means over captions with their intervals; the last has none."""

    @property
    def keeps_norms(self) -> bool | None:
        """Whether the mean norm ratio lies in :data:`NORMS`; ``None`` for towers of two widths."""
        ratio = self.figures.get("norm ratio")
        return None if ratio is None else NORMS[0] <= ratio.value <= NORMS[1]

    def to_dict(self) -> dict[str, object]:
        """Plain dictionaries and numbers, fit for JSON."""
        return asdict(self) | {"keeps_norms": self.keeps_norms}


def measure(
    a: Float[Tensor, "caption dim_a"],
    b: Float[Tensor, "caption dim_b"],
    *,
    generator: torch.Generator,
    samples: int = 1000,
) -> Drift:
    """Figures of raw vectors, which two towers made of the same captions.

    Intervals are of 95 %, from ``samples`` bootstrap samples of captions, whose neighbours stay.
    Raises ``ValueError`` for fewer than :data:`FEWEST` captions and for vectors without a
    direction.
    """
    a, b = _checked(a, "A"), _checked(b, "B")
    columns = _vector_by_vector(a, b) if a.shape[1] == b.shape[1] else {}
    near = similarities(a), similarities(b)
    for k, overlap in neighbour_overlap(*near).items():
        columns[f"overlap@{k}, %"] = 100 * overlap
    values = torch.stack(list(columns.values()), dim=1)
    ends = bootstrap.mean_interval(values, samples=samples, generator=generator)
    means = zip(columns, values.mean(dim=0).tolist(), ends.tolist(), strict=True)
    figures = {name: Figure(mean, low, high) for name, mean, (low, high) in means}
    figures["rank correlation"] = Figure(rank_correlation(*near))
    return Drift(len(a), figures)


def norm_ratio(
    a: Float[Tensor, "caption dim"], b: Float[Tensor, "caption dim"]
) -> Float[Tensor, " caption"]:
    """Length of B's raw vector over that of A's."""
    return b.norm(dim=-1) / a.norm(dim=-1)


def cosine_drift(
    a: Float[Tensor, "caption dim"], b: Float[Tensor, "caption dim"]
) -> Float[Tensor, " caption"]:
    """1 - cosine, as half the squared distance of unit vectors: never below 0, exact when small."""
    return (F.normalize(a, dim=-1) - F.normalize(b, dim=-1)).square().sum(dim=-1) / 2


def similarities(vectors: Float64[Tensor, "caption dim"]) -> Int[Tensor, "caption caption"]:
    """Cosines of all pairs in millionths: nearer ones are ties, float32 tells no more apart."""
    unit = F.normalize(vectors, dim=-1)
    return (unit @ unit.T / TIE).round().long()


def neighbour_overlap(
    a: Int[Tensor, "caption caption"], b: Int[Tensor, "caption caption"]
) -> dict[int, Float64[Tensor, " caption"]]:
    """The share of a caption's k nearest others that both towers name, for each k of ``NEAREST``.

    Wendlandt et al., NAACL 2018, call it the stability of an embedding. Ties are taken in the order
    of the captions. By chance it is k / (captions - 1).
    """
    near_a, near_b = _nearest(a), _nearest(b)
    return {
        k: (near_a[:, :k, None] == near_b[:, None, :k]).any(dim=-1).double().mean(dim=1)
        for k in NEAREST
    }


def rank_correlation(a: Int[Tensor, "caption caption"], b: Int[Tensor, "caption caption"]) -> float:
    """Spearman's, of the similarities of all pairs (Kriegeskorte et al., 2008); ties share a rank.

    0 where a tower finds all pairs equally similar.
    """
    row, column = torch.triu_indices(len(a), len(a), offset=1)
    ranks = torch.stack((_ranks(a[row, column]), _ranks(b[row, column])))
    return float(torch.corrcoef(ranks)[0, 1].nan_to_num(0.0))


def table(found: Mapping[str, Drift]) -> str:
    """Plain text: a line a figure, a column a set of captions; all have the first's figures."""
    names = next(iter(found.values())).figures
    rows = {
        name: {title: _told(name, drift.figures[name]) for title, drift in found.items()}
        for name in names
    }
    return grid("B beside A", rows)


def _told(name: str, figure: Figure) -> str:
    if name.endswith("%"):
        return str(figure)
    if figure.low is None:
        return f"{figure.value:.4f}"
    return f"{figure.value:.4f} ({figure.low:.4f}..{figure.high:.4f})"


def _checked(vectors: Float[Tensor, "caption dim"], name: str) -> Float64[Tensor, "caption dim"]:
    if len(vectors) < FEWEST:
        raise ValueError(f"{len(vectors)} captions came, wanted at least {FEWEST} different ones")
    norms = vectors.double().norm(dim=-1)
    if lost := int((~norms.isfinite() | (norms == 0)).sum()):
        raise ValueError(f"tower {name} gives {lost} of {len(norms)} captions no direction")
    return vectors.double()


def _vector_by_vector(
    a: Float64[Tensor, "caption dim"], b: Float64[Tensor, "caption dim"]
) -> dict[str, Tensor]:
    ratio = norm_ratio(a, b)
    kept = ((ratio >= NORMS[0]) & (ratio <= NORMS[1])).double()
    return {
        "norm ratio": ratio,
        "norms kept, %": 100 * kept,
        "cosine drift": cosine_drift(a, b),
    }


def _nearest(similarity: Int[Tensor, "caption caption"]) -> Int[Tensor, "caption near"]:
    others = similarity.clone().fill_diagonal_(torch.iinfo(similarity.dtype).min)
    return others.argsort(dim=1, descending=True, stable=True)[:, : max(NEAREST)]


def _ranks(values: Int[Tensor, " pair"]) -> Float64[Tensor, " pair"]:
    """From the smallest, from 1; equal ones have the mean of their places."""
    _, place, counts = values.unique(return_inverse=True, return_counts=True)
    return (counts.cumsum(0) - (counts - 1) / 2).double()[place]
