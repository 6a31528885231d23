"""Axioms of rotations and forward kinematics."""

import math
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moclip import geometry
from moclip.skeletons import get

TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-10}
ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
PRECISIONS = list(TOLERANCE)
angle = st.floats(-math.pi, math.pi)
quaternion = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: math.hypot(*q) > 1e-2)
direction = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: math.hypot(*v) > 1e-2)
precision = st.sampled_from(PRECISIONS)


def rotations(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    random = torch.randn(*shape, 4, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return geometry.quaternion_to_matrix(random)


def close(a: torch.Tensor, b: torch.Tensor, *, times: float = 1.0) -> None:
    tolerance = TOLERANCE[a.dtype] * times
    torch.testing.assert_close(a, b, atol=tolerance, rtol=tolerance)


@given(quaternion, precision)
def test_every_quaternion_makes_a_rotation(q: tuple[float, ...], dtype: torch.dtype) -> None:
    matrix = geometry.quaternion_to_matrix(torch.tensor(q, dtype=dtype))
    close(matrix @ matrix.T, torch.eye(3, dtype=dtype))
    close(torch.linalg.det(matrix), torch.tensor(1.0, dtype=dtype))


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6), precision)
def test_every_six_numbers_but_parallel_ones_make_a_rotation(
    numbers: list[float], dtype: torch.dtype
) -> None:
    six = torch.tensor(numbers, dtype=dtype)
    if torch.linalg.cross(six[:3], six[3:]).norm() < 1e-2:
        return
    matrix = geometry.six_d_to_matrix(six)
    close(matrix @ matrix.T, torch.eye(3, dtype=dtype), times=20)
    close(torch.linalg.det(matrix), torch.tensor(1.0, dtype=dtype), times=20)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("view", ["six_d", "quaternion", "axis_angle"])
def test_a_view_gives_its_rotation_back(view: str, dtype: torch.dtype) -> None:
    matrix = rotations(500, dtype=dtype)
    there = getattr(geometry, f"matrix_to_{view}")(matrix)
    close(getattr(geometry, f"{view}_to_matrix")(there), matrix)


@given(angle, angle, angle, st.sampled_from(ORDERS), precision)
def test_euler_angles_of_every_order_give_their_rotation_back(
    a: float, b: float, c: float, order: str, dtype: torch.dtype
) -> None:
    matrix = geometry.euler_to_matrix(torch.tensor((a, b, c), dtype=dtype), order)
    close(geometry.euler_to_matrix(geometry.matrix_to_euler(matrix, order), order), matrix)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("middle", [math.pi / 2, -math.pi / 2])
def test_gimbal_lock_keeps_the_rotation(middle: float, order: str, dtype: torch.dtype) -> None:
    angles = torch.tensor((0.7, middle, -1.1), dtype=dtype)
    matrix = geometry.euler_to_matrix(angles, order)
    back = geometry.matrix_to_euler(matrix, order)
    assert back[2].abs() < TOLERANCE[dtype]
    close(geometry.euler_to_matrix(back, order), matrix)


@given(angle, st.floats(-9, -1), angle, st.sampled_from(ORDERS), precision)
def test_euler_angles_near_the_gimbal_lock_keep_the_rotation(
    a: float, exponent: float, c: float, order: str, dtype: torch.dtype
) -> None:
    angles = torch.tensor((a, math.pi / 2 - 10**exponent, c), dtype=torch.float64)
    matrix = geometry.euler_to_matrix(angles, order).to(dtype)
    back = geometry.euler_to_matrix(geometry.matrix_to_euler(matrix, order), order)
    close(back, matrix, times=0.2)


def test_euler_angles_are_intrinsic_in_the_order_written() -> None:
    x, y, z = torch.tensor((0.3, -0.5, 1.2), dtype=torch.float64).unbind()
    by_hand = (
        geometry.axis_rotation("Z", z)
        @ geometry.axis_rotation("Y", y)
        @ geometry.axis_rotation("X", x)
    )
    close(geometry.euler_to_matrix(torch.stack((z, y, x)), "ZYX"), by_hand)


@pytest.mark.parametrize("order", ["".join(axes) for axes in product("XYZ", repeat=3)])
def test_euler_angles_are_the_product_of_their_rotations(order: str) -> None:
    angles = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    first, second, third = (
        geometry.axis_rotation(axis, angle)
        for axis, angle in zip(order, angles.unbind(-1), strict=True)
    )
    close(geometry.euler_to_matrix(angles, order), first @ second @ third)


@pytest.mark.parametrize(
    ("axis", "start", "end"),
    [("X", (0, 1, 0), (0, 0, 1)), ("Y", (0, 0, 1), (1, 0, 0)), ("Z", (1, 0, 0), (0, 1, 0))],
)
def test_a_quarter_turn_follows_the_right_hand(
    axis: str, start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    turned = geometry.axis_rotation(axis, torch.tensor(math.pi / 2)) @ torch.tensor(start).float()
    close(turned, torch.tensor(end).float())


@given(direction, precision)
def test_half_turns_keep_axis_and_angle(axis: tuple[float, ...], dtype: torch.dtype) -> None:
    half_turn = torch.tensor(axis, dtype=dtype)
    half_turn = half_turn / half_turn.norm() * math.pi
    matrix = geometry.axis_angle_to_matrix(half_turn)
    back = geometry.matrix_to_axis_angle(matrix)
    close(back.norm(), torch.tensor(math.pi, dtype=dtype), times=10)
    close(geometry.axis_angle_to_matrix(back), matrix, times=10)


@given(direction, st.floats(1e-12, 3.1), precision)
def test_axis_angle_returns_itself(
    axis: tuple[float, ...], size: float, dtype: torch.dtype
) -> None:
    vector = torch.tensor(axis, dtype=dtype)
    vector = vector / vector.norm() * size
    back = geometry.matrix_to_axis_angle(geometry.axis_angle_to_matrix(vector))
    assert (back - vector).norm() < 100 * torch.finfo(dtype).eps ** 0.9


def test_the_identity_is_the_identity_in_every_view() -> None:
    eye = torch.eye(3)
    assert geometry.matrix_to_quaternion(eye).tolist() == [1, 0, 0, 0]
    assert geometry.matrix_to_axis_angle(eye).tolist() == [0, 0, 0]
    assert geometry.matrix_to_euler(eye, "ZXY").tolist() == [0, 0, 0]
    assert geometry.matrix_to_six_d(eye).tolist() == [1, 0, 0, 0, 1, 0]


def test_quaternions_have_w_at_least_zero_and_unit_length() -> None:
    q = geometry.matrix_to_quaternion(rotations(500))
    assert (q[:, 0] >= 0).all()
    close(q.norm(dim=-1), torch.ones(500, dtype=torch.float64))


def test_the_inverse_of_a_rotation_is_its_transpose_in_every_view() -> None:
    matrix = rotations(100)
    q, turn = geometry.matrix_to_quaternion(matrix), geometry.matrix_to_axis_angle(matrix)
    conjugate = q * q.new_tensor((1, -1, -1, -1))
    close(geometry.quaternion_to_matrix(conjugate), matrix.transpose(-1, -2))
    close(geometry.axis_angle_to_matrix(-turn), matrix.transpose(-1, -2))


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_slerp_starts_at_the_start_and_ends_at_the_end(dtype: torch.dtype) -> None:
    start, end = rotations(200, dtype=dtype), rotations(200, seed=1, dtype=dtype)
    close(geometry.slerp(start, end, torch.zeros(200, dtype=dtype)), start)
    close(geometry.slerp(start, end, torch.ones(200, dtype=dtype)), end)


def test_half_way_is_as_far_from_the_start_as_from_the_end() -> None:
    start, end = rotations(200), rotations(200, seed=1)
    middle = geometry.slerp(start, end, torch.full((200,), 0.5, dtype=torch.float64))

    def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return geometry.matrix_to_axis_angle(a.transpose(-1, -2) @ b).norm(dim=-1)

    close(distance(start, middle), distance(middle, end), times=100)
    close(distance(start, middle) * 2, distance(start, end), times=100)


@given(direction, direction, precision)
@settings(max_examples=200)
def test_rotation_between_turns_one_direction_into_the_other(
    a: tuple[float, ...], b: tuple[float, ...], dtype: torch.dtype
) -> None:
    start, end = (
        torch.nn.functional.normalize(torch.tensor(v, dtype=dtype), dim=0) for v in (a, b)
    )
    turn = geometry.rotation_between(start, end)
    assert (turn @ start - end).norm() < 3 * math.sqrt(torch.finfo(dtype).eps)


@pytest.mark.parametrize("axis", [(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0), (0.6, 0, -0.8)])
def test_rotation_between_opposite_directions_is_a_half_turn(axis: tuple[float, ...]) -> None:
    a = torch.tensor(axis, dtype=torch.float64)
    turn = geometry.rotation_between(a, -a)
    close(turn @ a, -a)
    close(turn @ turn, torch.eye(3, dtype=torch.float64))


@given(direction, direction, st.floats(-9, -2), precision)
def test_rotation_between_nearly_opposite_directions_is_as_exact(
    a: tuple[float, ...], aside: tuple[float, ...], exponent: float, dtype: torch.dtype
) -> None:
    start = torch.nn.functional.normalize(torch.tensor(a, dtype=dtype), dim=0)
    end = 10**exponent * torch.tensor(aside, dtype=dtype) - start
    end = torch.nn.functional.normalize(end, dim=0)
    turn = geometry.rotation_between(start, end)
    assert (turn @ start - end).norm() < 20 * torch.finfo(dtype).eps
    close(turn @ turn.T, torch.eye(3, dtype=dtype))


@given(direction, direction)
def test_rotation_between_is_the_smallest(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    start, end = (
        torch.nn.functional.normalize(torch.tensor(v, dtype=torch.float64), dim=0) for v in (a, b)
    )
    angle = geometry.matrix_to_axis_angle(geometry.rotation_between(start, end)).norm()
    close(angle, 2 * torch.atan2((start - end).norm(), (start + end).norm()), times=100)


def test_the_same_input_gives_the_same_bits() -> None:
    matrix = rotations(64, dtype=torch.float32)
    for view in ("six_d", "quaternion", "axis_angle"):
        to = getattr(geometry, f"matrix_to_{view}")
        assert torch.equal(to(matrix), to(matrix.clone()))
        torch.testing.assert_close(to(matrix)[7], to(matrix[7]), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_forward_kinematics_equals_the_plain_loop(dtype: torch.dtype) -> None:
    skeleton = get("humanml3d")
    turns = rotations(3, len(skeleton), dtype=dtype)
    root = torch.randn(3, 3, dtype=dtype, generator=torch.Generator().manual_seed(2))
    offsets = torch.tensor(skeleton.offsets, dtype=dtype)
    joints, turned = geometry.forward_kinematics(turns, root, offsets, skeleton.parents)
    for frame in range(3):
        for joint in range(len(skeleton)):
            chain = [joint]
            while skeleton.parents[chain[0]] >= 0:
                chain.insert(0, skeleton.parents[chain[0]])
            point, turn = root[frame], turns[frame, 0]
            for below in chain[1:]:
                point, turn = point + turn @ offsets[below], turn @ turns[frame, below]
            close(joints[frame, joint], point)
            close(turned[frame, joint], turn)


@pytest.mark.parametrize("name", ["humanml3d", "cmu"])
def test_local_and_global_rotations_undo_each_other(name: str) -> None:
    parents = get(name).parents
    local = rotations(5, len(parents))
    turned = geometry.global_rotations(local, parents)
    close(geometry.local_rotations(turned, parents), local)
    _, by_kinematics = geometry.forward_kinematics(
        local, torch.zeros(5, 3).double(), torch.zeros(len(parents), 3).double(), parents
    )
    close(turned, by_kinematics)


def test_each_entry_of_a_batch_may_have_its_own_bones() -> None:
    parents = (-1, 0, 1)
    turns, root = rotations(2, 3), torch.zeros(2, 3).double()
    bones = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    together, _ = geometry.forward_kinematics(turns, root, bones, parents)
    for i in range(2):
        alone, _ = geometry.forward_kinematics(turns[i], root[i], bones[i], parents)
        close(together[i], alone)


def test_gradients_at_the_identity_are_finite() -> None:
    vector = torch.zeros(4, 3, requires_grad=True)
    geometry.matrix_to_axis_angle(geometry.axis_angle_to_matrix(vector)).sum().backward()
    assert vector.grad is not None
    assert vector.grad.isfinite().all()
