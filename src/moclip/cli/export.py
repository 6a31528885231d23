"""Write a text tower in the layout another program reads.

Examples:
  moclip export runs/clip --layout hf -o tower
  moclip export runs/clip --layout openai --base ViT-B-32.pt -o ViT-B-32-moclip.pt
  moclip export runs/clip --layout open-clip --base openai/clip-vit-base-patch32 -o t.safetensors
  moclip export runs/demo --layout sentence-transformers -o sentences

`hf` is a folder for transformers' from_pretrained (with --base a whole CLIPModel), `openai` a file
for clip.load and the generators built on it, `open-clip` a file for create_model(pretrained=FILE).
The last two hold a whole CLIP, whose image tower is taken from --base as it is.
What was written is read back before the command ends.
"""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


def main(
    model: Positional[str],
    /,
    *,
    layout: Literal["hf", "openai", "open-clip", "sentence-transformers"],
    out: Annotated[Path, arg(aliases=["-o"])],
    base: str | None = None,
    json: bool = False,
) -> None:
    """Export a text tower.

    Args:
        model: a trained model or a text tower: folder, file, or id on the Hugging Face hub
        layout: whose layout
        out: the file or folder to write, which must not be there yet
        base: the whole CLIP it was fine-tuned from, whose other weights are kept
        json: print JSON
    """
    from moclip.cli import _output
    from moclip.models import identity, interop

    tower = interop.read(model)
    interop.write(tower, layout, out, base=base)
    found = {
        "out": str(out),
        "layout": layout,
        "tower_hash": identity.tower_hash(tower),
        "largest_difference": interop.largest_difference(tower, out),
    }
    rows = [
        ("written", f"{out}, {layout}"),
        ("tower", found["tower_hash"]),
        ("read back", f"vectors differ by {found['largest_difference']:.1e} at most"),
    ]
    print(_output.as_json_text(found) if json else _output.pairs(rows))
