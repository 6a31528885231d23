"""What the model card of a MoCLIP says of it."""

from collections.abc import Mapping

from torch import Tensor

from moclip.models.checkpoint import Settings
from moclip.models.model_card import About

_LEAD = """\
Captions and human motions as unit vectors of one space of {dim} dimensions: what belongs together
points the same way. The design is that of *MoCLIP: Motion-Aware Fine-Tuning and Distillation of
CLIP for Human Motion Generation* (arXiv 2505.10810)."""

_CODE = """\
from moclip import MoCLIP, read_motion

model = MoCLIP.from_pretrained("FOLDER_OR_HUB_ID")
model.similarity([read_motion("clip.bvh")], ["a person walks"])"""

_USE = """\
Finding motions by a description, describing motions, naming actions without training for them, and
conditioning generators of motion: the text tower takes the place of the one it was made from
(`moclip.patch`), and the generator is then fine-tuned with it. It is not made to tell who somebody
is, nor to decide on anyone's health, work or safety."""

_LIMITS = (
    "It knows the actions, bodies and ways of describing of its training data, in their language; "
    "for anything else it still names the nearest thing it knows.",
    "It sees the joints of one body: no hands, face, objects, ground contact or second person.",
    "Cosines rank captions of one model; they are no probabilities and differ between models.",
    "A generator trained on another text tower's vectors goes wrong, silently, with these: "
    "fine-tune it, and store the hash that `moclip info` prints with its checkpoints.",
)


def about(settings: Settings, weights: Mapping[str, Tensor]) -> About:
    """The card's upper part."""
    text, motion = settings.text, settings.motion
    sizes = ", ".join(f"{key} {value}" for key, value in motion.config.items())
    millions = sum(tensor.numel() for tensor in weights.values()) / 1e6
    return About(
        title="MoCLIP",
        lead=_LEAD.format(dim=settings.dim),
        parts={
            "text tower": f"`{text.tower}`, from `{text.source}`",
            "motion tower": f"`{motion.tower}`, {sizes}",
            "motions": f"{settings.fps:g} frames a second; any skeleton moclip knows is brought to "
            "HumanML3D's joints",
            "parameters": f"{millions:.1f} M",
            "written by": f"moclip {settings.version}",
        },
        code=_CODE,
        use=_USE,
        limits=_LIMITS,
        tags=("text-motion-retrieval",),
        task="feature-extraction",
        base=text.source,
    )
