"""The hub: what goes up, what comes down, and what is said when it does not."""

from pathlib import Path
from typing import Any

import hub_cache
import pytest
import small_clip
import torch
from huggingface_hub import ModelCard
from huggingface_hub.errors import (
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from transformers import CLIPTextModelWithProjection

import moclip
from moclip.models import _hub, identity, interop
from moclip.models.model_card import Paperwork
from moclip.models.two_tower import MoCLIP

CAPTIONS = ("a person walks", "someone jumps")
FIRST, SECOND = "1" * 40, "2" * 40
UPLOADED = {
    "README.md",
    "config.json",
    "model.safetensors",
    "recipe.toml",
    "text/config.json",
    "text/tokenizer.json",
}


@pytest.fixture
def folder(model: MoCLIP, tmp_path: Path) -> Path:
    """What a training leaves: the model among its state, its figures and a page."""
    model.paperwork = Paperwork(
        recipe='name = "x"\n\n[data]\nname = "bandai_namco"\nroot = "/home/me/bandai.zip"\n',
        card="Ran for an hour.\n",
        data=("bandai_namco",),
        licence="cc-by-nc-4.0",
    )
    model.save_pretrained(tmp_path / "run")
    for name in ("state.safetensors", "metrics.jsonl", "report.html", "old.pt", "optimiser.bin"):
        (tmp_path / "run" / name).write_bytes(b"of the training")
    return tmp_path / "run"


@pytest.fixture
def hub(folder: Path, model: MoCLIP, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with ``me/model``: two commits, the second one ``main``, the first ``v1``."""
    cache = tmp_path / "hub"
    hub_cache.add(cache, "me/model", folder, commit=FIRST, names=("v1", "pr/1"))
    with torch.no_grad():
        model.logit_scale.fill_(1.0)
    model.save_pretrained(tmp_path / "later")
    hub_cache.add(cache, "me/model", tmp_path / "later", commit=SECOND, names=("main",))
    hub_cache.use_offline(monkeypatch, cache)
    return cache


class Recorder:
    """Takes the place of the hub's client and keeps what would have gone up."""

    asked: dict[str, Any]
    files: dict[str, bytes]

    def __init__(self, **_: object) -> None: ...

    def create_repo(self, repo_id: str, **options: object) -> "Recorder":
        self.repo_id = repo_id
        Recorder.asked = {"repo_id": repo_id, **options}
        return self

    def upload_folder(self, *, folder_path: Path, **options: object) -> str:
        Recorder.asked |= options
        found = (path for path in Path(folder_path).rglob("*") if path.is_file())
        Recorder.files = {p.relative_to(folder_path).as_posix(): p.read_bytes() for p in found}
        return "https://hub/me/model/commit/1"


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi", Recorder)
    return Recorder


def test_the_model_goes_up_and_nothing_of_its_training(
    folder: Path, uploads: type[Recorder]
) -> None:
    loaded = MoCLIP.from_pretrained(folder)
    address = loaded.push_to_hub("me/model", private=True, branch="v2", commit_message="Newer.")
    assert address == "https://hub/me/model/commit/1"
    assert uploads.files.keys() == UPLOADED
    for name in UPLOADED - {"recipe.toml"}:
        assert uploads.files[name] == (folder / name).read_bytes(), name
    asked = {key: uploads.asked[key] for key in ("repo_id", "private", "revision")}
    assert asked == {"repo_id": "me/model", "private": True, "revision": "v2"}


def test_what_goes_up_names_no_folder_of_this_machine(
    folder: Path, uploads: type[Recorder]
) -> None:
    loaded = MoCLIP.from_pretrained(folder)
    loaded.push_to_hub("me/model")
    assert b'name = "bandai_namco"\nroot = "bandai.zip"\n' in uploads.files["recipe.toml"]
    assert not [n for n, data in uploads.files.items() if b"/home/me" in data]
    assert loaded.paperwork.recipe == (folder / "recipe.toml").read_text()  # here it stays


@pytest.mark.parametrize(
    ("place", "last"),
    [
        ("/data/sets/bandai.zip", "bandai.zip"),
        ("~/sets/", "sets"),
        ("../shared/clips", "clips"),
        (r"C:\\sets\\clips", "clips"),
    ],
)
def test_of_a_path_its_last_name_is_left(place: str, last: str) -> None:
    assert _hub._without_places(f'[data]\nroot = "{place}"\n') == f'[data]\nroot = "{last}"\n'


@pytest.mark.parametrize("value", ['"minilm"', '"openai/clip-vit-base-patch32"', "0.5", "true"])
def test_what_is_no_path_of_this_machine_stays(value: str) -> None:
    assert _hub._without_places(f"source = {value}\n") == f"source = {value}\n"


def test_what_went_up_comes_down_the_same(
    folder: Path, uploads: type[Recorder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = MoCLIP.from_pretrained(folder)
    sent.push_to_hub("me/model")
    for name, data in uploads.files.items():
        (tmp_path / "up" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "up" / name).write_bytes(data)
    hub_cache.add(tmp_path / "c", "me/model", tmp_path / "up", commit=FIRST, names=("main",))
    hub_cache.use_offline(monkeypatch, tmp_path / "c")
    come = MoCLIP.from_pretrained("me/model")
    with torch.no_grad():
        assert torch.equal(come.encode_text(CAPTIONS), sent.encode_text(CAPTIONS))
    assert (come.paperwork.data, come.paperwork.licence) == (("bandai_namco",), "cc-by-nc-4.0")
    head = ModelCard(uploads.files["README.md"].decode()).data
    assert (head.license, head.library_name) == ("cc-by-nc-4.0", "moclip")


def test_a_model_is_read_by_its_hub_id_without_a_network(hub: Path, model: MoCLIP) -> None:
    found = MoCLIP.from_pretrained("me/model")
    assert found.logit_scale == 1.0
    with torch.no_grad():
        assert torch.equal(found.encode_text(CAPTIONS), model.encode_text(CAPTIONS))


@pytest.mark.parametrize("revision", ["v1", "pr/1", FIRST])
def test_another_revision_is_another_model(hub: Path, revision: str) -> None:
    assert MoCLIP.from_pretrained("me/model", revision=revision).logit_scale != 1.0


def test_its_text_tower_goes_into_a_pipeline_by_hub_id(hub: Path, tmp_path: Path) -> None:
    plain = small_clip.write_text_tower(tmp_path / "plain", seed=5)
    target = CLIPTextModelWithProjection.from_pretrained(plain)
    with moclip.patch(target, "me/model") as patch:
        assert patch.tower_hash == identity.tower_hash(interop.read("me/model"))
        assert patch.tower_hash != identity.tower_hash(interop.read(plain))


@pytest.mark.parametrize(
    ("hub_id", "revision", "sentence"),
    [
        (
            "me/model",
            "v9",
            "without a network revision 'v9' of me/model is wanted, "
            "the hub's cache holds main, pr/1, v1",
        ),
        (
            "me/model",
            "3" * 40,
            f"without a network revision '{'3' * 40}' of me/model is wanted, "
            "the hub's cache holds main, pr/1, v1",
        ),
        (
            "me/other",
            None,
            "there is no folder me/other, and the hub did not help: it cannot be reached, "
            "and its cache does not hold that "
            "(`hf download me/other` puts it there where there is a network)",
        ),
    ],
)
def test_what_the_cache_lacks_is_told_in_a_sentence(
    hub: Path, hub_id: str, revision: str | None, sentence: str
) -> None:
    with pytest.raises(OSError, match="hub") as caught:
        MoCLIP.from_pretrained(hub_id, revision=revision)
    assert str(caught.value) == sentence


def test_a_repository_without_weights_is_told(hub: Path, tmp_path: Path) -> None:
    weights = hub / "models--me--model" / "snapshots" / SECOND / "model.safetensors"
    weights.unlink()
    with pytest.raises(FileNotFoundError, match=r"holds no weights: there is no model.safetensors"):
        MoCLIP.from_pretrained("me/model")


class CutOffError(LocalEntryNotFoundError):
    """As newer versions raise it after a download that was not finished."""


def answered(kind: type[Exception], first: str = "404 Client Error. (ID: x)") -> Exception:
    """As the hub's client raises it: many lines, with the whole answer."""
    error = kind.__new__(kind)  # the makers take the answer of one HTTP library or another
    error.args = (f"{first}\n\nNot Found\nand more",)
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (answered(RevisionNotFoundError), "a/b on the hub has no revision 'v9'"),
        (
            answered(RepositoryNotFoundError),
            "there is no folder a/b, and the hub did not help: "
            "it has no repository of that name that you may read",
        ),
        (
            ConnectionError("no route to host\nand much more"),
            "there is no folder a/b, and the hub did not help: no route to host",
        ),
        (
            answered(
                CutOffError, "The cached snapshot for 'a/b' is incomplete: 1 file is missing."
            ),
            "there is no folder a/b, and the hub did not help: "
            "The cached snapshot for 'a/b' is incomplete: 1 file is missing.",
        ),
        (TimeoutError(), "there is no folder a/b, and the hub did not help: TimeoutError"),
    ],
)
def test_what_the_hub_answers_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(_hub, "snapshot_download", refuse)
    with pytest.raises(OSError, match="hub") as caught:
        MoCLIP.from_pretrained("a/b", revision="v9")
    assert str(caught.value) == sentence


def test_only_plain_files_are_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def snapshot(name: str, **options: object) -> str:
        asked.update(options, name=name)
        return str(folder)

    monkeypatch.setattr(_hub, "snapshot_download", snapshot)
    MoCLIP.from_pretrained("someone/some-model", revision="v1")
    assert (asked["name"], asked["revision"]) == ("someone/some-model", "v1")
    unsafe = (".bin", ".pt", ".ckpt", ".pkl", ".npy", ".py", "*")
    assert not [p for p in asked["allow_patterns"] if p.endswith(unsafe)]


def test_without_a_name_of_the_hub_only_the_cache_is_asked(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name(*_: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("socket.getaddrinfo", no_name)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    assert MoCLIP.from_pretrained("me/model").logit_scale == 1.0


@pytest.mark.parametrize("name", ["not/a/hub/id", "./nowhere", "/no/such/folder"])
def test_a_path_that_is_not_there_is_not_looked_up_on_the_hub(name: str) -> None:
    with pytest.raises(FileNotFoundError, match=f"there is no model folder {name}"):
        MoCLIP.from_pretrained(name)
