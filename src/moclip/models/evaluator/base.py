"""What every evaluator promises."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from moclip.motion import Motion

Tokens = Sequence[str]
"""Words of a caption with their parts of speech, ``walk/VERB``, as HumanML3D's files have them."""


class Evaluator(nn.Module, ABC):
    """Motions and captions to vectors of one space, where what belongs together is near.

    Metrics of generation measure Euclidean distances between them and distributions of them. No
    gradients are kept: an evaluator judges and must not be trained against.
    """

    dim: int
    """Width of the vectors."""

    @abstractmethod
    def encode_motion(self, motions: Sequence[Motion]) -> Float[Tensor, "clip dim"]:
        """Vectors of motions of any known skeleton and frame rate.

        Neither the neighbours nor their number make a difference. Bodies are put on one skeleton,
        so that the size of a body tells nothing.
        """

    @abstractmethod
    def encode_text(
        self, captions: Sequence[str], tokens: Sequence[Tokens] | None = None
    ) -> Float[Tensor, "caption dim"]:
        """Vectors of captions; ``tokens`` of each, for evaluators that read parts of speech.

        Raises ``ValueError`` for a caption without a word.
        """
