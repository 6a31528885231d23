"""A stand-in for the hub: its cache on this machine, laid out as huggingface_hub lays it out."""

import hashlib
import shutil
from pathlib import Path

import pytest


def add(cache: Path, hub_id: str, folder: Path, *, commit: str, names: tuple[str, ...]) -> Path:
    """Files of a folder as a commit of a repository, under the ``names`` of branches and tags.

    ``blobs`` hold contents, ``snapshots/COMMIT`` links to them, ``refs`` a commit a name.
    """
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    for file in (path for path in folder.rglob("*") if path.is_file()):
        blob = repository / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        blob.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, blob)
        link = snapshot / file.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    for name in names:
        ref = repository / "refs" / name
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit)
    return snapshot


def use_offline(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """As ``HF_HUB_OFFLINE=1 HF_HUB_CACHE=...`` do before a process starts; any call out fails."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("socket.create_connection", refuse)
