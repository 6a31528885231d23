"""Model cards: the ``README.md`` of a model's folder, the page the hub shows.

What a model is, is written anew whenever it is saved. What lies below ``## Training`` was told by
whoever trained it and is kept, as are the data sets and the licence in the lines at the top.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from huggingface_hub import CardData, ModelCard, ModelCardData

_log = logging.getLogger(__name__)

_TRAINING = "## Training\n\n"
_UNKNOWN = "Nothing is known of it: neither the data nor their licence."
_PAGE = """\
---
{head}
---

# {title}

{lead}

| part | |
|---|---|
{parts}

```python
{code}
```

## Intended use

{use}

## Limits

{limits}

{begin}{training}
"""


@dataclass(frozen=True)
class About:
    """What a kind of model says of itself, in Markdown."""

    title: str
    lead: str
    parts: Mapping[str, str]
    """Rows of a table: which part, and what it is."""
    code: str
    """Python that loads and uses it."""
    use: str
    limits: Sequence[str]
    tags: Sequence[str]
    """Beside ``moclip`` and ``human-motion``, which all have."""
    task: str | None = None
    """One of the hub's pipeline tags."""
    base: str | None = None
    """Where the text tower came from; named as the base model if it is a hub id."""


@dataclass(frozen=True)
class Paperwork:
    """What whoever trained a model leaves beside its weights."""

    recipe: str | None = None
    """The recipe it was trained by, TOML."""
    card: str | None = None
    """What the model card says of the training, Markdown."""
    data: tuple[str, ...] = ()
    """Names of the data sets."""
    licence: str = "other"
    """The hub's name for the terms of the weights; ``other`` where it has none."""

    def but(self, *, recipe: str | None, card: str | None) -> "Paperwork":
        """With another recipe and another card, where they are given."""
        return replace(self, recipe=recipe or self.recipe, card=card or self.card)


def render(about: About, paperwork: Paperwork) -> str:
    """The whole page; its first lines are those the hub reads."""
    return _PAGE.format(
        head=_head(about, paperwork).to_yaml(),
        title=about.title,
        lead=about.lead,
        parts="\n".join(f"| {name} | {text} |" for name, text in about.parts.items()),
        code=about.code,
        use=about.use,
        limits="\n".join(f"- {limit}" for limit in about.limits),
        begin=_TRAINING,
        training=(paperwork.card or _UNKNOWN).rstrip(),
    )


def read(page: str, recipe: str | None = None) -> Paperwork:
    """What :func:`render` was given; of a page that others wrote, as much as is there."""
    _, found, card = page.partition(_TRAINING)
    head = _lines_of_the_hub(page)
    data = head.get("datasets", ())
    return Paperwork(
        recipe=recipe,
        card=card if found and card.rstrip() != _UNKNOWN else None,
        data=(data,) if isinstance(data, str) else tuple(map(str, data)),
        licence=str(head.get("license", "other")),
    )


def _head(about: About, paperwork: Paperwork) -> ModelCardData:
    has_own_terms = paperwork.licence == "other" and paperwork.data
    return ModelCardData(
        license=paperwork.licence,
        license_name="terms-of-the-training-data" if has_own_terms else None,
        library_name="moclip",
        pipeline_tag=about.task,
        tags=["moclip", "human-motion", *about.tags],
        datasets=list(paperwork.data) or None,
        base_model=about.base if about.base and about.base.count("/") == 1 else None,
    )


def _lines_of_the_hub(page: str) -> CardData:
    """Nothing where a page does not begin with YAML."""
    try:
        if page.startswith("---\n"):
            return ModelCard(page, ignore_metadata_errors=True).data
    except Exception as error:  # whoever edited the page may have damaged it; weights still load
        _log.warning("the first lines of the model card cannot be read: %s", error)
    return CardData()
