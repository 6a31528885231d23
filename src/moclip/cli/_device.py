"""The one place where the word for a device becomes a device."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda", "mps"]


def pick(device: Device) -> "torch.device":
    """The device asked for; ``auto`` takes the fastest there is.

    Raises ``ValueError`` naming the devices there are.
    """
    import torch

    there = available()
    if device == "auto":
        return torch.device(there[-1])
    if device not in there:
        raise ValueError(f"there is no device '{device}' here; there are: {', '.join(there)}")
    return torch.device(device)


def available() -> list[str]:
    """Devices of this machine, the fastest last."""
    import torch

    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.append("mps")
    if torch.cuda.is_available():
        there.append("cuda")
    return there
