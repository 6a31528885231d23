"""What every text tower promises."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from tokenizers import Tokenizer
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Tokens:
    """Captions as numbers, padded to the longest of them."""

    ids: Int[Tensor, "caption token"]
    mask: Bool[Tensor, "caption token"]
    """True where a token is real, False where it is padding."""

    def to(self, device: torch.device | str) -> "Tokens":
        return Tokens(self.ids.to(device), self.mask.to(device))


class TextTower(nn.Module, ABC):
    """Captions to raw vectors, of any length: the unit sphere is two_tower's business.

    A tower comes frozen and in evaluation mode;
    :meth:`moclip.models.two_tower.MoCLIP.unfreeze_text` lets it learn.
    """

    dim: int
    """Width of the vectors."""
    max_tokens: int
    """Longer captions are cut to this many tokens, the closing one included."""
    tokenizer: Tokenizer
    """Captions to numbers."""
    source: str
    """Where the weights first came from: a hub id, or the name of a folder."""

    @classmethod
    @abstractmethod
    def from_pretrained(cls, source: str | None = None) -> "TextTower":
        """The tower with the weights of a hub id or a folder; ``None`` is the tower's own default.

        Raises ``ValueError`` for files that are not this tower's and ``OSError`` for a source that
        cannot be reached.
        """

    @classmethod
    @abstractmethod
    def from_config(cls, folder: Path) -> "TextTower":
        """What :meth:`save_config` wrote: sizes and tokenizer, with weights still to be loaded."""

    @abstractmethod
    def save_config(self, folder: Path) -> None:
        """Sizes (``config.json``) and tokenizer (``tokenizer.json``) into a folder, no weights."""

    @abstractmethod
    def tokenise(self, captions: Sequence[str]) -> Tokens:
        """Padded to the longest of ``captions``, on the tower's device."""

    @abstractmethod
    def forward(self, tokens: Tokens) -> Float[Tensor, "caption dim"]:
        """Raw vectors; padding makes no difference."""

    @abstractmethod
    def encode(self, captions: Sequence[str], *, chunk: int = 256) -> Float[Tensor, "caption dim"]:
        """Raw vectors in the order of ``captions``, made ``chunk`` of like length at a time."""

    @abstractmethod
    def frozen_twin(self) -> "TextTower":
        """The same weights, never to learn; memory is shared while this tower does not learn."""


def token_table(tower: TextTower) -> nn.Embedding:
    """The vectors of the tower's tokens: its table with the most rows.

    Positions and segments have fewer. Raises ``ValueError`` for a tower without tables, such as a
    graph of ONNX.
    """
    tables = [module for module in tower.modules() if isinstance(module, nn.Embedding)]
    if not tables:
        raise ValueError(f"the text tower '{tower.source}' has no table of token vectors")
    return max(tables, key=lambda table: table.num_embeddings)


def forward_from(
    tower: TextTower, tokens: Tokens, embeddings: Float[Tensor, "caption token width"]
) -> Float[Tensor, "caption dim"]:
    """As ``tower(tokens)``, with other vectors in place of those of the tokens.

    Positions are added to them as ever, and gradients reach them.
    """
    hook = token_table(tower).register_forward_hook(lambda *_: embeddings)
    try:
        return tower(tokens)
    finally:
        hook.remove()


def is_word(tower: TextTower, tokens: Tokens) -> Bool[Tensor, "caption token"]:
    """True where a token is of the caption itself, neither padding nor added by the tokenizer."""
    table = tower.tokenizer.get_added_tokens_decoder()
    special = [number for number, token in table.items() if token.special]
    return tokens.mask & ~torch.isin(tokens.ids, tokens.ids.new_tensor(special))
