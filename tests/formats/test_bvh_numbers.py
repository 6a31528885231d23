"""Numbers of a MOTION block: each is what ``float`` makes of its word, plain or compiled."""

import random
from pathlib import Path

import numpy as np
import pytest
from bvh_files import HEADER, bvh
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray

from moclip.formats import _bvh_fast
from moclip.formats import bvh as bvh_format
from moclip.formats._bvh_frames import read_frames

_bvh_compiled = pytest.importorskip("moclip.formats._bvh_compiled", exc_type=ImportError)

DIGITS = st.text("0123456789", max_size=22)
SIGNS = st.sampled_from(["", "-", "+"])
POWERS = st.integers(0, 400).map(str) | st.sampled_from(["00", "007", "0022"])


@st.composite
def decimals(draw: st.DrawFn) -> str:
    """Any spelling of a number that ``float`` reads: no digit before or after the point, long."""
    whole, part = draw(DIGITS), draw(DIGITS)
    point = draw(st.booleans()) or not whole
    if not whole + part:
        whole = "0"
    power = draw(st.just("") | st.builds("{}{}{}".format, st.sampled_from("eE"), SIGNS, POWERS))
    return draw(SIGNS) + whole + ("." + part if point else "") + power


FORMATS = ["%.6f", "%.4f", "%g", "%r", "%.17g", "%e", "%.0f", "%.1f"]
PRINTED = st.builds(
    lambda number, form: form % number,
    st.floats(allow_nan=False, allow_infinity=False) | st.floats(-400, 400),
    st.sampled_from(FORMATS),
)
WORDS = decimals() | PRINTED
BLANKS = st.sampled_from([" ", "  ", "\t", " \t "])
ENDS = st.sampled_from(["\n", " \n", "\n\n", "\t\n \n"])


def compiled(text: bytes, channels: int) -> ndarray | None:
    """All numbers of the text, if the compiled reader finds nothing to look at more closely."""
    words = text.split()
    values, odd = np.full(len(words), -9.0), np.empty((len(words), 3), np.int64)
    beyond = b"7" * 32  # to be seen if more were read than is there
    letters = np.frombuffer(text + beyond, np.uint8)[: len(text)]
    left = _bvh_compiled.fill(values, letters, 0, channels, odd)
    for number, first, end in odd[: max(left, 0)].tolist():
        assert text[first:end] == words[number]
        values[number] = float(text[first:end])
    return None if left < 0 else values


def assert_same(found: ndarray | None, wanted: list[float]) -> None:
    assert found is not None
    assert found.tolist() == wanted
    assert np.array_equal(np.signbit(found), np.signbit(wanted))


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1, max_size=8), BLANKS, ENDS)
def test_any_spelling_is_what_float_makes_of_it(rows: list[list[str]], gap: str, end: str) -> None:
    text = end.join(gap.join(row) for row in rows) + end
    for data in (text, text.rstrip(), "\n " + text):
        assert_same(compiled(data.encode(), 3), [float(word) for row in rows for word in row])


def test_many_decimals_to_the_last_bit() -> None:
    draw = random.Random(0)
    words = [
        f"{draw.uniform(-1, 1) * 10 ** draw.randint(-6, 8):.{draw.randint(0, 8)}f}"
        for _ in range(200_000)
    ]
    text = "\n".join(" ".join(words[i : i + 100]) for i in range(0, len(words), 100))
    assert_same(compiled(text.encode(), 100), [float(word) for word in words])


@pytest.mark.parametrize(
    ("word", "is_odd"),
    [
        ("9007199254740992", False),  # 2**53, the last of the exact ones
        ("9007199254740993", True),
        ("90071992.54740993", True),
        ("12345678.12345678", False),
        ("1e22", True),  # only divided, never multiplied
        ("1e-22", False),
        ("1e-23", True),
        ("0.1e2", True),
        ("6.123233995736766e-17", True),
        ("-0", False),
        ("-0.0e-5", False),
        (".5", False),
        ("5.", False),
        ("+7.25", False),
        ("1_0.5", True),  # Python's float takes it
    ],
)
def test_what_is_not_exact_is_left_to_float(word: str, is_odd: bool) -> None:
    for text in (word, f"{word} 1 2.5 3.25 4 5 6 7 8 9 10 11 12 13"):
        values, odd = np.empty(len(text.split())), np.zeros((4, 3), np.int64)
        letters = np.frombuffer(text.encode(), np.uint8)
        left = _bvh_compiled.fill(values, letters, 0, len(values), odd)
        assert left == int(is_odd)
        assert is_odd or values[0].hex() == float(word).hex()


@pytest.mark.parametrize(
    "text",
    ["1 2\n3", "1 2 3\n", "1\n2\n", "1 2\n3 4 5\n", "1 2\n\n3\n4\n"],
)
def test_lines_of_other_lengths_want_a_closer_look(text: str) -> None:
    assert compiled(text.encode(), 2) is None


def test_more_or_fewer_numbers_than_promised_want_a_closer_look() -> None:
    letters, odd = np.frombuffer(b"1 2\n3 4\n", np.uint8), np.empty((0, 3), np.int64)
    for count in (0, 2, 3, 5, 6):
        assert _bvh_compiled.fill(np.empty(count), letters, 0, 2, odd) == -1
    assert _bvh_compiled.fill(np.empty(4), letters, 0, 2, odd) == 0


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_plain_python_reads_them_or_not_at_all(text: bytes) -> None:
    try:
        wanted = [float(word) for word in text.split()]
    except ValueError:
        wanted = []
    values, odd = np.full(len(text), -9.0), np.empty((0, 3), np.int64)
    for count in (len(wanted), len(wanted) + 1):
        letters = np.frombuffer(text, np.uint8)
        left = _bvh_compiled.fill(values[:count], letters, 0, max(1, len(wanted)), odd)
        if left == 0 and count:
            assert_same(values[:count], wanted)


def test_an_odd_word_that_is_no_number_is_told_with_its_line() -> None:
    text = bvh(["0 90 0 0 0 0 0 0 0", "1 90 2 1e-40 inf 1 1 1 1"])
    with pytest.raises(ValueError, match=r"line 20: 'inf' stands where a finite number should"):
        bvh_format.decode(text, name="walk.bvh")


def test_real_files_are_read_to_the_last_bit(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in sorted((shared_data / "cmu_actions").glob("*_01.bvh")):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        at = text.index(b"MOTION") + len(b"MOTION")
        found = []
        for is_worth_it in (True, False):
            monkeypatch.setattr(_bvh_fast, "_is_worth_it", lambda answer=is_worth_it: answer)
            found.append(read_frames(text, at, channels=96, name=path.name)[0])
        wanted = [float(word) for word in text[at:].split(b"\n", 3)[3].split()]
        for values in found:
            assert_same(values.ravel(), wanted)


def test_small_files_never_import_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bvh_fast, "_bytes_read", 0)
    text = b"1 2\n3 4\n"
    assert _bvh_fast.read_numbers(text, 0, 2, 2) is None
    monkeypatch.setattr(_bvh_fast, "_bytes_read", _bvh_fast._WORTH_IT)
    assert_same(_bvh_fast.read_numbers(text, 0, 2, 2).ravel(), [1.0, 2.0, 3.0, 4.0])


def test_nothing_is_allocated_for_a_promise_the_file_cannot_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_bvh_fast, "_is_worth_it", lambda: True)
    monkeypatch.setattr(np, "empty", lambda *_: pytest.fail("allocated"))
    assert _bvh_fast.read_numbers(b"1 2\n3 4\n", 0, 10**9, 2) is None


def test_blocks_of_lines_count_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moclip.formats._bvh_frames._BLOCK", 30)
    rows = [f"{i} 90 0 0 0 0 0 0 0" for i in range(50)]
    data = bvh(rows)
    at = data.index(b"MOTION") + 6
    values, _ = read_frames(data, at, channels=9, name="walk.bvh")
    assert values[:, 0].tolist() == list(map(float, range(50)))
    first = HEADER.count("\n") + 4
    rows[41] += " 1"
    with pytest.raises(ValueError, match=rf"line {first + 41}: 10 numbers, wanted 9$"):
        read_frames(bvh(rows), at, channels=9, name="walk.bvh")
    rows[41] = rows[41][:-2].replace("90", "nan")
    with pytest.raises(ValueError, match=rf"line {first + 41}: 'nan' stands"):
        read_frames(bvh(rows), at, channels=9, name="walk.bvh")
    with pytest.raises(ValueError, match=rf"line {first + 49}: 8 numbers.*the file ends here"):
        read_frames(bvh(rows[:41] + rows[42:] + ["0 0 0 0 0 0 0 0"]), at, channels=9, name="x")
