"""Clips of one body and frame rate one after the other, in a file that is mapped, not read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from moclip.motion import Motion
from moclip.skeletons.base import Skeleton

_NOTE = "moclip"
"""The one key of the metadata: several would be written in no certain order."""
_BY_FRAME = ("joints", "rotations")
PLACES = ("starts", "lengths")
"""Of clips in the others."""


@dataclass(frozen=True, eq=False)
class Block:
    """Tensors of many clips.

    ``joints`` (frame, joint, 3) float32 metres; ``starts`` and ``lengths`` (clip) in frames; where
    known ``rotations`` (frame, joint, 3, 3) float32; where each clip has bones of its own
    ``offsets`` (clip, joint, 3) and ``ends`` (clip, tip, 3) float64.
    """

    tensors: Mapping[str, Tensor]
    skeleton: Skeleton
    fps: float

    @classmethod
    def of(cls, motions: Sequence[Motion], *, own_bones: bool) -> "Block":
        """Motions of one tree of joints and rate, all with rotations or all without."""
        first = motions[0]
        tensors = {"joints": torch.cat([m.joints.float() for m in motions])}
        if first.rotations is not None:
            turns = [m.rotations.float() for m in motions if m.rotations is not None]
            tensors["rotations"] = torch.cat(turns)
        if own_bones:
            tensors["offsets"] = _stacked(m.skeleton.offsets for m in motions)
            joints = [joint for joint, _ in first.skeleton.ends]  # mirrored ones stand elsewhere
            tips = (dict(m.skeleton.ends) for m in motions)
            tensors["ends"] = _stacked([tip[joint] for joint in joints] for tip in tips)
        lengths = torch.tensor([len(m) for m in motions])
        return cls({**tensors, **placed(lengths)}, first.skeleton, first.fps)

    @classmethod
    def open(cls, path: Path, skeleton: Skeleton, fps: float) -> "Block":
        """Maps a file that :func:`packed` made. Raises ``ValueError`` when it is damaged."""
        try:
            with safe_open(path, framework="pt") as file:
                names = sorted(file.keys())
                return cls({name: file.get_tensor(name) for name in names}, skeleton, fps)
        except SafetensorError as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def __len__(self) -> int:
        """Clips."""
        return len(self.tensors["lengths"])

    @property
    def starts(self) -> list[int]:
        """First frame of each clip."""
        return self.tensors["starts"].tolist()

    @property
    def lengths(self) -> list[int]:
        """Frames of each clip."""
        return self.tensors["lengths"].tolist()

    @property
    def bytes_per_frame(self) -> int:
        """What a frame takes in the file."""
        by_frame = (self.tensors[name] for name in _BY_FRAME if name in self.tensors)
        return sum(tensor[0].nbytes for tensor in by_frame)

    def motion(self, clip: int) -> Motion:
        """A view, not a copy."""
        frames = self._frames(clip, clip + 1)
        rotations = self.tensors.get("rotations")
        return Motion(
            self.tensors["joints"][frames],
            self.fps,
            self._body(clip),
            None if rotations is None else rotations[frames],
        )

    def _body(self, clip: int) -> Skeleton:
        if "offsets" not in self.tensors:
            return self.skeleton
        tips = _vectors(self.tensors["ends"][clip])
        ends = ((joint, tip) for (joint, _), tip in zip(self.skeleton.ends, tips, strict=True))
        return self.skeleton.with_offsets(_vectors(self.tensors["offsets"][clip]), ends)

    def _frames(self, first: int, end: int) -> slice:
        start = int(self.tensors["starts"][first])
        last = end - 1
        return slice(start, int(self.tensors["starts"][last] + self.tensors["lengths"][last]))

    def run(self, clips: slice) -> dict[str, Tensor]:
        """The tensors of some clips that follow each other; views."""
        frames = self._frames(clips.start, clips.stop)
        return {
            name: tensor[frames if name in _BY_FRAME else clips]
            for name, tensor in self.tensors.items()
        }


def packed(block: Block | None, note: str = "") -> bytes:
    """A file of the clips, or of none, and of a note. The same give the same bytes."""
    tensors = block.tensors if block else {}
    ordered = {name: tensors[name].contiguous() for name in sorted(tensors)}
    return save(ordered, metadata={_NOTE: note})


def read_note(path: Path) -> str:
    """What :func:`packed` was given to note. Raises ``ValueError`` for a damaged file."""
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {})[_NOTE]
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def placed(lengths: Tensor) -> dict[str, Tensor]:
    """The tensors :data:`PLACES` of clips one after the other."""
    return {"starts": lengths.cumsum(0) - lengths, "lengths": lengths}


def _stacked(offsets: Iterable[Sequence[Sequence[float]]]) -> Float[Tensor, "clip point 3"]:
    rows = [torch.tensor(points, dtype=torch.float64).reshape(-1, 3) for points in offsets]
    return torch.stack(rows)


def _vectors(points: Float[Tensor, "point 3"]) -> list[tuple[float, float, float]]:
    return [(x, y, z) for x, y, z in points.tolist()]
