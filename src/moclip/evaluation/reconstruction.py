"""What a quantiser or an auto-encoder loses: motions through it and back.

Errors are means over frames and joints of a clip, then over clips, with 95 % bootstrap intervals
over the clips. A quantiser's are measured on HumanML3D's skeleton, where it works; an
auto-encoder's against the bodies of the clips, so that what the mean body lacks counts too.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation import bootstrap, repeats
from moclip.evaluation.figures import Figure, grid
from moclip.evaluation.judges import Judge
from moclip.evaluation.metrics.acceleration import mean_acceleration
from moclip.evaluation.metrics.fid import frechet_distance
from moclip.evaluation.metrics.foot_sliding import sliding
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.generator import quantiser_figures
from moclip.models.generator.generator import MotionGenerator
from moclip.models.generator.quantiser import Quantiser
from moclip.motion import CaptionedMotion, Motion, MotionBatch

AFTER = 2.0
"""Seconds after which the path is looked at."""
SPLITS = 20
"""Random halves of the real clips, whose distance a perfect reconstruction stays under."""
_CHUNK = 64


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """Motions, frame by frame beside what was made of them; both at the same place at first."""

    sources: Sequence[Motion]
    made: Sequence[Motion]
    use: tuple[float, ...] = ()
    """Share of the codes of each layer that stand for something; of a quantiser."""


@dataclass(frozen=True)
class Report:
    """What came of it."""

    clips: int
    figures: dict[str, Figure]
    """``pose error``, ``joint error``, ``path error over 2 s`` and ``after 2 s`` in centimetres;
    ``foot sliding`` in m/s and ``acceleration`` in m/s^2, of sources and rebuilt, and their ratio;
    distances."""

    def to_dict(self) -> dict[str, object]:
        """Plain dictionaries and numbers, fit for JSON."""
        return asdict(self)

    def table(self) -> str:
        """Plain text."""
        lines = {name: {"": repeats.told(figure)} for name, figure in self.figures.items()}
        return grid(f"{self.clips} clips", lines)


def evaluate(
    model: MotionGenerator | MotionCLIP,
    clips: Sequence[CaptionedMotion],
    *,
    judge: Judge | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Report:
    """All figures of a model's reconstructions; distances where there is a ``judge``.

    Raises ``ValueError`` for no clips.
    """
    if not clips:
        raise ValueError("there are no clips to rebuild")
    motions = [clip.motion for clip in clips]
    if isinstance(model, MotionGenerator):
        rebuilt = of_quantiser(model.quantiser, motions)
    else:
        rebuilt = of_autoencoder(model, motions)
    draw = torch.Generator().manual_seed(seed)
    found = _errors(rebuilt, samples, draw) | _movement(rebuilt)
    if rebuilt.use:
        found["codebook use, %"] = Figure(100 * sum(rebuilt.use) / len(rebuilt.use))
    if judge is not None:
        found |= _distances(rebuilt, judge, draw)
    return Report(len(clips), found)


def of_autoencoder(model: MotionCLIP, motions: Sequence[Motion]) -> Rebuilt:
    """Through one vector each."""
    sources = [model.canonical(motion) for motion in motions]
    made: list[Motion] = []
    for at in range(0, len(sources), _CHUNK):
        chunk = sources[at : at + _CHUNK]
        with torch.no_grad():
            vectors = model.encode_motion(chunk)
        made += model.decode(vectors, [motion.duration for motion in chunk])
    return Rebuilt(sources, [motion.to("cpu") for motion in made])


@torch.no_grad()
def of_quantiser(quantiser: Quantiser, motions: Sequence[Motion]) -> Rebuilt:
    """Through the codes of all layers; motions are canonical."""
    order = sorted(range(len(motions)), key=lambda number: len(motions[number]))
    batches = [
        MotionBatch.of([motions[number] for number in order[at : at + _CHUNK]])
        for at in range(0, len(order), _CHUNK)
    ]
    sources: list[Motion] = []
    made: list[Motion] = []
    for batch in batches:
        parts = quantiser.reconstruct(
            quantiser.features(batch.to(quantiser.mean.device)),
            batch.mask.to(quantiser.mean.device),
            layers=quantiser.config.layers,
        )
        for joints, there in ((parts.real_joints, sources), (parts.bodies, made)):
            whole = MotionBatch(joints.cpu(), batch.mask, quantiser.fps, quantiser.skeleton)
            there += whole.motions()
    use = quantiser_figures.measure(quantiser, [b.to(quantiser.mean.device) for b in batches])
    return Rebuilt(sources, made, use.codebook_use)


def pose_error(source: Motion, made: Motion) -> float:
    """Metres between joints, each frame's roots put on one place."""
    roots = made.joints[:, :1] - source.joints[:, :1]
    return float((made.joints - roots - source.joints).norm(dim=-1).mean())


def joint_error(source: Motion, made: Motion) -> float:
    """Metres between joints, the drift of the path included."""
    return float((made.joints - source.joints).norm(dim=-1).mean())


def path_error(source: Motion, made: Motion, *, after: float = AFTER) -> float:
    """Metres over the floor between the roots ``after`` so many seconds; ``nan`` if too short."""
    frame = round(after * source.fps)
    if frame >= min(len(source), len(made)):
        return float("nan")
    off = made.joints[frame, 0] - source.joints[frame, 0]
    return float(off[[0, 2]].norm())


def stretch_error(source: Motion, made: Motion, *, over: float = AFTER) -> float:
    """Metres over the floor between the roots, on average in stretches of so many seconds.

    Both roots are put on one place where a stretch begins, at each frame; ``nan`` if too short.
    """
    frames, length = round(over * source.fps) + 1, min(len(source), len(made))
    if frames > length:
        return float("nan")
    off = (made.joints[:length, 0] - source.joints[:length, 0])[:, [0, 2]]
    stretches = off.unfold(0, frames, 1)
    return float((stretches - stretches[..., :1]).norm(dim=1).mean())


def _errors(rebuilt: Rebuilt, samples: int, draw: torch.Generator) -> dict[str, Figure]:
    """Centimetres."""
    measures: dict[str, Callable[[Motion, Motion], float]] = {
        "pose error, cm": pose_error,
        "joint error, cm": joint_error,
        f"path error over {AFTER:g} s, cm": stretch_error,
        f"path error after {AFTER:g} s, cm": path_error,
    }
    found = {}
    for name, measure in measures.items():
        pairs = zip(rebuilt.sources, rebuilt.made, strict=True)
        values = 100 * torch.tensor([measure(*pair) for pair in pairs], dtype=torch.float64)
        if len(values := values[values.isfinite()]):
            found[name] = _mean(values, samples, draw)
    return found


def _mean(values: Float[Tensor, " clip"], samples: int, draw: torch.Generator) -> Figure:
    if not samples:
        return Figure(float(values.mean()))
    ends = bootstrap.mean_interval(values[:, None], samples=samples, generator=draw)
    return Figure(float(values.mean()), *ends[0].tolist())


def _movement(rebuilt: Rebuilt) -> dict[str, Figure]:
    """How feet slide and joints accelerate, before and after."""
    found = {}
    for name, unit, measure in (
        ("foot sliding", "m/s", sliding),
        ("acceleration", "m/s^2", mean_acceleration),
    ):
        before, after = measure(rebuilt.sources), measure(rebuilt.made)
        found[f"{name} of real, {unit}"] = Figure(before)
        found[f"{name}, {unit}"] = Figure(after)
        if before > 0:
            found[f"{name}, of real"] = Figure(after / before)
    return {name: figure for name, figure in found.items() if figure.value == figure.value}


def _distances(rebuilt: Rebuilt, judge: Judge, draw: torch.Generator) -> dict[str, Figure]:
    """FID of what was rebuilt, and of real halves, whose samples are half as many."""
    real, made = (judge.see(motions).vectors for motions in (rebuilt.sources, rebuilt.made))
    half = len(real) // 2
    splits = []
    for _ in range(SPLITS if half > 1 else 0):
        order = torch.randperm(len(real), generator=draw)
        splits.append(frechet_distance(real[order[:half]], real[order[half : 2 * half]]))
    found = {"FID": Figure(frechet_distance(real, made))} if len(real) > 1 else {}
    return found | ({"FID of real halves": repeats.interval(splits)} if splits else {})
