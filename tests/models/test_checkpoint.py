"""A model as a folder: what is written, what is read back, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import moving_bodies
import pytest
import torch
from safetensors.torch import load_file, save_file

from moclip.models import checkpoint
from moclip.models.two_tower import MoCLIP

CAPTIONS = ("a person walks", "someone jumps")


@pytest.fixture
def folder(model: MoCLIP, tmp_path: Path) -> Path:
    model.save_pretrained(tmp_path / "model", recipe='name = "x"\n', card="Ran for an hour.")
    return tmp_path / "model"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_a_loaded_model_gives_identical_vectors(model: MoCLIP, folder: Path) -> None:
    loaded = MoCLIP.from_pretrained(folder)
    batch = moving_bodies.batch()
    with torch.no_grad():
        assert torch.equal(loaded.encode_motion(batch), model.encode_motion(batch))
        assert torch.equal(loaded.encode_text(CAPTIONS), model.encode_text(CAPTIONS))
    assert torch.equal(loaded.scale, model.scale)
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.text.parameters())


def test_the_folder_holds_what_it_should(folder: Path) -> None:
    assert contents(folder).keys() == {
        "README.md",
        "config.json",
        "model.safetensors",
        "recipe.toml",
        "text/config.json",
        "text/tokenizer.json",
    }


def test_other_files_in_the_folder_stay(model: MoCLIP, folder: Path) -> None:
    (folder / "metrics.jsonl").write_text("{}\n")
    with torch.no_grad():
        model.logit_scale.fill_(1.0)
    model.save_pretrained(folder)
    assert (folder / "metrics.jsonl").read_text() == "{}\n"
    assert MoCLIP.from_pretrained(folder).logit_scale == 1.0


def test_a_save_that_fails_leaves_the_older_model(
    model: MoCLIP, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)

    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full_disk)
    with pytest.raises(OSError, match="no space left"):
        model.save_pretrained(folder, recipe="other = 1\n")
    assert contents(folder) == before
    assert not list(folder.glob(".saving*"))


def test_recipe_and_card_survive_loading_and_saving(folder: Path, tmp_path: Path) -> None:
    loaded = MoCLIP.from_pretrained(folder)
    loaded.save_pretrained(tmp_path / "again")
    assert (tmp_path / "again" / "recipe.toml").read_text() == 'name = "x"\n'
    card = (tmp_path / "again" / "README.md").read_text()
    assert card == (folder / "README.md").read_text()
    assert "Ran for an hour." in card


def test_no_path_of_this_machine_is_written(folder: Path) -> None:
    for name, content in contents(folder).items():
        assert str(folder.parent).encode() not in content, name


def test_a_file_is_no_model(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"config\.json is a file, wanted the folder of a model"):
        MoCLIP.from_pretrained(folder / "config.json")


def test_missing_weights_are_named(folder: Path) -> None:
    rewrite(folder, lambda weights: weights.pop("motion.pool.query"))
    with pytest.raises(
        ValueError, match=r"does not fit the model: 'motion\.pool\.query' is missing"
    ):
        MoCLIP.from_pretrained(folder)


def test_foreign_weights_are_named(folder: Path) -> None:
    rewrite(folder, lambda weights: weights.update(head=torch.zeros(2)))
    with pytest.raises(ValueError, match="does not fit the model: 'head' has no place"):
        MoCLIP.from_pretrained(folder)


def test_weights_of_another_shape_are_named(folder: Path) -> None:
    rewrite(folder, lambda weights: weights.update({"motion.mean": torch.zeros(3)}))
    with pytest.raises(ValueError, match=r"'motion\.mean' has shape \(3,\), wanted \(137,\)"):
        MoCLIP.from_pretrained(folder)


def test_many_faults_are_counted(folder: Path) -> None:
    rewrite(folder, lambda weights: weights.clear())
    with pytest.raises(ValueError, match=r"is missing and \d+ more"):
        MoCLIP.from_pretrained(folder)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\xff" * 200])
def test_damaged_weights_are_refused(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged or no safetensors file"):
        MoCLIP.from_pretrained(folder)


def test_truncated_weights_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match="is damaged"):
        MoCLIP.from_pretrained(folder)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("config.json", r"holds no model: there is no config\.json"),
        ("model.safetensors", r"holds no weights: there is no model\.safetensors"),
        ("text/config.json", r"holds no text tower: there is no config\.json"),
        ("text/tokenizer.json", r"there is no tokenizer\.json"),
    ],
)
def test_a_missing_file_is_named(folder: Path, file: str, reason: str) -> None:
    (folder / file).unlink()
    with pytest.raises(FileNotFoundError, match=reason):
        MoCLIP.from_pretrained(folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[]", "is of another library"),
        (b'{"model_type": "bert"}', "is of another library"),
        (b'{"library": "moclip"}', "does not fit this moclip: version: Field required"),
    ],
)
def test_a_config_that_is_not_ours_is_refused(folder: Path, content: bytes, reason: str) -> None:
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        MoCLIP.from_pretrained(folder)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("format",), 2, "does not fit this moclip: format"),
        (("later",), 1, "does not fit this moclip: later: Extra inputs"),
        (("text", "tower"), "elmo", "no models.text named 'elmo'"),
        (("motion", "tower"), "gru", "no models.motion named 'gru'"),
        (("motion", "config", "width"), 0, "does not fit the motion tower 'limbs': width"),
        (("motion", "config", "width"), 64, "does not fit the model: .* has shape"),
        (("dim",), 25, "24 dimensions and the motion tower 25"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    folder: Path, path: tuple[str, ...], value: object, reason: str
) -> None:
    table = json.loads((folder / "config.json").read_text())
    place = table
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (folder / "config.json").write_text(json.dumps(table))
    with pytest.raises((ValueError, LookupError), match=reason) as caught:
        MoCLIP.from_pretrained(folder)
    assert "\n" not in str(caught.value)


def test_saved_files_can_be_read_by_whoever_may_read_the_folder(folder: Path) -> None:
    """safetensors makes its file for the owner alone, and a server may run as another user."""
    (folder / "plain").write_text("")
    rights = {path.stat().st_mode for path in folder.rglob("*") if path.is_file()}
    assert rights == {(folder / "plain").stat().st_mode}
