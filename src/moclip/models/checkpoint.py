"""A model as a folder to share: ``config.json``, ``model.safetensors``, ``text/``, a card.

Files are written in a temporary folder first and moved to their places one by one, the weights
last, so other files there (metrics, a state of training) stay and each file is whole or not there.
No pickles.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from moclip.files import give_usual_rights, read_bounded
from moclip.models import _hub, model_card
from moclip.models.model_card import Paperwork as Paperwork

CONFIG, WEIGHTS, CARD, RECIPE, TEXT = (
    "config.json",
    "model.safetensors",
    "README.md",
    "recipe.toml",
    "text",
)


S = TypeVar("S", bound=BaseModel)


class Text(BaseModel):
    """Which text tower, and where its weights first came from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tower: str
    source: str


class Motion(BaseModel):
    """Which motion tower, of what sizes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tower: str
    config: dict[str, Any]


class Settings(BaseModel):
    """What ``config.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Literal["moclip"] = "moclip"
    format: Literal[1] = 1
    """Raised when an older moclip could no longer read the folder."""
    version: str
    """Of the moclip that wrote it."""
    dim: int
    fps: float
    text: Text
    motion: Motion


def write(
    folder: Path,
    *,
    settings: BaseModel,
    weights: Mapping[str, Tensor],
    save_text_config: Callable[[Path], None],
    paperwork: Paperwork,
    card_text: str,
) -> None:
    """The whole model into ``folder``, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving.") as name:
        new = Path(name)
        (new / TEXT).mkdir()
        save_text_config(new / TEXT)
        (new / CONFIG).write_text(settings.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (new / CARD).write_text(card_text, encoding="utf-8")
        if paperwork.recipe is not None:
            (new / RECIPE).write_text(paperwork.recipe, encoding="utf-8")
        plain = {key: tensor.detach().cpu().contiguous() for key, tensor in weights.items()}
        save_file(plain, new / WEIGHTS, {"format": "pt"})
        files = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
        for file in sorted(files, key=lambda file: file.name == WEIGHTS):
            _move(new / file, folder / file)


def _move(new: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    give_usual_rights(new)
    new.replace(place)


def find(folder_or_hub_id: str | Path, *, revision: str | None = None) -> Path:
    """A local folder as it is; anything else is asked of the hub.

    Raises ``OSError`` when there is neither.
    """
    folder = Path(folder_or_hub_id).expanduser()
    if folder.is_dir():
        return folder
    name = str(folder_or_hub_id)
    if folder.exists():
        raise ValueError(f"{name} is a file, wanted the folder of a model")
    return _hub.fetch(name, revision=revision)


def kind_of(folder: Path) -> str:
    """What a folder holds: ``moclip``, ``motionclip``, ``generator``, ``evaluator``.

    Raises ``FileNotFoundError`` or ``ValueError`` when it holds no model of ours.
    """
    return str(_table(folder).get("kind", "moclip"))


def read_settings(folder: Path, wanted: type[S]) -> S:
    """Raises ``FileNotFoundError`` or ``ValueError`` when the folder holds no such model."""
    table, path = _table(folder), folder / CONFIG
    kind = wanted.model_fields["kind"].default if "kind" in wanted.model_fields else "moclip"
    if (found := table.get("kind", "moclip")) != kind:
        raise ValueError(f"{folder} holds a model of kind '{found}', wanted '{kind}'")
    try:
        return wanted.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{path} does not fit this moclip: {key}: {first['msg']}") from None


def _table(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no model: there is no {CONFIG}")
    try:
        table = json.loads(read_bounded(path, 2**24))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if not isinstance(table, dict) or table.get("library") != "moclip":
        raise ValueError(f'{path} is of another library: it lacks "library": "moclip"')
    return table


def read_paperwork(folder: Path) -> Paperwork:
    """The recipe beside the weights and what the card tells of the training, where they are."""
    recipe, card = folder / RECIPE, folder / CARD
    page = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    text = recipe.read_text(encoding="utf-8") if recipe.is_file() else None
    return model_card.read(page, recipe=text)


def load_weights(module: nn.Module, folder: Path) -> None:
    """Every weight of ``module`` from the folder, nothing more, nothing less.

    Raises ``ValueError`` naming the first that does not fit, before anything is changed.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no weights: there is no {WEIGHTS}")
    wanted = module.state_dict()
    try:
        with safe_open(path, framework="pt") as file:
            found = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
            require_same({key: tuple(t.shape) for key, t in wanted.items()}, found, path)
            module.load_state_dict({key: file.get_tensor(key) for key in found})
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or no safetensors file: {error}") from None


def require_same(
    wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]], where: Path | str
) -> None:
    """Raises ``ValueError`` naming the first weights that are missing, odd or foreign."""
    missing = [f"'{key}' is missing" for key in wanted if key not in found]
    foreign = [f"'{key}' has no place" for key in found if key not in wanted]
    odd = [
        f"'{key}' has shape {found[key]}, wanted {shape}"
        for key, shape in wanted.items()
        if key in found and found[key] != shape
    ]
    if wrong := missing + odd + foreign:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ValueError(f"{where} does not fit the model: {', '.join(wrong[:3])}{more}")
