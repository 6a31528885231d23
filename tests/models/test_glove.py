"""GloVe's folder: words and vectors are read, and its pickles are never run."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import official_evaluator
import pytest

from moclip.models.evaluator import _plain_pickle
from moclip.models.evaluator._glove import Glove

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
SHARED = ["a", "b"]
PLAIN: list[Any] = [
    [],
    {},
    ["a"],
    ["walk", "kick", "é" * 300, ""],
    {"walk": 0, "kick": -3, "big": 2**40, "small": 255, "middling": 65_535},
    [f"word {i}" for i in range(1500)],
    {f"word {i}": i for i in range(1500)},
    [SHARED, SHARED, ["a", "a"]],
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("value", PLAIN, ids=lambda value: str(value)[:20])
def test_plain_values_come_as_pickle_itself_would_read_them(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert _plain_pickle.read(data) == value == pickle.loads(data)  # noqa: S301


class Trap:
    """Would write a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_that_would_run_something_is_refused(protocol: int, tmp_path: Path) -> None:
    for value in (Trap(tmp_path / "made"), ["a", Trap(tmp_path / "made")], OrderedDict(a=1)):
        with pytest.raises(ValueError, match="is not followed"):
            _plain_pickle.read(pickle.dumps(value, protocol), "words.pkl")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no pickle",
        b"\x80\x04",
        b"\x80\x04e.",  # to append without a mark
        b"\x80\x04]K\x01.",  # two values
        b"K\x01K\x02a.",  # to append to a number
        b"K\x01a.",  # to append to nothing
        b"](a.",  # to append a mark
        b"}(K\x01s.",  # a mark for a key
        b"(.",
        b"h\x05.",  # what was never kept
        b"}(]K\x01u.",  # a list for a key
        b"}(K\x01u.",  # a key without a value
    ],
)
def test_damaged_pickles_are_told_in_one_sentence(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"words.pkl is no pickle of plain words and numbers"):
        _plain_pickle.read(data, "words.pkl")


def test_every_cut_of_a_pickle_is_refused() -> None:
    data = pickle.dumps({"walk": 1, "kick": 2})
    for end in range(len(data)):
        with pytest.raises(ValueError, match="is no pickle of plain"):
            _plain_pickle.read(data[:end])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return official_evaluator.write_glove(tmp_path / "glove")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_words_have_the_rows_that_the_index_says(protocol: int, tmp_path: Path) -> None:
    folder = official_evaluator.write_glove(tmp_path / "glove", protocol)
    glove = Glove.read(folder)
    vectors = np.load(folder / "our_vab_data.npy", allow_pickle=False)
    (found,), _ = glove.read_tokens([["walk/VERB"]])
    assert found.shape == (3, 300)
    at = len(vectors) - 1 - official_evaluator.WORDS.index("walk")
    np.testing.assert_allclose(found[1], vectors[at], rtol=1e-6)


def test_json_stands_in_for_the_pickles(folder: Path) -> None:
    glove = Glove.read(folder)
    glove.write_json(folder)
    for name in ("our_vab_words.pkl", "our_vab_idx.pkl"):
        (folder / name).unlink()
    assert Glove.read(folder).rows == glove.rows
    (folder / "our_vab.json").write_text("{")
    with pytest.raises(ValueError, match="is no JSON"):
        Glove.read(folder)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("words", {"a": 1}, "holds no list of words"),
        ("words", ["a", 1], "holds no list of words"),
        ("words", [*official_evaluator.WORDS, "new"], "has no row for the word 'new'"),
        ("words", ["a"], "the words lack 'sos'"),
        ("idx", ["a"], "does not say the row of each word"),
        ("idx", {"a": "b"}, "does not say the row of each word"),
        ("idx", dict.fromkeys(official_evaluator.WORDS, 10), "has row 10, and there are 10"),
    ],
)
def test_words_that_do_not_fit_are_told(folder: Path, name: str, value: Any, told: str) -> None:
    (folder / f"our_vab_{name}.pkl").write_bytes(pickle.dumps(value))
    with pytest.raises(ValueError, match=told):
        Glove.read(folder)


def test_vectors_of_another_width_are_told(folder: Path) -> None:
    np.save(folder / "our_vab_data.npy", np.zeros((10, 50)))
    with pytest.raises(ValueError, match=r"has shape \(10, 50\), wanted \(word, 300\)"):
        Glove.read(folder)
    (folder / "our_vab_data.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"our_vab_data.npy"):
        Glove.read(folder)
