"""Binary glTF's clock: frame rates that are not whole, keys at uneven times, too many frames."""

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from test_glb import made, parts, whole

from moclip import skeletons
from moclip.formats import glb
from moclip.motion import Motion

RATES = (
    *(20.0, 24.0, 30.0, 120.0, 12.5, 29.97, 23.976, 23.98, 59.94, 0.5, 7.25, 99.99, 119.88),
    *(24000 / 1001, 30000 / 1001, 60000 / 1001, 120000 / 1001),
)
USUAL = [rate for rate in RATES if rate != 23.976]
"""Those that are read off the times alone."""


def still(frames: int, fps: float) -> Motion:
    body = skeletons.get("deepmimic")
    turns = torch.eye(3).expand(frames, len(body), 3, 3)
    return Motion.from_rotations(turns, torch.zeros(frames, 3), fps=fps, skeleton=body)


def going(times: Any, **change: Any) -> bytes:
    """A root whose x is the time; ``change`` of the sampler."""
    times = np.asarray(times, np.float64)
    path = np.stack((times, 0 * times, 0 * times), axis=1)
    data = made([{"name": "Hip"}], [0], [(0, "translation", times, path)])
    head, blob = parts(data)
    head["animations"][0]["samplers"][0].update(change)
    return whole(head, blob)


def extras(data: bytes, told: Any) -> bytes:
    head, blob = parts(data)
    head["animations"][0]["extras"] = told
    return whole(head, blob)


@pytest.mark.parametrize("fps", [*RATES, 1 / 3, 19.9995, 25.123456789])
def test_a_frame_rate_comes_back(fps: float) -> None:
    for frames in (2, 11, 1000):
        assert glb.decode(glb.encode(still(frames, fps)), name="a.glb").fps == fps


def test_one_frame_keeps_its_rate() -> None:
    assert glb.decode(glb.encode(still(1, 12.5)), name="a.glb").fps == 12.5
    assert glb.decode(going([0.5]), name="a.glb").fps == 24


@pytest.mark.parametrize("fps", USUAL)
def test_a_usual_rate_is_known_by_times_alone(fps: float) -> None:
    for first, frames in ((0, 2), (0, 11), (7, 11), (0, 1000), (7, 1000)):
        again = glb.decode(going(np.arange(first, first + frames) / fps), name="a.glb")
        assert again.fps == fps
        assert len(again) == frames


def test_an_unusual_rate_stays_as_it_is() -> None:
    assert glb.decode(going(np.arange(50) / 25.12345), name="a.glb").fps == pytest.approx(25.12345)


@pytest.mark.parametrize(
    "told", [{"fps": 25.0}, {"fps": "20"}, {"fps": None}, {"fps": float("nan")}, {"fps": -20}]
)  # fmt: skip
def test_a_rate_that_the_times_contradict_does_not_count(told: Any) -> None:
    assert glb.decode(extras(going(np.arange(50) / 20), told), name="a.glb").fps == 20


def test_uneven_keys_are_sampled_evenly() -> None:
    """As a program leaves them that takes out keys which lie between their neighbours."""
    again = glb.decode(going([0.1, 0.2, 0.3, 0.7, 0.8, 1.2, 1.3]), name="a.glb")
    assert again.fps == 10
    torch.testing.assert_close(again.joints[:, 0, 0], torch.arange(1, 14) / 10)


def test_uneven_keys_have_the_rate_that_is_told() -> None:
    times = np.delete(np.arange(400), [7, 90, 91, 92, 300]) / 29.97
    again = glb.decode(extras(going(times), {"fps": 29.97}), name="a.glb")
    assert again.fps == 29.97
    torch.testing.assert_close(again.joints[:, 0, 0], (torch.arange(400) / 29.97).float())


def test_the_end_is_that_of_the_channel_that_lasts_longest() -> None:
    times, few = np.arange(11) / 10, np.array([0.0, 5.0])
    path, turn = np.zeros((11, 3)), np.array([[0.0, 0, 0, 1], [0, 1, 0, 0]])
    path[:, 0] = times
    channels = [(0, "translation", times, path), (1, "rotation", few, turn)]
    nodes = [{"name": "Hip", "children": [1]}, {"name": "Knee"}]
    again = glb.decode(made(nodes, [0, 1], channels), name="a.glb")
    assert (again.fps, len(again)) == (10, 51)
    torch.testing.assert_close(again.joints[:, 0, 0], (torch.arange(51) / 10).clamp(max=1))


def test_an_hour_is_even_although_its_times_are_rounded() -> None:
    times = np.arange(120 * 3000) / 120
    again = glb.decode(going(times), name="a.glb")
    assert again.fps == 120
    assert len(again) == len(times)


def test_steps_are_held_between_keys() -> None:
    again = glb.decode(going([0, 0.1, 0.2, 0.5], interpolation="STEP"), name="a.glb")
    torch.testing.assert_close(again.joints[:, 0, 0], torch.tensor([0, 0.1, 0.2, 0.2, 0.2, 0.5]))


def test_a_rate_that_is_asked_for_reaches_the_last_key() -> None:
    again = glb.decode(glb.encode(still(100, 20.0)), name="a.glb", fps=60.0)
    assert (again.fps, len(again)) == (60, 298)
    with pytest.raises(ValueError, match=r"a\.glb: fps is -1"):
        glb.decode(glb.encode(still(100, 20.0)), name="a.glb", fps=-1.0)


def test_keys_at_one_time_are_one_frame() -> None:
    assert len(glb.decode(going([0.5, 0.5, 0.5]), name="a.glb")) == 1


def crowd(count: int, times: Any) -> bytes:
    """Joints without channels of their own, under a root that has keys."""
    times = np.asarray(times, np.float64)
    nodes: list[dict[str, Any]] = [{"name": f"j{n}"} for n in range(count)]
    nodes[0]["children"] = list(range(1, count))
    channel = (0, "translation", times, np.zeros((len(times), 3)))
    return made(nodes, list(range(count)), [channel])


@pytest.mark.parametrize(
    ("times", "fps"),
    [
        (np.arange(60_000) / 60, None),
        ([0, 1e-4, 2e-4, 3000], None),
        ([0, 3000], 100.0),
        ([0, 1e-30, 2e-30, 3000], None),
    ],
)
def test_frames_without_end_are_refused_soon(times: Any, fps: float | None) -> None:
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"a\.glb: [0-9,]+ frames of 300 joints are too many"):
        glb.decode(crowd(300, times), name="a.glb", fps=fps)
    assert time.perf_counter() - start < 5


def test_keys_that_channels_share_take_memory_once() -> None:
    """Those of hundreds of nodes beside the body, which lie once in the file."""
    head, blob = parts(going(np.arange(90_000) / 60))
    for node in range(1, 301):
        head["nodes"].append({"name": f"n{node}"})
        channel = {"sampler": 0, "target": {"node": node, "path": "translation"}}
        head["animations"][0]["channels"].append(channel)
    tracemalloc.start()
    try:
        assert len(glb.decode(whole(head, blob), name="a.glb")) == 90_000
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_a_long_clip_is_read_in_parts_that_fit_each_other() -> None:
    """More than are worked on at once."""
    times = np.arange(9000) / 60
    again = glb.decode(crowd(70, times), name="a.glb")
    assert (len(again), len(again.skeleton)) == (9000, 70)
    assert not again.joints.any()
    longer = glb.decode(going(np.arange(300_000) / 120), name="a.glb")
    torch.testing.assert_close(longer.joints[:, 0, 0], (torch.arange(300_000) / 120).float())


def test_the_clock_of_a_file_of_ours_is_its_frames() -> None:
    head, _ = parts(glb.encode(still(5, 29.97)))
    assert head["animations"][0]["extras"] == {"fps": 29.97}
