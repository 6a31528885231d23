"""What one step of MotionCLIP computes; validation calls the same function."""

import torch
from torch import Tensor

from moclip import losses
from moclip.features import rot6d
from moclip.losses import reconstruction
from moclip.models.autoencoder.frames import FEET, FPS, Body, Frames
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.two_tower import unit
from moclip.training.motionclip.batches import Batch
from moclip.training.motionclip.recipe import Loss

Terms = dict[str, Tensor]


def motionclip(model: MotionCLIP, batch: Batch, weights: Loss, *, noise: float = 0.0) -> Terms:
    """Loss terms, unweighted: of what is decoded, of what is aligned, of the bridge.

    L = L_recon + w_text L_text + w_image L_image as published, with contacts and contrast beside.
    """
    vectors = model.encode_frames(*batch.runs)
    sizes = [len(run.mask) for run in batch.runs]
    decoded = [
        decoding(model, run, turned(part, noise))
        for run, part in zip(batch.runs, vectors.split(sizes), strict=True)
    ]
    shares = [size / len(batch.text) for size in sizes]
    terms = {
        name: sum(
            (s * part[name] for s, part in zip(shares, decoded, strict=True)), torch.zeros(())
        )
        for name in decoded[0]
    }
    with torch.autocast(vectors[0].device.type, enabled=False):
        return terms | _alignment(model, batch, vectors, weights)


def decoding(model: MotionCLIP, run: Frames, vectors: Tensor) -> Terms:
    """How far clips are from what their vectors are decoded to."""
    made = model.decode_frames(vectors, run.lengths)
    with torch.autocast(vectors.device.type, enabled=False):
        return reconstruction_terms(made, run)


def reconstruction_terms(made: Body, run: Frames) -> Terms:
    """Of bodies beside the real ones."""
    real, mask = run.joints, run.mask
    rotations, _ = rot6d.to_rotations(run.features)
    feet = made.joints[:, :, FEET], real[:, :, FEET]
    return {
        "orientations": reconstruction.orientations(made.rotations, rotations, mask),
        "positions": reconstruction.poses(made.joints, real, mask),
        "path": reconstruction.path(made.joints[:, :, 0], real[:, :, 0], mask, fps=FPS),
        "velocities": reconstruction.velocities(made.joints, real, mask, fps=FPS),
        "contacts": reconstruction.contacts(*feet, mask, fps=FPS),
        "stance": reconstruction.stance(made.stance, feet[1], mask, fps=FPS),
    }


def _alignment(model: MotionCLIP, batch: Batch, vectors: Tensor, weights: Loss) -> Terms:
    """Terms over whole clips only: words and pictures need not fit a stretch of one."""
    whole = batch.whole
    vectors, text, numbers = vectors[whole], batch.text[whole], batch.numbers[whole]
    zero = batch.text.new_zeros(())
    if not len(vectors):
        return dict.fromkeys(("text", "image", "contrastive", "prior"), zero)
    if model.training:
        model.bridge.observe(text, vectors)
    seconds = torch.cat([run.lengths for run in batch.runs])[whole] / FPS
    same = numbers[:, None] == numbers
    image = None if batch.image is None else batch.image[whole]
    return {
        "text": losses.align(vectors, text),
        "image": zero if image is None else losses.align(vectors, image),
        "contrastive": losses.contrastive(vectors, text, 1 / weights.temperature, ignore=same),
        "prior": model.bridge.prior.loss(vectors, _either(text, image), seconds),
    }


def _either(text: Tensor, image: Tensor | None) -> Tensor:
    """Captions, or for every other clip its picture: the bridge then leads from both."""
    if image is None:
        return text
    return torch.where(torch.rand_like(text[:, :1]) < 0.5, text, image)


def weighted(terms: Terms, weights: Loss) -> Tensor:
    """The loss."""
    return torch.stack([getattr(weights, name) * term for name, term in terms.items()]).sum()


def turned(vectors: Tensor, most: float) -> Tensor:
    """Unit vectors, each turned by a random angle of at most ``most`` radians."""
    if not most:
        return vectors
    aside = torch.randn_like(vectors)
    aside = unit(aside - (aside * vectors).sum(dim=-1, keepdim=True) * vectors)
    angle = torch.rand_like(vectors[:, :1]) * most
    return vectors * angle.cos() + aside * angle.sin()
