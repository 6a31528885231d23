"""Turn captions and motion files into vectors that can be compared.

Examples:
  moclip encode runs/demo "a person walks" "someone jumps" -o captions.npz
  moclip encode runs/demo clips/*.bvh -o clips.npz
  torchrun --nproc-per-node=8 -m moclip encode runs/demo clips/*.bvh -o clips.npz

The file holds `vectors` (one row an input, unit length, so a dot product is a cosine), `names` (the
captions and paths, in order) and `kinds` ("text" or "motion"); numpy.load opens it without pickle.
An input that exists as a file, or ends as motion files do, is read as a motion. Processes of
torchrun each read and encode their share; the first of them writes the file.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from moclip.cli._body import SkeletonFile
from moclip.cli._device import Device

if TYPE_CHECKING:
    from torch import Tensor

    from moclip.cli._inputs import Input
    from moclip.models.two_tower import MoCLIP
    from moclip.motion import Motion


def main(
    model: Positional[str],
    inputs: Positional[tuple[str, ...]],
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    skeleton_file: SkeletonFile = None,
    device: Device = "auto",
) -> None:
    """Encode captions and motion files.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        inputs: captions and motion files
        out: the .npz to write
        skeleton_file: JSON of the body in motion files, where it is none of ours
        device: where to compute
    """
    import numpy as np

    from moclip import ranks
    from moclip.cli import _device, _inputs, _model
    from moclip.files import write_atomically

    if out.suffix != ".npz":
        raise ValueError(f"{out} is to be written as .npz; give a name that ends so")
    if not inputs:
        raise ValueError("nothing to encode; give captions or motion files after the model")
    items = _inputs.sorted_out(inputs)
    where = _device.pick(device)
    world = ranks.join(where.type)
    own = world.share(items)
    motions = [_inputs.motion(item.text, skeleton_file) for item in own if item.is_motion]
    part = encoded(_model.load(model, device), own, motions)
    vectors = world.together(part.to(where), [len(items)]).cpu()
    ranks.leave()
    if not world.leads:
        return
    buffer = io.BytesIO()
    np.savez(
        buffer,
        vectors=vectors.numpy(),
        names=np.array([item.text for item in items]),
        kinds=np.array(["motion" if item.is_motion else "text" for item in items]),
    )
    write_atomically(out, buffer.getvalue())
    print(f"{out}: {len(items)} vectors of {vectors.shape[1]} numbers")


def encoded(model: "MoCLIP", items: "list[Input]", motions: "list[Motion]") -> "Tensor":
    """One unit vector a row, in the order of the inputs, on the CPU."""
    import torch

    captions = [item.text for item in items if not item.is_motion]
    vectors = torch.empty(len(items), model.dim)
    is_motion = torch.tensor([item.is_motion for item in items])
    with torch.inference_mode():
        if motions:
            vectors[is_motion] = model.encode_motion(motions).float().cpu()
        if captions:
            vectors[~is_motion] = model.encode_text(captions).float().cpu()
    return vectors
