"""What every metric of generated motion promises, whatever it measures."""

import inspect
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType

import moving_bodies
import numpy as np
import pytest
import torch
from torch import Tensor

from moclip import catalog
from moclip.evaluation import metrics
from moclip.evaluation.metrics.base import Quantity, Sample

NAMES = catalog.names("evaluation.metrics")
SETS = ("real", "generated", "text")


def entry(name: str) -> ModuleType:
    module = __import__(f"moclip.evaluation.metrics.{name}", fromlist=["NEEDS"])
    assert isinstance(module, ModuleType)
    return module


def vectors(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sample() -> Sample:
    return Sample(
        real=vectors(50, 6, seed=0),
        generated=vectors(40, 6, seed=1),
        text=vectors(40, 6, seed=2),
        variants=vectors(3, 12, 6, seed=3),
        motions=[clip.grounded() for clip in moving_bodies.wanderings(3)],
    )


def measured(name: str, given: Sample, seed: int = 0) -> list[float]:
    found = entry(name).measure(given, torch.Generator().manual_seed(seed))
    return [float(value) for value in found]


def sets(name: str) -> list[str]:
    return [part for part in entry(name).NEEDS if part in SETS]


def cases() -> list[tuple[str, str]]:
    return [(name, part) for name in NAMES for part in sets(name)]


@pytest.mark.parametrize("name", NAMES)
def test_its_first_line_says_what_is_measured(name: str) -> None:
    first, _, rest = (inspect.getdoc(entry(name)) or "").partition("\n")
    assert first.endswith(".")
    assert rest.strip()


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_section_in_the_documentation(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    assert f"\n## {name}\n" in page


@pytest.mark.parametrize("name", NAMES)
def test_it_needs_parts_of_a_sample(name: str) -> None:
    needs = entry(name).NEEDS
    assert needs
    assert set(needs) <= {field.name for field in fields(Sample)} - {"pool"}


@pytest.mark.parametrize("name", NAMES)
def test_it_yields_a_finite_number_a_quantity(name: str) -> None:
    assert all(isinstance(one, Quantity) for one in entry(name).QUANTITIES)
    values = measured(name, sample())
    assert len(values) == len(entry(name).QUANTITIES)
    assert np.isfinite(values).all()


def test_no_two_quantities_have_one_name() -> None:
    names = [quantity.name for name in NAMES for quantity in entry(name).QUANTITIES]
    assert len(set(names)) == len(names)
    assert list(metrics.quantities()) == names


@pytest.mark.parametrize("name", NAMES)
def test_it_looks_at_nothing_but_its_needs(name: str) -> None:
    given = sample()
    only = Sample(**{part: getattr(given, part) for part in entry(name).NEEDS})
    assert measured(name, only) == measured(name, given)


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_alone_decides_what_is_drawn(name: str) -> None:
    torch.manual_seed(1)
    first = measured(name, sample(), seed=4)
    torch.manual_seed(2)
    assert measured(name, sample(), seed=4) == first


@pytest.mark.parametrize("name", NAMES)
def test_it_changes_nothing(name: str) -> None:
    given, before = sample(), sample()
    measured(name, given)
    for part in (*SETS, "variants"):
        assert torch.equal(getattr(given, part), getattr(before, part))
    assert given.motions is not None
    assert before.motions is not None
    for one, other in zip(given.motions, before.motions, strict=True):
        assert torch.equal(one.joints, other.joints)


@pytest.mark.parametrize("name", NAMES)
def test_arrays_of_numpy_and_single_precision_do_too(name: str) -> None:
    given = sample()
    parts = [part for part in entry(name).NEEDS if part != "motions"]
    wanted = measured(name, given)
    arrays = replace(given, **{part: getattr(given, part).numpy() for part in parts})
    assert measured(name, arrays) == pytest.approx(wanted, rel=1e-12)
    single = replace(given, **{part: getattr(given, part).float() for part in parts})
    assert measured(name, single) == pytest.approx(wanted, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_motions_of_any_place_and_heading_measure_alike(name: str) -> None:
    given = sample()
    assert given.motions is not None
    turn = torch.tensor(((0.0, 0, 1), (0, 1, 0), (-1, 0, 0)))
    moved = [m.turned(turn).moved(torch.tensor((3.0, 0, -2))) for m in given.motions]
    wanted = measured(name, given)
    assert measured(name, replace(given, motions=moved)) == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize(("name", "part"), cases())
def test_a_number_that_is_not_finite_is_told_with_its_place(name: str, part: str) -> None:
    for wrong in (torch.nan, torch.inf):
        values = vectors(40, 6, seed=5)
        values[7, 2] = wrong
        with pytest.raises(ValueError, match="not finite at sample 7"):
            measured(name, replace(sample(), **{part: values}))


@pytest.mark.parametrize(("name", "part"), cases())
def test_another_shape_is_told(name: str, part: str) -> None:
    for shape in ((6,), (40, 6, 1), (40, 0)):
        with pytest.raises(ValueError, match=r"wanted \(sample, dimension\)"):
            measured(name, replace(sample(), **{part: torch.zeros(shape)}))


@pytest.mark.parametrize(("name", "part"), cases())
def test_whole_numbers_are_told(name: str, part: str) -> None:
    for wrong in (torch.zeros(40, 6, dtype=torch.long), np.zeros((40, 6), int)):
        with pytest.raises(ValueError, match="int64, wanted floating numbers"):
            measured(name, replace(sample(), **{part: wrong}))


@pytest.mark.parametrize(("name", "part"), [c for c in cases() if "text" not in sets(c[0])])
def test_one_sample_is_told_to_be_too_few(name: str, part: str) -> None:
    with pytest.raises(ValueError, match=r"1 .* features came, at least"):
        measured(name, replace(sample(), **{part: torch.zeros(1, 6)}))


@pytest.mark.parametrize(("name", "part"), [case for case in cases() if len(sets(case[0])) == 2])
def test_other_widths_are_told(name: str, part: str) -> None:
    with pytest.raises(ValueError, match=r"features have . dimensions, .* features .; they must"):
        measured(name, replace(sample(), **{part: vectors(40, 5, seed=1)}))


@pytest.mark.parametrize("name", [name for name in NAMES if "text" in sets(name)])
def test_captions_and_motions_of_other_counts_are_told(name: str) -> None:
    with pytest.raises(ValueError, match="39 text features and 40 motion features came"):
        measured(name, replace(sample(), text=vectors(39, 6, seed=2)))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_part_is_told(name: str) -> None:
    with pytest.raises(ValueError, match=f"the sample has no '{entry(name).NEEDS[0]}'"):
        measured(name, Sample())
