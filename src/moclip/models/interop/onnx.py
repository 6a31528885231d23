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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

import moclip
from moclip.files import fill_folder
from moclip.models import identity, interop
from moclip.models.interop import _onnx_fidelity as measured
from moclip.models.interop import _onnx_graphs as graphs
from moclip.models.onnx_runtime import CONFIG, MOTION, TEXT, Precision, Settings
from moclip.models.text import _huggingface as huggingface
from moclip.models.text.base import TextTower
from moclip.models.two_tower import MoCLIP

LARGEST_DIFFERENCE = 1e-4
"""Of any number in unit vectors, between torch and onnxruntime in single precision."""

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
        _write_settings(folder, source)
        _draw(source, folder)
        difference = measured.largest_difference(source, folder)
        if not difference <= LARGEST_DIFFERENCE:
            raise ValueError(
                f"onnxruntime's vectors differ from torch's by {difference:.1e}, "
                f"at most {LARGEST_DIFFERENCE:g} is allowed; nothing was written"
            )
        if not int8:
            return Fidelity(difference)
        for path in folder.glob("*.onnx"):
            graphs.quantise(path)
        _write_settings(folder, source, "int8")
        return Fidelity(difference, measured.cosines(source, folder))


def _draw(source: TextTower | MoCLIP, folder: Path) -> None:
    tower = _text(source)
    tower.tokenizer.save(str(folder / "tokenizer.json"))
    graphs.draw_text(tower, tower.tokenise(measured.CAPTIONS[1:4]), folder / TEXT)
    if isinstance(source, MoCLIP):
        device = next(source.motion.parameters()).device
        example = measured.moving((40, 33, 21), source.fps).to(device)
        graphs.draw_motion(source.motion, example, folder / MOTION)


def _write_settings(
    folder: Path, source: TextTower | MoCLIP, precision: Precision = "float32"
) -> None:
    tower, whole = _text(source), source if isinstance(source, MoCLIP) else None
    settings = Settings(
        version=moclip.__version__,
        tower_hash=identity.tower_hash(tower),
        text=type(tower).__module__.rpartition(".")[2],
        motion=whole.motion_name if whole else None,
        dim=tower.dim,
        max_tokens=tower.max_tokens,
        pad_id=measured.pad_id(tower),
        fps=whole.fps if whole else None,
        precision=precision,
    )
    (folder / CONFIG).write_text(settings.model_dump_json(indent=2) + "\n")


def _text(source: TextTower | MoCLIP) -> TextTower:
    return source if isinstance(source, TextTower) else source.text


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
