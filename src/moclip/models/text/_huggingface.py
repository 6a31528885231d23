"""What the towers built on transformers have in common."""

import copy
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
import transformers
from jaxtyping import Float
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import logging as transformers_logging

from moclip.models import _hub
from moclip.models.text.base import TextTower, Tokens

_log = logging.getLogger(__name__)
_Tower = TypeVar("_Tower", bound=TextTower)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers' reports of unused weights and its progress bars to itself."""
    level, bars = (
        transformers_logging.get_verbosity(),
        transformers_logging.is_progress_bar_enabled(),
    )
    transformers_logging.set_verbosity(logging.CRITICAL)
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()


def load_weights(
    architecture: Any, source: str, *, beside: tuple[str, ...] = (), **options: Any
) -> Any:
    """A transformer in float32 with safetensors weights from a hub id or a folder.

    Weights whose names begin as one of ``beside`` (an image tower, a head of another task) are left
    out; any other weight without a place, and one that is not there, is an error that names it.
    """
    with quiet(), _one_sentence(source):
        model, report = architecture.from_pretrained(
            source,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, in a sentence
            **options,
        )
    unused = sorted(report["unexpected_keys"])
    for fault, keys in (
        ("lack", sorted(report["missing_keys"])),
        ("have another shape for", sorted(key for key, *_ in report["mismatched_keys"])),
        ("are too many for", [key for key in unused if not key.startswith(beside)]),
    ):
        if keys:
            raise ValueError(
                f"the weights of '{source}' {fault} {len(keys)} of {architecture.__name__}, "
                f"first '{keys[0]}'"
            )
    _log.debug("%s: %d weights have no place in the tower", source, len(unused))
    return model.float()


def model_type(source: str) -> str | None:
    """What transformers calls the architecture of a folder: ``"bert"``, ``"clip"``.

    ``None`` where its ``config.json`` does not say, as in our own models.
    """
    if not (Path(source) / "config.json").is_file():
        raise FileNotFoundError(f"{source} holds no text tower: there is no config.json")
    with quiet(), _one_sentence(source):
        table, _ = transformers.PretrainedConfig.get_config_dict(source)
    return table.get("model_type")


def load_config(architecture: Any, source: str) -> Any:
    """Sizes of a transformer. Raises ``ValueError`` when they are of another architecture."""
    found = model_type(source)
    if found != architecture.model_type:
        raise ValueError(f"'{source}' is a '{found}' model, wanted '{architecture.model_type}'")
    with quiet(), _one_sentence(source):
        return architecture.from_pretrained(source, attn_implementation="sdpa")


def load_tokenizer(kind: str, source: str, max_tokens: int, *, pad_id: int) -> Tokenizer:
    """The fast tokenizer behind transformers' ``kind``, cutting at ``max_tokens`` and padding."""
    with quiet(), _one_sentence(source):
        tokenizer: Tokenizer = getattr(transformers, kind).from_pretrained(source).backend_tokenizer
    return prepared(tokenizer, max_tokens, pad_id=pad_id)


def open_tokenizer(folder: Path, max_tokens: int, *, pad_id: int) -> Tokenizer:
    """The ``tokenizer.json`` of a folder of ours. Raises ``ValueError`` when it is not one."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path.name} in {folder}")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise ValueError(f"{path} is damaged: {error}") from None
    return prepared(tokenizer, max_tokens, pad_id=pad_id)


def prepared(tokenizer: Tokenizer, max_tokens: int, *, pad_id: int) -> Tokenizer:
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(pad_id=pad_id, pad_token=tokenizer.id_to_token(pad_id))
    return tokenizer


def tokenise(
    tokenizer: Tokenizer, captions: Sequence[str], device: torch.device | str = "cpu"
) -> Tokens:
    encodings = tokenizer.encode_batch_fast(list(captions))
    ids = torch.tensor([encoding.ids for encoding in encodings])
    mask = torch.tensor([encoding.attention_mask for encoding in encodings], dtype=torch.bool)
    return Tokens(ids, mask).to(device)


def encode(tower: TextTower, captions: Sequence[str], chunk: int) -> Float[Tensor, "caption dim"]:
    """Each different caption once, the short ones together, so that little is padding."""
    unique = sorted(dict.fromkeys(captions), key=len)
    if not unique:
        return next(tower.parameters()).new_zeros(0, tower.dim)
    chunks = (unique[start : start + chunk] for start in range(0, len(unique), chunk))
    vectors = torch.cat([tower(tower.tokenise(part)) for part in chunks])
    row = {caption: number for number, caption in enumerate(unique)}
    return vectors[[row[caption] for caption in captions]]


def frozen_twin(tower: _Tower, tokenizer: Tokenizer) -> _Tower:
    """A copy whose parameters are views of the tower's, but for those that learn: they are copied.

    :meth:`moclip.models.two_tower.MoCLIP.unfreeze_text` moves a frozen tower to memory of its own
    before it learns, so a step of the optimiser never reaches the twin.
    """
    shared: dict[int, Any] = {id(tokenizer): tokenizer}
    for parameter in tower.parameters():
        values = parameter.detach()
        values = values.clone() if parameter.requires_grad else values
        shared[id(parameter)] = nn.Parameter(values, requires_grad=False)
    return copy.deepcopy(tower, shared).eval()


def short_name(source: str) -> str:
    """A hub id as it is; of a folder only its name, to keep paths out of shared models."""
    return Path(source).resolve().name if Path(source).is_dir() else source


def resolve(source: str) -> str:
    """The folder of a hub id, whose plain files are fetched once; a folder as it is.

    Raises ``OSError`` in one sentence when there is neither.
    """
    folder = Path(source)
    looks_local = source.count("/") > 1 or source.startswith((".", "~", "/"))
    if looks_local and not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {source} to read a text tower from")
    if folder.is_dir():
        return source
    with _one_sentence(source):
        return str(_hub.fetch(source))


@contextmanager
def _one_sentence(source: str) -> Iterator[None]:
    """transformers explains at length; its first line is what happened."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        kind = OSError if isinstance(error, OSError) else ValueError
        raise kind(f"cannot read a text tower from '{source}': {reason}") from None
