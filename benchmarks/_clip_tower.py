"""A CLIP text tower of the published size on disk, made without a download.

Weights are random: they cost the same time. CLIP's vocabulary cannot be made up, so a byte-level
BPE is trained on the captions themselves; like CLIP's own it gives a plain English word about one
token. It has fewer entries, but the embedding table has CLIP's size.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from moclip.models.text import clip
from moclip.models.text._huggingface import quiet

_WORDS = 4096
_QUICK: Any = {
    "vocab_size": _WORDS,
    "hidden_size": 32,
    "intermediate_size": 32,
    "projection_dim": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}

_START, _END = "<|startoftext|>", "<|endoftext|>"


def load(captions: Sequence[str], *, quick: bool = False) -> clip.Encoder:
    """Our tower, read by its own loader from such a folder; ``quick`` makes it tiny."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), captions, quick=quick)
        return clip.Encoder.from_pretrained(folder)


def write(folder: Path, captions: Sequence[str], *, quick: bool = False) -> None:
    """Weights, sizes and tokenizer in the hub's layout."""
    tokenizer = _tokenizer(folder, captions)
    tokenizer.save_pretrained(folder)
    config = CLIPTextConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **(_QUICK if quick else {}),
    )
    with torch.random.fork_rng(), quiet():
        torch.manual_seed(0)
        CLIPTextModelWithProjection(config).save_pretrained(folder)


def _tokenizer(folder: Path, captions: Sequence[str]) -> Any:
    """CLIP's own splitting and lower case, with merges learned from the captions."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), _START, _END]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    bare: Any = transformers.CLIPTokenizerFast(  # type: ignore[attr-defined]
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        vocab_file=str(folder / "vocab.json"),
        merges_file=str(folder / "merges.txt"),
    )
    return bare.train_new_from_iterator(captions, vocab_size=_WORDS, show_progress=False)
