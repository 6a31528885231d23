"""The published evaluator: its files load strictly, and it computes what its equations say."""

import logging
from pathlib import Path
from typing import Any

import moving_bodies
import numpy as np
import official_evaluator
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from moclip.features import humanml263
from moclip.models.evaluator.guo import Evaluator, read_tokens
from moclip.motion import Motion
from moclip.skeletons import get

CAPTIONS = ["a man kicks", "walk slowly", "left leg"]
TOKENS = [
    ["a/DET", "man/NOUN", "kick/VERB", "flamboyantly/ADV"],
    ["walk/VERB", "slowly/ADV"],
    ["left/ADJ", "leg/NOUN", "and/CCONJ"],
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("official")
    official_evaluator.write(folder)
    return folder


@pytest.fixture(scope="module")
def evaluator(root: Path) -> Evaluator:
    return Evaluator.from_official(root / "checkpoints", glove=root / "glove")


def clips(*lengths: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(0)
    return [torch.randn(frames, 263, generator=draw) for frames in lengths]


def plain_gru(weights: dict[str, Tensor], steps: Tensor, way: str, first: Tensor) -> Tensor:
    """The last state of one direction, step by step (Cho et al., 2014, as torch has it)."""
    inputs, hiddens = (
        (weights[f"gru.weight_{kind}_l0{way}"], weights[f"gru.bias_{kind}_l0{way}"])
        for kind in ("ih", "hh")
    )
    state = first
    for x in steps.flip(0) if way else steps:
        reset_x, update_x, new_x = F.linear(x, *inputs).chunk(3)
        reset_h, update_h, new_h = F.linear(state, *hiddens).chunk(3)
        update = (update_x + update_h).sigmoid()
        new = (new_x + (reset_x + reset_h).sigmoid() * new_h).tanh()
        state = (1 - update) * new + update * state
    return state


def plain_output(weights: dict[str, Tensor], steps: Tensor) -> Tensor:
    both = [
        plain_gru(weights, steps, way, first)
        for way, first in zip(official_evaluator.BOTH, weights["hidden"][:, 0], strict=True)
    ]
    x = F.linear(torch.cat(both), weights["output_net.0.weight"], weights["output_net.0.bias"])
    x = (x - x.mean()) / (x.var(correction=0) + 1e-5).sqrt()
    x = F.leaky_relu(x * weights["output_net.1.weight"] + weights["output_net.1.bias"], 0.2)
    return F.linear(x, weights["output_net.3.weight"], weights["output_net.3.bias"])


def plain_motion(weights: dict[str, dict[str, Tensor]], frames: Tensor) -> Tensor:
    """One clip of normalised frames without contacts, padded to 196 as officially."""
    own = weights["movement_encoder"]
    x = F.pad(frames, (0, 0, 0, 196 - len(frames))).T[None]
    for layer in (0, 3):
        x = F.conv1d(x, own[f"main.{layer}.weight"], own[f"main.{layer}.bias"], 2, 1)
        x = F.leaky_relu(x, 0.2)
    steps = F.linear(x[0].T, own["out_net.weight"], own["out_net.bias"])[: len(frames) // 4]
    own = weights["motion_encoder"]
    return plain_output(own, F.linear(steps, own["input_emb.weight"], own["input_emb.bias"]))


def test_motions_are_encoded_as_slow_plain_equations_say(evaluator: Evaluator) -> None:
    weights = official_evaluator.weights()
    made = clips(40, 9, 196, 250, 4)
    found = evaluator.encode_features(made)
    assert found.shape == (5, 512)
    for row, clip in zip(found, made, strict=True):
        frames = min(len(clip) // 4 * 4, 196)
        normal = ((clip[:frames] - evaluator.mean) / evaluator.deviation)[:, :-4]
        torch.testing.assert_close(row, plain_motion(weights, normal), rtol=1e-3, atol=1e-4)


def test_captions_are_encoded_as_slow_plain_equations_say(evaluator: Evaluator) -> None:
    own = official_evaluator.weights()["text_encoder"]
    vectors = np.random.default_rng(1).normal(size=(10, 300))[::-1].copy()
    of = dict(zip(official_evaluator.WORDS, torch.tensor(vectors).float(), strict=True))
    classes = [  # DET NOUN Act_VIP OTHER, Act_VIP Desc_VIP, Loc_VIP Body_VIP OTHER
        (("a", 2), ("man", 1), ("kick", 12), ("unk", 14)),
        (("walk", 12), ("slowly", 13)),
        (("left", 9), ("leg", 10), ("unk", 14)),
    ]
    found = evaluator.encode_text(CAPTIONS, TOKENS)
    for row, words in zip(found, classes, strict=True):
        framed = [("sos", 14), *words, ("eos", 14)]
        parts = torch.stack([own["pos_emb.weight"][:, part] for _, part in framed])
        x = torch.stack([of[word] for word, _ in framed]) + parts + own["pos_emb.bias"]
        steps = F.linear(x, own["input_emb.weight"], own["input_emb.bias"])
        torch.testing.assert_close(row, plain_output(own, steps), rtol=1e-3, atol=1e-4)


def test_neighbours_in_the_batch_make_no_difference(evaluator: Evaluator) -> None:
    made = clips(60, 12, 192, 196, 45)
    alone = torch.cat([evaluator.encode_features([clip]) for clip in made])
    assert (evaluator.encode_features(made) - alone).abs().max() < 1e-4
    alone = torch.cat([evaluator.encode_text([""], [tokens]) for tokens in TOKENS])
    assert (evaluator.encode_text(CAPTIONS, TOKENS) - alone).abs().max() < 1e-4


def test_more_clips_than_are_encoded_at_once_keep_their_order(evaluator: Evaluator) -> None:
    made = clips(*(8 + i % 5 for i in range(70)))
    found = evaluator.encode_features(made)
    for i in (0, 3, 69):
        assert (found[i] - evaluator.encode_features([made[i]])[0]).abs().max() < 1e-4
    text = evaluator.encode_text([""] * 70, [TOKENS[i % 3] for i in range(70)])
    assert (text[69] - evaluator.encode_text([""], [TOKENS[0]])[0]).abs().max() < 1e-4


def test_motions_become_features_where_they_stand(evaluator: Evaluator) -> None:
    motions = [moving_bodies.wandering(41), moving_bodies.wandering(60, seed=1)]
    features = [humanml263.encode(motion) for motion in motions]
    difference = evaluator.encode_motion(motions) - evaluator.encode_features(features)
    assert difference.abs().max() < 1e-4


def test_foot_contacts_are_not_read_and_rotations_are(evaluator: Evaluator) -> None:
    (clip,) = clips(40)
    contacts, turned = clip.clone(), clip.clone()
    contacts[:, 259:] += 5
    turned[:, 100] += 5
    vectors = evaluator.encode_features([clip, contacts, turned])
    assert (vectors[0] - vectors[1]).abs().max() < 1e-5
    assert (vectors[0] - vectors[2]).abs().max() > 1e-2


def test_captions_are_cut_to_twenty_words(evaluator: Evaluator) -> None:
    long = ["walk/VERB"] * 20
    vectors = evaluator.encode_text(["", "", ""], [long, [*long, "kick/VERB"], long[:19]])
    assert (vectors[0] - vectors[1]).abs().max() < 1e-5
    assert (vectors[0] - vectors[2]).abs().max() > 1e-4


def test_it_is_frozen_and_its_dropout_is_off(evaluator: Evaluator) -> None:
    assert not any(parameter.requires_grad for parameter in evaluator.parameters())
    assert torch.equal(evaluator.encode_features(clips(40)), evaluator.encode_features(clips(40)))


def test_nothing_to_encode_is_no_row(evaluator: Evaluator) -> None:
    assert evaluator.encode_features([]).shape == evaluator.encode_text([], []).shape == (0, 512)


def test_captions_without_tokens_are_refused_with_the_reason(evaluator: Evaluator) -> None:
    with pytest.raises(ValueError, match="parts of speech"):
        evaluator.encode_text(CAPTIONS)
    with pytest.raises(ValueError, match="3 captions came with tokens of 2"):
        evaluator.encode_text(CAPTIONS, TOKENS[:2])
    with pytest.raises(ValueError, match="came without tokens"):
        evaluator.encode_text([""], [[]])
    with pytest.raises(ValueError, match="'walk' is no word with its part of speech"):
        evaluator.encode_text([""], [["walk"]])


@pytest.mark.parametrize("shape", [(3, 263), (40, 251), (40, 67)])
def test_clips_that_are_too_short_or_of_other_features_are_refused(
    evaluator: Evaluator, shape: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="wanted at least 4 frames of 263 numbers"):
        evaluator.encode_features([torch.zeros(shape)])


def test_kit_has_its_own_size_and_body(tmp_path: Path) -> None:
    folder = official_evaluator.write(tmp_path, body="kit")
    kit = Evaluator.from_official(folder, glove=tmp_path / "glove", body="kit")
    assert kit.encode_features([torch.zeros(24, 251)]).shape == (1, 512)
    body = get("kit")
    rest = torch.tensor([_standing(body.offsets, body.parents)]).expand(30, -1, -1)
    assert kit.encode_motion([Motion(rest.contiguous(), 12.5, body)]).isfinite().all()
    with pytest.raises(ValueError, match="humanml3d"):
        kit.encode_motion([moving_bodies.wandering()])
    with pytest.raises(ValueError, match=r"'movement_encoder.main.0.weight' has shape"):
        Evaluator("humanml3d", kit.glove).load(folder / "text_mot_match/model/finest.tar")


def _standing(
    offsets: tuple[tuple[float, float, float], ...], parents: tuple[int, ...]
) -> list[list[float]]:
    places = [[0.0, 1.0, 0.0]]
    for offset, parent in zip(offsets[1:], parents[1:], strict=True):
        places.append([a + b for a, b in zip(places[parent], offset, strict=True)])
    return places


def spoiled(root: Path, tmp_path: Path, **changes: Any) -> Path:
    """A checkpoint with some of its entries changed; those set to ``None`` are left out."""
    state: dict[str, Any] = official_evaluator.weights()
    state = {k: v for k, v in (state | changes).items() if v is not None}
    path = tmp_path / "finest.tar"
    torch.save(state, path)
    return path


def test_what_belongs_to_training_is_passed_over_and_named(
    root: Path, evaluator: Evaluator, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "moclip"):
        Evaluator("humanml3d", evaluator.glove).load(
            root / "checkpoints/text_mot_match/model/finest.tar"
        )
    assert "opt_text_encoder, epoch, iter" in caplog.text


def test_wrong_checkpoints_are_refused_by_name(
    root: Path, evaluator: Evaluator, tmp_path: Path
) -> None:
    made = Evaluator("humanml3d", evaluator.glove)
    text = official_evaluator.weights()["text_encoder"]
    lacking = {name: value for name, value in text.items() if name != "hidden"}
    odd = text | {"pos_emb.weight": torch.zeros(300, 14)}
    foreign = text | {"linear2.weight": torch.zeros(2)}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"text_encoder": lacking}, "'text_encoder.hidden' is missing"),
        ({"text_encoder": odd}, r"'text_encoder.pos_emb.weight' has shape \(300, 14\)"),
        ({"text_encoder": foreign}, "'text_encoder.linear2.weight' has no place"),
        ({"text_encoder": None}, "it lacks 'text_encoder'"),
        ({"text_encoder": 3}, "it lacks 'text_encoder'"),
        ({"vq_model": text}, "it holds 'vq_model'"),
    ]
    for changes, told in cases:
        with pytest.raises(ValueError, match=told):
            made.load(spoiled(root, tmp_path, **changes))


class Trap:
    """Would run a program when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, ("raise SystemExit('the pickle was run')",)


def test_a_checkpoint_that_would_run_something_is_refused(
    root: Path, evaluator: Evaluator, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="cannot be read as weights alone"):
        evaluator.load(spoiled(root, tmp_path, epoch=Trap()))
    path = tmp_path / "empty.tar"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="cannot be read as weights alone"):
        evaluator.load(path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="holds no table of networks"):
        evaluator.load(path)


def test_missing_and_wrong_statistics_are_told(
    root: Path, evaluator: Evaluator, tmp_path: Path
) -> None:
    folder = tmp_path / "checkpoints"
    (folder / "text_mot_match").parent.mkdir()
    (folder / "text_mot_match").symlink_to(root / "checkpoints" / "text_mot_match")
    meta = folder / "Comp_v6_KLD01" / "meta"
    meta.mkdir(parents=True)

    def load() -> None:
        Evaluator.from_official(folder, glove=root / "glove")

    with pytest.raises(FileNotFoundError, match=r"mean.npy"):
        load()
    np.save(meta / "mean.npy", np.zeros(251))
    with pytest.raises(ValueError, match=r"mean.npy has shape \(251,\), wanted 263 finite numbers"):
        load()
    np.save(meta / "mean.npy", np.zeros(263))
    np.save(meta / "std.npy", np.zeros(263))
    with pytest.raises(ValueError, match=r"std.npy holds a deviation that is not positive"):
        load()


def test_tokens_come_from_caption_files(tmp_path: Path) -> None:
    (tmp_path / "000000.txt").write_text(
        "a man kicks.#a/DET man/NOUN kick/VERB#0.0#0.0\n\nhe walks#he/PRON walk/VERB#1.0#3.5\n"
    )
    (tmp_path / "000001.txt").write_text("a jump#a/DET jump/NOUN#nan#nan\n")
    found = read_tokens(tmp_path)
    assert found == {
        "a man kicks.": ("a/DET", "man/NOUN", "kick/VERB"),
        "he walks": ("he/PRON", "walk/VERB"),
        "a jump": ("a/DET", "jump/NOUN"),
    }
    assert read_tokens(tmp_path / "000001.txt") == {"a jump": ("a/DET", "jump/NOUN")}
    (tmp_path / "000002.txt").write_text("a jump#a/DET jump/NOUN\n")
    with pytest.raises(ValueError, match=r"000002.txt, line 1: wanted caption#tokens#from#to"):
        read_tokens(tmp_path)


def test_official_captions_have_tokens_for_it(evaluator: Evaluator, shared_data: Path) -> None:
    tokens = read_tokens(shared_data / "humanml3d_reference" / "HumanML3D" / "texts")
    assert tokens
    found = evaluator.encode_text(list(tokens), list(tokens.values()))
    assert found.isfinite().all()
