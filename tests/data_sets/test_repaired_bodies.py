"""An ``.asf`` that is repaired: clips that were made with the old one are not met again."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from moclip import catalog, datasets
from moclip.curation import _making, _parts
from moclip.curation.prepare import prepare
from moclip.datasets import _sources, cmu
from moclip.datasets._sources import Source

sys.path.append(str(Path(__file__).parents[1] / "formats"))
import acclaim_files

BODY = "subjects/01/01.asf"
NAMES = ("subjects/01/01_01.amc", "subjects/18/18_01.amc")


def thigh(path: Path, times: float) -> None:
    """That many times as long."""
    lines = path.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.split() == ["name", "lfemur"])
    at = next(i for i in range(at, len(lines)) if lines[i].split()[0] == "length")
    lines[at] = f"length {times * float(lines[at].split()[1])}"
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    motion, root = acclaim_files.walker(30), tmp_path / "cmu"
    (root / "subjects").mkdir(parents=True)
    (root / "index.txt").write_text("01_01 walk\n18_01 walk\n")
    for name in NAMES:
        folder = (root / name).parent
        folder.mkdir()
        (folder / f"{folder.name}.asf").write_bytes(acclaim_files.asf(motion, longer=True))
        (root / name).write_bytes(acclaim_files.amc(motion))
    return root


@pytest.mark.parametrize("name", ["cmu", "files"])
def test_the_cache_is_made_anew(root: Path, name: str) -> None:
    first = fingerprint(name, root)
    assert fingerprint(name, root) == first
    thigh(root / BODY, 1.2)
    assert fingerprint(name, root) != first


def fingerprint(name: str, root: Path) -> str:
    options = catalog.load("datasets", name, "Options")(root=root)
    return str(catalog.load("datasets", name, "plan")(options).fingerprint)


def test_clips_have_the_repaired_bones(root: Path) -> None:
    before = datasets.load("cmu", "all", root=root)[0].motion
    thigh(root / BODY, 1.2)
    after = datasets.load("cmu", "all", root=root)[0].motion
    knee = after.skeleton.index("left_knee") - 1
    grown = after.bone_lengths()[0, knee] / before.bone_lengths()[0, knee]
    assert grown == pytest.approx(1.2, abs=0.01)


def test_bodies_are_no_clips(root: Path, tmp_path: Path) -> None:
    assert Source.open(root, ".amc").names == NAMES
    assert {file.key for file in cmu.plan(cmu.Options(root=root)).files} == set(NAMES)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "01.asf").write_bytes((root / BODY).read_bytes())
    with pytest.raises(ValueError, match=r"holds no \.amc, \.bvh files"):
        cmu.plan(cmu.Options(root=tmp_path / "bare"))


def test_a_body_is_found_beside_its_takes(root: Path) -> None:
    (root / "other").mkdir()
    (root / "other" / "x.asf").write_text("no take's\n")
    assert _sources.beside(root, NAMES) == [BODY, "subjects/18/18.asf"]
    assert _sources.beside(root, NAMES[:1]) == [BODY]
    assert _sources.beside(root, ["subjects/01/a.bvh"]) == []
    assert _sources.beside(None, NAMES) == _sources.beside(root / "gone", NAMES) == []
    packed = root / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(root.rglob("*.a??")):
            archive.write(path, path.relative_to(root))
    assert _sources.beside(packed, NAMES) == [BODY, "subjects/18/18.asf"]


def test_a_preparation_takes_up_only_parts_of_the_same_bodies(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second subject's part is kept, the first one's is made anew."""
    monkeypatch.setattr(_parts, "FILES", 1)
    out, options = tmp_path / "out", {"root": root}
    write = _making.write_atomically
    made: list[str] = []

    def killed(path: Path, data: bytes) -> None:
        write(path, data)
        made.append(path.name)
        if len(made) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_making, "write_atomically", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare("cmu", out, options=options, jobs=1)
    thigh(root / BODY, 1.2)
    again: list[str] = []

    def noted(path: Path, data: bytes) -> None:
        write(path, data)
        again.append(path.name)

    monkeypatch.setattr(_making, "write_atomically", noted)
    manifest = prepare("cmu", out, options=options, jobs=1)
    assert [name[:10] for name in made] == ["part-00000", "part-00001"]
    assert [name[:10] for name in again] == ["part-00000"]
    wanted = {name: root / name for name in (*NAMES, BODY, "subjects/18/18.asf")}
    assert manifest.sources == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in wanted.items()
    }
