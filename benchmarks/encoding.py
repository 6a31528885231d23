"""What is done outside training: vectors of many clips and captions, ranking.

Each function times our way and a plain one that gives the same result, and refuses to report a
ratio when it does not.
"""

import importlib.util
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import _clip_tower
from benchmarks._clips import Mix, captions
from benchmarks._timing import Row, Work, alternate
from moclip.evaluation import protocols
from moclip.evaluation.gallery import Gallery
from moclip.models import onnx_runtime
from moclip.models.interop import onnx
from moclip.models.motion import limbs
from moclip.models.text.clip import Encoder as TextEncoder
from moclip.models.two_tower import MoCLIP
from moclip.motion import Motion, MotionBatch

_TINY_TEXT, _CHUNK, _TOKENS = 8, 32, 77
_SHORTEST, _LONGEST = 8, 20
_BAR = 3.0
"""How many times faster than the plain way captions and clips are encoded, at least."""


@torch.no_grad()
def motions(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """The compact model on all clips: at once against one clip at a time.

    Canonical clips, and those of Bandai-Namco also as captured, which must be made canonical first.
    """
    clips = [clip.motion for clip in mix.clips]
    text = _clip_tower.load(captions(mix.clips), quick=True)  # not used, so it may be tiny
    model = MoCLIP(text, limbs.Encoder(limbs.Config.compact(), dim=text.dim), text_name="clip")
    model.motion.fit_normalisation([MotionBatch.of(clips)])
    model.eval()
    kinds = {"encode motions": clips, "encode motions, as captured": mix.captured()}
    rows = [_encoded(name, model, some, repeats) for name, some in kinds.items() if some]
    return [replace(rows[0], bar=_BAR), *rows[1:]]


def _encoded(name: str, model: MoCLIP, clips: list[Motion], repeats: int) -> Row:
    def together() -> Tensor:
        return model.encode_motion(clips)

    def one_by_one() -> Tensor:
        return torch.cat([model.encode_motion(clip) for clip in clips])

    _need_same(together(), one_by_one())
    ours, theirs = alternate([together, one_by_one], repeats=repeats, warm_up=False)
    return Row(name, "one clip at a time", len(clips), "clips", ours, theirs)


@torch.no_grad()
def texts(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """CLIP ViT-B/32's text tower: trimmed and sorted against 77 tokens in the order given.

    The reference is transformers' own module with the same weights and attention. Beside ours the
    same by onnxruntime, in single precision and in int8, where it is installed.
    """
    told = captions(mix.clips)
    tower = _clip_tower.load(told, quick=quick)
    told = _usual(tower, told)[: _TINY_TEXT if quick else None]

    def trimmed() -> Tensor:
        return tower.encode(told, chunk=_CHUNK)

    def padded() -> Tensor:
        return torch.cat(
            [_padded(tower, told[i : i + _CHUNK]) for i in range(0, len(told), _CHUNK)]
        )

    _need_same(F.normalize(trimmed()), F.normalize(padded()))
    ways = {"encode captions": trimmed, **_by_onnxruntime(tower, told, F.normalize(trimmed()))}
    *ours, theirs = alternate([*ways.values(), padded], repeats=repeats)
    against, count = "transformers, padded to 77 tokens", len(told)
    rows = [
        Row(name, against, count, "captions", seconds, theirs)
        for name, seconds in zip(ways, ours, strict=True)
    ]
    return [replace(rows[0], bar=_BAR), *rows[1:]]


def _usual(tower: TextEncoder, told: list[str]) -> list[str]:
    """Captions of 8 to 20 tokens, the opening and the closing one among them."""
    lengths = tower.tokenise(told).mask.sum(dim=1).tolist()
    return [c for c, length in zip(told, lengths, strict=True) if _SHORTEST <= length <= _LONGEST]


def _by_onnxruntime(tower: TextEncoder, told: list[str], wanted: Tensor) -> dict[str, Work]:
    """The rows of graphs; int8 is another result, so its name tells how near it is."""
    if importlib.util.find_spec("onnxruntime") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        single, int8 = Path(folder) / "single", Path(folder) / "int8"
        onnx.export(tower, single)
        onnx.export(tower, int8, int8=True)
        graph, small = onnx_runtime.load_text(single), onnx_runtime.load_text(int8)
    _need_same(F.normalize(graph.encode(told, chunk=_CHUNK)), wanted, within=1e-4)
    cosine = (F.normalize(small.encode(told, chunk=_CHUNK)) * wanted).sum(dim=-1).mean()
    return {
        "encode captions, onnx": lambda: graph.encode(told, chunk=_CHUNK),
        f"encode captions, int8 (cosine {cosine:.3f})": lambda: small.encode(told, chunk=_CHUNK),
    }


def _padded(tower: TextEncoder, told: list[str]) -> Tensor:
    ids = tower.tokenise(told).ids
    return tower.transformer(input_ids=F.pad(ids, (0, _TOKENS - ids.shape[1]))).text_embeds


def ranking(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """Retrieval figures of both directions: counting what is above against sorting everything."""
    count, dim = (64 if quick else 4400), 64
    draw = torch.Generator().manual_seed(0)
    motion = F.normalize(torch.randn(count, dim, generator=draw), dim=-1)
    text = F.normalize(motion + 0.2 * torch.randn(count, dim, generator=draw), dim=-1)
    gallery = Gallery(motion, text, torch.arange(count), tuple(map(str, range(count))))

    def counting() -> Tensor:
        report = protocols.evaluate(gallery, "all", samples=0)
        return torch.tensor(
            [[f.value for f in figures.values()] for figures in report.retrieval.values()]
        )

    def sorting() -> Tensor:
        similarity = motion @ text.T
        return torch.stack([_by_sorting(similarity), _by_sorting(similarity.T)])

    _need_same(counting(), sorting(), within=1e-3)
    ours, theirs = alternate([counting, sorting], repeats=repeats)
    name = f"retrieval figures, {count:,} x {count:,}"
    return [Row(name, "sorting every row", 2 * count, "queries", ours, theirs)]


def _by_sorting(similarity: Tensor) -> Tensor:
    """R@1/2/3/5/10 in percent and the median rank, as the field's scripts find them."""
    order = similarity.argsort(dim=1, descending=True)
    ranks = (order == torch.arange(len(order))[:, None]).nonzero()[:, 1] + 1
    hits = [100 * (ranks <= k).double().mean() for k in protocols.CUTS]
    return torch.stack([*hits, ranks.double().quantile(0.5)]).float()


def _need_same(ours: Tensor, theirs: Tensor, *, within: float = 1e-5) -> None:
    """A ratio of two ways that differ would say nothing."""
    off = float((ours - theirs).abs().max())
    if ours.shape != theirs.shape or not off <= within:
        raise ValueError(f"the two ways differ by {off:.2g}, at most {within:g} is allowed")
