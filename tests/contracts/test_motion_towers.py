"""Every motion tower in the catalogue keeps the promises; a tower with a known fault breaks one."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import moving_bodies
import pytest
import torch
from faulty_towers import FAULTS
from motion_tower_checks import CHECKS, TOLERANCE, close
from safetensors.torch import load_file, save_file

from moclip import catalog
from moclip.models.motion import limbs
from moclip.models.motion.base import MotionTower
from moclip.motion import MotionBatch
from moclip.skeletons import get

Make = Callable[[], MotionTower]


@pytest.fixture(autouse=True)
def _without_gradient() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(params=catalog.names("models.motion"))
def make(request: pytest.FixtureRequest) -> Make:
    name = request.param
    encoder = catalog.load("models.motion", name, "Encoder")
    config = catalog.load("models.motion", name, "Config").compact()

    def made() -> MotionTower:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return fitted(encoder(config, dim=32))

    return made


def fitted(tower: MotionTower) -> MotionTower:
    """In evaluation mode, normalised, no weight at its resting value."""
    draw = torch.Generator().manual_seed(1)
    for parameter in tower.parameters():
        width = parameter.shape[-1] if parameter.ndim > 1 else 1
        noise = torch.randn(parameter.shape, generator=draw) / math.sqrt(width)
        parameter.add_(0.1 * noise)
    tower.fit_normalisation([moving_bodies.batch(8)])
    return tower.eval()


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.__name__)
def test_the_tower_has_none_of_the_known_faults(
    make: Make, check: Callable[[MotionTower], None]
) -> None:
    tower = make()
    if check is CHECKS[7] and not hasattr(tower, "limb_inputs"):
        pytest.skip("this tower has no limbs")
    check(tower)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_its_check_and_no_other(fault: int, check: int) -> None:
    torch.manual_seed(0)
    config = limbs.Config(limb_width=16, limb_heads=2, width=32, layers=2, heads=2)
    tower = fitted(FAULTS[fault](config, dim=16))
    if fault == check:
        with pytest.raises(AssertionError):
            CHECKS[check](tower)
    else:
        CHECKS[check](tower)


def test_saved_and_loaded_it_gives_the_same_vectors(make: Make, tmp_path: Path) -> None:
    tower, batch = make(), moving_bodies.batch()
    save_file(tower.state_dict(), tmp_path / "tower.safetensors")
    other = make()
    for tensor in other.state_dict().values():
        tensor.zero_()
    other.load_state_dict(load_file(tmp_path / "tower.safetensors"))
    assert torch.equal(tower(batch), other(batch))


def test_vectors_are_raw_and_as_wide_as_asked(make: Make) -> None:
    vectors = make()(moving_bodies.batch(3))
    assert vectors.shape == (3, 32)
    assert not torch.allclose(vectors.norm(dim=-1), torch.ones(3), atol=1e-2)


def test_junk_in_the_padding_makes_no_difference(make: Make) -> None:
    tower = make()
    clips = [moving_bodies.wandering(40), moving_bodies.wandering(21, seed=1)]
    clean, junk = MotionBatch.of(clips), MotionBatch.of(clips)
    junk.joints[~junk.mask] = 1e3
    assert torch.equal(tower(clean), tower(junk))


def test_long_and_short_motions_are_read(make: Make) -> None:
    tower = make()
    for frames in (1, 2, 3, 5, 1200):
        vector = tower(MotionBatch.of([moving_bodies.wandering(frames)]))
        assert vector.isfinite().all()


def test_bfloat16_stays_close(make: Make) -> None:
    tower, batch = make(), moving_bodies.batch()
    with torch.autocast("cpu", torch.bfloat16):
        rough = tower(batch).float()
    exact = tower(batch)
    assert torch.cosine_similarity(rough, exact).min() > 0.99


def test_another_skeleton_is_refused(make: Make) -> None:
    batch = moving_bodies.batch(1)
    other = MotionBatch(batch.joints[:, :, :21], batch.mask, batch.fps, get("kit"))
    with pytest.raises(ValueError, match="skeleton 'kit' came, the tower reads 'humanml3d'"):
        make()(other)


def test_a_clip_without_a_frame_is_refused(make: Make) -> None:
    batch = moving_bodies.batch(2)
    batch.mask[1] = False
    with pytest.raises(ValueError, match="clip 1 of the batch has no real frame"):
        make()(batch)


def test_centimetres_are_refused(make: Make) -> None:
    batch = MotionBatch.of([moving_bodies.wandering(1)])
    batch.joints.mul_(100)
    with pytest.raises(ValueError, match="joints must be in metres"):
        make()(batch)


def test_normalisation_needs_motions(make: Make) -> None:
    with pytest.raises(ValueError, match="no motions"):
        make().fit_normalisation([])


def test_chunks_do_not_change_the_normalisation(make: Make) -> None:
    together, apart = make(), make()
    clips = [moving_bodies.wandering(20 + 7 * seed, seed=seed) for seed in range(4)]
    together.fit_normalisation([MotionBatch.of(clips)])
    apart.fit_normalisation([MotionBatch.of([clip]) for clip in clips])
    batch = MotionBatch.of(clips)
    assert close(together(batch), apart(batch), tolerance=TOLERANCE)
