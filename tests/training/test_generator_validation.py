"""Validation of a generator's stages: every frame held out counts the same."""

import doubles
import pytest
import torch

from moclip.models.generator.quantiser import Config, Quantiser
from moclip.models.generator.quantiser_loss import quantiser_loss
from moclip.motion import MotionBatch
from moclip.training.generator.recipe import QuantiserStage
from moclip.training.generator.stages import QuantiserTask


def test_the_quantisers_loss_weighs_frames_not_batches() -> None:
    short = [doubles.walk(0.05 * number, frames=12 + number) for number in range(8)]
    batches = [MotionBatch.of(short), MotionBatch.of([doubles.walk(3.0, frames=60, lean=0.3)])]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        quantiser = Quantiser(Config(width=8, depth=1, codes=8, code_dim=4, layers=2)).eval()
    quantiser.fit_normalisation(batches[:1])
    task = QuantiserTask(
        stage=QuantiserStage(joints=0.5, velocities=0.25),
        seed=0,
        save_best=lambda _: None,
        device=torch.device("cpu"),
        model=quantiser,
        clips=[],
        held_out=batches,
    )
    with torch.inference_mode():
        found = task.validate()["loss"]
        each = [
            float(quantiser_loss(quantiser(batch), joints=0.5, velocities=0.25))
            for batch in batches
        ]
    frames = [int(batch.mask.sum()) for batch in batches]
    wanted = sum(loss * count for loss, count in zip(each, frames, strict=True)) / sum(frames)
    assert abs(wanted - sum(each) / 2) > 0.1 * wanted
    assert found == pytest.approx(wanted, rel=1e-5)
