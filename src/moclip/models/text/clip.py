"""CLIP's text tower (Radford et al., 2021) with its projection: the one MoCLIP fine-tunes.

transformers' ``CLIPTextModelWithProjection``; ViT-B/32's has 63 M parameters and 512 dimensions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from tokenizers import Tokenizer
from torch import Tensor
from transformers import CLIPConfig, CLIPTextConfig, CLIPTextModelWithProjection

from moclip.models.text import _huggingface as huggingface
from moclip.models.text import _packed
from moclip.models.text.base import TextTower, Tokens

HUB_ID = "openai/clip-vit-base-patch32"

PAD_ID = 0
"""As in OpenAI's code. Attention looks backwards only: nothing sees what follows the last token."""

BESIDE = (
    "vision_model.",
    "visual_projection.",
    "logit_scale",
    "text_model.embeddings.position_ids",
)
"""Weights of a whole CLIP that its text tower does not need."""


class Encoder(TextTower):
    def __init__(
        self, transformer: CLIPTextModelWithProjection, tokenizer: Tokenizer, *, source: str
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.tokenizer = tokenizer
        self.source = source
        config: Any = transformer.config
        self.dim = config.projection_dim
        self.max_tokens = config.max_position_embeddings
        _packed.take(transformer)
        self.requires_grad_(False).eval()

    @classmethod
    def from_pretrained(cls, source: str | None = None) -> "Encoder":
        """From a hub id or folder, of the text tower or of a whole CLIP, whose rest is left out."""
        where = huggingface.resolve(source or HUB_ID)
        config = _text_config(where)
        tokenizer = huggingface.load_tokenizer(
            "CLIPTokenizerFast", where, config.max_position_embeddings, pad_id=PAD_ID
        )
        transformer = huggingface.load_weights(
            CLIPTextModelWithProjection, where, beside=BESIDE, config=config
        )
        return cls(transformer, tokenizer, source=huggingface.short_name(source or HUB_ID))

    @classmethod
    def from_config(cls, folder: Path) -> "Encoder":
        config = _text_config(str(folder))
        transformer = CLIPTextModelWithProjection(config)
        tokenizer = huggingface.open_tokenizer(
            folder, config.max_position_embeddings, pad_id=PAD_ID
        )
        return cls(transformer, tokenizer, source=huggingface.short_name(str(folder)))

    def save_config(self, folder: Path) -> None:
        self.transformer.config.save_pretrained(folder)
        self.tokenizer.save(str(folder / "tokenizer.json"))

    def tokenise(self, captions: Sequence[str]) -> Tokens:
        return huggingface.tokenise(self.tokenizer, captions, self.transformer.device)

    def forward(self, tokens: Tokens) -> Float[Tensor, "caption dim"]:
        packing = _packed.packing(self.transformer, tokens.mask)
        if packing.places is None:
            return self.transformer(input_ids=tokens.ids).text_embeds
        model = self.transformer.text_model
        words = model.embeddings(input_ids=tokens.ids)
        hidden = _packed.through(model.encoder.layers, words, packing, is_causal=True)
        # transformers' rule: the highest number of all where the file says 2, as OpenAI's does.
        end = tokens.ids if model.eos_token_id == 2 else tokens.ids == model.eos_token_id
        last = hidden[torch.arange(len(hidden)), end.int().argmax(dim=1)]
        return self.transformer.text_projection(model.final_layer_norm(last))

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Float[Tensor, "caption dim"]:
        return huggingface.encode(self, captions, chunk)

    def frozen_twin(self) -> "Encoder":
        return huggingface.frozen_twin(self, self.tokenizer)


def _text_config(source: str) -> Any:
    """Sizes of the text tower, whether they stand alone or among those of a whole CLIP."""
    if huggingface.model_type(source) != "clip":
        return huggingface.load_config(CLIPTextConfig, source)
    whole = huggingface.load_config(CLIPConfig, source)
    whole.text_config.projection_dim = whole.projection_dim
    return whole.text_config
