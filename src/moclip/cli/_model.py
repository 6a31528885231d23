"""Opens the model a command names and puts it on the device it names."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from moclip.cli import _device

if TYPE_CHECKING:
    from moclip.models.autoencoder.model import MotionCLIP
    from moclip.models.two_tower import MoCLIP

Runtime = Literal["torch", "onnx"]


def load(model: str, device: _device.Device = "auto", *, runtime: Runtime = "torch") -> "MoCLIP":
    """A trained model from a folder or the hub, or what was exported to ONNX, ready to encode.

    Raises ``ValueError`` or ``OSError`` for a folder that holds none.
    """
    if runtime == "onnx":
        _check_there(model)
        return _of_graphs(model, device)
    return _opened(model, device, ("moclip", "motionclip"), "which compares motions and words")


def generator(model: str, device: _device.Device = "auto") -> Any:
    """A MotionCLIP or a generator, with its text tower: what makes motion from words.

    Raises ``ValueError`` or ``OSError`` for a folder that holds none.
    """
    where = _device.pick(device)
    from moclip.tasks.generation import TextToMotion

    return TextToMotion.open(folder(model), device=where)


def kind(model: str) -> str:
    """What a folder or hub id holds: ``moclip``, ``motionclip``, ``generator``."""
    from moclip.models import checkpoint

    return checkpoint.kind_of(folder(model))


def folder(model: str) -> Path:
    """Where a model lies; one on the hub is fetched first, once.

    Raises ``ValueError`` or ``OSError`` where there is none.
    """
    _check_there(model)
    from moclip.models import checkpoint

    found = checkpoint.find(model)
    if (found / "onnx.json").is_file():
        raise ValueError(f"{model} holds graphs; `moclip search --runtime onnx` reads them")
    return found


def motionclip(model: str, device: _device.Device = "auto") -> "MotionCLIP":
    """A MotionCLIP. Raises ``ValueError`` or ``OSError`` for a folder that holds none."""
    found: MotionCLIP = _opened(model, device, ("motionclip",), "whose vectors can be decoded")
    return found


def _opened(model: str, device: _device.Device, kinds: tuple[str, ...], what: str) -> Any:
    where = _device.pick(device)
    from moclip.models import checkpoint
    from moclip.models.opening import open_model

    place = folder(model)
    if (found := checkpoint.kind_of(place)) not in kinds:
        wanted = " or ".join(kinds)
        raise ValueError(f"{model} holds a model of kind '{found}', wanted {wanted}, {what}")
    return open_model(place).to(where).eval()


def _of_graphs(folder: str, device: _device.Device) -> "MoCLIP":
    if device not in ("auto", "cpu"):
        raise ValueError(f"--device {device} came, the runtime onnx computes on the processor")
    from moclip.models import onnx_runtime

    return onnx_runtime.load(folder)


def _check_there(model: str) -> None:
    if _looks_local(model) and not Path(model).is_dir():
        raise FileNotFoundError(f"there is no model folder {model}; `moclip demo` makes runs/demo")


def _looks_local(model: str) -> bool:
    """Models on the hub are ``OWNER/NAME``; everything beneath ``runs/`` is a folder to us."""
    return model.count("/") != 1 or model.startswith((".", "~", "runs/")) or Path(model).exists()
