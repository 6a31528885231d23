"""What a run of any kind begins with: its folder and its device."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Literal

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from moclip import ranks
from moclip.files import held
from moclip.training import kinds
from moclip.training._recipe import BaseRecipe
from moclip.training.state import has_state

Precision = Literal["auto", "fp32", "bf16"]


def accelerator(wanted: Precision, device: str | None, *, several: bool = False) -> Accelerator:
    """The device of a run and the precision of its products; meets the other ranks.

    Raises ``ValueError`` where a launcher has started several and this kind of run is not for
    ``several``.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if ranks.started() > 1 and not several:
        raise ValueError(
            f"{ranks.started()} processes were started, but of all kinds of models only moclip is "
            "trained by several; start one"
        )
    ranks.join(device)
    # Accelerate keeps the first device and precision of a process, whatever is asked for later.
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(cpu=device == "cpu", mixed_precision=precision(wanted, device))


def precision(wanted: Precision, device: str) -> str:
    """``"bf16"`` or ``"no"``, as accelerate calls it."""
    if wanted == "auto":
        wanted = "bf16" if _multiplies_bf16(device) else "fp32"
    return {"fp32": "no", "bf16": "bf16"}[wanted]


def _multiplies_bf16(device: str) -> bool:
    if device == "cpu":
        return bool(torch.cpu._is_amx_tile_supported())
    return device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Nobody else trains into ``out`` meanwhile; ranks of one launcher are one.

    Raises ``ValueError`` where somebody does.
    """
    those = ranks.Ranks.now()
    with held(out) if those.leads else nullcontext(True) as is_free:
        if not those.agreed(is_free):
            raise ValueError(f"{out} is being trained by another process")
        yield


def check_folder(
    recipe: BaseRecipe,
    out: Path,
    resume: bool | Literal["if there"] = False,
    *,
    begun: bool | None = None,
) -> None:
    """Raises ``ValueError`` when ``out`` holds another run, or none where one is to be resumed.

    ``begun`` is whether there is a state, unless it would be in ``out`` itself.
    """
    begun = has_state(out) if begun is None else begun
    resume = begun if resume == "if there" else resume
    known = out / "recipe.toml"
    same = known.exists() and known.read_text() == recipe.to_toml()
    if resume and not begun:
        raise ValueError(f"{out} holds no run to resume")
    if resume and not same:
        raise ValueError(f"{out} holds a run of another recipe; compare {known}")
    # A start that failed, or was stopped before its first state, has the recipe and nothing else.
    other = known.exists() and not same
    if not resume and (begun or (out / "config.json").exists() or (other and _any_state(out))):
        raise ValueError(
            f"{out} holds a run already; resume it (--resume) or name another folder (--out)"
        )
    if other and not _is_ours(known):
        raise ValueError(f"{known} was not written by a run; move it or name another folder")


def _any_state(out: Path) -> bool:
    """Of a run of any kind: a generator has one for each stage."""
    return has_state(out) or any(has_state(folder) for folder in out.iterdir())


def _is_ours(recipe: Path) -> bool:
    """Whether it was written out by a run, not by hand."""
    try:
        return kinds.load(recipe).to_toml() == recipe.read_text()
    except (ValueError, LookupError):
        return False
