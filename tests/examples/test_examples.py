"""Each example gives its generator the tower, through that generator's text path, and back."""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bamm
import diffusers_pipeline
import mdm
import momask
import pytest
import stand_ins
import torch
import torch.nn.functional as F
import whole_clip
from torch import Tensor, nn
from transformers import CLIPTextModelWithProjection

from moclip.models import identity
from moclip.models.text import clip
from moclip.models.text.base import Tokens

EXAMPLES = Path(__file__).parents[2] / "examples"
GENERATORS = [bamm, diffusers_pipeline, mdm, momask]
CAPTIONS = list(whole_clip.CAPTIONS)


def everything(module: nn.Module) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in module.state_dict().items()}


def require_untouched(module: nn.Module, before: dict[str, Tensor]) -> None:
    for name, weight in module.state_dict().items():
        assert weight.dtype == before[name].dtype
        bytes_now, bytes_then = (w.reshape(-1).view(torch.uint8) for w in (weight, before[name]))
        assert torch.equal(bytes_now, bytes_then), name


def require_same_vectors(found: Tensor, wanted: Tensor, *, half: bool) -> None:
    assert found.dtype == torch.float32
    if half:
        assert F.cosine_similarity(found, wanted).min() >= 0.9999
    else:
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def cut_to_22(tower: clip.Encoder) -> Tensor:
    """The tower's own vectors of captions that end after 20 tokens."""
    tokens = tower.tokenise(CAPTIONS)
    is_long = tokens.mask.sum(dim=1) > 22
    assert is_long.any()
    assert not is_long.all()
    ids = tokens.ids[:, :22].clone()
    ids[is_long, -1] = tower.tokenizer.token_to_id("<|endoftext|>")
    with torch.no_grad():
        return tower(Tokens(ids, tokens.mask[:, :22]))


@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
def test_momask_hears_the_tower(tower: clip.Encoder, tower_folder: str, half: bool) -> None:
    models = {
        name: stand_ins.Conditioned(tower.tokenizer, half=half, seed=seed)
        for seed, name in enumerate(("masked", "residual"))
    }
    before = {name: everything(model) for name, model in models.items()}
    plain = models["masked"].encode_text(CAPTIONS)
    patch = momask.main(models, tower_folder)
    assert set(patch.changed) == {"masked.clip_model", "residual.clip_model"}
    wanted = whole_clip.vectors(tower)
    for model in models.values():
        require_same_vectors(model.encode_text(CAPTIONS), wanted, half=half)
        assert not any(weight.requires_grad for weight in model.clip_model.parameters())
    assert F.cosine_similarity(plain, wanted).max() < 0.9  # it was another tower before
    patch.unpatch()
    for name, model in models.items():
        require_untouched(model, before[name])


def test_momasks_checkpoints_tell_their_tower(
    tower: clip.Encoder, base: Path, tower_folder: str, tmp_path: Path
) -> None:
    model = stand_ins.Conditioned(tower.tokenizer, half=True, seed=0)
    trainer = stand_ins.Trainer(model)
    trainer.tower_hash = momask.main({"masked": model}, tower_folder).tower_hash
    trainer.save(tmp_path / "net_best_fid.tar")

    again = stand_ins.Conditioned(tower.tokenizer, half=True, seed=5)
    before = everything(again)
    saved = torch.load(tmp_path / "net_best_fid.tar", weights_only=True)
    momask.main({"masked": again}, tower_folder, {"net_best_fid.tar": saved}).unpatch()
    own, other = identity.tower_hash(tower)[:12], identity.tower_hash(_plain(base))[:12]
    sentence = f"net_best_fid.tar was trained with text tower {own}, the one patched in is {other}"
    with pytest.raises(ValueError, match=sentence):
        momask.main({"masked": again}, str(base), {"net_best_fid.tar": saved})
    with pytest.raises(ValueError, match=r"published\.tar does not tell its text tower"):
        momask.main({"masked": again}, tower_folder, {"published.tar": {}})
    require_untouched(again, before)


def _plain(base: Path) -> clip.Encoder:
    return clip.Encoder.from_pretrained(str(base))


@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
def test_bamm_hears_the_tower(
    tower: clip.Encoder, tower_folder: str, tmp_path: Path, half: bool
) -> None:
    one, two = (stand_ins.Conditioned(tower.tokenizer, half=half, seed=seed) for seed in (1, 2))
    before = everything(one), everything(two)
    trainer = stand_ins.Trainer(one, two)
    patch = bamm.main(trainer, tower_folder)
    assert set(patch.changed) == {"t2m_transformer.clip_model", "res_model.clip_model"}
    for model in (one, two):
        require_same_vectors(model.encode_text(CAPTIONS), whole_clip.vectors(tower), half=half)
    trainer.save(tmp_path / "latest.tar")
    assert bamm.trained_with(str(tmp_path / "latest.tar")) == identity.tower_hash(tower)
    patch.unpatch()
    require_untouched(one, before[0])
    require_untouched(two, before[1])


@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
def test_mdm_hears_the_tower(
    tower: clip.Encoder, base: Path, tower_folder: str, tmp_path: Path, half: bool
) -> None:
    model = stand_ins.MDM(tower.tokenizer, half=half, seed=3)
    before = everything(model)
    patch = mdm.main(model, tower_folder)
    require_same_vectors(model.encode_text(CAPTIONS), cut_to_22(tower), half=half)
    mdm.store(patch, tmp_path)
    patch.unpatch()
    require_untouched(model, before)

    weights = tmp_path / "model000200000.pt"
    mdm.main(model, tower_folder, weights).unpatch()
    with pytest.raises(ValueError, match=r"model000200000\.pt was trained with text tower"):
        mdm.main(model, str(base), weights)
    with pytest.raises(ValueError, match="does not tell its text tower"):
        mdm.main(model, tower_folder, tmp_path / "elsewhere" / "model.pt")
    require_untouched(model, before)


def test_a_diffusers_pipeline_hears_the_tower(
    tower: clip.Encoder, base: Path, tower_folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = CLIPTextModelWithProjection.from_pretrained(base).config
    config.hidden_size, config.num_attention_heads = 64, 1
    second: Any = CLIPTextModelWithProjection(config)
    pipeline = stand_ins.DiffusionPipeline(base, text_encoder_2=second)
    before, before_second = everything(pipeline.text_encoder), everything(second)
    patch = diffusers_pipeline.main(pipeline, tower_folder)
    assert list(patch.changed) == ["text_encoder"]
    assert "text_encoder_2 stays as it is" in capsys.readouterr().out
    each, pooled = pipeline.encode_prompt(CAPTIONS)
    projection = tower.transformer.text_projection.weight
    with torch.no_grad():
        require_same_vectors(pooled @ projection.T, whole_clip.vectors(tower), half=False)
        tokens = tower.tokenise(CAPTIONS)
        own = tower.transformer(tokens.ids).last_hidden_state
    for row, length in enumerate(tokens.mask.sum(dim=1)):
        torch.testing.assert_close(each[row, :length], own[row, :length], rtol=0, atol=1e-5)
    patch.unpatch()
    require_untouched(pipeline.text_encoder, before)
    require_untouched(second, before_second)


def test_published_checkpoints_are_looked_at_from_the_shell(
    tower: clip.Encoder, tower_folder: str, tmp_path: Path
) -> None:
    trainer = stand_ins.Trainer(stand_ins.Conditioned(tower.tokenizer, half=False, seed=0))
    trainer.tower_hash = identity.tower_hash(tower)
    trainer.save(tmp_path / "a.tar")
    (tmp_path / "tower_hash").write_text(trainer.tower_hash)
    for script, *given in (
        ("momask.py", tower_folder, tmp_path / "a.tar"),
        ("bamm.py", tmp_path / "a.tar"),
        ("mdm.py", tower_folder, tmp_path / "model.pt"),
    ):
        done = subprocess.run(
            [sys.executable, EXAMPLES / script, *given], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert (trainer.tower_hash if script == "bamm.py" else tower_folder) in done.stdout


def test_from_the_shell_a_checkpoint_of_another_tower_is_one_sentence(
    base: Path, tower: clip.Encoder, tower_folder: str, tmp_path: Path
) -> None:
    torch.save({"tower_hash": identity.tower_hash(tower)}, tmp_path / "mine.tar")
    torch.save({"ep": 1}, tmp_path / "published.tar")
    own = identity.tower_hash(tower)[:12]
    for script, given, sentence in (
        ("momask.py", (base, tmp_path / "mine.tar"), f"was trained with text tower {own}, this"),
        ("momask.py", (tower_folder, tmp_path / "published.tar"), "does not tell its text tower"),
        ("mdm.py", (tower_folder, tmp_path / "model.pt"), "does not tell its text tower, this one"),
        ("bamm.py", (tmp_path / "missing.tar",), "No such file"),
    ):
        command = [sys.executable, EXAMPLES / script, *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("example", GENERATORS, ids=lambda module: module.__name__)
def test_users_change_at_most_five_lines(example: ModuleType) -> None:
    told = inspect.getdoc(example) or ""
    numbers = [int(number) for number in re.findall(r"# (\d)\b", told)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 2 <= len(numbers) <= 5
    assert "moclip.patch(" in told
