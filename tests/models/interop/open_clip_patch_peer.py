"""Run beside the tests, in a process of its own: open_clip's own classes, patched and given back.

    python open_clip_patch_peer.py LIBRARIES TOWER OUT.json

``TOWER`` is a folder in transformers' layout. Writes, for each class, where a tower was found, the
largest difference of any vector, and whether every byte came back; or why it was refused.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
import whole_clip
from open_clip_peer import declare_operators

import moclip
from moclip.models import interop

IMAGE = {"image_size": 64, "layers": 1, "width": 64, "patch_size": 32}
CASES: dict[str, dict[str, Any]] = {
    "CLIP": {"quick_gelu": True},
    "CustomTextCLIP": {"quick_gelu": True},
    "CustomTextCLIP with a bias": {"quick_gelu": True, "proj_bias": True},
    "CustomTextCLIP in both directions": {"quick_gelu": True, "no_causal_mask": True},
    "CLIP with GELU": {"quick_gelu": False},
    "CustomTextCLIP with a class token": {"quick_gelu": True, "embed_cls": True},
}


def main(libraries: str, folder: str, out: str) -> None:
    sys.path.append(libraries)
    declare_operators()
    import open_clip

    tower = interop.read(folder)
    found = {name: tried(open_clip, name, dict(sizes), tower) for name, sizes in CASES.items()}
    Path(out).write_text(json.dumps(found))


def tried(open_clip: Any, name: str, sizes: dict[str, Any], tower: Any) -> dict[str, Any]:
    model = built(open_clip.model, name, sizes, tower.tokenizer.get_vocab_size())
    before = {key: weight.clone() for key, weight in model.state_dict().items()}
    try:
        patch = moclip.patch({"model": model}, tower)
    except ValueError as error:
        return {"refused": str(error)}
    tokens = tower.tokenise(whole_clip.CAPTIONS)
    ids = torch.zeros(len(tokens.ids), 77, dtype=torch.long)
    ids[:, : tokens.ids.shape[1]] = tokens.ids
    with torch.no_grad():
        difference = model.encode_text(ids) - tower(tokens)
    places = list(patch.changed)
    patch.unpatch()
    back = all(torch.equal(weight, before[key]) for key, weight in model.state_dict().items())
    return {"places": places, "difference": float(difference.abs().max()), "is_back": back}


def built(library: Any, name: str, sizes: dict[str, Any], words: int) -> Any:
    quick_gelu = sizes.pop("quick_gelu")
    text = {"width": 128, "heads": 2, "layers": 2, "vocab_size": words, **sizes}
    kind = getattr(library, name.split()[0])
    torch.manual_seed(0)
    made = kind(48, library.CLIPVisionCfg(**IMAGE), library.CLIPTextCfg(**text), quick_gelu)
    return made.eval()


if __name__ == "__main__":
    main(*sys.argv[1:])
