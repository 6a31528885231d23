"""Weights by name from the files CLIP is passed around in; no pickle is ever executed."""

import logging
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from moclip.models.interop._names import State

_log = logging.getLogger(__name__)

_NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")
"""Numbers that OpenAI's archives carry among the weights."""
_WRAPPERS = ("state_dict", "model", "model_state_dict")
_BROKEN = (
    SafetensorError,
    RuntimeError,
    pickle.UnpicklingError,
    EOFError,
    KeyError,
    AttributeError,
    zipfile.BadZipFile,
)


def read_state(path: Path) -> State:
    """All tensors of a ``.safetensors`` file, a ``torch.save`` of weights, or OpenAI's own archive.

    A wrapping ``state_dict`` and the ``module.`` of parallel training are taken off. Raises
    ``ValueError`` in one sentence when the file is damaged or holds anything but tensors.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        table = _table(path)
    except _BROKEN as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} holds no weights that can be read: {reason}") from None
    for wrapper in _WRAPPERS:
        if isinstance(table.get(wrapper), Mapping):
            table = table[wrapper]
    state = {str(name).removeprefix("module."): value for name, value in table.items()}
    odd = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if odd or not state:
        what = f"'{odd[0]}', which is no tensor" if odd else "nothing"
        raise ValueError(f"{path} holds {what}; wanted weights by name")
    return {name: value for name, value in state.items() if name not in _NOT_WEIGHTS}


def _table(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".safetensors":
        return load_file(path)
    if _is_torchscript(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is how OpenAI published CLIP
            return torch.jit.load(path, map_location="cpu").state_dict()
    table = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(table, Mapping):
        raise RuntimeError(f"it holds a {type(table).__name__}, wanted weights by name")
    return table


def _is_torchscript(path: Path) -> bool:
    """As its zip shows: code beside the weights."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())
