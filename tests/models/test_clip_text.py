"""CLIP's text tower against transformers' own way, on a small CLIP in the hub's layout."""

import copy
import json
import logging
from pathlib import Path

import pytest
import small_clip
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTextModelWithProjection, CLIPTokenizerFast

from moclip.models.text import clip

CAPTIONS = (
    "a person walks",
    "a person walks slowly in a wide circle, then sits down on the floor and waves!",
    "Jumps.",
    "",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clip.write_text_tower(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def tower(folder: Path) -> clip.Encoder:
    return clip.Encoder.from_pretrained(str(folder))


def padded_to_77(folder: Path, captions: tuple[str, ...]) -> torch.Tensor:
    """As transformers' documentation does it."""
    model = CLIPTextModelWithProjection.from_pretrained(folder).eval()
    tokenizer = CLIPTokenizerFast.from_pretrained(folder)
    inputs = tokenizer(
        list(captions), padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    )
    assert inputs["input_ids"].shape[1] == 77
    with torch.no_grad():
        return model(**inputs).text_embeds


@pytest.mark.parametrize("legacy", [False, True])
def test_trimmed_captions_give_what_77_tokens_give(tmp_path: Path, legacy: bool) -> None:
    folder = small_clip.write_text_tower(tmp_path, legacy=legacy)
    tower = clip.Encoder.from_pretrained(str(folder))
    with torch.no_grad():
        assert tower.tokenise(CAPTIONS[:1]).ids.shape[1] < 20
        found = tower.encode(CAPTIONS)
    assert (found - padded_to_77(folder, CAPTIONS)).abs().max() < 1e-5


def test_merges_are_used(tower: clip.Encoder) -> None:
    words = [tower.tokenizer.id_to_token(i) for i in tower.tokenise(["Person WALKS"]).ids[0]]
    assert words == [small_clip.START, "person</w>", "walks</w>", small_clip.END]


def test_long_captions_keep_their_closing_token(tower: clip.Encoder) -> None:
    tokens = tower.tokenise(["walks " * 10_000, "walks"])
    assert tokens.ids.shape == (2, 77)
    end = tower.tokenizer.token_to_id(small_clip.END)
    assert tokens.ids[0, -1] == end
    assert tokens.ids[1, 2] == end
    assert tokens.mask.sum(dim=1).tolist() == [77, 3]


def test_a_whole_clip_gives_its_text_half(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = small_clip.write_whole(tmp_path)
    capfd.readouterr()
    caplog.set_level(logging.INFO)
    tower = clip.Encoder.from_pretrained(str(folder))
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    whole = CLIPModel.from_pretrained(folder).eval()
    tokens = tower.tokenise(CAPTIONS)
    with torch.no_grad():
        mine = tower(tokens)
        hidden = whole.text_model(input_ids=tokens.ids).pooler_output
        assert torch.allclose(mine, whole.text_projection(hidden), atol=1e-6)
    assert tower.dim == 24
    assert not any("vision" in name for name in tower.state_dict())


def test_a_missing_text_weight_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = small_clip.write_text_tower(tmp_path)
    weights = load_file(copy / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=r"lack 1 of .*, first 'text_projection.weight'"):
        clip.Encoder.from_pretrained(str(copy))


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    copy = small_clip.write_text_tower(tmp_path)
    weights = load_file(copy / "model.safetensors")
    weights["text_projection.weight"] = torch.zeros(5, 32)
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match="have another shape for 1 of CLIPText"):
        clip.Encoder.from_pretrained(str(copy))


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    copy = small_clip.write_text_tower(tmp_path)
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="cannot read a text tower from") as caught:
        clip.Encoder.from_pretrained(str(copy))
    assert "\n" not in str(caught.value)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    copy = small_clip.write_text_tower(tmp_path)
    weights = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    torch.save(weights, copy / "pytorch_model.bin")
    with pytest.raises(OSError, match="cannot read a text tower from"):
        clip.Encoder.from_pretrained(str(copy))


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    copy = small_clip.write_text_tower(tmp_path)
    (copy / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ValueError, match="is a 'bert' model, wanted 'clip_text_model'"):
        clip.Encoder.from_pretrained(str(copy))


def test_a_folder_without_sizes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no text tower: there is no config\.json"):
        clip.Encoder.from_pretrained(str(tmp_path))


def test_a_folder_that_is_not_there_is_not_looked_up_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        clip.Encoder.from_pretrained(str(tmp_path / "nowhere"))


def test_half_precision_weights_are_read_in_full(folder: Path, tmp_path: Path) -> None:
    copy = small_clip.write_text_tower(tmp_path)
    weights = {name: w.half() for name, w in load_file(copy / "model.safetensors").items()}
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    tower = clip.Encoder.from_pretrained(str(copy))
    assert {weight.dtype for weight in tower.state_dict().values()} == {torch.float32}


def test_verbosity_is_left_as_it_was(folder: Path) -> None:
    from transformers.utils import logging as theirs

    before = theirs.get_verbosity(), theirs.is_progress_bar_enabled()
    clip.Encoder.from_pretrained(str(folder))
    assert (theirs.get_verbosity(), theirs.is_progress_bar_enabled()) == before


def test_padding_is_not_computed_and_gradients_are_those_of_the_grid(tower: clip.Encoder) -> None:
    tokens = tower.tokenise(CAPTIONS)
    learns = copy.deepcopy(tower).requires_grad_(True)
    seen: list[torch.Size] = []
    hook = learns.transformer.text_model.encoder.layers[0].mlp.register_forward_hook(
        lambda module, given, made: seen.append(made.shape)
    )
    vectors = learns(tokens)
    hook.remove()
    assert [shape[:-1].numel() for shape in seen] == [int(tokens.mask.sum())]
    vectors.square().sum().backward()
    slopes = {name: p.grad.clone() for name, p in learns.named_parameters() if p.grad is not None}
    learns.zero_grad()
    grid = learns.transformer(input_ids=tokens.ids).text_embeds
    torch.testing.assert_close(vectors, grid, atol=1e-5, rtol=1e-4)
    grid.square().sum().backward()
    for name, parameter in learns.named_parameters():
        torch.testing.assert_close(slopes[name], parameter.grad, atol=1e-4, rtol=1e-3)


def test_another_attention_still_takes_the_grid(tower: clip.Encoder) -> None:
    """As somebody would set it to see attention's weights."""
    eager = tower.frozen_twin()
    eager.transformer.set_attn_implementation("eager")
    assert (eager.encode(CAPTIONS) - tower.encode(CAPTIONS)).abs().max() < 1e-5


def test_an_end_within_the_words_ends_the_caption(folder: Path, tower: clip.Encoder) -> None:
    captions = ("a person walks", f"a person {small_clip.END} walks slowly in a circle")
    assert (tower.encode(captions) - padded_to_77(folder, captions)).abs().max() < 1e-5
