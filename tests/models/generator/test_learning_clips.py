"""All parts together learn a few real clips: a caption then gives its own clip's tokens."""

import torch

from moclip import datasets
from moclip.models.generator.generator import MotionGenerator
from moclip.models.generator.masked import Config
from moclip.models.generator.quantiser import Config as Sizes
from moclip.models.generator.quantiser import Quantiser
from moclip.models.text import clip
from moclip.motion import CaptionedMotion, Motion, MotionBatch
from moclip.retargeting import canonical

COUNT = 8


def few() -> list[CaptionedMotion]:
    """Of different captions, not too long."""
    by_caption = {
        each.captions[0]: each
        for each in datasets.load("bundled", "train")
        if 40 <= len(each.motion) <= 80
    }
    return list(by_caption.values())[:COUNT]


def untrained(tower: clip.Encoder, batch: MotionBatch) -> MotionGenerator:
    """Its codes lie on the clips' vectors."""
    sizes = Sizes(width=48, depth=1, codes=32, code_dim=16, layers=3, dropout=0.0)
    config = Config(width=64, layers=2, heads=4, dropout=0.0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        quantiser = Quantiser(sizes)
        quantiser.fit_normalisation([batch])
        quantiser(batch)
        return MotionGenerator.create(
            tower,
            "clip",
            quantiser=quantiser.eval(),
            masked_config=config,
            residual_config=config,
        ).eval()


def test_a_caption_gives_its_own_clip(tower: clip.Encoder) -> None:
    clips = few()
    batch = MotionBatch.of([canonical(each.motion) for each in clips])
    captions, frames = [each.captions[0] for each in clips], batch.lengths.tolist()
    model = untrained(tower, batch)
    codes, text = model.quantiser.encode(batch), tower.encode(captions)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    draw = torch.Generator().manual_seed(0)
    for _ in range(120):
        optimiser.zero_grad()
        guesses = [
            part.loss(codes, text, generator=draw) for part in (model.masked, model.residual)
        ]
        length = model.length.loss(text, codes)
        torch.stack([guess.loss for guess in guesses] + [length]).sum().backward()
        optimiser.step()

    made = model.fill(text, model.blank(frames), seeds=range(COUNT)).tokens
    assert (made == codes.tokens)[codes.mask].float().mean() > 0.7
    with torch.no_grad():
        rounded = [-(each // -4) * 4 for each in frames]
        assert model.length.mode(text).tolist() == rounded
    known = model.quantiser.decode(codes)
    seconds = [each / 20 for each in frames]
    motions = model.generate(captions, text=tower, seconds=seconds, plant=False)
    own = [apart(one, other) for one, other in zip(motions, known, strict=True)]
    swapped = [apart(one, other) for one, other in zip(motions, known[1:] + known[:1], strict=True)]
    assert sum(own) < 0.5 * sum(swapped)


def apart(one: Motion, other: Motion) -> float:
    """Mean distance of joints, over the frames both have."""
    count = min(len(one), len(other))
    return (one.joints[:count] - other.joints[:count]).norm(dim=-1).mean().item()
