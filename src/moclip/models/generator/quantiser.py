"""Motions to tokens and back: MoMask's residual vector quantiser (arXiv 2312.00063).

Convolutions make one vector of four frames; the nearest code of a first codebook stands for it, the
nearest code of a second for what is left over, and so on through the layers. The first layer's
token is the gist, the others are details.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Shaped
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from moclip.features import humanml263
from moclip.models.generator import _frames
from moclip.models.generator._codebook import ResidualCodebooks
from moclip.models.generator._codes import STRIDE, Codes
from moclip.models.generator._convolutions import Decoder, Encoder
from moclip.motion import Motion, MotionBatch

__all__ = ["Codes", "Config", "Quantiser", "Reconstruction"]


class Config(BaseModel):
    """Sizes of the quantiser, and how its codebooks learn; the defaults are compact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(256, ge=1)
    """Channels of the convolutions."""
    depth: int = Field(2, ge=1)
    """Dilated convolutions at each of two rates, in the encoder and in the decoder."""
    growth: int = Field(3, ge=1)
    """Of the dilation, from one convolution to the next."""
    codes: int = Field(256, ge=2)
    """Of each layer."""
    code_dim: int = Field(128, ge=1)
    layers: int = Field(6, ge=1)
    dropout: float = Field(0.2, ge=0, le=1)
    """Share of training steps in which only a random number of the first layers take part."""
    decay: float = Field(0.99, ge=0, lt=1)
    """Of the moving means that the codes are."""
    revive_below: float = Field(0.125, ge=0, lt=1)
    """A code is put elsewhere when it is chosen less often than this share of an even use."""

    @classmethod
    def compact(cls) -> "Config":
        """For two processor cores."""
        return cls()

    @classmethod
    def paper(cls) -> "Config":
        """MoMask's published size."""
        return cls(width=512, depth=3, codes=512, code_dim=512)


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What a quantiser makes of motions, beside what it should have made."""

    prediction: Float[Tensor, "clip frame 263"]
    """Standardised features."""
    target: Float[Tensor, "clip frame 263"]
    joints: Float[Tensor, "clip frame 22 3"]
    """What the predicted features stand for, in metres, from the start of the path.

    Bones stretch.
    """
    real_joints: Float[Tensor, "clip frame 22 3"]
    """The input's, on HumanML3D's own skeleton and floor."""
    mask: Bool[Tensor, "clip frame"]
    """True where a frame is real; features hold nothing of meaning elsewhere."""
    commitment: Float[Tensor, ""]
    """Mean squared distance of what each layer is given to its code."""
    perplexity: Float[Tensor, " layer"]
    """Of each layer that took part; 1 to the number of codes."""
    codes: Codes

    @property
    def bodies(self) -> Float[Tensor, "clip frame 22 3"]:
        """What decoding gives: :attr:`joints` with bones of HumanML3D's lengths."""
        return _frames.on_skeleton(self.joints)


class Quantiser(nn.Module):
    """Encoder, codebooks and decoder, with the standardisation of what they read."""

    mean: Tensor
    deviation: Tensor
    skeleton, fps = _frames.BODY, _frames.FPS

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(_frames.CHANNELS))
        self.register_buffer("deviation", torch.ones(_frames.CHANNELS))
        sizes = {"width": config.width, "depth": config.depth, "growth": config.growth}
        self.encoder = Encoder(_frames.CHANNELS, config.code_dim, **sizes)
        self.decoder = Decoder(_frames.CHANNELS, config.code_dim, **sizes)
        self.codebooks = ResidualCodebooks(
            config.layers,
            config.codes,
            config.code_dim,
            decay=config.decay,
            revive_below=config.revive_below,
        )

    def fit_normalisation(self, batches: Iterable[MotionBatch]) -> None:
        """Raises ``ValueError`` when there are no motions."""
        mean, deviation = _frames.mean_and_deviation(batches)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def forward(self, batch: MotionBatch) -> Reconstruction:
        """Motions through all layers; in training through some, and the codebooks follow.

        Raises ``ValueError`` for motions not in the canonical form.
        """
        return self.reconstruct(self.features(batch), batch.mask)

    def features(self, batch: MotionBatch) -> Float[Tensor, "clip frame 263"]:
        """What :meth:`reconstruct` takes, as many as frames; in metres and radians."""
        return _frames.measure(batch).to(self.mean)

    def reconstruct(
        self,
        features: Float[Tensor, "clip frame 263"],
        mask: Bool[Tensor, "clip frame"],
        *,
        layers: int | None = None,
    ) -> Reconstruction:
        """As :meth:`forward`, from features: windows of a clip keep its floor and heading.

        ``layers`` is how many take part: if absent all, but a random number in some training steps.
        """
        count = self._taking_part() if layers is None else self._checked(layers)
        target = self._standardised(features, mask)
        steps, real = self.encoder(_whole_steps(target), _whole_steps(mask))
        with torch.autocast(steps.device.type, enabled=False):  # near codes need all digits
            quantised = self.codebooks(steps[real].float(), count)
        prediction = self.decoder(_spread(quantised.values, real), real)[:, : mask.shape[1]]
        return Reconstruction(
            prediction,
            target,
            self.joints(prediction),
            self.joints(target),
            mask,
            quantised.commitment,
            quantised.perplexity,
            Codes(_spread(quantised.tokens, real), real, mask.sum(dim=1)),
        )

    @torch.no_grad()
    def encode(self, batch: MotionBatch) -> Codes:
        """Tokens of all layers; nothing learns. Raises as :meth:`forward`."""
        target = self._standardised(self.features(batch), batch.mask)
        steps, real = self.encoder(_whole_steps(target), _whole_steps(batch.mask))
        tokens = self.codebooks.choose(steps[real].float())
        return Codes(_spread(tokens, real), real, batch.lengths)

    @torch.no_grad()
    def decode(self, codes: Codes, layers: int | None = None) -> list[Motion]:
        """Motions of just ``codes.frames`` frames, from the first ``layers`` or all.

        Bones have HumanML3D's lengths. Raises ``ValueError`` for tokens that no codebook has, and
        for frames without tokens.
        """
        count = codes.tokens.shape[-1] if layers is None else self._checked(layers)
        steps = self.embed(codes.tokens[..., :count])
        _check_frames(codes)
        joints = _frames.on_skeleton(self.joints(self.decoder(steps, codes.mask)))
        return [
            Motion(clip[:length], self.fps, self.skeleton)
            for clip, length in zip(joints, codes.frames.tolist(), strict=True)
        ]

    def joints(
        self, standardised: Float[Tensor, "clip frame 263"]
    ) -> Float[Tensor, "clip frame 22 3"]:
        """In metres, from standardised features."""
        return humanml263.to_joints(standardised.float() * self.deviation + self.mean)

    def embed(self, tokens: Int[Tensor, "*place layer"]) -> Float[Tensor, "*place dim"]:
        """The sum of the codes of the first layers, as many as there are tokens.

        Raises ``ValueError`` for tokens that no codebook has.
        """
        self._checked(tokens.shape[-1])
        if tokens.numel() and not 0 <= int(tokens.min()) <= int(tokens.max()) < self.config.codes:
            raise ValueError(
                f"tokens go from {int(tokens.min())} to {int(tokens.max())}, "
                f"wanted 0 to {self.config.codes - 1}"
            )
        return self.codebooks.vectors(tokens)

    def code_vectors(self, layer: int) -> Float[Tensor, "code dim"]:
        """The codes of one layer, the first of which is 0."""
        return self.codebooks[layer].vectors

    def _standardised(self, features: Tensor, mask: Tensor) -> Tensor:
        return torch.where(mask[..., None], (features - self.mean) / self.deviation, 0.0)

    def _taking_part(self) -> int:
        """Layers of this step: all, or in some training steps the first few."""
        if not self.training or torch.rand(()) >= self.config.dropout:
            return self.config.layers
        return int(torch.randint(1, self.config.layers + 1, ()))

    def _checked(self, layers: int) -> int:
        if not 1 <= layers <= self.config.layers:
            raise ValueError(f"{layers} layers came, wanted 1 to {self.config.layers}")
        return layers


def _check_frames(codes: Codes) -> None:
    tokens = codes.mask.sum(dim=1)
    wrong = (codes.frames < 1) | (codes.frames > tokens * STRIDE)
    if wrong.any():
        clip = int(wrong.long().argmax())
        raise ValueError(
            f"clip {clip} has {int(codes.frames[clip])} frames and {int(tokens[clip])} tokens; "
            f"wanted at least one frame, and at most {STRIDE} a token"
        )


def _whole_steps(frames: Tensor) -> Tensor:
    """Padded until each token has all its frames."""
    missing = -frames.shape[1] % STRIDE
    return F.pad(frames, (0, 0, 0, missing) if frames.ndim == 3 else (0, missing))


def _spread(
    vectors: Shaped[Tensor, "vector number"], real: Bool[Tensor, "clip step"]
) -> Shaped[Tensor, "clip step number"]:
    """Back to where they are real; zero elsewhere."""
    spread = vectors.new_zeros(*real.shape, vectors.shape[1])
    spread[real] = vectors
    return spread
