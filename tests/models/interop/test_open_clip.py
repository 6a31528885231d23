"""open_clip itself opens what we write and agrees, at ViT-B/32's size with CLIP's real words.

open_clip is installed by `make install` into a folder of its own; see ``open_clip_peer``.
"""

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import whole_clip
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPTokenizerFast,
)

from moclip.models import interop
from moclip.models.interop import _clip
from moclip.models.text import clip

LIBRARIES = Path(sys.prefix) / "open_clip"
WORDS = LIBRARIES / "open_clip" / "bpe_simple_vocab_16e6.txt.gz"
CAPTIONS = (
    "a person walks forward, turns around & walks back.",
    "The man's doing 3 jumping-jacks!!",
    "  someone   crawls\non the floor ",
    "naïve café dance, 12.5 seconds",
    "",
    "a man walks " * 60,
)

pytestmark = pytest.mark.skipif(
    not WORDS.exists(), reason="open_clip is not in .venv/open_clip; `make install` puts it there"
)


@pytest.fixture(scope="module")
def tower() -> clip.Encoder:
    """ViT-B/32's text tower with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CLIPTextModelWithProjection(CLIPTextConfig(projection_dim=512))
    words = _clip.tokenizer(str(WORDS))
    config: Any = model.config
    config.eos_token_id, config.bos_token_id = 49407, 49406
    return clip.Encoder(model, words, source="random")


@pytest.fixture(scope="module")
def base(tower: clip.Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole CLIP around it, with a small image tower."""
    folder = tmp_path_factory.mktemp("base")
    image = {"hidden_size": 64, "intermediate_size": 256, "num_attention_heads": 1}
    image |= {"num_hidden_layers": 1, "image_size": 64, "patch_size": 32}
    text = tower.transformer.config.to_dict()
    CLIPModel(
        CLIPConfig(text_config=text, vision_config=image, projection_dim=512)
    ).save_pretrained(folder)
    return folder


def peer(file: Path, captions: tuple[str, ...], folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors and tokens by open_clip."""
    sizes = {
        "embed_dim": 512,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 64, "layers": 1, "width": 64, "patch_size": 32},
        "text_cfg": {"width": 512, "heads": 8, "layers": 12},
    }
    (folder / "peer.json").write_text(json.dumps(sizes))
    (folder / "captions.json").write_text(json.dumps({"captions": captions, "ids": None}))
    script = Path(__file__).with_name("open_clip_peer.py")
    names = (LIBRARIES, folder / "peer.json", file, folder / "captions.json", folder / "out.npz")
    done = subprocess.run(
        [sys.executable, str(script), *map(str, names)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(folder / "out.npz") as found:
        return torch.from_numpy(found["vectors"]), torch.from_numpy(found["ids"])


def test_all_libraries_agree_at_full_size(tower: clip.Encoder, base: Path, tmp_path: Path) -> None:
    with torch.no_grad():
        wanted = tower.encode(CAPTIONS)
    for layout, name in (("open-clip", "a.safetensors"), ("openai", "b.pt")):
        interop.write(tower, layout, tmp_path / name, base=str(base))
        vectors, ids = peer(tmp_path / name, CAPTIONS, tmp_path)
        torch.testing.assert_close(vectors, wanted, rtol=0, atol=1e-5)
        back = interop.read(tmp_path / name, tokenizer=str(WORDS))
        with torch.no_grad():
            torch.testing.assert_close(back.encode(CAPTIONS), wanted, rtol=0, atol=1e-5)
        (tmp_path / name).unlink()
    ours = tower.tokenise(CAPTIONS).ids
    assert torch.equal(ids[:, : ours.shape[1]], ours)  # their padding is 0 too
    interop.write(tower, "hf", tmp_path / "hf")
    tokens = CLIPTokenizerFast.from_pretrained(tmp_path / "hf")(
        list(CAPTIONS), padding=True, truncation=True, return_tensors="pt"
    )
    model = CLIPTextModelWithProjection.from_pretrained(tmp_path / "hf").eval()
    with torch.no_grad():
        torch.testing.assert_close(model(**tokens).text_embeds, wanted, rtol=0, atol=1e-5)
    library = pytest.importorskip("sentence_transformers")
    interop.write(tower, "sentence-transformers", tmp_path / "st")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = library.SentenceTransformer(str(tmp_path / "st"), device="cpu").encode(
            list(CAPTIONS)
        )
    unit = F.normalize(wanted, dim=-1)
    torch.testing.assert_close(torch.from_numpy(found), unit, rtol=0, atol=1e-5)


def test_words_come_from_an_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(LIBRARIES))
    assert _clip.installed_words() == WORDS
    found = _clip.tokenizer(None)
    assert found.get_vocab_size() == 49408
    assert found.encode(whole_clip.CAPTIONS[0]).tokens == [
        "<|startoftext|>",
        "a</w>",
        "person</w>",
        "walks</w>",
        "<|endoftext|>",
    ]
