"""Run beside the tests, in a process of its own: what open_clip makes of a file.

    python open_clip_peer.py LIBRARIES CONFIG.json FILE CAPTIONS.json OUT.npz

``LIBRARIES`` is a folder with open_clip and torchvision, installed without what they depend on.
torchvision's compiled half does not load beside a torch for processors only; open_clip needs none
of it, but importing torchvision asks for its operators, so they are declared here.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

_ROI = "Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width"
_BACK = "float spatial_scale, SymInt pooled_height, SymInt pooled_width"
_SIZE = "SymInt batch_size, SymInt channels, SymInt height, SymInt width"
_CONV = "Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias"
_STEPS = (
    "SymInt stride_h, SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, "
    "SymInt dilation_w, SymInt groups, SymInt offset_groups, bool use_mask"
)
_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"roi_align({_ROI}, int sampling_ratio, bool aligned) -> Tensor",
    f"_roi_align_backward(Tensor grad, Tensor rois, {_BACK}, {_SIZE}, int sampling_ratio, "
    "bool aligned) -> Tensor",
    f"roi_pool({_ROI}) -> (Tensor, Tensor)",
    f"_roi_pool_backward(Tensor grad, Tensor rois, Tensor argmax, {_BACK}, {_SIZE}) -> Tensor",
    f"ps_roi_align({_ROI}, int sampling_ratio) -> (Tensor, Tensor)",
    f"_ps_roi_align_backward(Tensor grad, Tensor rois, Tensor mapping, {_BACK}, "
    f"int sampling_ratio, {_SIZE}) -> Tensor",
    f"ps_roi_pool({_ROI}) -> (Tensor, Tensor)",
    f"_ps_roi_pool_backward(Tensor grad, Tensor rois, Tensor mapping, {_BACK}, {_SIZE}) -> Tensor",
    f"deform_conv2d({_CONV}, {_STEPS}) -> Tensor",
    f"_deform_conv2d_backward(Tensor grad, {_CONV}, {_STEPS}) -> "
    "(Tensor, Tensor, Tensor, Tensor, Tensor)",
)


def declare_operators() -> None:
    """So that torchvision can be imported."""
    global library  # the operators go when this goes
    library = torch.library.Library("torchvision", "DEF")
    for operator in _OPERATORS:
        library.define(operator)


def main(libraries: str, config: str, file: str, captions: str, out: str) -> None:
    sys.path.append(libraries)
    declare_operators()
    import open_clip

    open_clip.add_model_config(Path(config))
    name = Path(config).stem
    model = open_clip.create_model(name, pretrained=file).eval()
    texts = json.loads(Path(captions).read_text())
    tokens = open_clip.get_tokenizer(name)(texts["captions"])
    if texts["ids"] is not None:
        tokens = torch.tensor(texts["ids"])
    with torch.no_grad():
        vectors = model.encode_text(tokens)
    np.savez(out, vectors=vectors.numpy(), ids=tokens.numpy())


if __name__ == "__main__":
    main(*sys.argv[1:])
