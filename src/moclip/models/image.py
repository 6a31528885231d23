"""CLIP's image tower: pictures to raw vectors of the space its text tower has.

transformers' ``CLIPVisionModelWithProjection``, from the same hub id or folder as the text tower.
Pictures are prepared with Pillow and torch as CLIP's own preparation does it: the shorter side to
the tower's size by bicubic interpolation, the middle cut out, each colour standardised.
"""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from PIL import Image, UnidentifiedImageError
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPVisionConfig, CLIPVisionModelWithProjection

from moclip.models.text import _huggingface as huggingface
from moclip.models.text.clip import HUB_ID

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures CLIP was trained on; a folder's own ``preprocessor_config.json`` comes first."""
_BESIDE = (
    "text_model.",
    "text_projection.",
    "logit_scale",
    "vision_model.embeddings.position_ids",
)
_LARGEST = 64_000_000
"""Pixels of a photo; beyond it a small file could fill the memory."""
_CHUNK = 32


class ImageTower(nn.Module):
    """Frozen and in evaluation mode."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        transformer: CLIPVisionModelWithProjection,
        *,
        mean: Sequence[float] = MEAN,
        deviation: Sequence[float] = DEVIATION,
    ) -> None:
        super().__init__()
        self.transformer = transformer
        config: Any = transformer.config
        self.size: int = config.image_size
        self.dim: int = config.projection_dim
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)
        self.requires_grad_(False).eval()

    @classmethod
    def from_pretrained(cls, source: str | None = None) -> "ImageTower":
        """From a hub id or folder of a whole CLIP or of its image tower.

        Raises ``ValueError`` for files that hold none and ``OSError`` for a source out of reach.
        """
        where = huggingface.resolve(source or HUB_ID)
        transformer = huggingface.load_weights(
            CLIPVisionModelWithProjection, where, beside=_BESIDE, config=_vision_config(where)
        )
        known = _preparation(Path(where))
        return cls(
            transformer,
            mean=known.get("image_mean", MEAN),
            deviation=known.get("image_std", DEVIATION),
        )

    def prepare(self, picture: Image.Image) -> Float[Tensor, "3 height width"]:
        """One picture of any size and mode as the tower reads it."""
        picture = picture.convert("RGB")
        short = min(picture.size)
        wide, high = (self.size * side // short for side in picture.size)
        picture = picture.resize((wide, high), Image.Resampling.BICUBIC)
        left, top = (wide - self.size) // 2, (high - self.size) // 2
        cut = picture.crop((left, top, left + self.size, top + self.size))
        pixels = torch.frombuffer(bytearray(cut.tobytes()), dtype=torch.uint8)
        return self.standardised(pixels.reshape(1, self.size, self.size, 3))[0]

    def standardised(
        self, pictures: UInt8[Tensor, "image height width 3"]
    ) -> Float[Tensor, "image 3 height width"]:
        """Pictures of the tower's own size."""
        values = pictures.to(self.mean.device).permute(0, 3, 1, 2).float() / 255
        return (values - self.mean) / self.deviation

    def forward(
        self, pictures: Float[Tensor, "image 3 height width"]
    ) -> Float[Tensor, "image dim"]:
        """Raw vectors of prepared pictures."""
        return self.transformer(pixel_values=pictures).image_embeds

    @torch.no_grad()
    def encode(
        self, pictures: Sequence[Image.Image] | UInt8[Tensor, "image height width 3"]
    ) -> Float[Tensor, "image dim"]:
        """Raw vectors of photos, or of a tensor of pictures that have the tower's size."""
        rows = []
        for at in range(0, len(pictures), _CHUNK):
            chunk = pictures[at : at + _CHUNK]
            if isinstance(chunk, Tensor):
                ready = self.standardised(chunk)
            else:
                ready = torch.stack([self.prepare(picture) for picture in chunk])
            rows.append(self(ready).float())
        return torch.cat(rows) if rows else torch.zeros(0, self.dim)


def read_picture(path: Path) -> Image.Image:
    """A photo. Raises ``ValueError`` for a file that is none, and for one beyond all bounds."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:
            if picture.width * picture.height > _LARGEST:
                raise ValueError(
                    f"{path} has {picture.width} x {picture.height} pixels, more than {_LARGEST:,}"
                )
            return picture.convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(f"{path} is no picture that can be read: {error}") from None
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise FileNotFoundError(f"there is no picture {path}") from None
        raise ValueError(f"{path} is damaged or no picture: {error}") from None


def _vision_config(source: str) -> Any:
    """Sizes of the image tower, whether they stand alone or among those of a whole CLIP."""
    if huggingface.model_type(source) != "clip":
        return huggingface.load_config(CLIPVisionConfig, source)
    whole = huggingface.load_config(CLIPConfig, source)
    whole.vision_config.projection_dim = whole.projection_dim
    return whole.vision_config


def _preparation(folder: Path) -> dict[str, Any]:
    path = folder / "preprocessor_config.json"
    table = json.loads(path.read_bytes()) if path.is_file() else {}
    return table if isinstance(table, dict) else {}
