"""Opens the model a command names and puts it on the device it names."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from moclip.cli import _device

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP

Runtime = Literal["torch", "onnx"]


def load(model: str, device: _device.Device = "auto", *, runtime: Runtime = "torch") -> "MoCLIP":
    """A trained model from a folder or the hub, or what was exported to ONNX, ready to encode.

    Raises ``ValueError`` or ``OSError`` for a folder that holds none.
    """
    if _looks_local(model) and not Path(model).is_dir():
        raise FileNotFoundError(f"there is no model folder {model}; `moclip demo` makes runs/demo")
    if runtime == "onnx":
        return _of_graphs(model, device)
    if (Path(model) / "onnx.json").is_file():
        raise ValueError(f"{model} holds graphs; `moclip search --runtime onnx` reads them")
    where = _device.pick(device)
    from moclip.models.two_tower import MoCLIP

    return MoCLIP.from_pretrained(model).to(where).eval()


def _of_graphs(folder: str, device: _device.Device) -> "MoCLIP":
    if device not in ("auto", "cpu"):
        raise ValueError(f"--device {device} came, the runtime onnx computes on the processor")
    from moclip.models import onnx_runtime

    return onnx_runtime.load(folder)


def _looks_local(model: str) -> bool:
    """Hub ids are ``NAME`` or ``OWNER/NAME``; everything beneath ``runs/`` is a folder to us."""
    return model.count("/") != 1 or model.startswith((".", "~", "runs/")) or Path(model).exists()
