"""What a model card tells of a training: recipe, data and licence, figures and their rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moclip import datasets
from moclip.datasets import prepared
from moclip.models.model_card import Paperwork
from moclip.training._recipe import BaseRecipe

_ON_THE_HUB = {"CC BY-NC 4.0": "cc-by-nc-4.0"}
"""How a licence text begins, and the hub's name for it."""

_PLACES = ("root", "index", "cache")
"""Options that say where the data lay, which is nobody's business."""

_STORY = """\
Made by `moclip train` with [`recipe.toml`](recipe.toml) (`{name}`, seed {seed}). {kept}

{data}

### Figures

{rules} The epoch was chosen by these very clips, so they flatter; `moclip evaluate` measures clips
that neither training nor choice has seen.

{figures}
"""

_DATA = """\
### Data and licence

`{name}`{options}. Its terms: {terms}. They hold for what is made of the data, and so for these
weights; beside them stand the terms of the text tower they began with."""


def paperwork(
    recipe: BaseRecipe, measured: Mapping[str, float | int | None], *, kept: str, rules: str
) -> Paperwork:
    """Of a run; ``kept`` says which epoch was kept, ``rules`` how it was measured, in sentences."""
    data = Data.of(recipe.data.name, recipe.data.options)
    story = _STORY.format(
        name=recipe.name,
        seed=recipe.seed,
        kept=kept,
        data=data.section(),
        rules=rules,
        figures=table(measured),
    )
    return Paperwork(recipe.to_toml(), story, (data.name,), data.hub_licence)


@dataclass(frozen=True)
class Data:
    """A data set and the terms it came on."""

    name: str
    options: Mapping[str, Any]
    terms: str

    @classmethod
    def of(cls, name: str, options: Mapping[str, Any]) -> "Data":
        """Of prepared clips that which they were prepared from."""
        told = {key: value for key, value in options.items() if key not in _PLACES}
        if name == "prepared":
            manifest = prepared.Shards(Path(options["root"])).manifest
            return cls(manifest.dataset, told, manifest.licence)
        return cls(name, told, datasets.licence(name))

    @property
    def hub_licence(self) -> str:
        """The hub's name for the terms; ``other`` where it has none."""
        hub = (hub for text, hub in _ON_THE_HUB.items() if self.terms.startswith(text))
        return next(hub, "other")

    def section(self) -> str:
        """Markdown."""
        options = ", ".join(f"`{key}={value}`" for key, value in self.options.items())
        known = self.terms != "unknown"
        return _DATA.format(
            name=self.name,
            options=f" ({options})" if options else "",
            terms=self.terms if known else "unknown to moclip, so ask whoever gave them to you",
        )


def table(measured: Mapping[str, float | int | None]) -> str:
    """Markdown: figures that come in groups (``text->motion R@1``) as rows, then the others."""
    groups: dict[str, dict[str, float | int]] = {}
    for key, value in measured.items():
        if value is not None:
            group, _, name = key.rpartition(" ")
            groups.setdefault(group, {})[name] = value
    alone = groups.pop("", {})
    grid = [_row(["figure", *names]) for names in list(groups.values())[:1]]
    grid += [_rule(len(next(iter(groups.values()))) + 1)] if groups else []
    grid += [_row([group, *map(_number, row.values())]) for group, row in groups.items()]
    rows = [_row([name, _number(value)]) for name, value in alone.items()]
    return "\n".join([*grid, *([""] if grid else []), _row(["figure", "value"]), _rule(2), *rows])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns


def _number(value: float | int) -> str:
    return f"{value:.4g}"
