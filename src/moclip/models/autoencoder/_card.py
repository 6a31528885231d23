"""What the model card of a MotionCLIP says of it."""

from moclip.models import checkpoint
from moclip.models.model_card import About

_LEAD = """\
A motion auto-encoder whose vectors lie among those of a text tower: it generates motion from words,
edits and blends motions, and names what they show. The design is that of *MotionCLIP: Exposing
Human Motion Generation to CLIP Space* (arXiv 2203.08063)."""

_CODE = """\
from moclip import MotionCLIP

model = MotionCLIP.from_pretrained("FOLDER_OR_HUB_ID")
model.generate(["a person walks"], seconds=3)"""

_USE = """\
Drafts of motion from words, edits and blends of motions, and naming actions without training for
them; to be looked at and edited by people. It is not made to tell or imitate who somebody is, nor
to stand for measured motion."""

_LIMITS = (
    "It knows the actions of its training data; for anything else it makes or names the nearest "
    "thing it knows.",
    "One body of 22 joints: no hands, face, objects or second person; feet may slide, and joints "
    "may pass through each other and the floor.",
    "It decodes motions as long as those it was trained on; beyond that it guesses.",
    "Cosines rank captions of one model; they are no probabilities and differ between models.",
)


def about(text: checkpoint.Text, dim: int) -> About:
    """The card's upper part."""
    return About(
        title="MotionCLIP",
        lead=_LEAD,
        parts={
            "text tower": f"`{text.tower}`, from `{text.source}`, frozen",
            "vectors": f"{dim} dimensions, unit length",
            "motions": "HumanML3D's 22 joints with rotations, 20 frames a second",
        },
        code=_CODE,
        use=_USE,
        limits=_LIMITS,
        tags=("text-to-motion",),
        base=text.source,
    )
