"""Models that a study is given instead of training them."""

import hashlib
from pathlib import Path


def identity(folder: Path) -> str:
    """Of a model's weights, wherever they lie. Raises ``OSError`` for a folder that has none."""
    path = folder / "model.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no model: there is no {path.name}")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
