"""What text towers have in common: tokens, encoding in chunks, twins, quiet loading."""

import copy
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Tokens:
    """Captions as token numbers, padded to the longest of the batch."""

    ids: Int[Tensor, "caption token"]
    mask: Int[Tensor, "caption token"]
    """1 where a token is real, as transformers wants it."""

    def to(self, device: torch.device) -> "Tokens":
        return Tokens(self.ids.to(device), self.mask.to(device))


class TextTower(Protocol):
    """What :func:`encode` needs of a tower."""

    def tokenise(self, captions: Sequence[str]) -> Tokens: ...

    def __call__(self, tokens: Tokens) -> Tensor: ...


def tokenise(tokenizer: Any, captions: Sequence[str], limit: int) -> Tokens:
    """Trimmed to the longest caption, cut at ``limit`` tokens, markers included."""
    table = tokenizer(
        list(captions), padding=True, truncation=True, max_length=limit, return_tensors="pt"
    )
    return Tokens(table["input_ids"], table["attention_mask"])


def encode(
    tower: TextTower, captions: Sequence[str], *, chunk: int, device: torch.device
) -> Float[Tensor, "caption dim"]:
    """Captions of like length go through the tower together, so that little is spent on padding."""
    if not captions:
        raise ValueError("there is no caption to encode")
    order = sorted(range(len(captions)), key=lambda i: len(captions[i]))
    vectors = []
    for start in range(0, len(order), chunk):
        tokens = tower.tokenise([captions[i] for i in order[start : start + chunk]])
        vectors.append(tower(tokens.to(device)))
    place = torch.empty(len(order), dtype=torch.long, device=device)
    place[torch.tensor(order, device=device)] = torch.arange(len(order), device=device)
    return torch.cat(vectors)[place]


Tower = TypeVar("Tower", bound=nn.Module)


def frozen_twin(tower: Tower) -> Tower:
    """A copy that never learns; it shares its memory with ``tower`` until that is unfrozen."""
    shared = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in tower.parameters()}
    return copy.deepcopy(tower, shared).eval()


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers' loading reports and progress bars off the user's screen."""
    from transformers.utils import logging as reports

    level, had_bar = reports.get_verbosity(), reports.is_progress_bar_enabled()
    reports.set_verbosity(logging.ERROR)
    reports.disable_progress_bar()
    try:
        yield
    finally:
        reports.set_verbosity(level)
        if had_bar:
            reports.enable_progress_bar()


def loaded(kind: Any, source: str, **options: Any) -> Any:
    """A transformers model with all its weights, from a local folder or a hub id; safetensors only.

    Raises ``ValueError`` naming the first weight that is missing or of another shape.
    """
    try:
        with quiet():
            model, report = kind.from_pretrained(
                source,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                dtype=torch.float32,
                **options,
            )
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"cannot load the text tower '{source}': {reason}") from None
    missing = sorted(report["missing_keys"])
    misshaped = [entry[0] for entry in report["mismatched_keys"]]
    if missing or misshaped:
        what = f"misses {len(missing)} weights, first '{missing[0]}'" if missing else ""
        what = what or f"has '{misshaped[0]}' in another shape"
        raise ValueError(f"the text tower '{source}' {what}")
    return model
