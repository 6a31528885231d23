"""The motion tower with one fault of MoCLIP's published code planted in it.

The numbers are those of ``motion_tower_checks``. Each differs from the true tower in one place.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor

from moclip.models._packing import Packing
from moclip.models.motion import limbs
from moclip.motion import MotionBatch


class NormalisedFeatures(limbs.Encoder):
    """1: takes whatever numbers come for joints in metres."""

    def forward(self, batch: MotionBatch) -> Tensor:
        with mock.patch("moclip.models.motion._channels.require_metres"):
            return super().forward(batch)


class UnmaskedPadding(limbs.Encoder):
    """2: a padded frame counts like a real one."""

    def _normalised(self, batch: MotionBatch) -> Tensor:
        return super()._normalised(replace(batch, mask=torch.ones_like(batch.mask)))

    def _steps(self, mask: Tensor) -> Tensor:
        return torch.ones_like(super()._steps(mask))


class PositionsAlongTheBatch(limbs.Encoder):
    """3: the positional code counts clips instead of frames."""

    def _over_time(self, x: Tensor, packing: Packing, mask: Tensor, fps: float) -> Tensor:
        rates = torch.logspace(0, -2, x.shape[-1])
        code = (torch.arange(len(mask))[:, None, None] * rates).sin()
        codes = packing.pack(code.expand(-1, mask.shape[1], -1))
        return super()._over_time(x + codes, packing, mask, math.inf)


class MeanPooling(limbs.Encoder):
    """6: the attention pooling is there but a mean is taken."""

    def __init__(self, config: limbs.Config, *, dim: int) -> None:
        super().__init__(config, dim=dim)
        self.pool.forward = masked_mean  # type: ignore[method-assign]


class FeetOnAnArm(limbs.Encoder):
    """7: the published numbers: a right ankle and foot, a left elbow and wrist."""

    def __init__(self, config: limbs.Config, *, dim: int) -> None:
        super().__init__(config, dim=dim)
        names = tuple(self.skeleton.joint_names[number] for number in (8, 11, 18, 20))
        groups = {**dict(self.skeleton.limbs), "feet": names}
        wrong = replace(self.skeleton, limbs=tuple(groups.items()))
        self.embed = limbs.LimbEmbedding(
            wrong, self.limbs, patch=config.patch, width=config.limb_width
        )


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    weight = F.normalize(mask.to(x.dtype), p=1, dim=1)
    return (weight[..., None] * x).sum(dim=1)


FAULTS: dict[int, Callable[..., limbs.Encoder]] = {
    1: NormalisedFeatures,
    2: UnmaskedPadding,
    3: PositionsAlongTheBatch,
    6: MeanPooling,
    7: FeetOnAnArm,
}
