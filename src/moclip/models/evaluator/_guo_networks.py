"""The three networks of Guo et al.'s evaluator; their parts are named as the checkpoints name them.

Written from the published sizes: convolutions over time to a vector for every four frames, and two
bidirectional GRUs whose first states are learned and whose last states are projected.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_sequence

from moclip.models.evaluator._glove import WIDTH
from moclip.models.evaluator._words import PARTS

DIM = 512
UNIT = 4
"""Frames of a step of time."""
MOST_FRAMES = 196
_MOVEMENT, _TEXT, _MOTION = 512, 512, 1024


class MovementEncoder(nn.Module):
    """Normalised frames to steps of time."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv1d(channels, _MOVEMENT, kernel_size=4, stride=2, padding=1),
            nn.Dropout(0.2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(_MOVEMENT, _MOVEMENT, kernel_size=4, stride=2, padding=1),
            nn.Dropout(0.2),
            nn.LeakyReLU(0.2),
        )
        self.out_net = nn.Linear(_MOVEMENT, _MOVEMENT)

    def forward(
        self, clips: Sequence[Float[Tensor, "_ channel"]]
    ) -> list[Float[Tensor, "_ movement"]]:
        """The steps of each clip, a whole number of units long.

        What follows a clip are zeros up to 196 frames, as in the published evaluation, and the last
        step sees them: without them a clip would have another vector.
        """
        padded = pad_sequence(list(clips), batch_first=True)
        width = min(MOST_FRAMES, padded.shape[1] + UNIT)
        padded = nn.functional.pad(padded, (0, 0, 0, width - padded.shape[1]))
        steps = self.out_net(self.main(padded.mT).mT)
        return [row[: len(clip) // UNIT] for row, clip in zip(steps, clips, strict=True)]


class MotionEncoder(nn.Module):
    """Steps of time to one vector."""

    def __init__(self) -> None:
        super().__init__()
        self.input_emb = nn.Linear(_MOVEMENT, _MOTION)
        self.gru = nn.GRU(_MOTION, _MOTION, batch_first=True, bidirectional=True)
        self.output_net = _output(_MOTION)
        self.hidden = nn.Parameter(torch.randn(2, 1, _MOTION))

    def forward(self, clips: Sequence[Float[Tensor, "_ movement"]]) -> Float[Tensor, "clip dim"]:
        steps = pack_sequence([self.input_emb(clip) for clip in clips], enforce_sorted=False)
        return self.output_net(_last_states(self.gru, steps, self.hidden, len(clips)))


class TextEncoder(nn.Module):
    """Words and their parts of speech to one vector."""

    def __init__(self) -> None:
        super().__init__()
        self.pos_emb = nn.Linear(len(PARTS), WIDTH)
        self.input_emb = nn.Linear(WIDTH, _TEXT)
        self.gru = nn.GRU(_TEXT, _TEXT, batch_first=True, bidirectional=True)
        self.output_net = _output(_TEXT)
        self.hidden = nn.Parameter(torch.randn(2, 1, _TEXT))

    def forward(
        self,
        words: Sequence[Float[Tensor, "_ 300"]],
        parts: Sequence[Int[Tensor, " _"]],
    ) -> Float[Tensor, "caption dim"]:
        classes = [nn.functional.one_hot(row, len(PARTS)).to(words[0].dtype) for row in parts]
        embedded = [
            self.input_emb(vectors + self.pos_emb(row))
            for vectors, row in zip(words, classes, strict=True)
        ]
        packed = pack_sequence(embedded, enforce_sorted=False)
        return self.output_net(_last_states(self.gru, packed, self.hidden, len(words)))


def _output(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2 * width, width), nn.LayerNorm(width), nn.LeakyReLU(0.2), nn.Linear(width, DIM)
    )


def _last_states(
    gru: nn.GRU, packed: PackedSequence, first: Float[Tensor, "2 1 width"], rows: int
) -> Float[Tensor, "row both"]:
    """Of the forward and the backward direction, side by side."""
    _, last = gru(packed, first.expand(-1, rows, -1).contiguous())
    return torch.cat((last[0], last[1]), dim=-1)
