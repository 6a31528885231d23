"""Train a model as a recipe says: MoCLIP's towers, a MotionCLIP, or a generator.

Examples:
  moclip train demo
  moclip train bandai_namco --set data.root=bandai.zip
  moclip train my.toml --set loss.tether=0.2 seed=1 --out runs/weaker_tether
  moclip train motionclip_demo
  moclip train my.toml --out runs/weaker_tether --resume
  torchrun --nproc-per-node=8 -m moclip train my.toml --out runs/wide

A recipe is a name that comes with the package or a .toml file. The folder gets config.json,
model.safetensors (the epoch that validation finds best), recipe.toml, metrics.jsonl and a model
card. Ctrl-C leaves a folder that `--resume` takes up again, with any number of processes.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from moclip.cli._device import Device

Overrides = Annotated[
    UseAppendAction[tuple[tuple[str, ...], ...]], arg(name="set", metavar="KEY=VALUE")
]


def main(
    recipe: Positional[str],
    /,
    *,
    overrides: Overrides = (),
    out: Path | None = None,
    resume: bool = False,
    device: Device = "auto",
    shard: bool = False,
) -> None:
    """Train a model.

    Args:
        recipe: name of a recipe of the package, or a .toml file
        overrides: values that replace the recipe's, as loss.tether=0.2
        out: folder to write, runs/NAME if absent
        resume: go on with the run that is in the folder
        device: where to compute
        shard: spread the motion tower over the processes of torchrun (FSDP), if it is too large
    """
    from moclip import ranks
    from moclip.cli import _device
    from moclip.training import kinds, metrics

    settings = [setting for group in overrides for setting in group]
    plan = kinds.load(recipe, settings)
    if shard and kinds.of(plan) != "moclip":
        raise ValueError(f"--shard is for moclip only, this recipe is of kind '{kinds.of(plan)}'")
    folder = out or Path("runs") / plan.name
    where = _device.pick(device).type
    try:
        options = {"shard": True} if shard else {}
        progress = sys.stderr.isatty()
        kinds.train(plan, folder, resume=resume, progress=progress, device=where, **options)
    except KeyboardInterrupt:
        again = _again(recipe, settings, folder, device, shard=shard)
        print(f"stopped; go on with: {again}", file=sys.stderr)
        raise
    ranks.leave()
    if not ranks.leads():
        return
    rows = metrics.read_metrics(folder / "metrics.jsonl")
    if rows:
        seconds, share = metrics.waiting(rows)
        print(f"{seconds:.0f} s of steps, {share:.1%} of them waiting for data")
    next_command = {
        "moclip": f"moclip search {folder} 'a person walks' --in FOLDER",
        "motionclip": f"moclip generate {folder} 'a person walks' -o walk.bvh",
        "generator": f"moclip generate {folder} 'a person walks' -o walk.bvh",
    }
    print(f"{folder} holds the model; try: {next_command[kinds.of(plan)]}")


def _again(
    recipe: str, settings: Sequence[str], folder: Path, device: Device, *, shard: bool
) -> str:
    """The command that goes on with a run, or begins it anew where there is no state of it yet."""
    from moclip.training.state import has_state

    places = [folder, *folder.iterdir()] if folder.is_dir() else []  # stages have states of theirs
    words = ["moclip", "train", recipe, *(["--set", *settings] if settings else [])]
    words += ["--out", str(folder)]
    words += ["--device", device] if device != "auto" else []
    words += ["--shard"] if shard else []
    return shlex.join([*words, *(["--resume"] if any(map(has_state, places)) else [])])
