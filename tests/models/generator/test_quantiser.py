"""The quantiser: motions to tokens and back."""

from dataclasses import replace
from pathlib import Path

import moving_bodies
import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from moclip import datasets, skeletons
from moclip.features import humanml263
from moclip.models.generator import _frames
from moclip.models.generator.quantiser import Codes, Config, Quantiser
from moclip.models.generator.quantiser_figures import Figures, measure
from moclip.models.generator.quantiser_loss import quantiser_loss, quantiser_terms
from moclip.motion import Motion, MotionBatch

SMALL = Config(width=48, depth=2, codes=32, code_dim=16, layers=4)


def of_lengths(*lengths: int) -> MotionBatch:
    return MotionBatch.of([moving_bodies.wandering(n, seed=n) for n in lengths])


def made(config: Config = SMALL) -> Quantiser:
    """Random weights, codes on real vectors."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        quantiser = Quantiser(config.model_copy(update={"dropout": 0.0}))
        quantiser.fit_normalisation([moving_bodies.batch(8)])
        for _ in range(3):
            quantiser(moving_bodies.batch(16))
    return quantiser.eval()


@pytest.fixture(scope="module")
def clips() -> MotionBatch:
    motions = [clip.motion for clip in datasets.load("bundled", "train")]
    return MotionBatch.of([motion.cut(0.0, 3.2) for motion in motions if len(motion) >= 64][:16])


@pytest.fixture(scope="module")
def trained(clips: MotionBatch) -> tuple[Quantiser, list[float]]:
    """A few steps on real clips."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        quantiser = Quantiser(SMALL)
        quantiser.fit_normalisation([clips])
        features = quantiser.features(clips)
        optimiser = torch.optim.AdamW(quantiser.parameters(), lr=2e-3)
        losses = []
        for _ in range(60):
            loss = quantiser_loss(quantiser.reconstruct(features, clips.mask))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
    return quantiser.eval(), losses


def test_it_learns(trained: tuple[Quantiser, list[float]]) -> None:
    _, losses = trained
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])


def test_each_layer_brings_the_motion_nearer(
    trained: tuple[Quantiser, list[float]], clips: MotionBatch
) -> None:
    errors = [measure(trained[0], [clips], layers=n).pose_error for n in (1, 2, 4)]
    assert errors[0] > errors[1] > errors[2]


def test_codes_are_in_use(trained: tuple[Quantiser, list[float]], clips: MotionBatch) -> None:
    figures = measure(trained[0], [clips])
    assert sum(figures.codebook_use) / 4 >= 0.5
    assert min(figures.perplexity) > 6


def test_padding_makes_no_difference() -> None:
    quantiser, motions = made(), [moving_bodies.wandering(n, seed=n) for n in (3, 18, 37)]
    tight = quantiser(MotionBatch.of(motions))
    codes = tight.codes
    loss = quantiser_loss(tight).item()
    for frames in (38, 39, 40, 83):
        padded = MotionBatch.of(motions, frames=frames)
        wide = quantiser(padded)
        assert torch.equal(wide.codes.tokens[:, : codes.tokens.shape[1]], codes.tokens)
        assert torch.equal(wide.codes.mask.sum(dim=1), codes.mask.sum(dim=1))
        assert torch.allclose(
            wide.prediction[:, :37][tight.mask], tight.prediction[tight.mask], atol=1e-5
        )
        assert quantiser_loss(wide).item() == pytest.approx(loss, rel=1e-5)


def test_what_stands_in_the_padding_makes_no_difference() -> None:
    quantiser, batch = made(), of_lengths(9, 30)
    spoiled = batch.joints.clone()
    spoiled[~batch.mask] = 7.0
    codes, same = quantiser.encode(batch), quantiser.encode(replace(batch, joints=spoiled))
    assert torch.equal(codes.tokens, same.tokens)
    features = quantiser.features(batch)
    other = torch.where(batch.mask[..., None], features, 7.0)
    one, two = (quantiser.reconstruct(x, batch.mask) for x in (features, other))
    assert torch.allclose(one.prediction[batch.mask], two.prediction[batch.mask], atol=1e-5)


def test_neighbours_in_the_batch_make_no_difference() -> None:
    quantiser, batch = made(), of_lengths(5, 22, 40)
    together = quantiser(batch)
    for row, motion in enumerate(batch.motions()):
        alone = quantiser(MotionBatch.of([motion]))
        count = alone.codes.tokens.shape[1]
        assert torch.equal(together.codes.tokens[row, :count], alone.codes.tokens[0])
        assert torch.allclose(
            together.prediction[row, : len(motion)], alone.prediction[0], atol=1e-5
        )


def test_padding_does_not_teach_the_codebooks() -> None:
    one, other = made().train(), made().train()
    motions = [moving_bodies.wandering(n, seed=n) for n in (8, 30)]
    for quantiser, frames in ((one, 30), (other, 90)):
        torch.manual_seed(3)
        quantiser(MotionBatch.of(motions, frames=frames))
    for a, b in zip(one.codebooks.buffers(), other.codebooks.buffers(), strict=True):
        assert torch.allclose(a.float(), b.float(), atol=1e-5)


def test_decoded_lengths_are_exact() -> None:
    lengths = (1, 2, 3, 4, 5, 6, 7, 8, 9, 41)
    quantiser = made()
    codes = quantiser.encode(of_lengths(*lengths))
    assert codes.mask.sum(dim=1).tolist() == [-(-n // 4) for n in lengths]
    assert codes.frames.tolist() == list(lengths)
    motions = quantiser.decode(codes)
    assert [len(motion) for motion in motions] == list(lengths)
    assert all(motion.fps == 20 and motion.skeleton.name == "humanml3d" for motion in motions)


def test_decoding_tokens_is_what_forward_predicts() -> None:
    quantiser, batch = made(), of_lengths(13, 38)
    reconstruction = quantiser(batch)
    for row, motion in enumerate(quantiser.decode(quantiser.encode(batch))):
        assert torch.allclose(motion.joints, reconstruction.bodies[row, : len(motion)], atol=1e-4)


def test_decoded_bones_have_the_lengths_of_the_skeleton() -> None:
    quantiser, batch = made(), of_lengths(13, 38)
    parents = list(quantiser.skeleton.parents[1:])
    lengths = torch.tensor(quantiser.skeleton.offsets)[1:].norm(dim=-1)
    loose = quantiser(batch).joints
    assert ((loose[:, :, 1:] - loose[:, :, parents]).norm(dim=-1) - lengths).abs().max() > 0.01
    for motion in quantiser.decode(quantiser.encode(batch)):
        assert torch.allclose(motion.bone_lengths(), lengths.expand(len(motion), -1), atol=1e-5)


def test_a_body_of_true_bones_is_left_as_it_is() -> None:
    joints = made()(of_lengths(30)).real_joints
    assert torch.allclose(_frames.on_skeleton(joints), joints, atol=1e-4)


def test_a_bone_that_is_too_long_does_not_push_what_hangs_below() -> None:
    joints = made()(of_lengths(30)).real_joints
    shoulder, elbow, wrist = map(
        humanml263.SKELETON.index, ("left_shoulder", "left_elbow", "left_wrist")
    )
    stretched = joints.clone()
    stretched[..., elbow, :] += 0.2 * (joints[..., elbow, :] - joints[..., shoulder, :])
    off = (_frames.on_skeleton(stretched) - joints).norm(dim=-1)
    assert off[..., elbow].max() < 1e-4
    assert off[..., wrist].max() < 1e-4


def test_the_root_of_a_body_stays() -> None:
    mad = torch.randn(2, 5, 22, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(_frames.on_skeleton(mad)[..., 0, :], mad[..., 0, :])


def test_fewer_layers_decode_from_the_first_codes_alone() -> None:
    quantiser, batch = made(), of_lengths(20)
    codes = quantiser.encode(batch)
    cut = replace(codes, tokens=codes.tokens[..., :2])
    assert torch.equal(quantiser.decode(codes, 2)[0].joints, quantiser.decode(cut)[0].joints)
    assert not torch.allclose(quantiser.decode(codes)[0].joints, quantiser.decode(cut)[0].joints)


def test_embedding_sums_code_vectors() -> None:
    quantiser = made()
    tokens = quantiser.encode(of_lengths(20, 31)).tokens
    plain = sum(quantiser.code_vectors(layer)[tokens[..., layer]] for layer in range(4))
    assert isinstance(plain, torch.Tensor)
    assert torch.allclose(quantiser.embed(tokens), plain, atol=1e-6)
    assert torch.equal(quantiser.embed(tokens[..., :1]), quantiser.code_vectors(0)[tokens[..., 0]])


def test_encoding_teaches_nothing_even_in_training() -> None:
    quantiser = made().train()
    before = {name: value.clone() for name, value in quantiser.state_dict().items()}
    quantiser.encode(moving_bodies.batch(6))
    assert all(torch.equal(before[name], v) for name, v in quantiser.state_dict().items())


def test_some_steps_train_only_the_first_layers() -> None:
    quantiser = Quantiser(SMALL.model_copy(update={"dropout": 1.0}))
    batch = moving_bodies.batch(2, 16)
    torch.manual_seed(0)
    counts = {quantiser(batch).codes.tokens.shape[-1] for _ in range(40)}
    assert counts == {1, 2, 3, 4}
    assert quantiser.eval()(batch).codes.tokens.shape[-1] == 4


def test_gradient_reaches_the_encoder_through_the_codes() -> None:
    quantiser = made()
    quantiser_terms(quantiser(moving_bodies.batch(4)))["features"].backward()
    for name, parameter in quantiser.named_parameters():
        assert parameter.grad is not None
        assert parameter.grad.any(), name


def test_weights_survive_a_file(tmp_path: Path) -> None:
    quantiser, batch = made(), of_lengths(11, 24)
    save_file(quantiser.state_dict(), tmp_path / "quantiser.safetensors")
    other = Quantiser(quantiser.config).eval()
    other.load_state_dict(load_file(tmp_path / "quantiser.safetensors"))
    codes = quantiser.encode(batch)
    assert torch.equal(other.encode(batch).tokens, codes.tokens)
    for one, two in zip(quantiser.decode(codes), other.decode(codes), strict=True):
        assert torch.equal(one.joints, two.joints)


def test_features_are_those_of_the_format_and_of_the_last_frame_too(clips: MotionBatch) -> None:
    features = made().features(clips)
    official = humanml263.from_joints(clips.joints, clips.lengths)
    assert features.shape[1] == official.shape[1] + 1 == 64
    joints, wanted = humanml263.to_joints(features), humanml263.to_joints(official, following=True)
    # The frame that is made up may be the lowest: then the floor is elsewhere.
    rise = (joints - wanted)[:, :1, :1] * torch.tensor((0.0, 1.0, 0.0))
    assert (joints - rise - wanted).abs().max() < 2e-3
    assert rise.abs().mean() < 2e-3


def test_standardisation_has_a_deviation_for_each_kind_of_number() -> None:
    quantiser, batch = Quantiser(SMALL), of_lengths(30, 40, 12)
    quantiser.fit_normalisation([of_lengths(30), of_lengths(40, 12)])
    values = quantiser.features(batch)[batch.mask].double()
    assert torch.allclose(quantiser.mean.double(), values.mean(dim=0), atol=1e-5)
    plain = values.std(dim=0, correction=0)
    for start, end, stress in ((0, 1, 5), (1, 3, 5), (3, 4, 5), (4, 67, 1), (67, 193, 1),
                               (193, 259, 1), (259, 263, 5)):  # fmt: skip
        wanted = plain[start:end].mean().clamp(min=1e-3 * stress) / stress
        assert torch.allclose(
            quantiser.deviation[start:end].double(), wanted.expand(end - start), rtol=1e-4
        )


def test_the_loss_is_the_published_one() -> None:
    reconstruction = made()(of_lengths(12, 30))
    mask = reconstruction.mask
    predicted, real = reconstruction.prediction[mask], reconstruction.target[mask]
    wanted = (
        F.smooth_l1_loss(predicted, real)
        + 0.5 * F.smooth_l1_loss(predicted[:, 4:67], real[:, 4:67])
        + 0.02 * reconstruction.commitment
    )
    assert quantiser_loss(reconstruction).item() == pytest.approx(wanted.item(), rel=1e-6)


def test_the_joints_term_sees_the_path() -> None:
    """A turn that is a little off throughout hardly shows in features, but leads elsewhere."""
    quantiser = made()
    plain = quantiser(of_lengths(40))
    turned = plain.target.clone()
    turned[..., 0] += 0.02 / quantiser.deviation[0]  # 0.04 rad a frame
    off = replace(plain, prediction=turned, joints=quantiser.joints(turned))
    exact = replace(plain, prediction=plain.target, joints=plain.real_joints)
    distance = (off.joints - off.real_joints).norm(dim=-1).mean()
    terms = quantiser_terms(off)
    assert terms["joints"].item() == pytest.approx(distance.item(), rel=1e-4)
    assert terms["joints"].item() > 0.1 > 10 * quantiser_terms(exact)["joints"].item()
    gap = quantiser_loss(off, joints=0.5) - quantiser_loss(off)
    assert gap.item() == pytest.approx(0.5 * distance.item(), rel=1e-3)


def test_the_velocities_term_sees_a_body_tremble() -> None:
    """By as much as no term of places is moved by: a millimetre up and down."""
    plain = made()(of_lengths(40))
    shaken = plain.real_joints.clone()
    shaken[:, ::2, :, 1] += 0.001
    off = replace(plain, prediction=plain.target, joints=shaken)
    still = replace(off, joints=plain.real_joints)
    terms = quantiser_terms(off)
    assert terms["velocities"].item() == pytest.approx(0.02, rel=0.02)  # 1 mm in 1/20 s
    assert terms["joints"].item() < 0.001
    gap = quantiser_loss(off, velocities=0.1) - quantiser_loss(off)
    assert gap.item() == pytest.approx(0.1 * terms["velocities"].item(), rel=1e-3)
    assert quantiser_terms(still)["velocities"].item() < 0.005


def test_the_joints_term_has_a_gradient() -> None:
    quantiser = made()
    quantiser_terms(quantiser(moving_bodies.batch(4)))["joints"].backward()
    slope = quantiser.decoder.last.bias.grad
    assert slope is not None
    assert slope.isfinite().all()
    assert slope[:67].all()
    assert not slope[67:].any()


def test_figures_are_those_of_decoded_motions() -> None:
    quantiser, batches = made(), [of_lengths(12, 30), of_lengths(9)]
    errors, pose_errors, tokens = [], [], []
    for batch in batches:
        codes = quantiser.encode(batch)
        real = humanml263.to_joints(quantiser.features(batch))
        tokens += codes.tokens[codes.mask].tolist()
        for motion, joints in zip(quantiser.decode(codes), real, strict=True):
            for frame, wanted in zip(motion.joints, joints, strict=False):
                errors.append((frame - wanted).norm(dim=-1).mean())
                pose_errors.append((frame - frame[0] - wanted + wanted[0]).norm(dim=-1).mean())
    figures = measure(quantiser, batches)
    assert isinstance(figures, Figures)
    assert figures.joint_error == pytest.approx(float(torch.stack(errors).mean()), rel=1e-4)
    assert figures.pose_error == pytest.approx(float(torch.stack(pose_errors).mean()), rel=1e-4)
    assert figures.codebook_use == tuple(len(set(row)) / 32 for row in zip(*tokens, strict=True))
    assert not quantiser.training


def test_measuring_teaches_nothing_and_leaves_the_mode() -> None:
    quantiser = made().train()
    before = {name: value.clone() for name, value in quantiser.state_dict().items()}
    measure(quantiser, [moving_bodies.batch(3)])
    assert quantiser.training
    assert all(torch.equal(before[name], v) for name, v in quantiser.state_dict().items())


def test_sizes() -> None:
    def millions(config: Config) -> float:
        with torch.device("meta"):
            return sum(p.numel() for p in Quantiser(config).parameters()) / 1e6

    assert 3.5 < millions(Config.compact()) < 4.5
    assert 19 < millions(Config.paper()) < 20
    assert Config.paper().layers == 6


@pytest.mark.parametrize(
    "fields", [{"codes": 1}, {"width": 0}, {"decay": 1.0}, {"dropout": 2}, {"stride": 4}]
)
def test_sizes_that_cannot_be_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(fields)


def bad_codes(codes: Codes, what: str) -> Codes:
    if what == "token":
        return replace(codes, tokens=codes.tokens + 32)
    if what == "layers":
        return replace(codes, tokens=codes.tokens.repeat(1, 1, 2))
    return replace(codes, frames=codes.frames + 1)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("token", "tokens go from .*, wanted 0 to 31"),
        ("layers", "8 layers came, wanted 1 to 4"),
        ("frames", "clip 0 has 21 frames and 5 tokens; wanted at least one frame, and at most 4"),
    ],
)
def test_codes_that_cannot_be_are_refused(what: str, reason: str) -> None:
    quantiser = made()
    codes = quantiser.encode(of_lengths(20))
    with pytest.raises(ValueError, match=reason):
        quantiser.decode(bad_codes(codes, what))


def test_motions_that_are_not_canonical_are_refused() -> None:
    quantiser, clip = made(), moving_bodies.wandering(12)
    with pytest.raises(ValueError, match="motions of 30 fps came, the quantiser reads 20 fps"):
        quantiser.encode(MotionBatch.of([replace(clip, fps=30.0)]))
    kit = skeletons.get("kit")
    with pytest.raises(ValueError, match="skeleton 'kit' came"):
        quantiser.encode(MotionBatch.of([Motion(torch.rand(12, len(kit), 3), 20.0, kit)]))
    with pytest.raises(ValueError, match="must be in metres"):
        quantiser.encode(MotionBatch.of([replace(clip, joints=clip.joints * 100)]))
    with pytest.raises(ValueError, match="7 layers came, wanted 1 to 4"):
        quantiser.decode(quantiser.encode(MotionBatch.of([clip])), 7)


def test_nothing_to_learn_or_measure_from_is_told() -> None:
    with pytest.raises(ValueError, match="there are no motions"):
        made().fit_normalisation([])
    with pytest.raises(ValueError, match="there are no motions"):
        measure(made(), [])
