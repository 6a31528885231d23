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
from moclip.models.model_card import About
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


_LEAD = """\
Captions to motions of HumanML3D's 22 joints at 20 frames a second: a residual quantiser, a masked
and a residual transformer, in the manner of *MoMask: Generative Masked Modeling of 3D Human
Motions* (arXiv 2312.00063), written afresh."""

_CODE = """\
from moclip.models.generator.generator import MotionGenerator, load_text_tower

folder = "FOLDER_OR_HUB_ID"
model, text = MotionGenerator.from_pretrained(folder), load_text_tower(folder)
model.generate(["a person walks"], text=text, seconds=4.0)"""

_USE = """\
Drafts of motion from words, to be looked at and edited by people, and research on generators and
their text towers. It is not made to imitate somebody in particular, nor to stand for measured
motion."""

_LIMITS = (
    "It makes what its training data show; for other actions, styles and languages it makes the "
    "nearest thing it knows.",
    "One body of 22 joints: no hands, face, objects or second person; feet may slide, and joints "
    "may pass through each other and the floor.",
    "It reads the vectors of its own text tower, which lies in `text/`, and refuses others.",
)


def about(settings: Settings) -> About:
    """The upper part of the model card."""
    tower, quantiser = settings.text, settings.quantiser
    return About(
        title="A generator of human motion",
        lead=_LEAD,
        parts={
            "text tower": f"`{tower.name}`, from `{tower.source}`, hash `{tower.hash}`; "
            "it is in `text/`",
            "tokens": f"{quantiser.codes} codes in {quantiser.layers} layers",
            "written by": f"moclip {settings.version}",
        },
        code=_CODE,
        use=_USE,
        limits=_LIMITS,
        tags=("text-to-motion",),
        base=tower.source,
    )
