"""open_clip's own classes take a tower in place, or refuse it where its vectors would be others."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import whole_clip

from moclip.models import interop

LIBRARIES = Path(sys.prefix) / "open_clip"
TESTS = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not (LIBRARIES / "open_clip").exists(),
    reason="open_clip is not in .venv/open_clip; `make install` puts it there",
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("open_clip")
    tower = whole_clip.fine_tuned(whole_clip.write_whole(folder / "base"))
    interop.write(tower, "hf", folder / "tower")
    script = Path(__file__).with_name("open_clip_patch_peer.py")
    done = subprocess.run(
        [sys.executable, script, LIBRARIES, folder / "tower", folder / "out.json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((folder / "out.json").read_text())


@pytest.mark.parametrize(("kind", "place"), [("CLIP", "model"), ("CustomTextCLIP", "model.text")])
def test_a_class_speaks_as_the_tower(found: dict[str, Any], kind: str, place: str) -> None:
    assert found[kind]["places"] == [place]
    assert found[kind]["difference"] <= 1e-5
    assert found[kind]["is_back"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("CLIP with GELU", "computes with the activation GELU, the new one with quick_gelu"),
        ("CustomTextCLIP with a bias", "the new one lacks 'text_projection.bias'"),
        ("CustomTextCLIP with a class token", "another number of tokens or width"),
        ("CustomTextCLIP in both directions", "reads captions in both directions"),
    ],
)
def test_what_would_say_something_else_is_refused(
    found: dict[str, Any], kind: str, reason: str
) -> None:
    assert reason in found[kind].get("refused", f"not refused: {found[kind]}")
