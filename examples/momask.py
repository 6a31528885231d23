"""MoMask with a fine-tuned text tower: five lines.

Both of MoMask's transformers keep OpenAI's CLIP, frozen and in half precision, as ``clip_model``,
and leave it out of their checkpoints, so whoever loads one gets plain CLIP. In its scripts:

    import moclip                                                                          # 1
    patch = moclip.patch({"masked": t2m_transformer, "residual": res_model}, "runs/mine")  # 2

in gen_t2m.py and the evaluation after both are loaded, in the training scripts (which have one of
them) after the transformer is made. Then the checkpoints tell which tower they were trained with:

    trainer.tower_hash = patch.tower_hash              # 3, after the trainer is made
    "tower_hash": self.tower_hash,                     # 4, in the trainer's save, among the state
    patch.require(ckpt.get("tower_hash"), owner=name)  # 5, wherever a checkpoint is loaded

A length estimator, where one is used, reads the same vectors and was trained on plain CLIP's: give
lengths, or train it again.

Whether checkpoints were trained with a tower: python momask.py runs/mine net_best_fid.tar ...
"""

import argparse
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

import moclip
from moclip.models import identity, interop
from moclip.models.patching import Patch


def main(
    transformers: Mapping[str, nn.Module],
    tower: str,
    checkpoints: Mapping[str, Mapping[str, Any]] | None = None,
) -> Patch:
    """Gives MoMask's transformers the tower, if it is the one their checkpoints were trained with.

    Leave ``checkpoints`` out where the tower is new to them: before fine-tuning, and for the row
    "swapped, not fine-tuned" of a table.
    """
    patch = moclip.patch(transformers, tower)
    try:
        for name, checkpoint in (checkpoints or {}).items():
            patch.require(checkpoint.get("tower_hash"), owner=name)
    except ValueError:
        patch.unpatch()
        raise
    return patch


def check(tower: str, files: list[str]) -> None:
    """Raises ``ValueError`` naming the first checkpoint that was trained with another tower."""
    text = interop.read(tower)
    for file in files:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
        identity.require_same_tower(checkpoint.get("tower_hash"), text, owner=file)
        print(f"{file} was trained with {tower}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tower", help="what moclip trained, or any CLIP text tower")
    parser.add_argument("files", nargs="+", help="MoMask's checkpoints")
    given = parser.parse_args()
    try:
        check(given.tower, given.files)
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
