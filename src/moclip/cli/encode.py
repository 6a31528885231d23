"""Turn captions and motion files into vectors that can be compared.

Examples:
  moclip encode runs/demo "a person walks" "someone jumps" -o captions.npz
  moclip encode runs/demo clips/*.bvh -o clips.npz
  moclip encode runs/demo clips/*.bvh -o clips.npz --jobs 8
  moclip encode runs/demo clips/*.bvh -o clips.npz --backend ray --address auto
  torchrun --nproc-per-node=8 -m moclip encode runs/demo clips/*.bvh -o clips.npz

The file holds `vectors` (one row an input, unit length, so a dot product is a cosine), `names` (the
captions and paths, in order) and `kinds` ("text" or "motion"); numpy.load opens it without pickle.
An input that exists as a file, or ends as motion files do, is read as a motion. Processes of
--jobs, of a Ray cluster or of torchrun each read and encode their share; one of them writes.
"""

import io
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from moclip.cli._body import SkeletonFile
from moclip.cli._device import Device


def main(
    model: Positional[str],
    inputs: Positional[tuple[str, ...]],
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    skeleton_file: SkeletonFile = None,
    device: Device = "auto",
    jobs: int | None = None,
    backend: Literal["loky", "ray"] = "loky",
    address: str | None = None,
) -> None:
    """Encode captions and motion files.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        inputs: captions and motion files
        out: the .npz to write
        skeleton_file: JSON of the body in motion files, where it is none of ours
        device: where to compute
        jobs: processes, each with one thread; this one with all threads if absent, with ray all
        backend: processes of this machine, or those of a Ray cluster that share its disk
        address: of the Ray cluster, as auto or ray://host:10001; found or started if absent
    """
    import numpy as np
    import torch

    from moclip import ranks
    from moclip.cli import _device, _inputs, _vectors
    from moclip.files import write_atomically

    if out.suffix != ".npz":
        raise ValueError(f"{out} is to be written as .npz; give a name that ends so")
    if not inputs:
        raise ValueError("nothing to encode; give captions or motion files after the model")
    items = _inputs.sorted_out(inputs)
    where = _device.pick(device)
    if ranks.started() > 1 and (backend != "loky" or jobs is not None):
        raise ValueError(
            "processes of torchrun share the work already; leave out --jobs and --backend"
        )
    world = ranks.join(where.type)
    part = _vectors.encoded(
        world.share(items),
        model,
        device=device,
        skeleton_file=skeleton_file,
        jobs=1 if jobs is None and backend == "loky" else jobs,
        backend=backend,
        address=address,
    )
    vectors = world.together(torch.from_numpy(part).to(where), [len(items)]).cpu()
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
