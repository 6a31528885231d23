"""CLIP's text tower: a causal transformer, read at the end-of-text token, and a linear projection."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from moclip.models.text import _shared
from moclip.models.text._shared import Tokens

HUB_ID = "openai/clip-vit-base-patch32"


class Encoder(nn.Module):
    """Captions to raw vectors of CLIP's joint space (Radford et al., 2021; 512 for ViT-B/32).

    Later tokens cannot be seen by earlier ones and the result is read at the end-of-text token, so
    padding to the batch's longest caption gives what padding to 77 gives.
    """

    def __init__(self, model: Any, tokenizer: Any, source: str) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.source = source
        self.dim: int = model.config.projection_dim
        self.max_tokens: int = model.config.max_position_embeddings

    @classmethod
    def from_pretrained(cls, source: str | None = None) -> "Encoder":
        """From a hub id or a local folder, which may also hold the whole of CLIP.

        Raises ``ValueError`` when a weight of the text tower is missing or of another shape.
        """
        from transformers import AutoTokenizer, CLIPTextModelWithProjection

        where = source or HUB_ID
        model = _shared.loaded(CLIPTextModelWithProjection, where)
        return cls(model, AutoTokenizer.from_pretrained(where, use_fast=True), where)

    @classmethod
    def from_config(cls, folder: Path, source: str = HUB_ID) -> "Encoder":
        """The architecture and tokenizer that :meth:`save_config` wrote, with random weights."""
        from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModelWithProjection

        model = CLIPTextModelWithProjection(CLIPTextConfig.from_pretrained(folder))
        return cls(model, AutoTokenizer.from_pretrained(folder, use_fast=True), source)

    def save_config(self, folder: Path) -> None:
        """Architecture and tokenizer, no weights."""
        self.model.config.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    @property
    def device(self) -> torch.device:
        return self.model.text_projection.weight.device

    def tokenise(self, captions: Sequence[str]) -> Tokens:
        """Padded to the longest caption, cut at ``max_tokens`` with the end-of-text token kept."""
        return _shared.tokenise(self.tokenizer, captions, self.max_tokens)

    def forward(self, tokens: Tokens) -> Float[Tensor, "caption dim"]:
        """Projected vectors, not normalised: what generators take from CLIP."""
        return self.model(input_ids=tokens.ids, attention_mask=tokens.mask).text_embeds

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Float[Tensor, "caption dim"]:
        """Raw vectors in the order of the captions; gradient as the caller's grad mode."""
        return _shared.encode(self, captions, chunk=chunk, device=self.device)

    def frozen_twin(self) -> "Encoder":
        """A copy that never learns, sharing memory until this tower is unfrozen."""
        return _shared.frozen_twin(self)
