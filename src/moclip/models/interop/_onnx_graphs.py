"""Towers drawn as graphs of ONNX, and their weights brought to 8 bits."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moclip import skeletons
from moclip.models.motion.base import MotionTower
from moclip.models.onnx_runtime import MOTION_INPUTS, RAW, TEXT_INPUTS, UNIT
from moclip.models.text.base import TextTower, Tokens
from moclip.models.two_tower import unit
from moclip.motion import MotionBatch

_BODY = skeletons.get("humanml3d")


class _TextGraph(nn.Module):
    """What ``text.onnx`` computes."""

    def __init__(self, tower: TextTower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        raw = self.tower(Tokens(ids, mask))
        return raw, unit(raw)


class _MotionGraph(nn.Module):
    """What ``motion.onnx`` computes.

    A tower that reads frames in steps of several fills up the last one; the exporter cannot follow
    that for free lengths, so here whole steps are given to it.
    """

    def __init__(self, tower: MotionTower, fps: float) -> None:
        super().__init__()
        self.tower, self.fps = tower, fps
        self.step = int(getattr(tower.config, "patch", 1))

    def forward(self, joints: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        frames = joints.shape[1]
        more = (frames + self.step - 1) // self.step * self.step - frames
        joints, mask = F.pad(joints, (0, 0, 0, 0, 0, more)), F.pad(mask, (0, more))
        raw = self.tower(MotionBatch(joints, mask, self.fps, _BODY))
        return raw, unit(raw)


def draw_text(tower: TextTower, example: Tokens, path: Path) -> None:
    """``example`` is a batch of several captions, of which sizes alone are looked at."""
    _draw(_TextGraph(tower), (example.ids, example.mask), TEXT_INPUTS, path)


def draw_motion(tower: MotionTower, example: MotionBatch, path: Path) -> None:
    """``example`` is a batch of several clips, on the tower's device."""
    graph = _MotionGraph(tower, example.fps)
    _draw(graph, (example.joints, example.mask), MOTION_INPUTS, path)


def _draw(
    graph: nn.Module, example: tuple[Tensor, Tensor], inputs: tuple[str, ...], path: Path
) -> None:
    free: Any = {0: torch.export.Dim("row"), 1: torch.export.Dim("length")}
    program = torch.onnx.export(
        graph.eval(),
        example,
        input_names=list(inputs),
        output_names=[RAW, UNIT],
        dynamic_shapes=(free, free),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    path.write_bytes(_bare(program.model_proto).SerializeToString())


def _bare(model: Any) -> Any:
    """Without the exporter's notes: they hold paths of this machine, and shapes that the quantiser
    trips over when it has turned a weight.
    """
    for part in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
    del model.graph.value_info[:]
    return model


def quantise(path: Path) -> None:
    """Weights of products and tables of words to 8 bits, in place; the rest stays as it was."""
    import onnx
    from onnxruntime.quantization import (  # type: ignore[import-untyped]
        QuantType,
        quantize_dynamic,
    )

    model = onnx.load(path)
    quantize_dynamic(
        model,
        path,
        weight_type=QuantType.QInt8,
        per_channel=True,
        nodes_to_exclude=_stacked(model),
    )


def _stacked(model: Any) -> list[str]:
    """Products with a stack of matrices, of which onnxruntime has none in int8: the limbs'."""
    stacks = {weight.name for weight in model.graph.initializer if len(weight.dims) > 2}
    return [node.name for node in model.graph.node if stacks & set(node.input)]
