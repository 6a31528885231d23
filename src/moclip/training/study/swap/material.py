"""The clips of a study, read once in each process."""

import hashlib
from dataclasses import dataclass

from moclip.motion import CaptionedMotion
from moclip.training.run import split_of
from moclip.training.study.swap.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Material:
    """The three splits."""

    train: list[CaptionedMotion]
    val: list[CaptionedMotion]
    test: list[CaptionedMotion]

    def identity(self) -> str:
        """Another one for other clips, captions or joints; the same on every machine."""
        digest = hashlib.sha256()
        for clip in (*self.train, *self.val, *self.test):
            digest.update(f"{clip.id}\n{clip.captions}\n{sorted(clip.labels.items())}\n".encode())
            digest.update(clip.motion.joints.contiguous().numpy().tobytes())
        return digest.hexdigest()


def of(recipe: Recipe) -> Material:
    """The clips of a study; of the test split as many as are measured."""
    key = recipe.model_dump_json(include={"data", "measuring"})
    if key not in _known:
        train, val, test = (split_of(recipe, split) for split in ("train", "val", "test"))
        _known.clear()
        _known[key] = Material(train, val, test[: recipe.measuring.clips])
    return _known[key]


_known: dict[str, Material] = {}
"""The last that was read; a process measures many cells of one study."""
