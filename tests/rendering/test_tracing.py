"""Rays against cones: the closed form agrees with marching, whatever the cones."""

import math

import torch
from plain_tracing import plain_depth

from moclip.rendering import _rays


def some_cones(seed: int, images: int, cones: int) -> tuple[torch.Tensor, ...]:
    """Cones before the eye, some of them balls, some hidden behind others, some out of sight."""
    draw = torch.Generator().manual_seed(seed)
    spread = torch.tensor((0.9, 0.7, 0.5))
    starts = torch.randn(cones, images, 3, generator=draw) * spread + torch.tensor((0.0, 0.0, 3.5))
    ends = starts + 0.5 * torch.randn(cones, images, 3, generator=draw)
    ends[0] = starts[0]
    lengths = (ends - starts).norm(dim=-1).amin(dim=1)
    start = 0.15 + 0.2 * torch.rand(cones, generator=draw)
    end = start + (torch.rand(cones, generator=draw) - 0.5) * lengths.clamp(max=0.1)
    return starts, ends, torch.stack((start, end), dim=1)


def window(images: int, height: int = 14, width: int = 20) -> _rays.Window:
    pitch = torch.linspace(0.8, 1.2, images) / height
    return _rays.Window(height, width, pitch)


def rays_of(view: _rays.Window, image: int) -> torch.Tensor:
    """All rays of an image, row after row."""
    row, column = torch.meshgrid(torch.arange(view.height), torch.arange(view.width), indexing="ij")
    x, y = column + 0.5 - view.width / 2, view.height / 2 - row - 0.5
    pitch = view.pitch[image]
    return torch.stack((x * pitch, y * pitch, torch.ones_like(x)), dim=-1).view(-1, 3)


def test_rays_meet_what_hundreds_of_balls_meet() -> None:
    hits = 0
    for seed in range(6):
        starts, ends, radii = some_cones(seed, images=2, cones=5)
        view = window(2)
        depth, _ = _rays.trace(starts, ends, radii, view)
        for image, got in enumerate(depth.view(2, -1)):
            cones, rays = (starts[:, image], ends[:, image]), rays_of(view, image)
            want = plain_depth(rays, *cones, radii)
            # where a hair's breadth decides, either answer is right
            sure = (
                plain_depth(rays, *cones, radii - 1e-3).isfinite()
                | plain_depth(rays, *cones, radii + 1e-3).isinf()
            )
            assert torch.equal(want.isfinite()[sure], got.isfinite()[sure])
            both = want.isfinite() & got.isfinite() & sure
            steep = (plain_depth(rays, *cones, radii - 1e-3) - want).abs() < 0.01
            assert (want - got)[both & steep].abs().max() < 1e-3
            hits += int((both & steep).sum())
    assert hits > 300


def test_the_nearest_of_two_cones_is_seen_whatever_their_order() -> None:
    near, far = torch.tensor((0.0, 0.0, 3.0)), torch.tensor((0.0, 0.0, 5.0))
    beside = torch.tensor((0.5, 0.0, 0.0))
    for order in ((near, far), (far, near)):
        starts = torch.stack(order)[:, None]
        _, nearest = _rays.trace(
            starts - beside, starts + beside, torch.full((2, 2), 0.2), window(1)
        )
        middle = nearest.view(14, 20)[7, 10]
        assert order[int(middle)] is near


def test_what_is_behind_the_eye_is_not_seen() -> None:
    starts = torch.tensor([[[0.0, 0.0, -3.0]], [[0.3, 0.0, 0.01]]])
    _, nearest = _rays.trace(starts, starts + 0.1, torch.full((2, 2), 0.2), window(1))
    assert (nearest == _rays.NOTHING).all()


def test_other_images_of_a_call_make_no_difference() -> None:
    starts, ends, radii = some_cones(0, images=3, cones=6)
    view = window(3)
    together, _ = _rays.trace(starts, ends, radii, view)
    alone = [
        _rays.trace(
            starts[:, i : i + 1],
            ends[:, i : i + 1],
            radii,
            _rays.Window(view.height, view.width, view.pitch[i : i + 1]),
        )[0]
        for i in range(3)
    ]
    assert torch.equal(together, torch.cat(alone))


def test_normals_stand_on_the_skin() -> None:
    a, b = torch.tensor([[0.0, 0.0, 0.0]]).T, torch.tensor([[0.0, 1.0, 0.0]]).T
    radii = torch.tensor([[0.3, 0.1]]).T
    slope = math.asin(0.2)  # a cone's skin leans by what its radius loses on the way
    on_the_side = torch.tensor([[0.2 / math.cos(slope), 0.5, 0.0]]).T
    out = _rays.normals(on_the_side, a, b, radii)
    assert torch.allclose(out, torch.tensor([[math.cos(slope), math.sin(slope), 0.0]]).T, atol=1e-5)
    below = _rays.normals(torch.tensor([[0.0, -0.3, 0.0]]).T, a, b, radii)
    assert torch.allclose(below, torch.tensor([[0.0, -1.0, 0.0]]).T)
