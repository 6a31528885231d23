"""OpenAI's ``clip``: one file that ``clip.load(FILE)`` opens, and so MoMask, BAMM, BAD and MDM.

The file holds a whole CLIP; its image tower and temperature are those of ``base``. ``clip.load``
runs in half precision on a GPU, whatever the file is in.
"""

import io
from pathlib import Path

import torch

from moclip.files import write_atomically
from moclip.models.interop import _whole
from moclip.models.interop._clip import ClipText, require_openai_sizes
from moclip.models.interop._names import State, layers, split, text_entries, to_openai
from moclip.models.text.base import TextTower

MOTION = "motion"
"""First word of the names that published MoCLIP checkpoints add."""


def write(tower: TextTower, out: Path, *, base: str | None = None) -> None:
    """``out`` is the file, such as ``ViT-B-32-moclip.pt``."""
    stream = io.BytesIO()
    torch.save(whole_state(tower, base), stream)
    write_atomically(out, stream.getvalue())


def whole_state(tower: TextTower, base: str | None) -> State:
    """All weights of a CLIP by OpenAI's names: text in single precision, the rest as in ``base``.

    Raises ``ValueError`` for a tower that OpenAI's code cannot build.
    """
    text = ClipText.of(tower)
    require_openai_sizes(text.config)
    half = _whole.read(base, tower.dim)
    weights = to_openai(text.state, text_entries(text.config.num_hidden_layers))
    return {**half.state, **{name: weight.cpu() for name, weight in weights.items()}}


def text_of(state: State) -> tuple[ClipText, dict[str, str]]:
    """The text tower among weights by OpenAI's names; what is left out, and why.

    ``motion.*`` of a published MoCLIP checkpoint is refused: that encoder read joints recovered
    from z-scored features, saw its padding and coded positions along the batch, so its vectors
    depend on their neighbours and cannot be compared with ours. Its text tower is sound.
    """
    left: dict[str, str] = {}
    for prefix, reason in (
        ("visual.", "the image tower is not needed"),
        ("logit_scale", "the temperature belongs to the pair of towers"),
        (f"{MOTION}.", "the published motion encoder depends on padding and batch neighbours"),
        (f"{MOTION}_", "the published motion encoder depends on padding and batch neighbours"),
    ):
        found, state = split(state, prefix)
        if found:
            left[prefix.rstrip("._")] = f"{len(found)} weights: {reason}"
    return ClipText.from_openai(state), left


def has_blocks(state: State) -> bool:
    """Whether these are OpenAI's names."""
    return layers(state, "transformer.resblocks") > 0
