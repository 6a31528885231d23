"""Captions to motions: lengths, seeds, whose tower it is, and the folder it is kept in."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import doubles
import pytest
import small_clip
import torch
from safetensors.torch import load_file, save_file

from moclip.models.generator import generator as module
from moclip.models.generator import quantiser
from moclip.models.generator.generator import MotionGenerator, load_text_tower
from moclip.models.generator.sampling import Sampling
from moclip.models.identity import short, tower_hash
from moclip.models.text import clip
from moclip.motion import Motion

WALK, JUMP = "a person walks", "someone jumps up"


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Threads that wait for each other would count as work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def other_tower(folder: Path) -> clip.Encoder:
    return clip.Encoder.from_pretrained(str(small_clip.write_text_tower(folder, seed=1)))


def same(one: Motion, other: Motion) -> bool:
    return len(one) == len(other) and torch.allclose(one.joints, other.joints, atol=1e-4)


def test_motions_last_as_long_as_asked(generator: MotionGenerator, tower: clip.Encoder) -> None:
    made = generator.generate([WALK, JUMP, WALK], text=tower, seconds=[4.0, 0.2, 2.35])
    assert [len(motion) for motion in made] == [80, 4, 47]
    assert {motion.fps for motion in made} == {20.0}
    assert made[0].skeleton.name == "humanml3d"
    assert [len(m) for m in generator.generate([WALK, JUMP], text=tower, seconds=10.0)] == [
        200,
        200,
    ]


def test_lengths_are_drawn_where_none_is_asked_for(
    generator: MotionGenerator, tower: clip.Encoder
) -> None:
    lengths = [len(m) for m in generator.generate([WALK] * 12, text=tower)]
    assert len(set(lengths)) > 4
    assert all(4 <= length <= 200 and length % 4 == 0 for length in lengths)


def test_a_motion_hangs_on_its_caption_and_seed_alone(
    generator: MotionGenerator, tower: clip.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 2)
    alone = generator.generate(WALK, text=tower, seconds=3.0, seed=4)[0]
    among = generator.generate(
        [JUMP, WALK, JUMP, WALK], text=tower, seconds=[1.0, 3.0, 5.0, 3.0], seed=4
    )
    assert same(alone, among[1])
    assert not same(among[1], among[3])
    assert not same(alone, generator.generate(WALK, text=tower, seconds=3.0, seed=5)[0])


def test_captions_in_any_order_give_the_same_motions(
    generator: MotionGenerator, tower: clip.Encoder
) -> None:
    there = generator.generate([WALK, JUMP], text=tower)
    back = generator.generate([JUMP, WALK], text=tower)
    assert all(same(*pair) for pair in zip(there, reversed(back), strict=True))


def test_nothing_gives_nothing(generator: MotionGenerator, tower: clip.Encoder) -> None:
    assert generator.generate([], text=tower) == []


@pytest.mark.parametrize("seconds", [0.1, 10.1, float("nan"), float("inf"), -1.0])
def test_lengths_that_cannot_be_are_refused(
    generator: MotionGenerator, tower: clip.Encoder, seconds: float
) -> None:
    with pytest.raises(ValueError, match=r"is asked for, wanted 0\.2 to 10 s"):
        generator.generate(WALK, text=tower, seconds=seconds)


def test_a_length_for_each_caption(generator: MotionGenerator, tower: clip.Encoder) -> None:
    with pytest.raises(ValueError, match="2 lengths came for 1 captions"):
        generator.generate(WALK, text=tower, seconds=[1.0, 2.0])


def test_another_tower_is_refused_by_name(
    generator: MotionGenerator, tower: clip.Encoder, tmp_path: Path
) -> None:
    other = other_tower(tmp_path / "other")
    with pytest.raises(ValueError) as refused:
        generator.generate(WALK, text=other, seconds=1.0)
    for named in ("'clip'", short(tower_hash(tower)), "'other'", short(tower_hash(other))):
        assert named in str(refused.value)
    made = generator.generate(WALK, text=other, seconds=1.0, allow_other_tower=True)
    assert not same(made[0], generator.generate(WALK, text=tower, seconds=1.0)[0])


def test_a_tower_that_has_learned_is_another(
    generator: MotionGenerator, tower: clip.Encoder
) -> None:
    generator.check_tower(tower)
    with torch.no_grad():
        next(tower.parameters()).mul_(1.01)
    with pytest.raises(ValueError, match="was trained with text tower"):
        generator.check_tower(tower)
    generator.adopt(tower, "clip")
    generator.check_tower(tower)


def test_a_tower_of_another_width_is_never_taken(generator: MotionGenerator) -> None:
    narrow = doubles.HashingText()
    narrow.dim = 7
    with pytest.raises(ValueError, match=r"reads vectors of 24 numbers.*'double' have 7"):
        generator.check_tower(narrow, allow=True)


def test_a_loaded_generator_makes_the_same_motions(
    generator: MotionGenerator, tower: clip.Encoder, tmp_path: Path
) -> None:
    generator.save_pretrained(tmp_path / "model", tower, recipe='name = "x"\n', card="Ran long.")
    loaded, text = (
        MotionGenerator.from_pretrained(tmp_path / "model"),
        load_text_tower(tmp_path / "model"),
    )
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in text.parameters())
    assert (text.source, tower_hash(text)) == ("clip", generator.tower.hash)
    for key, weight in generator.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], weight), key
    before, after = (
        each.generate([WALK, JUMP], text=told, seconds=2.0)
        for each, told in ((generator, tower), (loaded, text))
    )
    assert all(torch.equal(a.joints, b.joints) for a, b in zip(before, after, strict=True))
    loaded.save_pretrained(tmp_path / "again", text)
    for name in ("recipe.toml", "README.md", "config.json", "model.safetensors"):
        files = [(tmp_path / folder / name).read_bytes() for folder in ("model", "again")]
        assert files[0] == files[1], name


def test_the_folder_tells_whose_tower_it_was_trained_with(
    generator: MotionGenerator, tower: clip.Encoder, tmp_path: Path
) -> None:
    generator.save_pretrained(tmp_path / "model", tower)
    settings = json.loads((tmp_path / "model" / "config.json").read_text())
    assert settings["kind"] == "generator"
    assert settings["text"] == {
        "name": "clip",
        "source": "clip",
        "dim": 24,
        "hash": tower_hash(tower),
    }
    assert generator.tower.hash in (tmp_path / "model" / "README.md").read_text()


def test_a_generator_is_not_saved_with_another_tower(
    generator: MotionGenerator, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="was trained with text tower"):
        generator.save_pretrained(tmp_path / "model", other_tower(tmp_path / "other"))
    assert not (tmp_path / "model").exists()


def test_a_missing_weight_is_named(
    generator: MotionGenerator, tower: clip.Encoder, tmp_path: Path
) -> None:
    generator.save_pretrained(tmp_path / "model", tower)
    weights = load_file(tmp_path / "model" / "model.safetensors")
    del weights["residual.tables"]
    save_file(weights, tmp_path / "model" / "model.safetensors")
    with pytest.raises(ValueError, match=r"'residual\.tables' is missing"):
        MotionGenerator.from_pretrained(tmp_path / "model")


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    settings = {"library": "moclip", "kind": "evaluator"}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="kind 'evaluator', wanted 'generator'"):
        MotionGenerator.from_pretrained(tmp_path)


def test_four_seconds_are_made_in_one(tower: clip.Encoder, one_thread: None) -> None:
    """The compact size, in seconds of a processor's work: it may do other things meanwhile."""
    tokens = quantiser.Quantiser(quantiser.Config.compact())
    made = MotionGenerator.create(tower, "clip", quantiser=tokens).eval()
    vectors, how = tower.encode([WALK]), Sampling()
    made.from_vectors(vectors, [80], seeds=[0], how=how)
    started = time.process_time()
    made.from_vectors(vectors, [80], seeds=[1], how=how)
    assert time.process_time() - started < 1.0
