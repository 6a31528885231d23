"""Teach CLIP's text encoder human motion; search, recognise and describe motion with words."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moclip.formats import read as read_motion
    from moclip.formats import write as write_motion
    from moclip.models.autoencoder.model import MotionCLIP
    from moclip.models.patching import patch
    from moclip.models.two_tower import MoCLIP
    from moclip.motion import CaptionedMotion, Motion, MotionBatch

__version__ = "0.1.0"
__all__ = [
    "CaptionedMotion",
    "MoCLIP",
    "Motion",
    "MotionBatch",
    "MotionCLIP",
    "patch",
    "read_motion",
    "write_motion",
]

_HOME = {
    "CaptionedMotion": ("moclip.motion", "CaptionedMotion"),
    "MoCLIP": ("moclip.models.two_tower", "MoCLIP"),
    "Motion": ("moclip.motion", "Motion"),
    "MotionBatch": ("moclip.motion", "MotionBatch"),
    "MotionCLIP": ("moclip.models.autoencoder.model", "MotionCLIP"),
    "patch": ("moclip.models.patching", "patch"),
    "read_motion": ("moclip.formats", "read"),
    "write_motion": ("moclip.formats", "write"),
}


def __getattr__(name: str) -> Any:
    """Imported when first used, so that ``import moclip`` does not load torch."""
    if name not in _HOME:
        raise AttributeError(f"module 'moclip' has no attribute '{name}'")
    import importlib

    module, attribute = _HOME[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    """What has been loaded already, and all that may be."""
    return sorted({*globals(), *__all__})
