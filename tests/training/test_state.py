"""A run as one file: what is in it, that it comes back whole, and what damage is told."""

import re
from pathlib import Path

import doubles
import pytest
import small_runs
import torch
from torch import nn

from moclip.training import state
from moclip.training.state import Progress


def after_a_step(*, text_learns: bool = False) -> tuple[nn.Module, torch.optim.Optimizer]:
    model = doubles.model()
    model.freeze_text()
    if text_learns:
        model.unfreeze_text()
    built = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)
    built.step()
    return model, built


@pytest.mark.parametrize("text_learns", [False, True])
def test_what_was_saved_comes_back_after_one_step(tmp_path: Path, text_learns: bool) -> None:
    model, built = after_a_step(text_learns=text_learns)
    progress = Progress(3, 2, 41.5, 1, 12.25, {"loss": 0.1})
    state.save_state(tmp_path, model, built, progress, state.random_state())
    drawn = torch.rand(3)

    other = doubles.model(seed=1)
    other.freeze_text()
    if text_learns:
        other.unfreeze_text()
    fresh = torch.optim.AdamW(other.parameters(), lr=0.1, fused=True)
    with torch.random.fork_rng():
        state.load_state(tmp_path, other, fresh)
        assert torch.equal(torch.rand(3), drawn)
    assert state.peek(tmp_path) == progress
    pairs = zip(model.parameters(), other.parameters(), strict=True)
    for mine, loaded in ((a, b) for a, b in pairs if a.requires_grad):
        assert torch.equal(mine, loaded)
        assert built.state[mine].keys() == fresh.state[loaded].keys()
        for key, moment in built.state[mine].items():
            assert torch.equal(moment, fresh.state[loaded][key])


def test_weights_that_do_not_learn_are_left_out(tmp_path: Path) -> None:
    model, built = after_a_step()
    state.save_state(tmp_path, model, built, Progress(), state.random_state())
    names = {name for name, _ in small_runs.all_states(tmp_path)}
    assert "weight.motion.project.weight" in names
    assert not any(".text." in name for name in names)


def test_the_file_holds_the_random_state_it_is_given(tmp_path: Path) -> None:
    model, built = after_a_step()
    before = state.random_state()
    wanted = torch.rand(2)
    state.save_state(tmp_path, model, built, Progress(), before)
    with torch.random.fork_rng():
        state.load_state(tmp_path, model, built)
        assert torch.equal(torch.rand(2), wanted)


def test_a_state_of_another_model_names_what_does_not_fit(tmp_path: Path) -> None:
    model, built = after_a_step(text_learns=True)
    state.save_state(tmp_path, model, built, Progress(), state.random_state())
    other, fresh = after_a_step()
    with pytest.raises(ValueError, match=r"another model: 'text\.words\.weight' does not match"):
        state.load_state(tmp_path, other, fresh)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.999])
def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path, share: float) -> None:
    model, built = after_a_step()
    state.save_state(tmp_path, model, built, Progress(), state.random_state())
    path = tmp_path / "state.safetensors"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match=rf"^{re.escape(str(path))} is damaged") as caught:
        state.peek(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_file_has_no_state(tmp_path: Path) -> None:
    assert not state.has_state(tmp_path)
    model, built = after_a_step()
    state.save_state(tmp_path / "new", model, built, Progress(), state.random_state())
    assert state.has_state(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["state.safetensors"]
