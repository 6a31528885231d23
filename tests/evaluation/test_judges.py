"""Judges: our evaluator with its labels, Guo's with its parts of speech."""

from pathlib import Path

import moving_bodies
import official_evaluator
import pytest
import small_makers
import torch

from moclip.evaluation.judges import Judge

LINES = """\
a man walks slowly#a/DET man/NOUN walk/VERB slowly/ADV#0.0#0.0
a man kicks#a/DET man/NOUN kick/VERB#0.0#0.0
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``checkpoints/t2m`` and ``glove``, as text-to-motion's repository has them."""
    root = tmp_path_factory.mktemp("text-to-motion")
    folder = official_evaluator.write(root)
    body = root / "t2m"
    folder.rename(body)
    folder.mkdir()
    body.rename(folder / "t2m")
    return root


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "000001.txt").write_text(LINES)
    return tmp_path


def test_guos_evaluator_reads_the_parts_of_speech_of_the_data(repository: Path, data: Path) -> None:
    judge = Judge.open(f"guo:{repository}", root=data)
    vectors = judge.read(["a man walks slowly", "a man kicks", "a man walks slowly"])
    assert vectors.shape == (3, 512)
    assert torch.equal(vectors[0], vectors[2])
    assert not torch.equal(vectors[0], vectors[1])
    seen = judge.see(moving_bodies.wanderings(2))
    assert (seen.vectors.shape, seen.labels, judge.kinds) == ((2, 512), {}, ())
    with pytest.raises(ValueError, match="no parts of speech are known of the caption 'a man s"):
        judge.read(["a man sits"])


def test_without_texts_guos_evaluator_is_refused(repository: Path, tmp_path: Path) -> None:
    for root in (None, tmp_path):
        with pytest.raises(ValueError, match="has in its folder 'texts'; there is none in"):
            Judge.open(f"guo:{repository}", root=root)


def test_our_evaluator_tells_labels_of_each_motion_by_itself(tmp_path: Path) -> None:
    evaluator = small_makers.evaluator()
    evaluator.save(tmp_path, card="# A card\n")
    judge = Judge.open(str(tmp_path))
    motions = moving_bodies.wanderings(3)
    seen = judge.see(motions)
    assert judge.kinds == ("content", "style")
    torch.testing.assert_close(seen.vectors, evaluator.encode_motion(motions))
    for kind in judge.kinds:
        told = [next(iter(shares)) for shares in evaluator.recognise(motions, kind)]
        assert list(seen.labels[kind]) == told
    assert judge.key() == Judge(evaluator).key()
