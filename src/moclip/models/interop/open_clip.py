"""open_clip: weights that ``open_clip.create_model(NAME, pretrained=FILE)`` opens.

The names are OpenAI's, the file is safetensors. ``NAME`` must have the activation the tower was
trained with: OpenAI's own weights want ``ViT-B-32-quickgelu``, not ``ViT-B-32``.
"""

from pathlib import Path

from safetensors.torch import save

from moclip.files import write_atomically
from moclip.models.interop.openai import whole_state
from moclip.models.text.base import TextTower


def write(tower: TextTower, out: Path, *, base: str | None = None) -> None:
    """``out`` is the file; its name must end in ``.safetensors``."""
    if out.suffix != ".safetensors":
        raise ValueError(f"'{out.name}' came, open_clip's layout is a .safetensors file")
    write_atomically(out, save(whole_state(tower, base)))
