"""Requests that wait together are done together; too many are turned away."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from moclip.web.desk import BusyError, Desk


class Oven:
    """Doubles numbers, remembers its batches, and stays shut until it is opened."""

    def __init__(self) -> None:
        self.door, self.inside = threading.Event(), threading.Event()
        self.batches: list[list[int]] = []

    def bake(self, items: list[int]) -> list[int]:
        self.inside.set()
        assert self.door.wait(5)
        self.batches.append(items)
        if 13 in items:
            raise ValueError("13 brings bad luck")
        return [2 * item for item in items]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk("test", waiting=4, together=3)
    yield desk
    desk.close()


async def asked(desk: Desk, oven: Oven, items: list[int]) -> list[object]:
    """The first is at work when the others come, and the door opens when they wait."""
    first = asyncio.create_task(desk.ask(oven.bake, items[0]))
    await asyncio.to_thread(oven.inside.wait, 5)
    others = [asyncio.create_task(desk.ask(oven.bake, item)) for item in items[1:]]
    await asyncio.sleep(0.05)
    oven.door.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


def test_those_who_wait_share_a_pass(desk: Desk) -> None:
    oven = Oven()
    assert asyncio.run(asked(desk, oven, [1, 2, 3, 4, 5])) == [2, 4, 6, 8, 10]
    assert oven.batches == [[1], [2, 3, 4], [5]]


def test_nobody_pays_for_anothers_mistake(desk: Desk) -> None:
    answers = asyncio.run(asked(desk, Oven(), [1, 13, 2]))
    assert (answers[0], answers[2]) == (2, 4)
    assert isinstance(answers[1], ValueError)


def test_beyond_the_queue_the_desk_is_busy(desk: Desk) -> None:
    answers = asyncio.run(asked(desk, Oven(), list(range(7))))
    assert [isinstance(answer, BusyError) for answer in answers] == [False] * 5 + [True] * 2


def test_a_closed_desk_takes_nothing(desk: Desk) -> None:
    desk.close()
    with pytest.raises(BusyError):
        asyncio.run(desk.do(lambda: 1))
