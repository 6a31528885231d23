"""Opens the model a command names and puts it on the device it names."""

from pathlib import Path
from typing import TYPE_CHECKING

from moclip.cli import _device

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP


def load(model: str, device: _device.Device = "auto") -> "MoCLIP":
    """A trained model from a folder or the hub, ready to encode.

    Raises ``ValueError`` or ``OSError`` for a folder that holds none.
    """
    if _looks_local(model) and not Path(model).is_dir():
        raise FileNotFoundError(f"there is no model folder {model}; `moclip demo` makes runs/demo")
    where = _device.pick(device)
    from moclip.models.two_tower import MoCLIP

    return MoCLIP.from_pretrained(model).to(where).eval()


def _looks_local(model: str) -> bool:
    """Hub ids are ``NAME`` or ``OWNER/NAME``; everything beneath ``runs/`` is a folder to us."""
    return model.count("/") != 1 or model.startswith((".", "~", "runs/")) or Path(model).exists()
