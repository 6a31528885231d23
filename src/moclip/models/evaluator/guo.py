"""The evaluator of Guo et al. (CVPR 2022), by which papers on text to motion report FID.

Written afresh from the published architecture; weights come from the official files and are not
ours to ship. See :meth:`Evaluator.from_official` for their layout.
"""

import io
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from moclip.features import kit251
from moclip.files import read_bounded
from moclip.formats._arrays import from_npy
from moclip.models import checkpoint
from moclip.models.evaluator import _frames, base
from moclip.models.evaluator._glove import Glove
from moclip.models.evaluator._guo_networks import (
    DIM,
    MOST_FRAMES,
    UNIT,
    MotionEncoder,
    MovementEncoder,
    TextEncoder,
)
from moclip.models.evaluator._words import read_tokens
from moclip.motion import Motion

__all__ = ["Evaluator", "Glove", "read_tokens"]

_log = logging.getLogger(__name__)

Body = Literal["humanml3d", "kit"]

_CHANNELS = {"humanml3d": 263, "kit": 251}
_CONTACTS = 4
"""The last channels, which are not read."""
_META = {"humanml3d": "Comp_v6_KLD01", "kit": "Comp_v6_KLD005"}
_NETWORKS = ("movement_encoder", "text_encoder", "motion_encoder")
_TRAINING = ("epoch", "iter", "opt_")
"""What a checkpoint may hold besides, for its training to go on."""
_CHUNK = 64


class Evaluator(base.Evaluator):
    """Vectors of 512 numbers, not of unit length; compared by Euclidean distance.

    Motions are HumanML3D's (or KIT-ML's) features without foot contacts, at most 196 frames, cut to
    a whole number of four; captions are words with their parts of speech, at most 20. The published
    loader cuts at random places, this one cuts the end, so that a motion always has one vector.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, body: Body, glove: Glove) -> None:
        super().__init__()
        self.body, self.glove, self.dim = body, glove, DIM
        self.movement_encoder = MovementEncoder(_CHANNELS[body] - _CONTACTS)
        self.text_encoder, self.motion_encoder = TextEncoder(), MotionEncoder()
        self.register_buffer("mean", torch.zeros(_CHANNELS[body]))
        self.register_buffer("deviation", torch.ones(_CHANNELS[body]))

    @classmethod
    def from_official(
        cls, folder: str | Path, *, glove: str | Path, body: Body = "humanml3d"
    ) -> "Evaluator":
        """The official files, frozen and in evaluation mode.

        ``folder`` is ``checkpoints/t2m`` (KIT-ML: ``checkpoints/kit``) of
        EricGuo5513/text-to-motion or of a generator that kept its evaluator::

            text_mot_match/model/finest.tar     weights; read with ``weights_only=True``
            Comp_v6_KLD01/meta/mean.npy, std.npy    (KIT-ML: Comp_v6_KLD005)

        ``glove`` is the folder with ``our_vab_data.npy`` and the words. Mean and deviation are the
        evaluator's own, other than those of the data set or of a generator.

        Raises ``OSError`` or ``ValueError`` in one sentence naming what is missing or does not fit.
        """
        made = cls(body, Glove.read(Path(glove)))
        made.load(Path(folder) / "text_mot_match" / "model" / "finest.tar")
        meta = Path(folder) / _META[body] / "meta"
        made.mean.copy_(_statistic(meta / "mean.npy", _CHANNELS[body]))
        made.deviation.copy_(_statistic(meta / "std.npy", _CHANNELS[body]))
        if not (made.deviation > 0).all():
            raise ValueError(f"{meta / 'std.npy'} holds a deviation that is not positive")
        return made.eval().requires_grad_(False)

    def load(self, path: Path) -> None:
        """Weights of a checkpoint. Raises ``ValueError`` naming the first that does not fit."""
        found = _checkpoint(path)
        besides = [key for key in found if key not in _NETWORKS]
        if foreign := [key for key in besides if not key.startswith(_TRAINING)]:
            raise ValueError(f"{path} is no text_mot_match checkpoint: it holds '{foreign[0]}'")
        for name in _NETWORKS:
            network, weights = self.get_submodule(name), found.get(name)
            if not isinstance(weights, Mapping):
                raise ValueError(f"{path} is no text_mot_match checkpoint: it lacks '{name}'")
            checkpoint.require_same(
                _shapes(name, network.state_dict()), _shapes(name, weights), path
            )
            network.load_state_dict(weights)
        if besides:
            _log.info("%s: %s are of its training and not read", path.name, ", ".join(besides))

    @torch.no_grad()
    def encode_motion(self, motions: Sequence[Motion]) -> Float[Tensor, "clip dim"]:
        """Vectors; on KIT-ML's body only KIT-ML's motions at 12.5 frames a second."""
        if self.body == "kit":
            return self.encode_features([kit251.encode(motion) for motion in motions])
        return self.encode_features(_frames.features(motions))

    @torch.no_grad()
    def encode_features(
        self, clips: Sequence[Float[Tensor, "_ feature"]]
    ) -> Float[Tensor, "clip dim"]:
        """Vectors of features as they are in ``new_joint_vecs`` or come from a generator.

        Published figures are of these: a motion made of joints has rotations that are solved anew.
        Raises ``ValueError`` for clips shorter than four frames or of other features.
        """
        rows = [self._normalised(clip) for clip in clips]
        chunks = _frames.by_length(rows, _CHUNK)
        made = [self.motion_encoder(self.movement_encoder([rows[i] for i in c])) for c in chunks]
        if not made:
            return self.mean.new_zeros(0, DIM)
        return torch.cat(made)[torch.tensor([i for chunk in chunks for i in chunk]).argsort()]

    @torch.no_grad()
    def encode_text(
        self, captions: Sequence[str], tokens: Sequence[base.Tokens] | None = None
    ) -> Float[Tensor, "caption dim"]:
        """Vectors of the tokens, ``walk/VERB``, which :func:`read_tokens` finds in caption files.

        Raises ``ValueError`` without them: they come from spaCy, which is not asked here.
        """
        if tokens is None or len(tokens) != len(captions):
            count = "none" if tokens is None else len(tokens)
            raise ValueError(
                f"{len(captions)} captions came with tokens of {count}; this evaluator reads words "
                "with their parts of speech (walk/VERB) for each, as HumanML3D's caption files have"
            )
        if not tokens:
            return self.mean.new_zeros(0, DIM)
        words, parts = self.glove.read_tokens(tokens)
        device = self.mean.device
        return torch.cat(
            [
                self.text_encoder(
                    [row.to(device) for row in words[start : start + _CHUNK]],
                    [row.to(device) for row in parts[start : start + _CHUNK]],
                )
                for start in range(0, len(words), _CHUNK)
            ]
        )

    def _normalised(self, clip: Float[Tensor, "frame feature"]) -> Float[Tensor, "_ channel"]:
        frames = min(len(clip) // UNIT * UNIT, MOST_FRAMES)
        if clip.shape[1] != len(self.mean) or not frames:
            raise ValueError(
                f"features have shape {tuple(clip.shape)}, wanted at least {UNIT} frames of "
                f"{len(self.mean)} numbers"
            )
        values = (clip[:frames].to(self.mean) - self.mean) / self.deviation
        return values[:, :-_CONTACTS]


def _checkpoint(path: Path) -> dict[str, Any]:
    data = read_bounded(path)
    try:
        found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its reader stumbles over
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(f"{path} cannot be read as weights alone: {first}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} is no text_mot_match checkpoint: it holds no table of networks")
    return found


def _shapes(network: str, weights: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {
        f"{network}.{name}": tuple(weight.shape) if isinstance(weight, Tensor) else ()
        for name, weight in weights.items()
    }


def _statistic(path: Path, width: int) -> Float[Tensor, " feature"]:
    array = from_npy(read_bounded(path), str(path))
    if array.shape != (width,) or not np.isfinite(array).all():
        raise ValueError(f"{path} has shape {array.shape}, wanted {width} finite numbers")
    return torch.from_numpy(array.astype(np.float32))
