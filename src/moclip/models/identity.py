"""Which text tower is this? A hash that is the same wherever the same tower came from.

Generators are trained on one tower's raw vectors and go wrong, silently, with another's; so its
hash is stored with them and checked (the published code reloads plain CLIP at evaluation).
"""

import hashlib
import json

import torch
from torch import Tensor

from moclip.models.text.base import TextTower


def tower_hash(tower: TextTower) -> str:
    """64 hexadecimal digits of weights, in single precision, and tokenizer.

    The same for one tower in every layout; a tower that went through half precision is another.
    """
    digest = hashlib.sha256()
    for name, weight in sorted(tower.state_dict().items()):
        digest.update(f"{name} {list(weight.shape)}\n".encode())
        digest.update(_bytes(weight))
    digest.update(_words(tower).encode())
    return digest.hexdigest()


def require_same_tower(expected: str | None, tower: TextTower, *, owner: str) -> None:
    """Raises ``ValueError`` naming both towers when ``owner`` was made with another one.

    ``expected`` is the hash that was stored with ``owner``, ``None`` if none was.
    """
    require_same(expected, tower_hash(tower), owner=owner, which=f"this one ('{tower.source}')")


def require_same(expected: str | None, found: str, *, owner: str, which: str) -> None:
    """The same of a hash that is known already; ``which`` says in the error what it is of."""
    if found != expected:
        known = f"was trained with text tower {short(expected)}" if expected else None
        told = known or "does not tell its text tower"
        raise ValueError(f"{owner} {told}, {which} is {short(found)}")


def short(digest: str) -> str:
    """Enough of a hash to tell towers apart by eye."""
    return digest[:12]


def _bytes(weight: Tensor) -> bytes:
    values = weight.detach().to("cpu", torch.float32).contiguous()
    return values.view(torch.uint8).numpy().tobytes() if values.numel() else b""


def _words(tower: TextTower) -> str:
    """Vocabulary and merges; how a caption is padded and where it is cut is ours, not theirs."""
    model = json.loads(tower.tokenizer.to_str())["model"]
    merges = [m.split(" ") if isinstance(m, str) else m for m in model.get("merges", [])]
    return json.dumps([sorted(model["vocab"].items()), merges, tower.max_tokens])
