"""A tower is found wherever it is, swapped in place, and put back bit for bit."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openai_clip
import pytest
import torch
import whole_clip
from torch import nn
from transformers import CLIPModel, CLIPTextModel, CLIPTextModelWithProjection

import moclip
from moclip.models import identity
from moclip.models.text import clip, minilm


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_clip.write_whole(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def tower(base: Path) -> clip.Encoder:
    return whole_clip.fine_tuned(base)


def openai(tower: clip.Encoder, **sizes: int) -> openai_clip.CLIP:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return openai_clip.CLIP(tower.tokenizer.get_vocab_size(), **sizes).eval()


def said(model: openai_clip.CLIP, tower: clip.Encoder) -> torch.Tensor:
    tokens = openai_clip.tokenize(tower.tokenizer, list(whole_clip.CAPTIONS))
    with torch.no_grad():
        return model.encode_text(tokens).float()


def everything(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(one[k].reshape(-1).view(torch.uint8), other[k].reshape(-1).view(torch.uint8))
        and one[k].dtype == other[k].dtype
        for k in one
    )


def test_openais_object_speaks_as_the_tower(tower: clip.Encoder) -> None:
    model = openai(tower)
    before = everything(model)
    patch = moclip.patch(model, tower)
    torch.testing.assert_close(said(model, tower), whole_clip.vectors(tower), rtol=0, atol=1e-5)
    assert list(patch.changed) == [""]
    assert patch.tower_hash == identity.tower_hash(tower)
    kept = [name for name in before if name.startswith(("visual.", "logit_scale"))]
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in kept)
    patch.unpatch()
    assert same(everything(model), before)


class Generator(nn.Module):
    """As MoMask keeps it: half precision, frozen, deep inside."""

    def __init__(self, clip_model: nn.Module) -> None:
        super().__init__()
        self.net = nn.ModuleDict({"cond": nn.Identity(), "stage": nn.Module()})
        self.net["stage"].clip_model = clip_model


def test_a_half_precision_tower_in_a_nested_module_is_found(tower: clip.Encoder) -> None:
    inner = openai(tower).half()
    inner.ln_final.float()  # OpenAI's conversion leaves the norms in single precision
    model = Generator(inner)
    addresses = [weight.data_ptr() for weight in model.parameters()]
    before = everything(model)
    with moclip.patch(model, tower) as patch:
        assert list(patch.changed) == ["net.stage.clip_model"]
        assert "float16/float32" in patch.changed["net.stage.clip_model"]
        assert [weight.data_ptr() for weight in model.parameters()] == addresses
        assert inner.text_projection.dtype == torch.float16
        expected = dict(tower.transformer.named_parameters())["text_projection.weight"]
        assert torch.equal(inner.text_projection, expected.T.half())
    assert same(everything(model), before)


def test_a_module_in_a_plain_object_is_found(tower: clip.Encoder) -> None:
    pipeline = SimpleNamespace(name="t2m", parts=[SimpleNamespace(clip_model=openai(tower))])
    pipeline.again = pipeline  # circles are no trap
    patch = moclip.patch(pipeline, tower)
    assert list(patch.changed) == ["parts.0.clip_model"]


def test_every_fitting_tower_is_patched_once(tower: clip.Encoder) -> None:
    one, two = openai(tower), openai(tower)
    pipeline = SimpleNamespace(masked=Generator(one), residual=Generator(two), alias=one)
    patch = moclip.patch(pipeline, tower)
    assert len(patch.changed) == 2
    assert torch.equal(said(one, tower), said(two, tower))


@pytest.mark.parametrize("kind", [CLIPModel, CLIPTextModel, CLIPTextModelWithProjection])
def test_transformers_objects_are_patched(tower: clip.Encoder, base: Path, kind: Any) -> None:
    model = kind.from_pretrained(base).eval()
    before = everything(model)
    patch = moclip.patch(SimpleNamespace(text_encoder=model), tower)
    assert list(patch.changed) == ["text_encoder"]
    tokens = tower.tokenise(whole_clip.CAPTIONS)
    with torch.no_grad():
        if kind is CLIPTextModel:
            pooled = model(tokens.ids).pooler_output
            found = pooled @ tower.transformer.text_projection.weight.T
        elif kind is CLIPModel:
            found = model.get_text_features(tokens.ids)
            found = getattr(found, "pooler_output", found)
        else:
            found = model(tokens.ids).text_embeds
    torch.testing.assert_close(found, whole_clip.vectors(tower), rtol=0, atol=1e-5)
    patch.unpatch()
    assert same(everything(model), before)


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"width": 64}, "another vocabulary or width"),
        ({"dim": 24}, r"another projection \(width, dimensions\): \(128, 24\), .* \(128, 48\)"),
        ({"layers": 3}, "does not fit: the new one lacks 'transformer.resblocks.2"),
        ({"layers": 1}, "does not fit: the new one has too many, first 'transformer.resblocks.1"),
    ],
)
def test_a_tower_of_other_sizes_is_refused(
    tower: clip.Encoder, sizes: dict[str, int], sentence: str
) -> None:
    model = openai(tower, **sizes)
    before = everything(model)
    with pytest.raises(ValueError, match=sentence):
        moclip.patch(model, tower)
    assert same(everything(model), before)


def test_another_activation_is_refused(tower: clip.Encoder) -> None:
    """open_clip's ViT-B-32 has GELU: the weights fit, the vectors would be others."""
    model = openai(tower)
    for block in model.transformer.resblocks:
        block.mlp.gelu = nn.GELU()
    before = everything(model)
    with pytest.raises(ValueError, match="the activation GELU, the new one with quick_gelu"):
        moclip.patch(model, tower)
    assert same(everything(model), before)


def test_another_number_of_heads_is_refused(tower: clip.Encoder, base: Path) -> None:
    model = CLIPModel.from_pretrained(base)
    for layer in model.text_model.encoder.layers:
        layer.self_attn.num_heads = 4
    with pytest.raises(ValueError, match="this tower has 4 attention heads, the new one 2"):
        moclip.patch(model, tower)


def test_numbers_that_half_precision_cannot_hold_are_refused(base: Path) -> None:
    large = whole_clip.fine_tuned(base)
    large.transformer.text_projection.weight.data[0, 0] = 1e6
    model = Generator(openai(large))
    openai_clip.convert_weights(model.net["stage"].clip_model)
    before = everything(model)
    sentence = "is in float16, which cannot hold the numbers of 'text_projection'"
    with pytest.raises(ValueError, match=sentence):
        moclip.patch(model, large)
    assert same(everything(model), before)
    moclip.patch(model.float(), large)


def test_a_learnt_class_token_is_refused(tower: clip.Encoder) -> None:
    """As CoCa has it: a text tower that does not read its vector off the closing token."""
    model = openai(tower)
    model.cls_emb = nn.Parameter(torch.zeros(128))
    with pytest.raises(ValueError, match="the new one lacks 'cls_emb'"):
        moclip.patch(model, tower)


def test_half_precision_says_the_same_to_four_digits(tower: clip.Encoder) -> None:
    model = openai(tower)
    openai_clip.convert_weights(model)
    moclip.patch(model, tower)
    found = said(model, tower)
    assert torch.cosine_similarity(found, whole_clip.vectors(tower)).min() >= 0.9999


def test_a_checkpoint_of_another_tower_is_refused(tower: clip.Encoder) -> None:
    patch = moclip.patch(openai(tower), tower)
    patch.require(identity.tower_hash(tower), owner="best.tar")
    own = identity.tower_hash(tower)[:12]
    with pytest.raises(ValueError, match=f"was trained with text tower 0123456789ab.* is {own}"):
        patch.require("0123456789abcdef", owner="best.tar")
    with pytest.raises(ValueError, match=f"best.tar does not tell its text tower.* is {own}"):
        patch.require(None, owner="best.tar")


def test_another_vocabulary_is_refused(tower: clip.Encoder) -> None:
    with pytest.raises(ValueError, match="another vocabulary"):
        moclip.patch(openai_clip.CLIP(100), tower)


def test_a_tower_that_does_not_fit_is_left_beside_one_that_does(tower: clip.Encoder) -> None:
    small, fitting = openai(tower, width=64), openai(tower)
    before = everything(small)
    patch = moclip.patch(SimpleNamespace(small=small, fitting=fitting), tower)
    assert list(patch.changed) == ["fitting"]
    assert "another vocabulary or width" in patch.skipped["small"]
    assert same(everything(small), before)


def test_nothing_to_patch_and_nothing_to_patch_with(tower: clip.Encoder) -> None:
    with pytest.raises(LookupError, match="no CLIP text tower was found in this Linear"):
        moclip.patch(nn.Linear(2, 2), tower)
    with pytest.raises(ValueError, match="a 'minilm' text tower came"):
        moclip.patch(openai(tower), minilm.Encoder.from_pretrained())


def test_a_hash_is_the_towers_own(tower: clip.Encoder, base: Path, tmp_path: Path) -> None:
    from moclip.models import interop

    own = identity.tower_hash(tower)
    interop.write(tower, "openai", tmp_path / "a.pt", base=str(base))
    interop.write(tower, "hf", tmp_path / "b")
    interop.write(tower, "sentence-transformers", tmp_path / "c")
    for place in ("a.pt", "b", "c"):
        assert identity.tower_hash(interop.read(tmp_path / place, tokenizer=str(base))) == own
    plain = clip.Encoder.from_pretrained(str(base))
    assert identity.tower_hash(plain) != own
    identity.require_same_tower(own, tower, owner="generator")
    with pytest.raises(ValueError, match=f"generator was trained with text tower {own[:12]}"):
        identity.require_same_tower(own, plain, owner="generator")
