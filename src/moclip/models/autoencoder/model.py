"""MotionCLIP (arXiv 2203.08063): motions to unit vectors of a text tower's space, and back.

**Why unit vectors.** A text tower's vectors are compared by their directions; their lengths say
nothing of motion. So the encoder's vectors are brought to unit length before anything else sees
them, and the decoder never reads any other. Whatever is decoded - a motion's vector, a caption's, a
sum of several - has the length the decoder was trained at. The published code decodes text vectors
at a length it never met in training, one cause of its bodies that hardly move.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from moclip.models.autoencoder.bridge import Bridge
from moclip.models.autoencoder.frames import BODY, CHANNELS, Body, Frames, offsets_of, path, steps
from moclip.models.autoencoder.networks import Config, Decoder, Encoder
from moclip.models.text.base import TextTower
from moclip.models.two_tower import unit
from moclip.motion import Motion

_STILL = 0.01
"""Metres, or parts of a matrix: what varies less is not blown up to unit deviation."""
_CHUNK = 64
MIN_SECONDS, MAX_SECONDS = 0.1, 60.0


class MotionCLIP(nn.Module):
    """Encoder, decoder and bridge beside a frozen text tower."""

    mean: Tensor
    deviation: Tensor
    offsets: Tensor

    def __init__(self, text: TextTower, config: Config) -> None:
        super().__init__()
        self.text, self.config = text, config
        self.encoder, self.decoder = Encoder(config, text.dim), Decoder(config, text.dim)
        self.bridge = Bridge(config, text.dim)
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("deviation", torch.ones(CHANNELS))
        self.register_buffer("offsets", torch.tensor(BODY.offsets))

    @torch.no_grad()
    def fit_normalisation(self, motions: Sequence[Motion]) -> None:
        """Mean and deviation of the features, and the mean body, from posed motions."""
        frames = Frames.of(motions)
        real = steps(frames.features)[frames.mask].double()
        self.mean.copy_(real.mean(dim=0))
        self.deviation.copy_(real.std(dim=0).clamp(min=_STILL))
        self.offsets.copy_(offsets_of(motions))

    def encode_frames(self, frames: Frames) -> Float[Tensor, "clip dim"]:
        """Unit vectors."""
        normalised = (steps(frames.features) - self.mean) / self.deviation
        return unit(self.encoder(normalised, frames.mask))

    def decode_frames(
        self, vectors: Float[Tensor, "clip dim"], lengths: Int[Tensor, " clip"]
    ) -> Body:
        """Padded rotations and joints; vectors have unit length."""
        features = self.decoder(vectors, lengths).float() * self.deviation + self.mean
        return Body.of(path(features), self.offsets)
