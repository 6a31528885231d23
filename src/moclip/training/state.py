"""A run as files it can be taken up from: weights, moments, random state and where it stood."""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from moclip.files import write_atomically
from moclip.ranks import Ranks
from moclip.training.sharding import is_sharded, spread_like, whole

_FILE = "state.safetensors"


@dataclass
class Progress:
    """Where a run stands."""

    epoch: int = 0
    step: int = 0
    """Steps done of this epoch."""
    best: float = -math.inf
    """Highest score so far; what it is, the task says."""
    best_epoch: int = -1
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    """Running sums of this epoch's loss terms."""


def random_state() -> dict[str, Tensor]:
    """Of the generators that dropout draws from."""
    states = {"random": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["random.cuda"] = torch.cuda.get_rng_state()
    return states


def save_state(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: Progress,
    random: dict[str, Tensor],
) -> None:
    """One file, whole or not at all. Parameters that do not learn yet are not in it.

    The first of several ranks writes it, and it does not tell of how many: any number can go on.
    """
    if not (Ranks.now().leads or is_sharded(model)):
        return
    tensors = random | {f"buffer.{name}": buffer for name, buffer in _buffers(model).items()}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        tensors[f"weight.{name}"] = whole(parameter.detach())
        for key, moment in optimiser.state.get(parameter, {}).items():
            tensors[f"moment.{key}.{name}"] = whole(moment)
    if not Ranks.now().leads:
        return
    tensors = {name: tensor.contiguous().cpu() for name, tensor in tensors.items()}
    metadata = {"progress": json.dumps(asdict(progress))}
    write_atomically(folder / _FILE, save(tensors, metadata))


def has_state(folder: Path) -> bool:
    """Whether a run in this folder can be taken up again."""
    return (folder / _FILE).exists()


def peek(folder: Path) -> Progress:
    """Where the saved run stood. Raises ``ValueError`` for a damaged file."""
    path = folder / _FILE
    try:
        with safe_open(path, framework="pt") as file:
            known = json.loads(file.metadata()["progress"])
        return Progress(**{f.name: known[f.name] for f in fields(Progress)})
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}); start the run anew elsewhere") from None


def load_state(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Weights, moments and random state back into a model whose phase is already set."""
    with safe_open(folder / _FILE, framework="pt") as file:
        there = set(file.keys())
        wanted = {f"weight.{n}" for n, p in model.named_parameters() if p.requires_grad}
        saved = {name for name in there if name.startswith("weight.")}
        if saved != wanted:
            odd = sorted(saved ^ wanted)[0].removeprefix("weight.")
            raise ValueError(f"{folder / _FILE} is of another model: '{odd}' does not match")
        fused = optimiser.defaults["fused"]  # these keep the count of steps beside the weights
        torch.set_rng_state(file.get_tensor("random"))
        if "random.cuda" in there and torch.cuda.is_available():
            torch.cuda.set_rng_state(file.get_tensor("random.cuda"))
        with torch.no_grad():
            for name, buffer in _buffers(model).items():
                buffer.copy_(file.get_tensor(f"buffer.{name}"))
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    parameter.copy_(_like(file.get_tensor(f"weight.{name}"), parameter))
                    moments = _moments(file, there, name)
                    on_device = moments.keys() - (() if fused else {"step"})
                    moments |= {key: moments[key].to(parameter.device) for key in on_device}
                    moments |= {
                        key: _like(moment, parameter)
                        for key, moment in moments.items()
                        if key != "step"
                    }
                    optimiser.state[parameter] = moments


def _like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """Where the parameter is, spread as it is."""
    return spread_like(tensor.to(parameter.device), parameter)


def _buffers(model: nn.Module) -> dict[str, Tensor]:
    """Running means, codebooks and the like: what is saved with the weights and has no gradient."""
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return {name: value for name, value in model.state_dict().items() if name not in parameters}


def _moments(file: Any, there: set[str], name: str) -> dict[str, Tensor]:
    keys = ("step", "exp_avg", "exp_avg_sq")
    saved = {key: f"moment.{key}.{name}" for key in keys}
    return {key: file.get_tensor(place) for key, place in saved.items() if place in there}
