"""One fine-tuned tower, written as users have it, and the examples as modules."""

import sys
from pathlib import Path

import pytest
import whole_clip

from moclip.models import interop
from moclip.models.text import clip

sys.path.append(str(Path(__file__).parents[2] / "examples"))


@pytest.fixture(scope="package")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_clip.write_whole(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="package")
def tower(base: Path) -> clip.Encoder:
    return whole_clip.fine_tuned(base)


@pytest.fixture(scope="package")
def tower_folder(tower: clip.Encoder, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tower") / "mine"
    interop.write(tower, "hf", folder)
    return str(folder)
