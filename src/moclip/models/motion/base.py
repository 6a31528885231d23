"""What every motion tower promises."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from jaxtyping import Float
from pydantic import BaseModel
from torch import Tensor, nn

from moclip.motion import MotionBatch


class MotionTower(nn.Module, ABC):
    """Motions to raw vectors, of any length: the unit sphere is two_tower's business.

    Beside the class ``Encoder(config, *, dim)`` a tower's file has its ``Config``, a frozen model
    with the presets ``Config.compact()`` and ``Config.paper()``.
    """

    config: BaseModel
    dim: int
    """Width of the vectors."""
    frames_in_cache: int | None = None
    """Most frames that a step of training on a processor best takes together; ``None``: all."""

    @abstractmethod
    def forward(self, batch: MotionBatch) -> Float[Tensor, "clip dim"]:
        """Raw vectors. Neither padding nor the neighbours in the batch make a difference.

        Raises ``ValueError`` for a body the tower does not know and for joints not in metres.
        """

    @abstractmethod
    def fit_normalisation(self, batches: Iterable[MotionBatch]) -> None:
        """Mean and deviation of the inputs from real frames; they are saved with the weights."""
