"""ONNX: a folder that onnxruntime runs, and with it whatever has no torch.

``text.onnx`` reads ``ids`` and ``mask`` (caption, token); ``motion.onnx``, there where a whole
model came, ``joints`` (clip, frame, joint, 3) in metres and ``mask`` (clip, frame). Batch and
length are free, and padding makes no difference. Each gives ``raw``, the tower's own vectors, and
``vectors``, the same at unit length. ``tokenizer.json`` and ``onnx.json`` (sizes, the tower's
hash) lie beside.
"""

import importlib.util
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import moclip
from moclip import skeletons
from moclip.files import fill_folder
from moclip.geometry import axis_rotation, forward_kinematics
from moclip.models import identity, interop, onnx_runtime
from moclip.models.motion.base import MotionTower
from moclip.models.onnx_runtime import CONFIG, MOTION, MOTION_INPUTS, RAW, TEXT, TEXT_INPUTS, UNIT
from moclip.models.text import _huggingface as huggingface
from moclip.models.text.base import TextTower, Tokens
from moclip.models.two_tower import MoCLIP, unit
from moclip.motion import MotionBatch

LARGEST_DIFFERENCE = 1e-4
"""Of any number in unit vectors, between torch and onnxruntime in single precision."""

_BODY = skeletons.get("humanml3d")
_CAPTIONS = (
    "waves",
    "a person walks forward",
    "someone jumps twice, then sits down on the floor",
    "a man turns around slowly, raises both arms above his head and bows",
    "walks " * 100,
)
_FRAMES = ((1,), (2,), (7, 3), (40, 64, 21), (200, 11))
_PADDING = 5
"""Frames or tokens that the checks add, which must make no difference."""
_PACKAGES = ("onnx", "onnxscript", "onnxruntime")


@dataclass(frozen=True)
class Fidelity:
    """How near a written folder is to the towers it was made from."""

    largest_difference: float
    """Of any number in unit vectors, in single precision."""
    cosines: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Least and mean between vectors of int8 and of torch, of ``text`` and ``motion``."""


def read(source: str) -> TextTower | MoCLIP:
    """What :func:`export` takes, from wherever :func:`moclip.models.interop.read` reads.

    Of a model of ours both towers. Raises as that does.
    """
    if Path(source).is_file() or (Path(source) / "modules.json").is_file():
        return interop.read(source)
    if huggingface.model_type(huggingface.resolve(source)) is None:
        return MoCLIP.from_pretrained(source)
    return interop.read(source)


def write(tower: TextTower, out: Path, *, base: str | None = None) -> None:
    """``out`` is a folder. A whole CLIP has no place in it, so ``base`` must be left out."""
    if base is not None:
        raise ValueError("the layout onnx holds our towers alone; leave base out")
    export(tower, out)


def export(source: TextTower | MoCLIP, out: Path, *, int8: bool = False) -> Fidelity:
    """Writes a text tower, or both towers of a model, and measures what was written.

    With ``int8`` weights are quantised to 8 bits, and activations as they come (dynamic
    quantisation). Raises ``ValueError`` when packages are missing, when a place is taken, or when
    onnxruntime's vectors are not torch's; then nothing is written.
    """
    if missing := [name for name in _PACKAGES if importlib.util.find_spec(name) is None]:
        raise ValueError(f"ONNX needs {', '.join(missing)}: pip install 'moclip[onnx]'")
    if out.exists():
        raise ValueError(f"{out} is there already; name another place")
    with fill_folder(out) as folder, torch.no_grad(), _at_rest(source), _quiet():
        _draw(source, folder)
        fidelity = Fidelity(largest_difference(source, folder))
        if not fidelity.largest_difference <= LARGEST_DIFFERENCE:
            raise ValueError(
                f"onnxruntime's vectors differ from torch's by {fidelity.largest_difference:.1e}, "
                f"at most {LARGEST_DIFFERENCE:g} is allowed; nothing was written"
            )
        if int8:
            _quantise(source, folder)
            fidelity = Fidelity(fidelity.largest_difference, cosines(source, folder))
    return fidelity


def largest_difference(source: TextTower | MoCLIP, folder: Path) -> float:
    """Of any number in unit vectors; torch never sees the padding that onnxruntime is given."""
    pairs = [pair for pairs in _vectors(source, folder).values() for pair in pairs]
    return max(float((ours - theirs).abs().max()) for ours, theirs in pairs)


def cosines(source: TextTower | MoCLIP, folder: Path) -> dict[str, tuple[float, float]]:
    """Least and mean between a folder's vectors and torch's, by kind of tower."""
    found = {}
    for kind, pairs in _vectors(source, folder).items():
        cosine = torch.cat([(ours * theirs).sum(dim=-1) for ours, theirs in pairs])
        found[kind] = float(cosine.min()), float(cosine.mean())
    return found


def _vectors(source: TextTower | MoCLIP, folder: Path) -> dict[str, list[tuple[Tensor, Tensor]]]:
    """Unit vectors by torch and by onnxruntime of several batch sizes and lengths."""
    if isinstance(source, TextTower):
        return {"text": _of_captions(source, onnx_runtime.load_text(folder))}
    model = onnx_runtime.load(folder)
    motions = _of_motions(source.motion, model.motion, source.fps)
    return {"text": _of_captions(source.text, model.text), "motion": motions}


def _of_captions(tower: TextTower, graph: TextTower) -> list[tuple[Tensor, Tensor]]:
    pairs = []
    for count in range(1, len(_CAPTIONS) + 1):
        tokens = tower.tokenise(_CAPTIONS[:count])
        more = min(_PADDING, tower.max_tokens - tokens.ids.shape[1])
        ids = F.pad(tokens.ids, (0, more), value=_pad_id(tower))
        given = Tokens(ids, F.pad(tokens.mask, (0, more))).to("cpu")
        pairs.append((unit(tower(tokens)).cpu(), unit(graph(given))))
    return pairs


def _of_motions(tower: MotionTower, graph: MotionTower, fps: float) -> list[tuple[Tensor, Tensor]]:
    device = next(tower.parameters()).device
    pairs = []
    for frames in _FRAMES:
        batch, padded = _moving(frames, fps), _moving(frames, fps, padding=_PADDING)
        pairs.append((unit(tower(batch.to(device))).cpu(), unit(graph(padded))))
        pairs.append((unit(tower(batch.to(device))).cpu(), unit(graph(batch))))
    return pairs


def _moving(frames: Sequence[int], fps: float, *, padding: int = 0) -> MotionBatch:
    """Bodies that walk a curve while all their joints swing, each in its own time."""
    draw = torch.Generator().manual_seed(0)
    width = max(frames) + padding
    seconds = torch.arange(width) / fps
    joints = []
    for _ in frames:
        rate, size = torch.rand(2, len(_BODY), 1, generator=draw)
        turns = axis_rotation("X", 0.6 * size * torch.sin(6 * rate * seconds)).transpose(0, 1)
        turns = turns.clone()
        turns[:, 0] = axis_rotation("Y", rate[0] * seconds)
        root = torch.stack((size[0] * seconds, 0.9 + 0 * seconds, rate[0] * seconds), dim=-1)
        moved, _ = forward_kinematics(turns, root, torch.tensor(_BODY.offsets), _BODY.parents)
        joints.append(moved)
    mask = torch.arange(width) < torch.tensor(frames)[:, None]
    stacked = torch.where(mask[..., None, None], torch.stack(joints), 0.0)
    return MotionBatch(stacked, mask, fps, _BODY)


class _TextGraph(nn.Module):
    """What ``text.onnx`` computes."""

    def __init__(self, tower: TextTower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        raw = self.tower(Tokens(ids, mask))
        return raw, unit(raw)


class _MotionGraph(nn.Module):
    """What ``motion.onnx`` computes; frames are filled up to whole steps of time."""

    def __init__(self, tower: MotionTower, fps: float) -> None:
        super().__init__()
        self.tower, self.fps = tower, fps
        self.step = int(getattr(tower.config, "patch", 1))

    def forward(self, joints: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        frames = joints.shape[1]
        more = (frames + self.step - 1) // self.step * self.step - frames
        joints, mask = F.pad(joints, (0, 0, 0, 0, 0, more)), F.pad(mask, (0, more))
        raw = self.tower(MotionBatch(joints, mask, self.fps, _BODY))
        return raw, unit(raw)


def _draw(source: TextTower | MoCLIP, folder: Path) -> None:
    tower = source if isinstance(source, TextTower) else source.text
    tokens = tower.tokenise(_CAPTIONS[1:4])
    _trace(_TextGraph(tower), (tokens.ids, tokens.mask), TEXT_INPUTS, folder / TEXT)
    if isinstance(source, MoCLIP):
        batch = _moving((40, 33, 21), source.fps).to(next(source.motion.parameters()).device)
        graph = _MotionGraph(source.motion, source.fps)
        _trace(graph, (batch.joints, batch.mask), MOTION_INPUTS, folder / MOTION)
    tower.tokenizer.save(str(folder / "tokenizer.json"))
    _write_settings(folder, _settings(source, tower))


def _trace(
    graph: nn.Module, example: tuple[Tensor, Tensor], inputs: tuple[str, ...], path: Path
) -> None:
    free: Any = {0: torch.export.Dim("row"), 1: torch.export.Dim("length")}
    program = torch.onnx.export(
        graph.eval(),
        example,
        input_names=list(inputs),
        output_names=[RAW, UNIT],
        dynamic_shapes=(free, free),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    path.write_bytes(_bare(program.model_proto).SerializeToString())


def _bare(model: Any) -> Any:
    """Without the exporter's notes: they hold paths of this machine, and shapes that the quantiser
    trips over when it has turned a weight.
    """
    for part in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
    del model.graph.value_info[:]
    return model


def _settings(source: TextTower | MoCLIP, tower: TextTower) -> onnx_runtime.Settings:
    whole = source if isinstance(source, MoCLIP) else None
    return onnx_runtime.Settings(
        version=moclip.__version__,
        tower_hash=identity.tower_hash(tower),
        text=type(tower).__module__.rpartition(".")[2],
        motion=whole.motion_name if whole else None,
        dim=tower.dim,
        max_tokens=tower.max_tokens,
        pad_id=_pad_id(tower),
        fps=whole.fps if whole else None,
    )


def _write_settings(folder: Path, settings: onnx_runtime.Settings) -> None:
    (folder / CONFIG).write_text(settings.model_dump_json(indent=2) + "\n")


def _pad_id(tower: TextTower) -> int:
    padding = tower.tokenizer.padding
    assert padding is not None
    return int(padding["pad_id"])


def _quantise(source: TextTower | MoCLIP, folder: Path) -> None:
    """Weights of products and tables of words to 8 bits, in place; the rest stays as it was."""
    import onnx
    from onnxruntime.quantization import (  # type: ignore[import-untyped]
        QuantType,
        quantize_dynamic,
    )

    for name in (TEXT, MOTION) if isinstance(source, MoCLIP) else (TEXT,):
        model = onnx.load(folder / name)
        quantize_dynamic(
            model,
            folder / name,
            weight_type=QuantType.QInt8,
            per_channel=True,
            nodes_to_exclude=_stacked(model),
        )
    settings = onnx_runtime.read_settings(folder)
    _write_settings(folder, settings.model_copy(update={"precision": "int8"}))


def _stacked(model: Any) -> list[str]:
    """Products with a stack of matrices, of which onnxruntime has none in int8: the limbs'."""
    stacks = {weight.name for weight in model.graph.initializer if len(weight.dims) > 2}
    return [node.name for node in model.graph.node if stacks & set(node.input)]


@contextmanager
def _at_rest(source: nn.Module) -> Iterator[None]:
    """Without dropout; every module's own mode is put back afterwards."""
    modes = [(module, module.training) for module in source.modules()]
    source.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of operators of packages that are not installed, the quantiser advises."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
