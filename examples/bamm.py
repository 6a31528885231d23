"""BAMM with a fine-tuned text tower: five lines.

BAMM's masked and residual transformers each keep OpenAI's CLIP as ``clip_model``, in half
precision, frozen, left out of their checkpoints. Its training of the masked one has the residual
one beside it for evaluation, and the trainer holds both: patch the trainer.

    import moclip                                      # 1
    patch = moclip.patch(trainer, "runs/mine")         # 2, before trainer.train(...)
    trainer.tower_hash = patch.tower_hash              # 3
    "tower_hash": self.tower_hash,                     # 4, in the trainer's save, among the state
    patch.require(ckpt.get("tower_hash"), owner=name)  # 5, in gen_t2m.py, for either checkpoint

In gen_t2m.py line 2 is ``patch = moclip.patch([t2m_transformer, res_model], "runs/mine")``.

Its length estimator reads the same vectors and was trained on plain CLIP's; BAMM can do without it
(``--motion_length -1`` lets the masked transformer end the motion).

What a checkpoint was trained with: python bamm.py net_best_fid.tar ...
"""

import argparse
from typing import Any

import torch

import moclip
from moclip.models.patching import Patch


def main(trainer: Any, tower: str) -> Patch:
    """Gives a trainer's transformers the tower, and the trainer the hash it is to save."""
    patch = moclip.patch(trainer, tower)
    trainer.tower_hash = patch.tower_hash
    return patch


def trained_with(file: str) -> str:
    """The hash in a checkpoint, as ``moclip info`` prints it of a tower."""
    checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    return str(checkpoint.get("tower_hash", "a tower it does not tell, plain CLIP if it is BAMM's"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="BAMM's checkpoints")
    for name in parser.parse_args().files:
        try:
            print(f"{name}: {trained_with(name)}")
        except OSError as error:
            parser.exit(1, f"{error}\n")
