"""Take a CLIP text tower from another program's file, to train from or to search with.

Examples:
  moclip import-clip ViT-B-32.pt -o clip
  moclip import-clip moclip_checkpoint.pt --tokenizer bpe_simple_vocab_16e6.txt.gz -o clip
  moclip import-clip open_clip_weights.safetensors --tokenizer openai/clip-vit-base-patch32 -o clip

Reads OpenAI's archives and weights, open_clip's weights, published MoCLIP checkpoints (their text
tower; their motion encoder is left out, with the reason), and folders of transformers or
sentence-transformers. Writes a folder that transformers reads too; in a recipe it is
`text.tower=clip text.source=FOLDER`.
"""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


def main(
    file: Positional[str],
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    tokenizer: str | None = None,
    json: bool = False,
) -> None:
    """Import a text tower.

    Args:
        file: weights of a CLIP, or a folder or hub id that holds one
        out: the folder to write, which must not be there yet
        tokenizer: where CLIP's words are, for files that have none in them: a folder, a hub id or
            OpenAI's vocabulary; else an installed clip or open_clip is asked, then the hub
        json: print JSON
    """
    import logging

    from moclip.cli import _output
    from moclip.models import identity, interop

    logging.getLogger("moclip.models.interop").setLevel(logging.INFO)  # what is left out, and why
    tower = interop.read(file, tokenizer=tokenizer)
    interop.write(tower, "hf", out)
    found = {
        "out": str(out),
        "dim": tower.dim,
        "parameters": sum(weight.numel() for weight in tower.parameters()),
        "tower_hash": identity.tower_hash(tower),
    }
    rows = [
        ("written", f"{out}, read it with text.tower=clip text.source={out}"),
        ("size", f"{found['parameters']:,} parameters, {tower.dim} dimensions"),
        ("tower", found["tower_hash"]),
    ]
    print(_output.as_json_text(found) if json else _output.pairs(rows))
