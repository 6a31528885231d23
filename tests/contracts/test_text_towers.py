"""Every text tower in the catalogue keeps the promises of ``models/text/base.py``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import small_clip
import torch
from safetensors.torch import load_file, save_file

from moclip import catalog
from moclip.models.text.base import TextTower

CAPTIONS = (
    "a person walks forward, turns around and walks back to where it started",
    "a person walks",
    "someone jumps",
    "a person walks",
)


@pytest.fixture(scope="module", params=catalog.names("models.text"))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def source(name: str, tmp_path_factory: pytest.TempPathFactory) -> str | None:
    """A small one on disk where the default would be a download."""
    if name == "clip":
        return str(small_clip.write_text_tower(tmp_path_factory.mktemp("clip")))
    return None


@pytest.fixture
def tower(name: str, source: str | None) -> TextTower:
    return catalog.load("models.text", name, "Encoder").from_pretrained(source)


@pytest.fixture(autouse=True)
def _without_gradient() -> Iterator[None]:
    with torch.no_grad():
        yield


def test_it_comes_frozen_and_in_evaluation_mode(tower: TextTower) -> None:
    assert not any(parameter.requires_grad for parameter in tower.parameters())
    assert not any(module.training for module in tower.modules())


def test_captions_are_trimmed_to_the_longest_of_them(tower: TextTower) -> None:
    tokens, short = tower.tokenise(CAPTIONS), tower.tokenise(CAPTIONS[1:2])
    assert tokens.ids.shape == tokens.mask.shape
    assert tokens.mask[0].all()
    assert tokens.mask.sum(dim=1).max() == tokens.ids.shape[1]
    assert short.ids.shape[1] < tokens.ids.shape[1] < tower.max_tokens


def test_ten_thousand_words_are_cut(tower: TextTower) -> None:
    tokens = tower.tokenise(["walks " * 10_000])
    assert tokens.ids.shape == (1, tower.max_tokens)
    assert tower(tokens).isfinite().all()


def test_neighbours_in_the_batch_make_no_difference(tower: TextTower) -> None:
    together = tower(tower.tokenise(CAPTIONS))
    alone = torch.cat([tower(tower.tokenise([caption])) for caption in CAPTIONS])
    assert together.shape == (len(CAPTIONS), tower.dim)
    assert (together - alone).abs().max() < 1e-5


def test_order_is_kept_in_chunks(tower: TextTower) -> None:
    captions = [f"{'very ' * (7 - i)}slow walk number {i}" for i in range(7)]
    one_by_one = torch.cat([tower.encode([caption]) for caption in captions])
    for chunk in (1, 3, 256):
        assert (tower.encode(captions, chunk=chunk) - one_by_one).abs().max() < 1e-5


def test_the_same_caption_has_the_same_vector(tower: TextTower) -> None:
    vectors = tower.encode(CAPTIONS)
    assert torch.equal(vectors[1], vectors[3])
    assert not torch.allclose(vectors[1], vectors[2], atol=1e-3)


def test_no_captions_give_no_vectors(tower: TextTower) -> None:
    assert tower.encode([]).shape == (0, tower.dim)


def test_gradient_follows_the_caller(tower: TextTower) -> None:
    tower.requires_grad_(True)
    with torch.enable_grad():
        tower.encode(CAPTIONS).square().sum().backward()
    unused = [n for n, p in tower.named_parameters() if p.grad is None or not p.grad.any()]
    assert not unused
    with torch.inference_mode():
        assert not tower.encode(CAPTIONS).requires_grad


def test_a_frozen_twin_shares_memory_until_the_tower_learns(tower: TextTower) -> None:
    twin = tower.frozen_twin()
    mine, its = tower.state_dict(), twin.state_dict()
    assert mine.keys() == its.keys()
    assert all(mine[key].data_ptr() == its[key].data_ptr() for key in mine)
    assert not any(parameter.requires_grad for parameter in twin.parameters())


def test_a_twin_of_a_learning_tower_has_its_own_memory(tower: TextTower) -> None:
    tower.requires_grad_(True).train()
    twin = tower.frozen_twin()
    before = twin.encode(CAPTIONS)
    for parameter in tower.parameters():
        parameter.add_(1.0)
    assert torch.equal(twin.encode(CAPTIONS), before)
    assert not any(module.training for module in twin.modules())


def test_saved_sizes_and_weights_give_the_same_vectors(
    tower: TextTower, name: str, tmp_path: Path
) -> None:
    tower.save_config(tmp_path)
    save_file(tower.state_dict(), tmp_path / "weights.safetensors")
    assert not list(tmp_path.glob("model*"))
    other = catalog.load("models.text", name, "Encoder").from_config(tmp_path)
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(other.encode(CAPTIONS), tower.encode(CAPTIONS))
    assert not any(parameter.requires_grad for parameter in other.parameters())


def test_a_damaged_tokenizer_is_named(tower: TextTower, name: str, tmp_path: Path) -> None:
    tower.save_config(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match=r"tokenizer\.json is damaged"):
        catalog.load("models.text", name, "Encoder").from_config(tmp_path)


def test_paths_of_this_machine_stay_out_of_the_source(tower: TextTower) -> None:
    assert not tower.source.startswith("/")
