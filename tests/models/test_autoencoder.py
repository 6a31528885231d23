"""MotionCLIP's auto-encoder: lengths, padding, unit vectors, bridges, and its folder."""

from pathlib import Path

import doubles
import pytest
import small_clip
import torch

from moclip import datasets
from moclip.models.autoencoder.frames import FPS, Body, Frames, path, posed, steps
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.autoencoder.networks import Config
from moclip.models.checkpoint import kind_of
from moclip.models.opening import open_model
from moclip.models.text import clip as clip_text
from moclip.motion import Motion
from moclip.retargeting import is_canonical

SMALL = Config(patch=4, width=32, layers=1, heads=2, prior_width=32, prior_layers=1)


@pytest.fixture(scope="module")
def real() -> list[Motion]:
    return [posed(clip.motion) for clip in datasets.load("bundled", "val")[:6]]


@pytest.fixture
def model(tmp_path: Path, real: list[Motion]) -> MotionCLIP:
    folder = small_clip.write_text_tower(tmp_path / "clip")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = MotionCLIP(clip_text.Encoder.from_pretrained(str(folder)), SMALL, text_name="clip")
    made.fit_normalisation(real)
    return made.eval()


def test_posed_rotations_bring_the_bones_where_the_joints_are(real: list[Motion]) -> None:
    for motion in real:
        frames = Frames.of([motion])
        stance = torch.zeros(1, len(motion), 4)
        body = Body.of(frames.features, stance, torch.tensor(motion.skeleton.offsets))
        off = (body.joints - frames.joints).norm(dim=-1)
        assert off.mean() < 0.01
        assert off.max() < 0.03  # a chest whose collars move apart from its neck has no one turn


def test_a_path_is_the_sum_of_its_steps(real: list[Motion]) -> None:
    features = Frames.of(real).features
    moving = steps(features)
    torch.testing.assert_close(path(moving), features, atol=1e-4, rtol=0)
    metres = (features[0, 7, 0] - features[0, 6, 0]) * FPS
    torch.testing.assert_close(moving[0, 7, 0], metres)


def test_padding_and_neighbours_make_no_difference(model: MotionCLIP, real: list[Motion]) -> None:
    together = model.encode_frames(Frames.of(real))
    for row, motion in zip(together, real, strict=True):
        torch.testing.assert_close(
            row, model.encode_frames(Frames.of([motion]))[0], atol=1e-5, rtol=0
        )
    vectors, lengths = together[:2], torch.tensor([23, 61])
    padded = model.decode_frames(vectors, lengths).joints[0, :23]
    alone = model.decode_frames(vectors[:1], lengths[:1]).joints[0]
    torch.testing.assert_close(padded, alone, atol=1e-5, rtol=0)


def test_time_has_a_direction(model: MotionCLIP, real: list[Motion]) -> None:
    back = Motion(
        real[0].joints.flip(0),
        FPS,
        real[0].skeleton,
        real[0].rotations.flip(0),  # type: ignore[union-attr]
    )
    there, here = model.encode_frames(Frames.of([real[0]])), model.encode_frames(Frames.of([back]))
    assert (there - here).abs().max() > 1e-3


@pytest.mark.parametrize("seconds", [0.5, 0.55, 3.0, 10.0])
def test_any_length_is_decoded_exactly(model: MotionCLIP, seconds: float) -> None:
    (made,) = model.decode(torch.randn(1, model.dim), seconds)
    assert len(made) == round(seconds * FPS)
    assert made.fps == FPS
    assert made.rotations is not None
    again = Motion.from_rotations(
        made.rotations, made.joints[:, 0], fps=FPS, skeleton=made.skeleton
    )
    torch.testing.assert_close(again.joints, made.joints, atol=1e-4, rtol=0)


def test_the_length_of_a_vector_makes_no_difference(model: MotionCLIP) -> None:
    """What is decoded always has the length the decoder was trained at."""
    vector = torch.randn(1, model.dim)
    one, other = model.decode(vector, 1.0)[0], model.decode(7 * vector, 1.0)[0]
    torch.testing.assert_close(one.joints, other.joints, atol=1e-5, rtol=0)
    norms = model.encode_motion(datasets.load("bundled", "val")[0].motion).norm(dim=-1)
    torch.testing.assert_close(norms, model.encode_text("a person walks").norm(dim=-1))


def test_any_body_and_rate_is_read(model: MotionCLIP) -> None:
    motion = datasets.load("bundled", "val")[0].motion
    assert is_canonical(motion)
    slow = model.encode_motion([motion.resampled(60.0), motion])
    assert torch.nn.functional.cosine_similarity(slow[:1], slow[1:]) > 0.99


@pytest.mark.parametrize("way", ["prior", "centre", "none"])
def test_a_caption_and_seed_give_one_motion_whatever_the_others(
    model: MotionCLIP, way: str
) -> None:
    model.bridge.observe(torch.rand(3, model.dim), torch.rand(3, model.dim))
    both = model.generate(["a walk", "a jump"], seconds=[1.0, 1.5], seed=3, way=way)  # type: ignore[arg-type]
    alone = model.generate(["a jump"], seconds=1.5, seed=3, way=way)[0]  # type: ignore[arg-type]
    torch.testing.assert_close(both[1].joints, alone.joints, atol=1e-5, rtol=0)
    other = model.generate(["a jump"], seconds=1.5, seed=4, way=way)[0]  # type: ignore[arg-type]
    assert torch.equal(other.joints, alone.joints) == (way != "prior")


def test_without_a_bridge_the_caption_itself_is_decoded(model: MotionCLIP) -> None:
    given = model.encode_text(["a walk"])
    torch.testing.assert_close(model.across(given, 2.0, way="none"), given)
    model.bridge.text_mean.fill_(0.1)
    moved = model.across(given, 2.0, way="centre")
    wanted = torch.nn.functional.normalize(given - 0.1, dim=-1)
    torch.testing.assert_close(moved, wanted)


def test_guidance_of_one_is_the_prior_itself(model: MotionCLIP) -> None:
    given, noise = model.encode_text(["a walk"]), torch.randn(1, model.dim)
    seconds = torch.tensor([2.0])
    plain = model.bridge.prior.sample(given, seconds, noise)
    model.bridge.prior.none.data += 1.0
    torch.testing.assert_close(model.bridge.prior.sample(given, seconds, noise), plain)
    guided = model.bridge.prior.sample(given, seconds, noise, guidance=2.0)
    assert (guided - plain).abs().max() > 1e-4


def test_the_prior_learns_which_vectors_belong_to_a_caption(model: MotionCLIP) -> None:
    """Two captions, two motions: after some steps each caption draws its own."""
    prior = model.bridge.prior.train()
    text, motion = (torch.nn.functional.normalize(torch.randn(2, model.dim), dim=-1) for _ in "ab")
    seconds = torch.tensor([2.0, 2.0])
    optimiser = torch.optim.Adam(prior.parameters(), lr=3e-3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(400):
            optimiser.zero_grad()
            prior.loss(motion, text, seconds, draws=8).backward()
            optimiser.step()
        with torch.no_grad():
            drawn = prior.sample(text, seconds, torch.randn(2, model.dim), guidance=2.0)
    assert (drawn @ motion.T).argmax(dim=1).tolist() == [0, 1]
    assert (drawn * motion).sum(dim=-1).min() > 0.8


@pytest.mark.parametrize("seconds", [0.0, -1.0, 61.0, float("nan")])
def test_a_duration_that_is_none_is_refused(model: MotionCLIP, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"a duration is .* s, wanted 0.1 to 60 s"):
        model.decode(torch.randn(1, model.dim), seconds)


def test_a_folder_gives_back_the_same_model(model: MotionCLIP, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path, card="| mean joint error | 3 cm |\n")
    assert kind_of(tmp_path) == "motionclip"
    again = open_model(tmp_path)
    assert isinstance(again, MotionCLIP)
    one, other = (m.generate(["a walk"], seconds=2.0)[0] for m in (model, again))
    assert torch.equal(one.joints, other.joints)
    assert not any(parameter.requires_grad for parameter in again.parameters())
    assert "mean joint error" in (tmp_path / "README.md").read_text()


def test_a_folder_of_another_kind_is_told(tmp_path: Path) -> None:
    doubles.model()
    (tmp_path / "config.json").write_text('{"library": "moclip", "kind": "evaluator"}')
    with pytest.raises(ValueError, match="holds a model of kind 'evaluator', wanted 'motionclip'"):
        MotionCLIP.from_pretrained(tmp_path)
