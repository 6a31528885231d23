"""A generator, a MotionCLIP and an evaluator of a few thousand random weights, and some clips."""

from pathlib import Path

import doubles
import moving_bodies
import small_clip
import torch

from moclip.models.autoencoder import networks
from moclip.models.autoencoder.frames import posed
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.evaluator import _frames, own
from moclip.models.generator import quantiser
from moclip.models.generator._trunk import Config
from moclip.models.generator.generator import MotionGenerator
from moclip.models.text import clip as clip_text
from moclip.motion import CaptionedMotion, Motion
from moclip.tasks.generation import TextToMotion

CONTENTS, STYLES = ("run", "walk"), ("normal", "old")


def tower(folder: Path, *, seed: int = 0) -> clip_text.Encoder:
    """Its words are kept in ``folder``."""
    small_clip.write_text_tower(folder, seed=seed)
    return clip_text.Encoder.from_pretrained(str(folder))


def generator(text: clip_text.Encoder, *, seed: int = 0) -> TextToMotion:
    """Standardised by true motions, so that what it makes is a body, if a mad one."""
    sizes = quantiser.Config(width=16, depth=1, codes=24, code_dim=16, layers=3)
    trunk = Config(width=32, layers=1, heads=2)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tokens = quantiser.Quantiser(sizes)
        tokens.fit_normalisation([moving_bodies.batch()])
        made = MotionGenerator.create(
            text, "clip", quantiser=tokens, masked_config=trunk, residual_config=trunk
        )
    return TextToMotion(made.eval(), text)


def motionclip(text: clip_text.Encoder, *, seed: int = 0) -> TextToMotion:
    """Standardised by two walks."""
    sizes = networks.Config(patch=4, width=16, layers=1, heads=2, prior_width=16, prior_layers=1)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = MotionCLIP(text, sizes, text_name="clip")
    made.fit_normalisation([posed(doubles.walk(speed)) for speed in (0.5, 1.0)])
    return TextToMotion(made.eval(), text)


def evaluator() -> own.Evaluator:
    """It tells contents and styles, at random."""
    sizes = own.Config(dim=12, width=16, layers=1, text_layers=1, heads=2, buckets=64)
    labels = {"content": CONTENTS, "style": STYLES}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = own.Evaluator(sizes, words=("a", "person", "walks", "runs"), labels=labels)
    made.motion.fit_normalisation(_frames.measure(moving_bodies.wanderings(4)))
    return made.eval().requires_grad_(False)


def clips(count: int = 24, *, frames: int = 12) -> list[CaptionedMotion]:
    """Walks of other speeds and lengths with the labels that :func:`evaluator` tells."""
    return [
        _clip(number, doubles.walk(0.1 * number, frames=frames + number % 9))
        for number in range(count)
    ]


def _clip(number: int, motion: Motion) -> CaptionedMotion:
    content, style = CONTENTS[number % 2], STYLES[number // 2 % 2]
    captions = (f"a person {content}s {number}", f"{style} {content} {number}")
    return CaptionedMotion(f"clip-{number}", motion, captions, {"content": content, "style": style})
