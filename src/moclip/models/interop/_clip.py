"""A CLIP text tower between two layouts, and where its words come from."""

import gzip
import importlib.util
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from moclip.models import _hub, checkpoint
from moclip.models.interop._names import State, layers, text_entries, to_huggingface
from moclip.models.text import _huggingface as huggingface
from moclip.models.text import clip
from moclip.models.text.base import TextTower

_HEAD = 64
"""Width of an attention head in every CLIP that OpenAI's code can build."""
_WORDS = "bpe_simple_vocab_16e6.txt.gz"
_CARRIERS = ("clip", "open_clip")
"""Installed packages that carry CLIP's vocabulary."""
_MERGES = 49152 - 256 - 2
"""How many lines of the vocabulary file CLIP uses."""
_MAX_TOKENS = 77
START, END = "<|startoftext|>", "<|endoftext|>"


@dataclass(frozen=True, eq=False)
class ClipText:
    """Sizes and weights of a text tower with its projection."""

    config: CLIPTextConfig
    state: State
    """By the names of transformers' ``CLIPTextModelWithProjection``."""

    @classmethod
    def of(cls, tower: TextTower) -> "ClipText":
        """Raises ``ValueError`` for a tower that is no CLIP."""
        if not isinstance(tower, clip.Encoder):
            kind = type(tower).__module__.rpartition(".")[2]
            raise ValueError(f"a '{kind}' text tower came, this layout holds CLIP's only")
        state = {name: weight.detach() for name, weight in tower.transformer.state_dict().items()}
        return cls(tower.transformer.config, state)

    @classmethod
    def from_openai(cls, state: Mapping[str, Tensor]) -> "ClipText":
        """From weights by OpenAI's names; sizes are read from their shapes.

        Raises ``ValueError`` naming a weight that is missing, foreign or of another shape.
        """
        count = layers(state, "transformer.resblocks")
        weights = to_huggingface(state, text_entries(count))
        return cls.checked(_config(weights, count), weights)

    @classmethod
    def checked(cls, config: CLIPTextConfig, state: Mapping[str, Tensor]) -> "ClipText":
        """Raises ``ValueError`` naming a weight that does not fit the sizes."""
        with torch.device("meta"):
            wanted = CLIPTextModelWithProjection(config).state_dict()
        checkpoint.require_same(
            {name: tuple(weight.shape) for name, weight in wanted.items()},
            {name: tuple(weight.shape) for name, weight in state.items()},
            "the CLIP text tower",
        )
        return cls(config, {name: weight.float() for name, weight in state.items()})

    def tower(self, tokenizer: Tokenizer, *, source: str) -> clip.Encoder:
        """Raises ``ValueError`` when the tokenizer has another number of words."""
        words = tokenizer.get_vocab_size()
        if words != self.config.vocab_size:
            raise ValueError(
                f"the tokenizer has {words:,} words, the text tower {self.config.vocab_size:,}"
            )
        model = CLIPTextModelWithProjection(self.config)
        model.load_state_dict(self.state)
        tokenizer = huggingface.prepared(
            tokenizer, self.config.max_position_embeddings, pad_id=clip.PAD_ID
        )
        return clip.Encoder(model, tokenizer, source=source)


def _config(state: Mapping[str, Tensor], count: int) -> CLIPTextConfig:
    words, width = state["text_model.embeddings.token_embedding.weight"].shape
    if not count or width % _HEAD:
        raise ValueError(
            f"a CLIP text tower has blocks whose width is a multiple of {_HEAD}; "
            f"these weights have {count} of width {width}"
        )
    return _sdpa(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=state["text_model.encoder.layers.0.mlp.fc1.weight"].shape[0],
        num_hidden_layers=count,
        num_attention_heads=width // _HEAD,
        projection_dim=state["text_projection.weight"].shape[0],
        max_position_embeddings=state["text_model.embeddings.position_embedding.weight"].shape[0],
        hidden_act="quick_gelu",
        bos_token_id=words - 2,
        eos_token_id=words - 1,
        pad_token_id=words - 1,
    )


def _sdpa(**sizes: Any) -> CLIPTextConfig:
    architecture: Any = CLIPTextConfig
    return architecture(**sizes, attn_implementation="sdpa")


def require_openai_sizes(config: CLIPTextConfig) -> None:
    """OpenAI's code derives the heads from the width and knows one activation."""
    if config.num_attention_heads * _HEAD != config.hidden_size:
        raise ValueError(
            f"the text tower has {config.num_attention_heads} heads at width "
            f"{config.hidden_size}, this layout allows {config.hidden_size // _HEAD}"
        )
    if config.hidden_act != "quick_gelu":
        raise ValueError(
            f"the text tower has activation '{config.hidden_act}', this layout allows quick_gelu"
        )


def tokenizer(source: str | None) -> Tokenizer:
    """CLIP's tokenizer: of a folder or hub id, of a vocabulary file, or of an installed package.

    ``None`` looks for a package that carries the vocabulary (``clip``, ``open_clip``), then on the
    hub. Raises ``OSError`` or ``ValueError`` when there is none.
    """
    path = Path(source) if source else installed_words()
    if path and path.name.endswith(".txt.gz"):
        return _from_words(path)
    source = source or clip.HUB_ID
    return _open(source if Path(source).is_dir() else str(_hub.fetch(source)))


def installed_words() -> Path | None:
    """The vocabulary file of an installed package, without importing it."""
    for package in _CARRIERS:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            if (path := Path(folder) / _WORDS).is_file():
                return path
    return None


def _from_words(path: Path) -> Tokenizer:
    """The published vocabulary: 256 bytes, the same at the end of a word, one word a merge."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read(2**24).splitlines()[1 : 1 + _MERGES]
    merges = [tuple(line.split()) for line in lines]
    if len(merges) != _MERGES or any(len(merge) != 2 for merge in merges):
        raise ValueError(f"{path} is not CLIP's vocabulary")
    letters = list(_bytes())
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += ["".join(merge) for merge in merges]
    vocabulary = {word: number for number, word in enumerate([*words, START, END])}
    with tempfile.TemporaryDirectory() as folder:
        _write_words(Path(folder), vocabulary, merges)
        return _open(folder)


def _bytes() -> list[str]:
    """A printable letter for each byte, in the order the vocabulary has them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(others))]


def save_tokenizer(tower: TextTower, folder: Path) -> None:
    """The files by which transformers finds CLIP's tokenizer, in its new and its old way."""
    model: dict[str, Any] = json.loads(tower.tokenizer.to_str())["model"]
    merges = [tuple(m.split(" ") if isinstance(m, str) else m) for m in model["merges"]]
    _write_words(folder, model["vocab"], merges)
    plain = _open(str(folder))
    plain.no_padding()
    plain.no_truncation()
    plain.save(str(folder / "tokenizer.json"))


def _write_words(
    folder: Path, vocabulary: Mapping[str, int], merges: Sequence[tuple[str, ...]]
) -> None:
    text = "\n".join(("#version: 0.2", *(" ".join(merge) for merge in merges)))
    (folder / "merges.txt").write_text(text + "\n", encoding="utf-8")
    words = json.dumps(vocabulary, ensure_ascii=False)
    (folder / "vocab.json").write_text(words, encoding="utf-8")
    options = {
        "tokenizer_class": "CLIPTokenizer",
        "bos_token": START,
        "eos_token": END,
        "unk_token": END,
        "pad_token": END,
        "model_max_length": _MAX_TOKENS,
        "do_lower_case": True,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(options, indent=2) + "\n")


def _open(source: str) -> Tokenizer:
    made: Tokenizer = huggingface.load_tokenizer(
        "CLIPTokenizerFast", source, _MAX_TOKENS, pad_id=clip.PAD_ID
    )
    return made
