"""transformers: a folder that its own ``from_pretrained`` opens with no code of ours.

A CLIP text tower alone is a ``CLIPTextModelWithProjection`` (``CLIPTextModel`` opens it too and
leaves the projection out); with ``base`` the folder is a whole ``CLIPModel``. A MiniLM tower is a
``BertModel``, whose mean over tokens is left to the caller.
"""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from transformers import CLIPConfig

from moclip.files import fill_folder
from moclip.models.interop import _whole
from moclip.models.interop._clip import ClipText, save_tokenizer
from moclip.models.interop._names import State
from moclip.models.text import minilm
from moclip.models.text.base import TextTower


def write(tower: TextTower, out: Path, *, base: str | None = None) -> None:
    """``out`` is a folder, which must not be there yet."""
    with fill_folder(out) as folder:
        if isinstance(tower, minilm.Encoder):
            if base is not None:
                raise ValueError("a MiniLM tower is no half of a CLIP; leave base out")
            tower.transformer.save_pretrained(folder)
            save_bert_tokenizer(tower, folder)
        else:
            config, state = contents(tower, base)
            _write_json(folder / "config.json", config)
            save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
            save_tokenizer(tower, folder)


def contents(tower: TextTower, base: str | None) -> tuple[dict[str, Any], State]:
    """``config.json`` and the weights."""
    text = ClipText.of(tower)
    state = {name: weight.cpu().contiguous() for name, weight in text.state.items()}
    sizes = text.config.to_dict()
    if base is None:
        return sizes | {"architectures": ["CLIPTextModelWithProjection"]}, state
    vision, image = _whole.read(base, tower.dim).by_huggingface()
    config = CLIPConfig(text_config=sizes, vision_config=vision.to_dict(), projection_dim=tower.dim)
    return config.to_dict() | {"architectures": ["CLIPModel"]}, state | image


def save_bert_tokenizer(tower: minilm.Encoder, folder: Path) -> None:
    """The files by which transformers finds a BERT tokenizer."""
    tower.tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "model_max_length": tower.max_tokens,
            "do_lower_case": True,
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "mask_token": "[MASK]",
        },
    )


def _write_json(path: Path, table: dict[str, Any]) -> None:
    path.write_text(json.dumps(table, indent=2) + "\n")
