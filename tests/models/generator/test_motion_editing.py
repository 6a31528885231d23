"""What is kept stays, what is new is new; an upper body comes onto other legs."""

import moving_bodies
import pytest
import torch

from moclip import geometry
from moclip.models.generator import editing
from moclip.models.generator._codes import Codes
from moclip.models.generator._compositing import UPPER, composite
from moclip.models.generator.generator import MotionGenerator
from moclip.models.text import clip
from moclip.motion import Motion
from moclip.planting import planted
from moclip.retargeting import canonical

WAVE = "a person waves"
LOWER = ("pelvis", "left_hip", "right_hip", "left_knee", "right_foot", "left_foot")


def source(frames: int = 80) -> Motion:
    return canonical(moving_bodies.wandering(frames))


@pytest.fixture
def filled(
    generator: MotionGenerator, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Tokens and mask of all that is decoded."""
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    decode = generator.quantiser.decode

    def noted(codes: Codes) -> list[Motion]:
        seen.append((codes.tokens, codes.mask))
        return decode(codes)

    monkeypatch.setattr(generator.quantiser, "decode", noted)
    return seen


@pytest.mark.parametrize(
    ("keep", "seconds", "kept", "frames"),
    [
        ([(0.0, 1.0)], None, range(5), 80),
        ([(3.0, 4.0)], None, range(15, 20), 80),
        ([(0.0, 1.0), (3.0, 4.0)], None, [*range(5), *range(15, 20)], 80),
        ([(0.0, 4.0)], 6.0, range(20), 120),
        ([(0.1, 0.7)], 0.9, range(1, 3), 18),
    ],
)
def test_kept_tokens_are_those_of_the_motion(
    generator: MotionGenerator,
    tower: clip.Encoder,
    filled: list[tuple[torch.Tensor, torch.Tensor]],
    keep: list[tuple[float, float]],
    seconds: float | None,
    kept: list[int],
    frames: int,
) -> None:
    made = editing.inbetween(
        generator, source(), WAVE, keep=keep, seconds=seconds, text=tower, seed=2
    )
    tokens, known = filled[0][0][0], generator.encode(source()).tokens[0]
    assert len(made) == frames
    assert torch.equal(tokens[list(kept)], known[list(kept)])
    new = [number for number in range(len(tokens)) if number not in kept]
    shared = [number for number in new if number < len(known)]
    assert new
    assert not shared or (tokens[shared] != known[shared]).float().mean() > 0.5


def test_the_start_of_a_motion_is_the_quantisers(
    generator: MotionGenerator, tower: clip.Encoder
) -> None:
    """Far from new tokens, as far as its convolutions reach, frames are those of the tokens."""
    keep = [(0.0, 8.0)]
    made = editing.inbetween(generator, source(200), WAVE, keep=keep, text=tower, plant=False)
    plain = generator.quantiser.decode(generator.encode(source(200)))[0]
    torch.testing.assert_close(made.joints[:60], plain.joints[:60], atol=1e-4, rtol=0)


def test_standing_feet_are_held_unless_they_are_to_glide(
    generator: MotionGenerator, tower: clip.Encoder
) -> None:
    codes = generator.encode(source())
    plain = generator.quantiser.decode(codes)[0]
    held = planted(plain).joints
    assert (held - plain.joints).abs().max() > 1e-3
    assert torch.equal(generator.decode(codes)[0].joints, held)
    assert torch.equal(generator.decode(codes, plant=False)[0].joints, plain.joints)
    glides, stands = (
        generator.generate(WAVE, text=tower, seconds=3.0, plant=plant)[0] for plant in (False, True)
    )
    assert torch.equal(planted(glides).joints, stands.joints)


def test_another_seed_fills_in_something_else(
    generator: MotionGenerator, tower: clip.Encoder
) -> None:
    first, again, other = (
        editing.inbetween(generator, source(), WAVE, keep=[(0.0, 1.0)], text=tower, seed=seed)
        for seed in (0, 0, 1)
    )
    assert torch.equal(first.joints, again.joints)
    assert (first.joints - other.joints).abs().max() > 0.01


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        ([(0.0, 4.0)], "keep 20 of 20 tokens"),
        ([(0.0, 0.1)], "keep 0 of 20 tokens"),
        ([], "keep 0 of 20 tokens"),
        ([(3.0, 5.0)], r"cannot keep 3\.\.5 s of a motion of 4 s"),
        ([(2.0, 1.0)], r"cannot keep 2\.\.1 s"),
        ([(float("nan"), 1.0)], r"cannot keep nan\.\.1 s"),
    ],
)
def test_spans_that_make_no_sense_are_refused(
    generator: MotionGenerator, tower: clip.Encoder, keep: list[tuple[float, float]], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        editing.inbetween(generator, source(), WAVE, keep=keep, text=tower)


def test_a_motion_that_is_too_long_is_refused(
    generator: MotionGenerator, tower: clip.Encoder
) -> None:
    with pytest.raises(ValueError, match=r"lasts 10\.05 s, wanted at most 10 s; cut it"):
        editing.upper_body(generator, source(201), WAVE, text=tower)


def test_another_tower_is_refused(generator: MotionGenerator, tower: clip.Encoder) -> None:
    with torch.no_grad():
        next(tower.parameters()).mul_(1.01)
    with pytest.raises(ValueError, match="was trained with text tower"):
        editing.inbetween(generator, source(), WAVE, keep=[(0.0, 1.0)], text=tower)
    with pytest.raises(ValueError, match="was trained with text tower"):
        editing.upper_body(generator, source(), WAVE, text=tower)


def test_an_upper_body_comes_onto_other_legs() -> None:
    upper, lower = (canonical(moving_bodies.wandering(seed=seed)) for seed in (1, 2))
    both = composite(upper, lower)
    assert {"head", "left_wrist", "spine1"} <= set(UPPER)
    for joint in LOWER:
        assert torch.equal(both.joint(joint), lower.joint(joint))
    above = torch.tensor([both.skeleton.index(joint) for joint in UPPER]) - 1
    torch.testing.assert_close(
        both.bone_lengths()[:, above], upper.bone_lengths()[:, above], atol=1e-4, rtol=0
    )
    assert (both.joint("left_wrist") - lower.joint("left_wrist")).norm(dim=-1).mean() > 0.05


def test_an_upper_body_turns_with_the_legs() -> None:
    """The same movement elsewhere, facing elsewhere, gives itself back."""
    motion = canonical(moving_bodies.wandering())
    turn = geometry.axis_rotation("Y", torch.tensor(1.3))
    elsewhere = motion.turned(turn).moved(torch.tensor((2.0, 0.0, -1.0)))
    both = composite(motion, elsewhere)
    torch.testing.assert_close(both.joints, elsewhere.joints, atol=1e-5, rtol=0)


def test_motions_of_different_lengths_are_no_body() -> None:
    with pytest.raises(ValueError, match="40 and 30 frames"):
        composite(source(40), source(30))


def test_an_upper_body_is_made_for_the_length_of_the_motion(
    generator: MotionGenerator, tower: clip.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is quantised has the source's legs and an upper body that hangs on the seed."""
    encode, seen = generator.encode, []

    def noted(motion: Motion) -> Codes:
        seen.append(motion)
        return encode(motion)

    monkeypatch.setattr(generator, "encode", noted)
    clip46 = source(46)
    for seed in (0, 1):
        assert len(editing.upper_body(generator, clip46, WAVE, text=tower, seed=seed)) == 46
    first, other = seen
    torch.testing.assert_close(
        first.joint("left_foot"), clip46.joint("left_foot"), atol=1e-4, rtol=0
    )
    for motion in (other, clip46):
        assert (first.joint("head") - motion.joint("head")).abs().max() > 0.01
