"""Both towers together: unit length, order, what is made canonical and what is refused."""

import math
from dataclasses import replace
from pathlib import Path

import doubles
import moving_bodies
import numpy as np
import pytest
import torch

from moclip import skeletons
from moclip.features import humanml263
from moclip.models import two_tower
from moclip.models.two_tower import MoCLIP
from moclip.motion import Motion, MotionBatch
from moclip.retargeting import canonical

CAPTIONS = ("a person walks", "someone jumps", "a person walks backwards and then sits down")


def is_unit(vectors: torch.Tensor) -> bool:
    return torch.allclose(vectors.norm(dim=-1), torch.ones(len(vectors)), atol=1e-5)


def cmu_clip(fps: float = 30.0) -> Motion:
    """CMU's body in its rest pose, walking off."""
    body = skeletons.get("cmu")
    root = torch.arange(60)[:, None] / fps * torch.tensor((0.0, 0.0, 1.0))
    turns = torch.eye(3).expand(60, len(body), 3, 3)
    return Motion.from_rotations(turns, root, fps=fps, skeleton=body)


def test_vectors_have_unit_length(model: MoCLIP) -> None:
    motion, text = model.encode_motion(moving_bodies.batch()), model.encode_text(CAPTIONS)
    assert motion.shape == (4, model.dim)
    assert text.shape == (3, model.dim)
    assert is_unit(motion)
    assert is_unit(text)


def test_one_or_many(model: MoCLIP) -> None:
    clip = canonical(moving_bodies.wandering())
    one, many = model.encode_motion(clip), model.encode_motion([clip, clip])
    assert one.shape == (1, model.dim)
    assert torch.allclose(one, many[1:], atol=1e-5)
    assert torch.allclose(
        model.encode_text(CAPTIONS[0]), model.encode_text(CAPTIONS)[:1], atol=1e-5
    )


def test_nothing_gives_nothing(model: MoCLIP) -> None:
    assert model.encode_motion([]).shape == (0, model.dim)
    assert model.encode_text([]).shape == (0, model.dim)


def test_order_is_kept_in_chunks_of_like_length(
    model: MoCLIP, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moclip.models.two_tower._FRAMES_ON_CPU", 100)
    clips = [moving_bodies.wandering(40 - 9 * (i % 4), seed=i) for i in range(8)]
    together = model.encode_motion(clips)
    alone = torch.cat([model.encode_motion(clip) for clip in clips])
    assert torch.allclose(together, alone, atol=1e-5)


def test_runs_hold_their_frames_with_the_padding() -> None:
    assert two_tower._runs([5, 2, 3, 9, 4], 9) == [[1, 2], [4], [0], [3]]
    assert two_tower._runs([30, 20], 10) == [[1], [0]]  # one alone may be longer


def test_captures_of_several_bodies_give_what_each_gives_alone(model: MoCLIP) -> None:
    clips = [cmu_clip(), moving_bodies.wandering(), canonical(cmu_clip()), cmu_clip(60.0)]
    alone = torch.cat([model.encode_motion(clip) for clip in clips])
    assert torch.allclose(model.encode_motion(clips), alone, atol=1e-5)


def test_any_known_body_and_frame_rate_are_made_canonical(model: MoCLIP) -> None:
    clip = cmu_clip()
    batch = MotionBatch.of([canonical(clip, fps=model.fps)])
    assert batch.fps == 20
    assert torch.allclose(model.encode_motion(clip), model.encode_motion(batch), atol=1e-6)
    mixed = model.encode_motion([moving_bodies.wandering(), clip])
    assert torch.allclose(mixed[1:], model.encode_motion(clip), atol=1e-5)


def test_a_batch_must_be_canonical_already(model: MoCLIP) -> None:
    with pytest.raises(ValueError, match="skeleton 'cmu' came, the tower reads 'humanml3d'"):
        model.encode_motion(replace(MotionBatch.of([cmu_clip(20.0)]), rotations=None))
    with pytest.raises(ValueError, match="a batch of 30 fps came, the model reads 20 fps"):
        model.encode_motion(replace(moving_bodies.batch(), fps=30.0))


def test_normalised_features_are_refused(model: MoCLIP) -> None:
    batch = moving_bodies.batch()
    deviation, mean = torch.std_mean(batch.joints, dim=(0, 1))
    normalised = replace(batch, joints=(batch.joints - mean) / deviation)
    for form in (normalised, normalised.motions()):
        with pytest.raises(ValueError, match="not normalised features"):
            model.encode_motion(form)


@pytest.mark.parametrize("name", ["000000", "012314"])
def test_joints_from_z_scored_features_of_the_data_set_are_refused(
    model: MoCLIP, shared_data: Path, name: str
) -> None:
    """What the published code feeds its encoder; the same clip from true features is taken."""
    folder = shared_data / "humanml3d_reference" / "HumanML3D"
    mean, deviation, features = (
        torch.from_numpy(np.load(folder / file)).float()
        for file in ("Mean.npy", "Std.npy", f"new_joint_vecs/{name}.npy")
    )
    body = skeletons.get("humanml3d")
    true = Motion(humanml263.to_joints(features[None])[0], 20.0, body)
    wrong = Motion(humanml263.to_joints(((features - mean) / deviation)[None])[0], 20.0, body)
    assert is_unit(model.encode_motion(true))
    with pytest.raises(ValueError, match=r"a bone that varies by .* m over time"):
        model.encode_motion(wrong)


def test_similarity_is_the_cosine(model: MoCLIP) -> None:
    batch = moving_bodies.batch()
    found = model.similarity(batch, CAPTIONS)
    raw_motion, raw_text = model.motion(batch), model.text.encode(CAPTIONS)
    expected = torch.cosine_similarity(raw_motion[:, None], raw_text[None], dim=-1)
    assert torch.allclose(found, expected, atol=1e-5)


def test_vectors_of_motions_are_plain_numbers_and_those_of_a_batch_learn(model: MoCLIP) -> None:
    motions = [doubles.walk(1.0), doubles.walk(1.5)]
    assert model.similarity(motions, ["a person walks"]).numpy().shape == (2, 1)
    assert not model.encode_motion(motions).requires_grad
    assert model.encode_motion(MotionBatch.of(motions)).requires_grad


def test_scale_starts_at_the_published_temperature_and_stops_at_100(model: MoCLIP) -> None:
    assert math.isclose(model.scale.item(), 1 / 0.07, rel_tol=1e-5)
    with torch.no_grad():
        model.logit_scale.fill_(7.0)
    assert math.isclose(model.scale.item(), 100, rel_tol=1e-5)


def test_towers_of_different_width_do_not_go_together() -> None:
    text, motion = doubles.HashingText(), doubles.MeanPose(22)
    motion.dim = text.dim + 1
    with pytest.raises(ValueError, match="24 dimensions and the motion tower 25"):
        MoCLIP(text, motion)


def test_unknown_towers_are_named() -> None:
    with pytest.raises(LookupError, match=r"no models\.text named 'bert'; there are: .*minilm"):
        MoCLIP.create("bert")


def test_half_precision_ends_in_full_precision(model: MoCLIP) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        motion, text = model.encode_motion(moving_bodies.batch()), model.encode_text(CAPTIONS)
    assert motion.dtype == text.dtype == torch.float32
    assert is_unit(motion)
    assert is_unit(text)


def test_encoding_works_in_inference_mode_and_training_after_it(model: MoCLIP) -> None:
    clips = [moving_bodies.wandering()]
    with torch.inference_mode():
        model.similarity(clips, CAPTIONS)
    model.unfreeze_text()
    batch = MotionBatch.of([canonical(clip, fps=model.fps) for clip in clips])
    model.similarity(batch, CAPTIONS).sum().backward()
    assert all(p.grad is not None for n, p in model.named_parameters() if n != "logit_scale")


def test_a_frozen_text_tower_gets_no_gradient(model: MoCLIP) -> None:
    model.unfreeze_text()
    model.freeze_text()
    model.similarity(moving_bodies.batch(), CAPTIONS).sum().backward()
    assert all(parameter.grad is None for parameter in model.text.parameters())
    assert all(parameter.grad is not None for parameter in model.motion.parameters())


def test_the_teacher_stays_as_it_was_when_the_student_learns(model: MoCLIP) -> None:
    """Shared memory before, none after; the optimiser knows the parameters from the start."""
    model.freeze_text()
    teacher = model.text.frozen_twin()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    student, frozen = (dict(tower.named_parameters()) for tower in (model.text, teacher))
    assert all(student[name].data_ptr() == frozen[name].data_ptr() for name in student)
    before = {name: parameter.clone() for name, parameter in frozen.items()}
    model.unfreeze_text()
    assert not any(student[name].data_ptr() == frozen[name].data_ptr() for name in student)
    model.similarity(moving_bodies.batch(), CAPTIONS).sum().backward()
    optimiser.step()
    assert all(torch.equal(before[name], frozen[name]) for name in frozen)
    assert not any(torch.equal(before[name], student[name]) for name in student)


def test_unfreezing_twice_keeps_what_was_learned(model: MoCLIP) -> None:
    model.unfreeze_text()
    memory = [parameter.data_ptr() for parameter in model.text.parameters()]
    model.unfreeze_text()
    assert [parameter.data_ptr() for parameter in model.text.parameters()] == memory
