"""What a search costs before it ranks is told apart."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import startup


def test_stages_are_those_of_one_process(model: Path) -> None:
    found = startup.stages(model)
    assert list(found) == ["imports", "weights", "first caption", "another caption"]
    assert found["imports"] > found["weights"] > 0
    assert found["another caption"] > 0
