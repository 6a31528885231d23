"""A model that runs under onnxruntime, from a folder of ``moclip export --layout onnx``.

Its towers are graphs in place of weights, so all that takes a :class:`MoCLIP` takes it. It computes
on the processor and never learns.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from moclip import skeletons
from moclip.models import checkpoint
from moclip.models.motion._channels import require_metres
from moclip.models.motion.base import MotionTower
from moclip.models.text import _huggingface as huggingface
from moclip.models.text.base import TextTower, Tokens
from moclip.models.two_tower import MoCLIP
from moclip.motion import MotionBatch

if TYPE_CHECKING:
    import numpy as np

CONFIG, TEXT, MOTION = "onnx.json", "text.onnx", "motion.onnx"
RAW, UNIT = "raw", "vectors"
"""Outputs of a graph: the tower's own vectors, and the same at unit length."""
TEXT_INPUTS, MOTION_INPUTS = ("ids", "mask"), ("joints", "mask")

Precision = Literal["float32", "int8"]

_BODY = skeletons.get("humanml3d")
_EXTRA = "ONNX needs packages: pip install 'moclip[onnx]'"


class Settings(BaseModel):
    """What ``onnx.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["moclip onnx 1"] = "moclip onnx 1"
    version: str
    """Of the moclip that wrote it."""
    tower_hash: str
    """Of the text tower the graph was made from."""
    text: str
    """Kind of text tower, such as ``clip``."""
    motion: str | None = None
    """Kind of motion tower, where there is one."""
    dim: int
    max_tokens: int
    pad_id: int
    fps: float | None = None
    """Of the motions that ``motion.onnx`` reads."""
    precision: Precision = "float32"


def load(folder_or_hub_id: str | Path, *, revision: str | None = None) -> MoCLIP:
    """The model of a folder or hub id.

    Raises ``OSError`` or ``ValueError`` in one sentence when there is none, when a file is damaged,
    or when onnxruntime is not installed.
    """
    folder = checkpoint.find(folder_or_hub_id, revision=revision)
    settings = read_settings(folder)
    if settings.motion is None or settings.fps is None:
        raise ValueError(f"{folder} holds a text tower alone, wanted a motion tower beside it")
    return MoCLIP(
        Text(folder, settings),
        Motion(folder, settings),
        text_name=settings.text,
        motion_name=settings.motion,
        fps=settings.fps,
    ).eval()


def load_text(folder_or_hub_id: str | Path, *, revision: str | None = None) -> "Text":
    """The text tower alone; raises as :func:`load`."""
    folder = checkpoint.find(folder_or_hub_id, revision=revision)
    return Text(folder, read_settings(folder))


def read_settings(folder: Path) -> Settings:
    """Raises ``OSError`` where there is no ``onnx.json``, ``ValueError`` where it is damaged."""
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no {CONFIG}; `moclip export MODEL --layout onnx -o FOLDER` writes one"
        )
    try:
        return Settings.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "value"
        raise ValueError(f"{path} is damaged: {key}: {first['msg']}") from None


class Text(TextTower):
    """``text.onnx`` and its tokenizer."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__()
        self.dim, self.max_tokens = settings.dim, settings.max_tokens
        self.source = huggingface.short_name(str(folder))
        self.tokenizer = huggingface.open_tokenizer(
            folder, settings.max_tokens, pad_id=settings.pad_id
        )
        self.graph = Graph(folder / TEXT, TEXT_INPUTS, settings.dim)
        self.register_buffer("sha256", self.graph.sha256)

    @classmethod
    def from_pretrained(cls, source: str | None = None) -> "Text":
        """From a folder, which must be named."""
        if source is None:
            raise ValueError("name the folder that holds text.onnx")
        return load_text(source)

    @classmethod
    def from_config(cls, folder: Path) -> "Text":
        """The same: a graph and its weights are one."""
        return load_text(folder)

    def save_config(self, folder: Path) -> None:
        """Refused: a graph is no checkpoint."""
        raise ValueError("a model read from ONNX cannot be saved; keep the one it was made from")

    def tokenise(self, captions: Sequence[str]) -> Tokens:
        return huggingface.tokenise(self.tokenizer, captions)

    def forward(self, tokens: Tokens) -> Float[Tensor, "caption dim"]:
        return self.graph.run(RAW, ids=tokens.ids, mask=tokens.mask)

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Float[Tensor, "caption dim"]:
        if not captions:
            return torch.zeros(0, self.dim)
        return huggingface.encode(self, captions, chunk)

    def frozen_twin(self) -> "Text":
        """Itself: it never learns."""
        return self


class MotionConfig(BaseModel):
    """Nothing to choose: sizes are in the graph."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Motion(MotionTower):
    """``motion.onnx``: joints of HumanML3D's body in metres at the model's frame rate."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__()
        self.config, self.dim = MotionConfig(), settings.dim
        self.graph = Graph(folder / MOTION, MOTION_INPUTS, settings.dim)
        self.register_buffer("sha256", self.graph.sha256)

    def forward(self, batch: MotionBatch) -> Float[Tensor, "clip dim"]:
        require_metres(batch, _BODY)
        more = max(0, 2 - batch.mask.shape[1])  # graphs take the first step from two frames
        joints = F.pad(batch.joints, (0, 0, 0, 0, 0, more)).float()
        return self.graph.run(RAW, joints=joints, mask=F.pad(batch.mask, (0, more)))

    def fit_normalisation(self, batches: Iterable[MotionBatch]) -> None:
        """Refused: mean and deviation are in the graph."""
        raise ValueError("a model read from ONNX does not learn; train the one it was made from")


class Graph:
    """A file of ONNX, opened by onnxruntime with as many threads as torch has."""

    def __init__(self, path: Path, inputs: tuple[str, ...], dim: int) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"there is no {path.name} in {path.parent}")
        self._session = _session(path)
        found = tuple(entry.name for entry in self._session.get_inputs())
        outputs = {entry.name: entry.shape[-1:] for entry in self._session.get_outputs()}
        if found != inputs or outputs != {RAW: [dim], UNIT: [dim]}:
            raise ValueError(
                f"{path} reads {', '.join(found)} and gives {outputs}; wanted {', '.join(inputs)}, "
                f"and {RAW} and {UNIT} of {dim} numbers"
            )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        self.sha256 = torch.tensor(list(digest), dtype=torch.uint8)

    def run(self, output: str, **inputs: Tensor) -> Tensor:
        """One output, on the device of the inputs."""
        arrays: dict[str, np.ndarray[Any, Any]] = {
            name: value.detach().cpu().numpy() for name, value in inputs.items()
        }
        (found,) = self._session.run([output], arrays)
        return torch.from_numpy(found).to(next(iter(inputs.values())).device)


def _session(path: Path) -> Any:
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise ValueError(_EXTRA) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a class of its own for each fault
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is damaged or no ONNX: {reason}") from None
