"""The limb transformer: who looks at whom, what it sees of a motion, how large it is."""

from dataclasses import replace

import moving_bodies
import pytest
import torch
from pydantic import ValidationError

from moclip.geometry import axis_rotation
from moclip.models.motion import _channels, limbs
from moclip.models.motion._transformer import Attention, rotary
from moclip.motion import Motion, MotionBatch
from moclip.retargeting import canonical
from moclip.skeletons import get

BODY = get("humanml3d")
SMALL = limbs.Config(limb_width=16, limb_layers=2, limb_heads=2, width=32, layers=2, heads=2)


def tower(config: limbs.Config = SMALL, seed: int = 0) -> limbs.Encoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = limbs.Encoder(config, dim=16).eval()
    encoder.fit_normalisation([moving_bodies.batch(8)])
    return encoder


def pairs(table: torch.Tensor) -> set[frozenset[str]]:
    names = [name for name, _ in BODY.limbs]
    return {
        frozenset((names[i], names[j])) for i, j in table.nonzero().tolist() if i != j
    }  # fmt: skip


def weights(config: limbs.Config) -> torch.Tensor:
    """(layer, clip, time, head, limb, limb)."""
    with torch.no_grad():
        _, attention = tower(config)(moving_bodies.batch(3), return_attention=True)
    return torch.stack(attention.weights)


def test_limbs_look_where_the_body_hangs_together() -> None:
    assert pairs(limbs.adjacency(BODY, links=False)) == {
        frozenset(pair)
        for pair in (
            ("root", "torso"),
            ("root", "left_leg"),
            ("root", "right_leg"),
            ("torso", "left_leg"),
            ("torso", "right_leg"),
            ("torso", "left_arm"),
            ("torso", "right_arm"),
        )
    }


def test_links_join_hand_to_hand_and_foot_to_foot() -> None:
    more = pairs(limbs.adjacency(BODY, links=True)) - pairs(limbs.adjacency(BODY, links=False))
    assert more == {frozenset(pair) for pair in limbs.LINKS}


@pytest.mark.parametrize("links", [True, False])
def test_attention_is_zero_where_nothing_links(links: bool) -> None:
    found = weights(SMALL.model_copy(update={"links": links}))
    assert found.shape == (2, 3, 10, 2, 8, 8)
    assert torch.allclose(found.sum(dim=-1), torch.ones(()), atol=1e-6)
    table = limbs.adjacency(BODY, links=links)
    assert (found[..., ~table] == 0).all()
    assert (found[..., table] > 0).all()


def test_links_change_the_vectors() -> None:
    linked, plain = tower(), tower(SMALL.model_copy(update={"links": False}))
    plain.load_state_dict(linked.state_dict())
    batch = moving_bodies.batch()
    assert (linked(batch) - plain(batch)).abs().max() > 1e-3


def test_looking_at_the_attention_changes_nothing() -> None:
    encoder, batch = tower(), moving_bodies.batch()
    vectors, attention = encoder(batch, return_attention=True)
    assert torch.equal(vectors, encoder(batch))
    assert attention.limbs == tuple(name for name, _ in BODY.limbs)


def test_the_weights_shown_are_those_used() -> None:
    torch.manual_seed(0)
    attention, x = Attention(12, 3), torch.randn(2, 5, 12)
    mask = torch.rand(2, 1, 5, 5) > 0.4
    mask[..., 0] = True
    by = rotary(torch.rand(5), 4)
    *_, value = attention._split(x, by)
    mixed = attention.weights(x, mask, by) @ value
    explicit = attention.out(mixed.transpose(1, 2).flatten(2))
    assert torch.allclose(explicit, attention(x, mask, by), atol=1e-6)


def test_where_it_stands_and_first_faces_makes_no_difference() -> None:
    encoder, clip = tower(), moving_bodies.wandering()
    turned = clip.turned(axis_rotation("Y", torch.tensor(2.0)))
    moved = turned.moved(torch.tensor((3.0, 0.0, -1.5)))
    vectors = encoder(MotionBatch.of([clip, moved]))
    assert torch.allclose(vectors[0], vectors[1], atol=1e-4)


def test_height_over_the_floor_makes_a_difference() -> None:
    encoder, clip = tower(), moving_bodies.wandering()
    vectors = encoder(MotionBatch.of([clip, clip.moved(torch.tensor((0.0, 0.5, 0.0)))]))
    assert (vectors[0] - vectors[1]).abs().max() > 1e-2


def test_left_is_not_right() -> None:
    clip = moving_bodies.wandering()
    mirrored = Motion(clip.mirrored().joints, clip.fps, BODY)
    vectors = tower()(MotionBatch.of([clip, mirrored]))
    assert (vectors[0] - vectors[1]).abs().max() > 1e-2


def test_speeds_and_times_are_in_seconds() -> None:
    """The same frames played faster are another motion, and faster in just that measure."""
    clip = moving_bodies.wandering()
    mask = torch.ones(1, len(clip), dtype=torch.bool)
    slow, fast = (
        _channels.channels(clip.joints[None], mask, fps=fps, skeleton=BODY) for fps in (20.0, 40.0)
    )
    is_rate = torch.tensor([channel % 6 >= 3 for channel in range(6 * 22)] + [False] * 4 + [True])
    assert torch.allclose(2 * slow[..., is_rate], fast[..., is_rate], atol=1e-5)
    assert torch.equal(slow[..., ~is_rate], fast[..., ~is_rate])
    batch = MotionBatch.of([clip])
    encoder = tower()
    assert (encoder(batch) - encoder(replace(batch, fps=40.0))).abs().max() > 1e-3


def test_channels_of_a_walk_on_a_circle() -> None:
    """1 m/s round a circle of 2 m radius, to the left: half a radian a second, nothing else."""
    fps, frames = 20.0, 41
    angle = torch.arange(frames) / fps / 2
    rest = moving_bodies.wandering(1).joints[0]
    rest = rest - rest[0] * torch.tensor((1.0, 0.0, 1.0))
    centre, turn = torch.tensor((2.0, 0.0, 0.0)), axis_rotation("Y", angle)
    joints = (turn @ (rest - centre).T).transpose(1, 2) + centre
    motion = Motion(joints, fps, BODY).centred()
    mask = torch.ones(1, frames, dtype=torch.bool)
    found = _channels.channels(motion.joints[None], mask, fps=fps, skeleton=BODY)[0]
    pose = found[:, : 6 * 22].unflatten(1, (22, 6))[..., :3]
    assert torch.allclose(pose, pose[:1].expand_as(pose), atol=1e-5)
    assert torch.allclose(found[:, -1], torch.full((frames,), 0.5), atol=1e-4)
    sine, cosine = found[:, -3], found[:, -2]
    assert torch.allclose(torch.atan2(sine, cosine), angle, atol=1e-5)
    speed = found[:, 3:6].norm(dim=-1)
    assert torch.allclose(speed, torch.ones(frames), atol=1e-3)


def test_sizes() -> None:
    def millions(config: limbs.Config, dim: int) -> float:
        with torch.device("meta"):
            return sum(p.numel() for p in limbs.Encoder(config, dim=dim).parameters()) / 1e6

    assert 5 < millions(limbs.Config.compact(), 384) < 6
    assert 155 < millions(limbs.Config.paper(), 512) < 158


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"width": 30, "heads": 4}, "width 30 is no multiple of twice the 4 heads"),
        ({"limb_width": 30, "limb_heads": 4}, "limb_width 30 is no multiple of the 4 limb_heads"),
        ({"depth": 3}, "Extra inputs are not permitted"),
        ({"patch": 0}, "greater than or equal to 1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(fields: dict[str, int], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        limbs.Config(**fields)


def test_it_learns_to_tell_clips_apart() -> None:
    encoder, batch = tower().train(), moving_bodies.batch(6)
    draw = torch.Generator().manual_seed(0)
    target = torch.nn.functional.normalize(torch.randn(6, 16, generator=draw), dim=-1)
    optimiser = torch.optim.AdamW(encoder.parameters(), lr=3e-3)
    losses = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(25):
            loss = (1 - torch.cosine_similarity(encoder(batch), target)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert losses[-1] < losses[0] / 3


def test_gradient_reaches_the_joints() -> None:
    """Also where a frame is padding, and finite everywhere: editing and attacks will ask for it."""
    batch = MotionBatch.of([moving_bodies.wandering(9), moving_bodies.wandering(5)])
    joints = batch.joints.clone().requires_grad_(True)
    tower()(replace(batch, joints=joints)).sum().backward()
    assert joints.grad is not None
    assert joints.grad.isfinite().all()
    assert joints.grad[batch.mask].any()
    assert not joints.grad[~batch.mask].any()


def test_padding_is_left_out_of_all_but_attention() -> None:
    """Vectors and gradients are those of the padded grid, and of each clip alone."""
    encoder = tower()
    clips = [moving_bodies.wandering(frames) for frames in (12, 30, 7)]
    batch = MotionBatch.of([canonical(clip) for clip in clips])
    seen: list[torch.Size] = []
    hook = encoder.over_time[0].network.register_forward_hook(
        lambda module, given, made: seen.append(made.shape)
    )
    vectors = encoder(batch)
    hook.remove()
    steps = sum(-(-count // SMALL.patch) for count in batch.lengths.tolist())
    assert seen == [torch.Size((steps, SMALL.width))]
    vectors.square().sum().backward()
    slopes = {name: p.grad.clone() for name, p in encoder.named_parameters() if p.grad is not None}
    encoder.zero_grad()
    whole, _ = encoder(batch, return_attention=True)  # which takes the grid
    torch.testing.assert_close(vectors, whole, atol=1e-5, rtol=1e-4)
    whole.square().sum().backward()
    for name, parameter in encoder.named_parameters():
        torch.testing.assert_close(slopes[name], parameter.grad, atol=1e-4, rtol=1e-3)
    alone = torch.cat([encoder(MotionBatch.of([clip])) for clip in batch.motions()])
    torch.testing.assert_close(vectors, alone, atol=1e-5, rtol=1e-4)


def test_a_wider_tower_takes_fewer_frames_together() -> None:
    sizes = limbs.Config.paper(), limbs.Config.compact()
    paper, compact = (limbs.Encoder(size, dim=8) for size in sizes)
    assert 1000 < paper.frames_in_cache < 2000
    assert compact.frames_in_cache > 10_000
