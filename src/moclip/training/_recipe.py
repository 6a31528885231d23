"""What every recipe can do: come from TOML, change key by key, say what is wrong with it."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, Field, ValidationError

from moclip import catalog
from moclip.files import read_bounded
from moclip.training.sections import Data, Section

R = TypeVar("R", bound="BaseRecipe")
Seed = Annotated[int, Field(ge=-(2**32), lt=2**32)]
"""What is made of it, for every epoch another, fits into the 64 bits that torch takes."""

_FOLDER = Path(__file__).parent / "recipes"


class BaseRecipe(Section):
    """Everything that decides a run, so that the same recipe gives the same model."""

    FOLDER: ClassVar[Path] = _FOLDER
    """Where those that come with the package are."""

    name: str
    seed: Seed = 0
    data: Data

    @classmethod
    def load(cls: type[R], name_or_path: str | Path, overrides: Iterable[str] = ()) -> R:
        """A shipped recipe by name or a TOML file by path, with ``section.key=value`` overrides.

        Raises ``ValueError`` in one sentence for unknown keys or bad values, ``LookupError`` for an
        unknown name.
        """
        table, source = read_table(name_or_path, overrides, folder=cls.FOLDER)
        return cls.of(table, source)

    @classmethod
    def of(cls: type[R], table: Mapping[str, Any], source: str = "recipe") -> R:
        """From nested mappings; also checks the keys that belong to the data set and to models."""
        try:
            recipe = cls.model_validate(table)
        except ValidationError as error:
            raise ValueError(f"{source}: {sentence(error, cls)}") from None
        recipe.data_options(source)
        recipe.check(source)
        return recipe

    def data_options(self, source: str = "recipe") -> Any:
        """The checked options of the data set this recipe names."""
        options = catalog.load("datasets", self.data.name, "Options")
        try:
            return options(**self.data.options)
        except ValidationError as error:
            raise ValueError(f"{source}: [data] {sentence(error, options)}") from None

    def check(self, source: str) -> None:
        """Raises ``ValueError`` for keys that only a model can judge."""

    def with_(self: R, **sections: Mapping[str, Any] | Any) -> R:
        """A copy with some keys changed: ``recipe.with_(loss={"tether": 0})``."""
        table = self.model_dump()
        for section, change in sections.items():
            table[section] = table[section] | change if isinstance(change, Mapping) else change
        return type(self).of(table)

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


def names(folder: Path = _FOLDER) -> list[str]:
    """Recipes that come with the package: of one model, or those of another folder."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_table(
    name_or_path: str | Path, overrides: Iterable[str] = (), *, folder: Path = _FOLDER
) -> tuple[dict[str, Any], str]:
    """The keys of a recipe that is shipped or in a file, overrides applied, and its name."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = _shipped(str(name_or_path), folder)
    table = _parse(read_bounded(path, 2**20), path.name)
    for override in overrides:
        _apply(table, override)
    return table, path.name


def _shipped(name: str, folder: Path) -> Path:
    if name not in names(folder):
        there = ", ".join(names(folder))
        raise LookupError(f"no recipe named '{name}'; there are: {there}, or any path to a .toml")
    return folder / f"{name}.toml"


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


def sentence(error: ValidationError, model: type[BaseModel]) -> str:
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
