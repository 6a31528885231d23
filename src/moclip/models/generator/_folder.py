"""A generator's folder: its settings, weights, and in ``text/`` the whole text tower beside it."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from safetensors.torch import save_file

from moclip import catalog
from moclip.models import checkpoint
from moclip.models.generator import quantiser
from moclip.models.generator._trunk import Config
from moclip.models.identity import tower_hash
from moclip.models.text.base import TextTower


class Tower(BaseModel):
    """Which text tower a generator was trained with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Of the entry in ``models.text``."""
    source: str
    """Where its weights first came from."""
    dim: int
    hash: str
    """Of weights and tokenizer; see :mod:`moclip.models.identity`."""

    @classmethod
    def of(cls, tower: TextTower, name: str) -> "Tower":
        """The tower as it is now."""
        return cls(name=name, source=tower.source, dim=tower.dim, hash=tower_hash(tower))


class Settings(BaseModel):
    """What ``config.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Literal["moclip"] = "moclip"
    kind: Literal["generator"] = "generator"
    format: Literal[1] = 1
    """Raised when an older moclip could no longer read the folder."""
    version: str
    """Of the moclip that wrote it."""
    text: Tower
    quantiser: quantiser.Config
    masked: Config
    residual: Config


def save_text(tower: TextTower, folder: Path) -> None:
    """Sizes, tokenizer and weights of the tower."""
    tower.save_config(folder)
    weights = {name: w.detach().cpu().contiguous() for name, w in tower.state_dict().items()}
    save_file(weights, folder / checkpoint.WEIGHTS, {"format": "pt"})


def load_text(folder: Path, settings: Settings) -> TextTower:
    """The tower in a generator's folder, frozen and in evaluation mode."""
    encoder = catalog.load("models.text", settings.text.name, "Encoder")
    tower: TextTower = encoder.from_config(folder / checkpoint.TEXT)
    tower.source = settings.text.source
    checkpoint.load_weights(tower, folder / checkpoint.TEXT)
    return tower.eval()


_CARD = """\
---
library_name: moclip
pipeline_tag: text-to-3d
tags:
- human-motion
- text-to-motion
- moclip
---

# A generator of human motion

Captions to motions of HumanML3D's 22 joints at 20 frames a second: a residual quantiser, a masked
and a residual transformer, in the manner of *MoMask: Generative Masked Modeling of 3D Human
Motions* (arXiv 2312.00063), written afresh.

| part | |
|---|---|
| text tower | `{tower.name}`, from `{tower.source}`, hash `{tower.hash}`; it is in `text/` |
| tokens | {quantiser.codes} codes in {quantiser.layers} layers |
| written by | moclip {version} |

```python
from moclip.models.generator.generator import MotionGenerator, load_text_tower

folder = "PATH/OF/THIS/FOLDER"
model, text = MotionGenerator.from_pretrained(folder), load_text_tower(folder)
model.generate(["a person walks"], text=text, seconds=4.0)
```

## Training

{training}
"""


def card(settings: Settings, training: str | None) -> str:
    """The model card: what it is, how to load it, what the training has to say."""
    return _CARD.format(
        tower=settings.text,
        quantiser=settings.quantiser,
        version=settings.version,
        training=(training or "Nothing is known of it.").rstrip(),
    )
