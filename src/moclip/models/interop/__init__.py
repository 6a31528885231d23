"""A text tower in the layouts that other programs read; one file here a layout.

An entry has ``write(tower, out, *, base=None)``. ``base`` is the whole CLIP whose other weights are
kept, where a layout holds a whole one. :func:`read` takes all of them back.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from moclip import catalog
from moclip.models.text.base import TextTower

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)


def layouts() -> list[str]:
    """Names as users write them."""
    return [name.replace("_", "-") for name in catalog.names("models.interop")]


def write(tower: TextTower, layout: str, out: str | Path, *, base: str | None = None) -> None:
    """The tower as ``layout`` names it (``hf``, ``openai``, ...), whole or not at all.

    Raises ``LookupError`` for an unknown layout, ``ValueError`` for a tower it cannot hold or a
    place that is taken.
    """
    if layout not in layouts():
        raise LookupError(f"no layout named '{layout}'; there are: {', '.join(layouts())}")
    if Path(out).exists():
        raise ValueError(f"{out} is there already; name another place")
    catalog.load("models.interop", layout.replace("-", "_"), "write")(tower, Path(out), base=base)


def read(source: str | Path, *, tokenizer: "str | Tokenizer | None" = None) -> TextTower:
    """A text tower from any layout, a model of ours among them, a hub id, or a name (``minilm``).

    A file of weights has no words in it: ``tokenizer`` says where they are (a folder, a hub id,
    OpenAI's ``bpe_simple_vocab_16e6.txt.gz``), else an installed ``clip`` or ``open_clip`` is
    asked, then the hub. Raises ``ValueError`` naming the weight that does not fit.
    """
    place = Path(source)
    if place.is_file():
        return _of_file(place, tokenizer)
    if not place.exists() and str(source) in catalog.names("models.text"):
        own: TextTower = catalog.load("models.text", str(source), "Encoder").from_pretrained()
        return own
    if (place / "modules.json").is_file():
        from moclip.models.interop import sentence_transformers

        return sentence_transformers.read(place)
    return _of_folder(str(source))


def _of_file(path: Path, tokenizer: "str | Tokenizer | None") -> TextTower:
    from moclip.models.interop import _clip, _files, openai
    from moclip.models.text import _huggingface as huggingface

    state = _files.read_state(path)
    if not openai.has_blocks(state):
        raise ValueError(
            f"{path} holds no text tower by OpenAI's names (transformer.resblocks...); "
            "of transformers' layout give the folder"
        )
    text, left = openai.text_of(state)
    for part, reason in left.items():
        _log.info("%s: %s is left out, %s", path, part, reason)
    if tokenizer is None or isinstance(tokenizer, str):
        tokenizer = _clip.tokenizer(tokenizer)
    return text.tower(tokenizer, source=huggingface.short_name(path.name))


def _of_folder(source: str) -> TextTower:
    """A model of ours, or what transformers wrote."""
    from moclip.models.text import _huggingface as huggingface
    from moclip.models.two_tower import MoCLIP

    kind = huggingface.model_type(huggingface.resolve(source))
    if kind is None:
        return MoCLIP.from_pretrained(source).text
    name = "minilm" if kind == "bert" else "clip"
    tower: TextTower = catalog.load("models.text", name, "Encoder").from_pretrained(source)
    return tower


_CAPTIONS = ("a person walks forward", "someone jumps twice, then sits down on the floor", "waves")


def largest_difference(tower: TextTower, written: str | Path) -> float:
    """Of any number in the vectors of a few captions, after what was written is read back."""
    import torch

    with torch.no_grad():
        back = read(written, tokenizer=tower.tokenizer)
        return float((back.encode(_CAPTIONS) - tower.encode(_CAPTIONS)).abs().max())
