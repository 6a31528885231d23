"""A diffusers pipeline with a fine-tuned text tower: two lines, and one to go back.

    import moclip                                 # 1
    patch = moclip.patch(pipeline, "runs/mine")   # 2, after from_pretrained
    patch.unpatch()                               # 3, when plain CLIP is wanted again

Every CLIP text tower of the tower's sizes is found (``text_encoder``, and ``text_encoder_2`` where
there is one); towers of other sizes are left as they are and stand in ``patch.skipped``. A pipeline
conditions on ``last_hidden_state``, one vector a token: MoCLIP's losses move the pooled one, so
look at what comes out. Sizes must agree: Stable Diffusion 1's tower is ViT-L/14's, so fine-tune
that one.

python diffusers_pipeline.py MODEL runs/mine "a person waves" -o out.png (needs diffusers)
"""

import argparse
from typing import Any

import moclip
from moclip.models.patching import Patch


def main(pipeline: Any, tower: str) -> Patch:
    """Gives a live pipeline the tower; ``ValueError`` if none of its text towers has its sizes."""
    patch = moclip.patch(pipeline, tower)
    for place, reason in patch.skipped.items():
        print(f"{place} stays as it is: {reason}")
    return patch


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder or hub id of a pipeline")
    parser.add_argument("tower", help="what moclip trained, or any CLIP text tower")
    parser.add_argument("prompt")
    parser.add_argument("-o", "--out", default="out.png")
    given = parser.parse_args()

    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(given.model)
    main(pipe, given.tower)
    pipe(given.prompt).images[0].save(given.out)
