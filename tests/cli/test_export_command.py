"""`export` and `import-clip`: there and back, and a sentence for what cannot be."""

import json
from pathlib import Path

import pytest
import whole_clip
from cli_support import Run
from transformers import CLIPTextModelWithProjection

from moclip.models import identity
from moclip.models.text import clip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_clip.write_whole(tmp_path_factory.mktemp("base"))


def test_there_and_back_is_the_same_tower(moclip: Run, base: Path, tmp_path: Path) -> None:
    own = identity.tower_hash(clip.Encoder.from_pretrained(str(base)))
    there = moclip(
        "export", base, "--layout", "openai", "--base", base, "-o", tmp_path / "x.pt", "--json"
    )
    assert there.code == 0, there.err
    shown = json.loads(there.out)
    assert (shown["tower_hash"], shown["largest_difference"]) == (own, 0.0)
    back = moclip("import-clip", tmp_path / "x.pt", "--tokenizer", base, "-o", tmp_path / "clip")
    assert back.code == 0, back.err
    assert own in back.out
    assert "visual is left out" in back.err
    assert (
        CLIPTextModelWithProjection.from_pretrained(tmp_path / "clip").config.projection_dim == 48
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--layout", "openai", "-o", "out.pt"), "this layout holds a whole CLIP; give the one"),
        (("--layout", "hf", "-o", "taken"), "taken is there already; name another place"),
        (("--layout", "keras", "-o", "out"), "keras"),
    ],
)
def test_what_cannot_be_exported_leaves_nothing(
    moclip: Run,
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    found = moclip("export", base, *arguments)
    assert (found.code, "Traceback" in found.err) == (2, False)
    assert sentence in found.err
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_file_that_is_no_clip_is_told(moclip: Run, tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(b"not weights")
    found = moclip("import-clip", tmp_path / "x.pt", "-o", tmp_path / "out")
    assert found.code == 2
    assert "x.pt holds no weights that can be read" in found.err
    assert not (tmp_path / "out").exists()
