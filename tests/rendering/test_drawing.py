"""Pictures of motions: what is in them and that it stays inside."""

import io
import math

import pytest
import torch
from moving_bodies import wandering
from PIL import Image

from moclip import skeletons
from moclip.figures import LEFT, MIDDLE, RIGHT, figure
from moclip.motion import Motion
from moclip.rendering import Camera, contact_sheet, draw, follow, gif, look_at
from moclip.rendering._floor import _shadow, backdrop
from moclip.rendering._rays import Window
from moclip.rendering.cameras import basis
from moclip.skeletons.base import build

SIZE = 64


def standing(frames: int = 4) -> Motion:
    """HumanML3D's body in its rest pose, facing +z."""
    body = skeletons.get("humanml3d")
    turns = torch.eye(3).repeat(frames, len(body), 1, 1)
    root = torch.tensor((0.0, 0.95, 0.0)).expand(frames, 3)
    return Motion.from_rotations(turns, root, fps=20.0, skeleton=body)


def is_orange(pictures: torch.Tensor) -> torch.Tensor:
    red, blue = pictures[..., 0].int(), pictures[..., 2].int()
    return red - blue > 40


def is_blue(pictures: torch.Tensor) -> torch.Tensor:
    red, blue = pictures[..., 0].int(), pictures[..., 2].int()
    return blue - red > 40


def middle(mask: torch.Tensor) -> tuple[float, float]:
    """Row and column."""
    row, column = mask.nonzero().float().mean(dim=0).tolist()
    return row, column


def test_pictures_have_the_size_that_is_asked_for() -> None:
    motion = standing()
    pictures = draw(motion, [0, 2, 3], look_at(motion), size=(40, 56))
    assert pictures.shape == (3, 40, 56, 3)
    assert pictures.dtype == torch.uint8


def test_from_the_front_the_bodys_left_is_on_the_right() -> None:
    motion = standing()
    (picture,) = draw(motion, [0], look_at(motion, 0.0, 0.1), size=SIZE)
    assert middle(is_orange(picture))[1] > SIZE / 2 + 3
    assert middle(is_blue(picture))[1] < SIZE / 2 - 3


def test_from_behind_it_is_the_other_way_round() -> None:
    motion = standing()
    (picture,) = draw(motion, [0], look_at(motion, math.pi, 0.1), size=SIZE)
    assert middle(is_orange(picture))[1] < SIZE / 2 - 3


def test_from_its_left_only_the_left_is_before_the_rest() -> None:
    motion = standing()
    (picture,) = draw(motion, [0], look_at(motion, math.pi / 2, 0.0), size=SIZE)
    assert is_orange(picture).sum() > 5 * is_blue(picture).sum()


def test_the_camera_goes_round_the_way_the_body_faces() -> None:
    """A body that is turned looks the same from its own front, but for the grid of the floor."""
    motion = standing()
    turned = motion.turned(torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]))
    here = draw(motion, [0], look_at(motion), size=SIZE)
    there = draw(turned, [0], look_at(turned), size=SIZE)
    assert torch.equal(is_orange(here), is_orange(there))


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("azimuth", [0.0, 1.2, -2.5])
def test_the_whole_body_is_inside_the_window_and_fills_it(azimuth: float, aspect: float) -> None:
    motion = wandering(20)
    camera = look_at(motion, azimuth, 0.3, aspect=aspect, margin=0.05)
    at = seen(motion, [camera] * len(motion), aspect)
    assert at.abs().max() == pytest.approx(0.9, abs=0.01)


def test_a_following_camera_keeps_the_body_inside_and_of_one_size() -> None:
    motion = wandering(40)
    motion.joints[..., 2] += torch.arange(40.0)[:, None] * 0.1
    cameras = follow(motion, 0.4, 0.2)
    assert len(cameras) == 40
    assert seen(motion, cameras, 1.0).abs().max() <= 0.9
    away = {round(math.dist(camera.eye, camera.target), 4) for camera in cameras}
    assert len(away) == 1
    assert cameras[-1].eye[2] - cameras[0].eye[2] == pytest.approx(3.9, abs=0.6)


def seen(motion: Motion, cameras: list[Camera], aspect: float) -> torch.Tensor:
    """Outermost points of all balls of the body: 1 is the edge of the window."""
    body = figure(motion)
    eye, axes, tangent = basis(cameras)
    points = torch.cat((body.starts, body.ends), dim=1) - eye[:, None]
    radii = torch.cat((body.radii[:, 0], body.radii[:, 1]))
    x, y, z = (points @ axes.mT).unbind(-1)
    edges = []
    for values, stretch in ((x, aspect), (y, 1.0)):
        slope = tangent[:, None] * stretch
        for sign in (1.0, -1.0):
            angle = torch.atan2(sign * values, z)
            wide = torch.asin(radii / torch.hypot(values, z))
            edges.append(torch.tan(angle + wide) / slope)
    return torch.stack(edges).clamp(min=0)


def test_cameras_may_differ_from_image_to_image() -> None:
    motion = wandering(6)
    cameras = [look_at(motion, angle) for angle in (0.0, 1.0, 2.0)]
    together = draw(motion, [1, 3, 5], cameras, size=SIZE)
    alone = [draw(motion, [f], c, size=SIZE)[0] for f, c in zip((1, 3, 5), cameras, strict=True)]
    assert torch.equal(together, torch.stack(alone))


def test_many_images_are_drawn_in_groups_without_a_difference() -> None:
    motion = wandering(9)
    many = draw(motion, [*range(9)] * 20, look_at(motion), size=48)
    assert torch.equal(many[:9], many[-9:])


def test_edges_are_smooth() -> None:
    """A small picture is a large one shrunk, as far as four rays a pixel can tell."""
    motion = standing()
    camera = look_at(motion, 0.5, 0.2)
    (small,), (large,) = (draw(motion, [0], camera, size=size) for size in (64, 512))
    shrunk = large.float().view(64, 8, 64, 8, 3).mean(dim=(1, 3))
    off = (small.float() - shrunk).abs()
    assert off.max() < 70  # 127 with a single ray
    assert off.mean() < 1.6  # 2.6


def test_a_shadow_lies_under_the_body() -> None:
    motion = standing()
    eye, axes, tangent = basis([look_at(motion, 0.0, 0.5)])
    window, body = Window(SIZE, SIZE, 2 * tangent / SIZE), figure(motion).at(slice(0, 1))
    shadow = _shadow(eye, axes, window, body, body.floor())[0]
    assert shadow.max() > 0.5
    under = torch.tensor((0.0, body.floor(), 0.0)) - eye[0]
    x, y, z = (axes[0] @ under).tolist()
    row, column = SIZE / 2 - y / z / window.pitch, SIZE / 2 + x / z / window.pitch
    assert middle(shadow > 0.25) == pytest.approx((float(row), float(column)), abs=SIZE / 10)
    lit, dark = (backdrop(eye, axes, window, body, body.floor() - d)[0] for d in (9.0, 0.0))
    assert (dark[shadow > 0.5] < 0.9 * lit[shadow > 0.5]).all()


def test_the_floor_is_under_the_body_unless_it_is_given() -> None:
    motion = wandering(10)
    camera = look_at(motion)
    level = figure(motion).floor()
    usual = draw(motion, [2], camera, size=SIZE)
    assert torch.equal(usual, draw(motion, [2], camera, size=SIZE, floor=level))
    assert not torch.equal(usual, draw(motion, [2], camera, size=SIZE, floor=level - 0.3))


def test_frames_that_sink_do_not_lower_the_floor() -> None:
    sinking = standing(40)
    level = figure(sinking).floor()
    sinking.joints[7:9, :, 1] -= 0.3
    assert figure(sinking).floor() == pytest.approx(level, abs=1e-4)


@pytest.mark.parametrize("name", ["humanml3d", "kit", "cmu", "bandai_namco", "deepmimic"])
def test_every_body_has_two_sides_alike(name: str) -> None:
    body = skeletons.get(name)
    turns = torch.eye(3).repeat(1, len(body), 1, 1)
    shape = figure(Motion.from_rotations(turns, torch.zeros(1, 3), fps=30.0, skeleton=body))
    radii = {
        side: sorted(
            r.sum().item() for r, s in zip(shape.radii, shape.sides, strict=True) if s == side
        )
        for side in (LEFT, MIDDLE, RIGHT)
    }
    assert radii[MIDDLE]
    assert len(radii[LEFT]) >= 5
    assert radii[LEFT] == pytest.approx(radii[RIGHT], rel=0.15)
    assert shape.radii.min() > 0.015
    assert shape.radii.max() < 0.16


def test_a_root_that_stays_behind_is_not_tied_to_the_body() -> None:
    body = skeletons.get("bandai_namco")
    turns = torch.eye(3).repeat(1, len(body), 1, 1)
    shape = figure(Motion.from_rotations(turns, torch.zeros(1, 3), fps=30.0, skeleton=body))
    assert shape.floor() > 0.3  # the hips are at 0.94 m, the root on the floor


@pytest.mark.parametrize(("left", "right"), [("LeftRod", "RightRod"), ("lrod", "rrod")])
def test_a_body_of_unknown_limbs_is_drawn_by_the_lengths_of_its_bones(
    left: str, right: str
) -> None:
    bones = (
        ("base", None, (0.0, 0.0, 0.0)),
        (left, "base", (0.4, 0.0, 0.0)),
        (right, "base", (-0.4, 0.0, 0.0)),
        ("pole", "base", (0.0, 1.0, 0.0)),
    )
    body = build("rods", bones)
    turns = torch.eye(3).repeat(2, 4, 1, 1)
    motion = Motion.from_rotations(turns, torch.zeros(2, 3), fps=30.0, skeleton=body)
    assert figure(motion).sides == (LEFT, RIGHT, MIDDLE)
    (picture,) = draw(motion, [0], look_at(motion, 0.0), size=SIZE)
    assert is_orange(picture).any()
    assert is_blue(picture).any()


def test_a_single_joint_is_a_ball() -> None:
    body = build("dot", [("dot", None, (0.0, 0.0, 0.0))])
    motion = Motion(torch.zeros(2, 1, 3), 20.0, body)
    assert draw(motion, [0], look_at(motion), size=16).shape == (1, 16, 16, 3)


def test_frames_that_are_not_there_are_told() -> None:
    motion = standing(4)
    with pytest.raises(ValueError, match="no frame 4 in a motion of 4 frames"):
        draw(motion, [0, 4], look_at(motion))


def test_a_camera_for_each_frame_or_one_for_all() -> None:
    motion = standing(4)
    with pytest.raises(ValueError, match="2 cameras for 3 frames"):
        draw(motion, [0, 1, 2], [look_at(motion)] * 2)


@pytest.mark.parametrize(
    ("eye", "target", "fov"),
    [((0, 0, 0), (0, 0, 0), 1.0), ((0, 3, 0), (0, 0, 0), 1.0), ((0, 0, 1), (0, 0, 0), 4.0)],
)
def test_a_camera_that_sees_nothing_is_refused(
    eye: tuple[float, float, float], target: tuple[float, float, float], fov: float
) -> None:
    with pytest.raises(ValueError, match="wanted"):
        Camera(tuple(map(float, eye)), tuple(map(float, target)), fov)


@pytest.mark.parametrize(("fps", "frames"), [(24.0, 27), (30.0, 22), (120.0, 6)])
def test_a_gif_lasts_as_long_as_the_motion(fps: float, frames: int) -> None:
    motion = wandering(27, fps=fps)
    shown, lasts = frames_of(gif(motion, size=48))
    assert shown == frames
    assert lasts == pytest.approx(1000 * motion.duration, abs=25)


def test_a_gif_of_a_long_motion_shows_its_beginning() -> None:
    assert frames_of(gif(wandering(30), size=32, seconds=0.5)) == (10, 500)


def frames_of(film: bytes) -> tuple[int, int]:
    """How many, and how long they last together in milliseconds."""
    with Image.open(io.BytesIO(film)) as picture:
        assert picture.format == "GIF"
        lasts = 0
        for frame in range(picture.n_frames):
            picture.seek(frame)
            lasts += picture.info["duration"]
        return picture.n_frames, lasts


def test_a_sheet_has_a_row_for_each_motion() -> None:
    one, two = wandering(10), wandering(20, seed=1)
    with Image.open(io.BytesIO(contact_sheet(one, poses=3, width=40))) as sheet:
        single = sheet.size
        assert sheet.format == "PNG"
    with Image.open(io.BytesIO(contact_sheet([one, two], poses=3, width=40))) as sheet:
        assert sheet.size == (single[0], 2 * single[1])
    with pytest.raises(ValueError, match="1 titles for 2 motions"):
        contact_sheet([one, two], titles=["one"])
