"""Write a text tower in the layout another program reads.

Examples:
  moclip export runs/clip --layout hf -o tower
  moclip export runs/clip --layout openai --base ViT-B-32.pt -o ViT-B-32-moclip.pt
  moclip export runs/clip --layout open-clip --base openai/clip-vit-base-patch32 -o t.safetensors
  moclip export runs/demo --layout sentence-transformers -o sentences
  moclip export runs/demo --layout onnx --int8 -o graphs

`hf` is a folder for transformers' from_pretrained (with --base a whole CLIPModel), `openai` a file
for clip.load and the generators built on it, `open-clip` a file for create_model(pretrained=FILE).
The last two hold a whole CLIP, whose image tower is taken from --base as it is.
`onnx` is a folder of graphs for onnxruntime, of both towers where MODEL has both; `moclip search
--runtime onnx` reads it. It needs the packages of moclip[onnx].
What was written is read back before the command ends.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

Rows = list[tuple[str, str]]


def main(
    model: Positional[str],
    /,
    *,
    layout: Literal["hf", "openai", "open-clip", "sentence-transformers", "onnx"],
    out: Annotated[Path, arg(aliases=["-o"])],
    base: str | None = None,
    int8: bool = False,
    json: bool = False,
) -> None:
    """Export a text tower.

    Args:
        model: a trained model or a text tower: folder, file, or id on the Hugging Face hub
        layout: whose layout
        out: the file or folder to write, which must not be there yet
        base: the whole CLIP it was fine-tuned from, whose other weights are kept
        int8: of the layout onnx: weights of 8 bits, a quarter of the size, a little off
        json: print JSON
    """
    from moclip.cli import _output

    if layout == "onnx":
        found, rows = _graphs(model, out, base, int8)
    elif int8:
        raise ValueError(f"--int8 came with layout {layout}, only onnx has it")
    else:
        found, rows = _weights(model, layout, out, base)
    found = {"out": str(out), "layout": layout, **found}
    rows = [("written", f"{out}, {layout}"), ("tower", found["tower_hash"]), *rows]
    print(_output.as_json_text(found) if json else _output.pairs(rows))


def _weights(model: str, layout: str, out: Path, base: str | None) -> tuple[dict[str, Any], Rows]:
    from moclip.models import identity, interop

    tower = interop.read(model)
    interop.write(tower, layout, out, base=base)
    off = interop.largest_difference(tower, out)
    found = {"tower_hash": identity.tower_hash(tower), "largest_difference": off}
    return found, [("read back", f"vectors differ by {off:.1e} at most")]


def _graphs(model: str, out: Path, base: str | None, int8: bool) -> tuple[dict[str, Any], Rows]:
    from moclip.models import onnx_runtime
    from moclip.models.interop import onnx

    if base is not None:
        raise ValueError("the layout onnx holds our towers alone; leave --base out")
    fidelity = onnx.export(onnx.read(model), out, int8=int8)
    off = fidelity.largest_difference
    found = {
        "tower_hash": onnx_runtime.read_settings(out).tower_hash,
        "largest_difference": off,
        "int8": {kind: {"min": a, "mean": b} for kind, (a, b) in fidelity.cosines.items()},
    }
    rows = [("in single", f"vectors differ by {off:.1e} at most")]
    for kind, (least, mean) in fidelity.cosines.items():
        rows.append((f"int8, {kind}", f"cosine {mean:.4f} on average, {least:.4f} at least"))
    return found, rows
