"""What one format's reader takes and another's does not."""

import moving_bodies
import pytest

from moclip import formats
from moclip.formats import bvh, csv, npz


def test_an_option_that_a_reader_does_not_take_is_told() -> None:
    motion = moving_bodies.wandering(3)
    with pytest.raises(
        ValueError, match=r"^walk\.csv: a '\.csv' file takes no 'unit'; it takes: fps"
    ):
        formats.decode(csv.encode(motion), "walk.csv", unit="cm")
    with pytest.raises(ValueError, match=r"^walk\.BVH: a '\.bvh' file takes no 'fps'"):
        formats.decode(bvh.encode(motion), "walk.BVH", fps=20.0)
    with pytest.raises(ValueError, match=r"^a\.npz: a '\.npz' file takes no 'unit'$"):
        formats.decode(npz.encode(motion), "a.npz", unit="cm")
    assert formats.decode(csv.encode(motion), "walk.csv", fps=30.0).fps == 30
    assert formats.decode(bvh.encode(motion), "walk.bvh", unit="cm").fps == 20
