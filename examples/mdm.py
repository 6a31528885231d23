"""MDM with a fine-tuned text tower: five lines.

MDM keeps OpenAI's CLIP as ``clip_model`` and leaves it out of its checkpoints, which are bare
weights: what they were trained with goes into a file beside them. On HumanML3D and KIT-ML it cuts
captions to 20 tokens between the opening and the closing one, then pads with zeros to 77; the tower
it is given reads the same cut captions, without further change.

    import moclip                                                       # 1
    patch = moclip.patch(model, "runs/mine")                            # 2
    Path(args.save_dir, "tower_hash").write_text(patch.tower_hash)      # 3, training
    stored = Path(args.model_path).with_name("tower_hash").read_text()  # 4, sampling, evaluation
    patch.require(stored, owner=args.model_path)                        # 5, the same

The second comes after create_model_and_diffusion, and where weights are loaded, after that.
Models with ``--text_encoder_type bert`` have no CLIP; moclip.patch says so.

Whether a model was trained with a tower: python mdm.py runs/mine save/my_model/model000200000.pt
"""

import argparse
from pathlib import Path

from torch import nn

import moclip
from moclip.models import identity, interop
from moclip.models.patching import Patch

BESIDE = "tower_hash"


def main(model: nn.Module, tower: str, model_path: str | Path | None = None) -> Patch:
    """Gives MDM the tower, if it is the one the weights at ``model_path`` were trained with."""
    patch = moclip.patch(model, tower)
    if model_path is not None:
        try:
            patch.require(stored(model_path), owner=str(model_path))
        except ValueError:
            patch.unpatch()
            raise
    return patch


def store(patch: Patch, save_dir: str | Path) -> None:
    """For training: which tower the weights that come into this folder belong to."""
    Path(save_dir, BESIDE).write_text(patch.tower_hash)


def stored(model_path: str | Path) -> str | None:
    """``None`` beside weights that were trained without :func:`store`."""
    beside = Path(model_path).with_name(BESIDE)
    return beside.read_text().strip() if beside.is_file() else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tower", help="what moclip trained, or any CLIP text tower")
    parser.add_argument("model_path", help="MDM's weights")
    given = parser.parse_args()
    try:
        text, beside = interop.read(given.tower), stored(given.model_path)
        identity.require_same_tower(beside, text, owner=given.model_path)
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
    print(f"{given.model_path} was trained with {given.tower}")
