"""Fixtures that many tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("moclip", deadline=None, derandomize=True)
settings.load_profile("moclip")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real motion kept beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/data with real motion is not here")
    return folder
