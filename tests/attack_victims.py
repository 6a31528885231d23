"""A small victim of attacks: a random BERT of one layer that judges by cosine."""

import functools
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import AutoTokenizer, BertConfig, BertModel

from moclip.evaluation.attacks.base import Victim
from moclip.models.text import minilm
from moclip.models.text._huggingface import prepared

SAMPLE = ("a person runs in a circle", "someone sits down", "a man waves with both hands")


@functools.cache
def tower() -> minilm.Encoder:
    """MiniLM's words, random weights from a seed, frozen."""
    tokenizer = AutoTokenizer.from_pretrained(minilm.wheel_folder()).backend_tokenizer
    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformer = BertModel(config, add_pooling_layer=False)
    return minilm.Encoder(transformer, prepared(tokenizer, 64, pad_id=0), source="random")


def aims(captions: Sequence[str]) -> Tensor:
    """The captions' own clean vectors."""
    with torch.no_grad():
        return normalize(tower().encode(captions), dim=-1)


def score(texts: Sequence[str], captions: Sequence[str]) -> Tensor:
    """Cosines with the clean captions."""
    return (aims(texts) * aims(captions)).sum(dim=-1)


def similarity(texts: Sequence[str], captions: Sequence[str]) -> Tensor:
    """Share of words kept, by place."""
    pairs = zip(texts, captions, strict=True)
    return torch.tensor([_kept(text.split(), caption.split()) for text, caption in pairs])


def victim() -> Victim:
    """All that an attack may ask for."""
    return Victim(score=score, similarity=similarity, tower=tower(), aims=aims, sample=SAMPLE)


def _kept(text: list[str], caption: list[str]) -> float:
    same = sum(a == b for a, b in zip(text, caption, strict=False))
    return same / max(len(text), len(caption), 1)
