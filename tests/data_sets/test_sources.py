"""Zips from strangers are read with care."""

import zipfile
from pathlib import Path

import pytest

from moclip.datasets import _sources
from moclip.datasets._sources import Source, reader


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as stream:
        for name, data in members.items():
            stream.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["../out.bvh", "/etc/out.bvh", "a/../../out.bvh", "c:out.bvh"])
def test_paths_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.zip", {name: b"x"})
    with pytest.raises(ValueError, match="leads out of the archive"):
        Source.open(path, ".bvh")


def test_a_large_member_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sources, "LARGEST_FILE", 1000)
    path = archive(tmp_path / "a.zip", {"bomb.bvh": bytes(1001)})
    with pytest.raises(ValueError, match=r"'bomb\.bvh' would unpack to 1,001 bytes"):
        Source.open(path, ".bvh")


def test_many_members_are_refused_by_their_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sources, "LARGEST_TOTAL", 1000)
    path = archive(tmp_path / "a.zip", {f"{i}.bvh": bytes(400) for i in range(3)})
    with pytest.raises(ValueError, match="would unpack to 1,200 bytes"):
        Source.open(path, ".bvh")


def test_a_member_that_is_damaged_is_told(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a.bvh": b"some text that is long enough" * 9})
    data = bytearray(path.read_bytes())
    data[40] ^= 255
    path.write_bytes(bytes(data))
    source = Source.open(path, ".bvh")
    with reader(source.root) as read, pytest.raises(ValueError, match=r"a\.bvh cannot be unpacked"):
        read("a.bvh")


def test_every_byte_of_a_packed_member_may_be_damaged(tmp_path: Path) -> None:
    """Some make a wrong sum, some what zlib cannot unpack; the last holds bits of no use."""
    sound = archive(tmp_path / "a.zip", {"a.bvh": bytes(range(256)) * 9}).read_bytes()
    length = zipfile.ZipFile(tmp_path / "a.zip").infolist()[0].compress_size
    for at in range(35, 35 + length - 1):
        path = tmp_path / f"{at}.zip"
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 255]) + sound[at + 1 :])
        with reader(path) as read, pytest.raises(ValueError, match=r"^a\.bvh (cannot be )?unpack"):
            read("a.bvh")


def test_what_is_no_zip_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"not a zip")
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        Source.open(tmp_path / "a.zip", ".bvh")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no \.bvh files"):
        Source.open(tmp_path, ".bvh")


def test_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    first = Source.open(archive(tmp_path / "a.zip", {"a.bvh": b"1"}), ".bvh")
    second = Source.open(archive(tmp_path / "a.zip", {"a.bvh": b"2"}), ".bvh")
    assert first.names == second.names
    assert first.fingerprint != second.fingerprint
