"""Metres from the size of a body."""

import math

import pytest

from moclip import skeletons
from moclip.formats import _units


@pytest.mark.parametrize("name", ["humanml3d", "kit", "cmu", "deepmimic"])
@pytest.mark.parametrize("unit", _units.UNITS)
def test_every_unit_is_told_from_the_body(name: str, unit: str) -> None:
    body = skeletons.get(name)
    lengths = [math.hypot(*offset) / _units.UNITS[unit] for offset in body.offsets]
    assert _units.metres(None, body.parents, lengths) == _units.UNITS[unit]


def test_how_far_a_body_hangs_from_the_origin_does_not_matter() -> None:
    body = skeletons.get("bandai_namco")
    lengths = [100 * math.hypot(*offset) for offset in body.offsets]
    for distance in (0.0, 1e3, 1e6):
        lengths[1] = distance
        assert _units.metres(None, body.parents, lengths) == 0.01


def test_what_the_caller_says_is_taken() -> None:
    assert _units.metres("inch", (-1, 0), (0.0, 1.0)) == 0.0254
    assert _units.metres(2.5, (-1, 0), (0.0, 1.0)) == 2.5


def test_a_point_without_size_counts_in_centimetres() -> None:
    assert _units.metres(None, (-1,), (0.0,)) == 0.01
    assert _units.metres(None, (-1, 0), (0.0, math.inf)) == 0.01


def test_a_chain_is_measured_along_all_of_it() -> None:
    assert _units.metres(None, (-1, 0, 1), (5.0, 100.0, 100.0)) == 0.01
    assert _units.metres(None, (-1, 0, 1), (5.0, 1.0, 1.0)) == 1.0


def test_unknown_units_are_refused_by_name() -> None:
    with pytest.raises(LookupError, match="no unit named 'furlong'; there are: m, foot"):
        _units.metres("furlong", (-1,), (0.0,))
    with pytest.raises(ValueError, match="is no length"):
        _units.metres(-1.0, (-1,), (0.0,))
