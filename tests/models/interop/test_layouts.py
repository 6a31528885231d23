"""Every layout gives the same vectors, read back by us and by the library it is made for."""

import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import whole_clip
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizerFast

from moclip.models import interop
from moclip.models.interop import _files, openai
from moclip.models.text import clip, minilm

LAYOUTS = {"hf": "tower", "openai": "tower.pt", "open-clip": "tower.safetensors"}


def same(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_clip.write_whole(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def tower(base: Path) -> clip.Encoder:
    return whole_clip.fine_tuned(base)


@pytest.mark.parametrize("layout", ["hf", "openai", "open-clip", "sentence-transformers"])
def test_there_and_back_gives_the_same_vectors(
    tower: clip.Encoder, base: Path, tmp_path: Path, layout: str
) -> None:
    out = tmp_path / LAYOUTS.get(layout, "tower")
    needs = str(base) if layout in ("openai", "open-clip") else None
    interop.write(tower, layout, out, base=needs)
    back = interop.read(out, tokenizer=str(base))
    torch.testing.assert_close(
        whole_clip.vectors(back), whole_clip.vectors(tower), rtol=0, atol=1e-5
    )
    for name, weight in back.state_dict().items():
        assert torch.equal(weight, tower.state_dict()[name]), name


def test_transformers_opens_the_folder(tower: clip.Encoder, base: Path, tmp_path: Path) -> None:
    interop.write(tower, "hf", tmp_path / "text")
    interop.write(tower, "hf", tmp_path / "whole", base=str(base))
    tokenizer = CLIPTokenizerFast.from_pretrained(tmp_path / "text")
    inputs = tokenizer(
        list(whole_clip.CAPTIONS), padding="max_length", truncation=True, return_tensors="pt"
    )
    assert inputs["input_ids"].shape[1] == 77
    wanted = whole_clip.vectors(tower)
    with torch.no_grad():
        text = CLIPTextModelWithProjection.from_pretrained(tmp_path / "text").eval()
        whole = CLIPModel.from_pretrained(tmp_path / "whole").eval()
        plain = CLIPTextModel.from_pretrained(tmp_path / "whole").eval()
        same(text(**inputs).text_embeds, wanted)
        pooled = plain(**inputs).pooler_output
        projected = pooled @ whole.text_projection.weight.T
    same(projected, wanted)
    before = CLIPModel.from_pretrained(base).state_dict()
    for name, weight in whole.state_dict().items():
        if not name.startswith("text_"):
            assert torch.equal(weight, before[name]), name


def test_the_image_tower_of_openais_file_is_kept(
    tower: clip.Encoder, base: Path, tmp_path: Path
) -> None:
    original = clip.Encoder.from_pretrained(str(base))
    interop.write(original, "openai", tmp_path / "original.pt", base=str(base))
    interop.write(tower, "openai", tmp_path / "ours.pt", base=str(tmp_path / "original.pt"))
    before, after = (_files.read_state(tmp_path / f"{name}.pt") for name in ("original", "ours"))
    assert before.keys() == after.keys()
    kept = {name for name in before if name.startswith("visual.") or name == "logit_scale"}
    assert all(torch.equal(before[name], after[name]) for name in kept)
    assert not any(torch.equal(before[name], after[name]) for name in before.keys() - kept)
    interop.write(tower, "hf", tmp_path / "whole", base=str(tmp_path / "original.pt"))
    back = CLIPModel.from_pretrained(tmp_path / "whole").state_dict()
    for name, weight in CLIPModel.from_pretrained(base).state_dict().items():
        if not name.startswith("text_"):
            assert torch.equal(weight, back[name]), name


def test_sentence_transformers_gives_our_unit_vectors(tower: clip.Encoder, tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    small = minilm.Encoder.from_pretrained()
    for name, made in (("clip", tower), ("minilm", small)):
        interop.write(made, "sentence-transformers", tmp_path / name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own deprecations
            model = library.SentenceTransformer(str(tmp_path / name), device="cpu")
            found = torch.from_numpy(model.encode(list(whole_clip.CAPTIONS)))
        wanted = F.normalize(whole_clip.vectors(made), dim=-1)
        same(found, wanted)
        back = interop.read(tmp_path / name)
        torch.testing.assert_close(
            whole_clip.vectors(back), whole_clip.vectors(made), rtol=0, atol=1e-5
        )


def test_half_precision_keeps_the_direction(
    tower: clip.Encoder, base: Path, tmp_path: Path
) -> None:
    interop.write(tower, "openai", tmp_path / "full.pt", base=str(base))
    halves = {k: v.half() for k, v in _files.read_state(tmp_path / "full.pt").items()}
    torch.save({"state_dict": halves}, tmp_path / "half.pt")
    back = interop.read(tmp_path / "half.pt", tokenizer=str(base))
    cosines = F.cosine_similarity(whole_clip.vectors(back), whole_clip.vectors(tower))
    assert cosines.min() >= 0.9999


def spoilt(state: dict[str, torch.Tensor], fault: str, name: str) -> dict[str, torch.Tensor]:
    changed = dict(state)
    weight = changed.pop(name)
    if fault == "renamed":
        changed[f"{name}s"] = weight
    elif fault == "odd":
        changed[name] = torch.cat((weight, weight))
    elif fault == "extra":
        changed |= {name: weight, "transformer.foreign": weight.clone()}
    return changed


@pytest.mark.parametrize("fault", ["missing", "renamed", "odd", "extra"])
@pytest.mark.parametrize(
    "name", ["ln_final.bias", "transformer.resblocks.1.attn.in_proj_weight", "text_projection"]
)
def test_openais_names_are_strict(
    tower: clip.Encoder, base: Path, tmp_path: Path, fault: str, name: str
) -> None:
    state = spoilt(openai.whole_state(tower, str(base)), fault, name)
    torch.save(state, tmp_path / "spoilt.pt")
    with pytest.raises(ValueError) as caught:
        interop.read(tmp_path / "spoilt.pt", tokenizer=str(base))
    assert _named(fault, name, str(caught.value))


def _named(fault: str, name: str, sentence: str) -> bool:
    """The weight itself, or the one of transformers' it becomes."""
    words = {
        "ln_final.bias": ("final_layer_norm",),
        "transformer.resblocks.1.attn.in_proj_weight": ("self_attn", "layers.1"),
        "text_projection": ("text_projection", "token_embedding"),
    }[name]
    if fault == "extra":
        return "transformer.foreign" in sentence
    return name in sentence or any(word in sentence for word in words)


@pytest.mark.parametrize("layout", ["hf", "sentence-transformers"])
@pytest.mark.parametrize("fault", ["missing", "renamed", "odd", "extra"])
def test_folders_are_strict(tower: clip.Encoder, tmp_path: Path, layout: str, fault: str) -> None:
    interop.write(tower, layout, tmp_path / "out")
    weights = tmp_path / "out" / "model.safetensors"
    name = "text_model.encoder.layers.1.mlp.fc1.bias"
    save_file(spoilt(load_file(weights), fault, name), weights, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"foreign" if fault == "extra" else r"fc1\.bias"):
        interop.read(tmp_path / "out")


def test_a_published_checkpoint_gives_its_text_tower(
    tower: clip.Encoder, base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = openai.whole_state(tower, str(base))
    state |= {"motion.proj.weight": torch.zeros(4, 4), "motion.body.0.bias": torch.zeros(4)}
    torch.save(state, tmp_path / "moclip.pt")
    caplog.set_level("INFO")
    back = interop.read(tmp_path / "moclip.pt", tokenizer=str(base))
    torch.testing.assert_close(whole_clip.vectors(back), whole_clip.vectors(tower))
    assert "motion is left out, 2 weights: the published motion encoder depends" in caplog.text


def test_no_pickle_is_executed(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"text_projection": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(ValueError, match="holds no weights that can be read"):
        interop.read(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()


def test_what_a_layout_cannot_hold_is_refused(
    tower: clip.Encoder, base: Path, tmp_path: Path
) -> None:
    small = minilm.Encoder.from_pretrained()
    for layout, made, options, sentence in (
        ("openai", tower, {}, "this layout holds a whole CLIP; give the one"),
        ("openai", small, {"base": str(base)}, "a 'minilm' text tower came"),
        ("open-clip", tower, {"base": str(base)}, "open_clip's layout is a .safetensors file"),
        ("sentence-transformers", tower, {"base": str(base)}, "leave base out"),
        ("keras", tower, {}, "no layout named 'keras'; there are: hf,"),
    ):
        with pytest.raises((ValueError, LookupError), match=sentence):
            interop.write(made, layout, tmp_path / "out.x", **options)
        assert list(tmp_path.iterdir()) == []


def test_an_older_file_is_not_overwritten(tower: clip.Encoder, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    with pytest.raises(ValueError, match="is there already"):
        interop.write(tower, "hf", tmp_path / "precious")
