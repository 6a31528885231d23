"""A training run as a frozen value, read from a TOML recipe; unknown keys are refused."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from moclip import catalog
from moclip.files import read_bounded

_FOLDER = Path(__file__).parent / "recipes"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(BaseModel):
    """Which clips; every other key is an option of that data set (``root``, ``split_by``, ...)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    """A data set of ``moclip.datasets``."""

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Text(_Section):
    tower: str = "minilm"
    """A text tower of ``moclip.models.text``."""
    source: str | None = None
    """Hub id or local folder of its weights; the tower's own default if absent."""
    fine_tune: bool = True
    """Whether the second phase trains the text tower; False keeps it frozen throughout."""


class Motion(BaseModel):
    """Which motion tower; every other key overrides a field of its preset."""

    model_config = ConfigDict(frozen=True, extra="allow")

    tower: str = "limbs"
    preset: Literal["compact", "paper"] = "compact"

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Loss(_Section):
    contrastive: float = Field(1.0, ge=0)
    tether: float = Field(0.4, ge=0)
    """Lambda of the paper: how strongly the text tower is held to the frozen one."""
    align: float = Field(1.0, ge=0)
    norm_guard: float = Field(0.0, ge=0)
    """How strongly raw text vectors are held to the length the frozen tower gives them."""
    mask_false_negatives: bool = True
    """Whether pairs whose motions share a caption are no negatives of each other."""
    alike: float = Field(1.0, gt=0, le=1)
    """Captions whose frozen vectors have a cosine above this are no negatives either; 1: off."""


class Schedule(_Section):
    frozen_epochs: int = Field(35, ge=0)
    """First phase: only the motion tower learns."""
    unfrozen_epochs: int = Field(15, ge=0)
    """Second phase: the text tower learns too."""
    batch_size: int = Field(128, ge=2)
    slack: float = Field(0.2, ge=0, lt=1)
    """Largest share of a padded clip that may be padding: a large tower on a processor gains by a
    small one, a small tower or a GPU by fewer, larger products."""
    warmup: float = Field(0.02, ge=0, lt=1)
    """Share of a phase's steps over which the learning rate rises."""
    validate_every: int = Field(1, ge=1)
    """Epochs from one validation to the next."""
    state_minutes: float = Field(2.0, ge=0)
    """A resumable state is written at the end of an epoch when the last is older than this."""

    @model_validator(mode="after")
    def _some_epochs(self) -> "Schedule":
        if not self.epochs:
            raise ValueError(
                "frozen_epochs and unfrozen_epochs are both 0, so nothing would be trained"
            )
        return self

    @property
    def epochs(self) -> int:
        return self.frozen_epochs + self.unfrozen_epochs


class Optimiser(_Section):
    motion_lr: float = Field(1e-4, gt=0)
    text_lr: float = Field(1e-6, gt=0)
    text_projection_lr: float = Field(1e-5, gt=0)
    """For CLIP's last linear layer; towers without one do not use it."""
    temperature_lr: float | None = Field(None, gt=0)
    """For the temperature alone; the motion tower's rate if absent. Sentence encoders put captions
    so near each other that the temperature has far to go."""
    weight_decay: float = Field(1e-4, ge=0)
    """For matrices only; biases, norms and the temperature are not decayed."""
    clip: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """``auto``: bf16 where the processor multiplies it in hardware, else fp32."""


class Augment(_Section):
    mirror: Literal["off", "known", "all"] = "off"
    """Mirrored twins with left and right exchanged in the captions. ``known``: only those whose
    captions the training set has anyway, so that no held-out caption is made by accident."""
    crop: float = Field(1.0, gt=0, le=1)
    """Smallest share of a clip that a random cut leaves; 1: whole clips."""
    speed: float = Field(0.0, ge=0, lt=0.5)
    """Largest relative change of speed; 0: none."""
    noise: float = Field(0.0, ge=0)
    """Deviation of the noise on joint positions, in metres."""


class Recipe(_Section):
    """Everything that decides a run, so that the same recipe gives the same model."""

    name: str
    seed: int = 0
    data: Data
    text: Text = Text()
    motion: Motion = Motion()
    loss: Loss = Loss()
    schedule: Schedule = Schedule()
    optimiser: Optimiser = Optimiser()
    augment: Augment = Augment()

    @classmethod
    def load(cls, name_or_path: str | Path, overrides: Iterable[str] = ()) -> "Recipe":
        """A shipped recipe by name or a TOML file by path, with ``section.key=value`` overrides.

        Raises ``ValueError`` in one sentence for unknown keys or bad values, ``LookupError`` for an
        unknown name.
        """
        path = Path(name_or_path)
        if path.suffix != ".toml":
            path = _shipped(str(name_or_path))
        table = _parse(read_bounded(path, 2**20), str(path.name))
        for override in overrides:
            _apply(table, override)
        return cls.of(table, str(path.name))

    @classmethod
    def of(cls, table: Mapping[str, Any], source: str = "recipe") -> "Recipe":
        """From nested mappings; also checks the keys that belong to the data set and the tower."""
        try:
            recipe = cls.model_validate(table)
        except ValidationError as error:
            raise ValueError(f"{source}: {_sentence(error, cls)}") from None
        recipe.data_options(source)
        recipe.motion_config(source)
        return recipe

    def data_options(self, source: str = "recipe") -> Any:
        """The checked options of the data set this recipe names."""
        options = catalog.load("datasets", self.data.name, "Options")
        try:
            return options(**self.data.options)
        except ValidationError as error:
            raise ValueError(f"{source}: [data] {_sentence(error, options)}") from None

    def motion_config(self, source: str = "recipe") -> Any:
        """The checked configuration of the motion tower this recipe names."""
        config = catalog.load("models.motion", self.motion.tower, "Config")
        fields = getattr(config, self.motion.preset)().model_dump() | self.motion.options
        try:
            return config.model_validate(fields)
        except ValidationError as error:
            raise ValueError(f"{source}: [motion] {_sentence(error, config)}") from None

    def with_(self, **sections: Mapping[str, Any] | Any) -> "Recipe":
        """A copy with some keys changed: ``recipe.with_(loss={"tether": 0})``."""
        table = self.model_dump()
        for section, change in sections.items():
            table[section] = table[section] | change if isinstance(change, Mapping) else change
        return Recipe.of(table)

    def to_toml(self) -> str:
        """The recipe as :meth:`load` reads it back; keys without a value are left out."""
        table = self.model_dump(mode="json", exclude_none=True)
        plain = {k: v for k, v in table.items() if not isinstance(v, dict)}
        lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
        for section, keys in table.items():
            if isinstance(keys, dict):
                lines += ["", f"[{section}]"]
                lines += [f"{k} = {_toml(v)}" for k, v in keys.items()]
        return "\n".join(lines) + "\n"


def names() -> list[str]:
    """Recipes that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def _shipped(name: str) -> Path:
    if name not in names():
        there = ", ".join(names())
        raise LookupError(f"no recipe named '{name}'; there are: {there}, or any path to a .toml")
    return _FOLDER / f"{name}.toml"


def _parse(data: bytes, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{source} is not a TOML recipe: {error}") from None


def _apply(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ValueError(
            f"'{override}' is no override; wanted section.key=value, as loss.tether=0.2"
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, last = key.strip().split(".")
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise ValueError(f"'{override}': '{section}' is a value, not a section")
    table[last] = value


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault in one sentence: which key, what came, what is wanted or what there is."""
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"]) or "recipe"
    if fault["type"] == "extra_forbidden":
        there: Any = model
        for part in fault["loc"][:-1]:
            there = there.model_fields[str(part)].annotation
        return f"unknown key '{where}'; there are: {', '.join(sorted(there.model_fields))}"
    if fault["type"] == "missing":
        return f"key '{where}' is missing"
    message = fault["msg"].removeprefix("Value error, ")
    if isinstance(fault["input"], Mapping):  # of a whole section: too long to show
        return f"[{where}] {message[0].lower()}{message[1:]}"
    return f"'{where}' is {fault['input']!r}: {message[0].lower()}{message[1:]}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)
