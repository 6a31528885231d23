"""Our own evaluator: nothing but the movement and the words makes a difference."""

import json
from dataclasses import replace
from pathlib import Path

import moving_bodies
import pytest
import torch
from safetensors.torch import load_file, save_file

from moclip import formats, geometry
from moclip.models.evaluator import _frames
from moclip.models.evaluator.own import Config, Evaluator
from moclip.motion import Motion

WORDS = ("a", "jogging", "person", "walks")
LABELS = {"content": ("run", "walk"), "style": ("happy", "sad", "tired")}
SIZES = Config(dim=12, width=16, layers=2, text_layers=2, heads=2, dropout=0.2, buckets=64)


@pytest.fixture
def evaluator() -> Evaluator:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = Evaluator(SIZES, words=WORDS, labels=LABELS)
    made.motion.fit_normalisation(_frames.measure(moving_bodies.wanderings(4)))
    return made.eval()


def test_vectors_have_unit_length_and_no_gradient(evaluator: Evaluator) -> None:
    motion = evaluator.encode_motion(moving_bodies.wanderings(3))
    text = evaluator.encode_text(["a person walks", "jogging"])
    assert (motion.shape, text.shape) == ((3, 12), (2, 12))
    for vectors in (motion, text):
        assert not vectors.requires_grad
        torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(len(vectors)))


def test_clips_of_other_lengths_make_no_difference(evaluator: Evaluator) -> None:
    motions = [
        moving_bodies.wandering(frames, seed=frames) for frames in (41, 2, 3, 80, 5, 9, 6, 8, 7)
    ]
    together = evaluator.encode_motion(motions)
    alone = torch.cat([evaluator.encode_motion([motion]) for motion in motions])
    assert (together - alone).abs().max() < 1e-5


def test_neither_place_nor_heading_nor_size_of_the_body_tells_anything(
    evaluator: Evaluator,
) -> None:
    motion = moving_bodies.wandering()
    elsewhere = motion.moved(torch.tensor((3.0, 1.0, -2.0))).turned(
        geometry.axis_rotation("Y", torch.tensor(1.0))
    )
    taller = replace(motion, joints=1.3 * motion.joints)
    vectors = evaluator.encode_motion([motion, elsewhere, taller])
    assert (vectors[1:] - vectors[0]).abs().max() < 1e-3


def test_time_and_movement_tell_something(evaluator: Evaluator) -> None:
    motion = moving_bodies.wandering()
    backwards = replace(motion, joints=motion.joints.flip(0))
    other = moving_bodies.wandering(seed=1)
    vectors = evaluator.encode_motion([motion, backwards, other])
    assert (vectors[1:] - vectors[0]).norm(dim=-1).min() > 0.01


def test_two_frames_tell_something(evaluator: Evaluator) -> None:
    one, other = evaluator.encode_motion([moving_bodies.wandering(2, seed=i) for i in range(2)])
    assert (one - other).norm() > 1e-3


def test_motions_of_other_bodies_and_rates_are_brought_to_its_own(
    evaluator: Evaluator, shared_data: Path
) -> None:
    motion = formats.read(shared_data / "cmu_actions" / "walking_01.bvh")
    assert motion.fps == 30
    assert evaluator.encode_motion([motion]).isfinite().all()


def test_nothing_to_encode_is_no_row(evaluator: Evaluator) -> None:
    assert evaluator.encode_motion([]).shape == evaluator.encode_text([]).shape == (0, 12)


def test_captions_of_other_lengths_make_no_difference(evaluator: Evaluator) -> None:
    captions = ["walks", "a person walks and walks, jogging", "Jogged"]
    together = evaluator.encode_text(captions)
    alone = torch.cat([evaluator.encode_text([caption]) for caption in captions])
    assert (together - alone).abs().max() < 1e-5


def test_case_and_marks_are_nothing_and_the_order_of_words_is_something(
    evaluator: Evaluator,
) -> None:
    same = evaluator.encode_text(["a person walks", "A  person, walks!"])
    torch.testing.assert_close(same[0], same[1])
    turned = evaluator.encode_text(["person walks a"])[0]
    assert (turned - same[0]).norm() > 1e-3


def test_words_never_met_are_told_apart_by_their_letters(evaluator: Evaluator) -> None:
    known, near, far = evaluator.text.words._vectors(["jogging", "jogged", "crawl"])
    assert (near - far).norm() > 1e-3
    assert torch.equal(evaluator.encode_text(["jogged"]), evaluator.encode_text(["jogged"]))
    assert near.isfinite().all()
    assert (known - near).norm() > 1e-3


def test_parts_of_speech_are_not_read(evaluator: Evaluator) -> None:
    with_tokens = evaluator.encode_text(["a walk"], [["a/DET", "walk/NOUN"]])
    assert torch.equal(with_tokens, evaluator.encode_text(["a walk"]))


@pytest.mark.parametrize("caption", ["", " ", "...", "_"])
def test_a_caption_without_a_word_is_refused(evaluator: Evaluator, caption: str) -> None:
    with pytest.raises(ValueError, match="has no word"):
        evaluator.encode_text(["a walk", caption])


def test_labels_are_told_with_probabilities_the_likeliest_first(evaluator: Evaluator) -> None:
    rows = evaluator.recognise(moving_bodies.wanderings(3), "style")
    assert len(rows) == 3
    for row in rows:
        assert set(row) == set(LABELS["style"])
        assert sum(row.values()) == pytest.approx(1)
        assert list(row.values()) == sorted(row.values(), reverse=True)


def test_a_kind_of_label_it_was_never_taught_is_refused(evaluator: Evaluator) -> None:
    with pytest.raises(LookupError, match="tells no 'mood'; it tells: content, style"):
        evaluator.recognise(moving_bodies.wanderings(1), "mood")


def saved(evaluator: Evaluator, folder: Path) -> Path:
    folder.mkdir()
    evaluator.save(folder, card="# A card\n")
    return folder


def vectors(evaluator: Evaluator, motions: list[Motion]) -> torch.Tensor:
    return torch.cat((evaluator.encode_motion(motions), evaluator.encode_text(["a walk"])))


def test_a_saved_one_comes_back_the_same(evaluator: Evaluator, tmp_path: Path) -> None:
    motions = moving_bodies.wanderings(2)
    again = Evaluator.from_pretrained(saved(evaluator, tmp_path / "e"))
    assert torch.equal(vectors(again, motions), vectors(evaluator, motions))
    assert again.recognise(motions, "style") == evaluator.recognise(motions, "style")
    assert not again.training
    assert not any(parameter.requires_grad for parameter in again.parameters())


def test_a_missing_weight_is_named(evaluator: Evaluator, tmp_path: Path) -> None:
    path = saved(evaluator, tmp_path / "e") / "model.safetensors"
    weights = load_file(path)
    del weights["text_out.weight"]
    save_file(weights, path)
    with pytest.raises(ValueError, match=r"'text_out.weight' is missing"):
        Evaluator.from_pretrained(path.parent)


def test_a_folder_of_something_else_is_refused(evaluator: Evaluator, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no evaluator"):
        Evaluator.from_pretrained(tmp_path)
    folder = saved(evaluator, tmp_path / "e")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"kind": "generator"}))
    with pytest.raises(ValueError, match="is no evaluator's \\(kind"):
        Evaluator.from_pretrained(folder)


def test_heads_must_fit_the_width() -> None:
    with pytest.raises(ValueError, match="width 10 is no multiple of twice the 4 heads"):
        Config(width=10)
