"""What a defence does to a batch and to a text tower; without one nothing changes."""

from dataclasses import replace

import doubles
import pytest
import torch
from torch import Tensor

from moclip import losses
from moclip.models.two_tower import MoCLIP
from moclip.training import defences, objectives
from moclip.training.batches import Batches, Teacher
from moclip.training.defences import Variants
from moclip.training.objectives import Batch
from moclip.training.recipe import Defence, Loss, Recipe

CAPTIONS = (
    "a person walks forward slowly",
    "someone jumps up quickly",
    "a man kicks with the left leg",
    "a woman throws a ball far away",
)


def batches(model: MoCLIP, **keys: float) -> Batches:
    clips = [
        replace(clip, captions=(caption,))
        for clip, caption in zip(doubles.clips(len(CAPTIONS)), CAPTIONS, strict=True)
    ]
    variants = Variants(Defence(**keys), 0) if keys else None  # type: ignore[arg-type]
    return Batches(clips, Teacher.of(model, CAPTIONS), len(clips), 0, variants=variants)


def batch(model: MoCLIP, **keys: float) -> Batch:
    return next(batches(model, **keys).epoch(0))


def distances(model: MoCLIP, one: Batch) -> Tensor:
    """Of each caption to the first of its other ways."""
    with torch.no_grad():
        said = model.encode_text(list(one.captions))
        return (said - model.encode_text([ways[0] for ways in one.variants])).norm(dim=-1)


def fitted(
    keys: dict[str, float], *, practised: dict[str, float] | None = None
) -> tuple[MoCLIP, Batch]:
    """Twenty steps of the text tower alone, on a batch that has what is ``practised``."""
    model = doubles.model()
    one = batch(model, **(practised or {"consistency": 1.0}))
    defence = Defence(**keys)  # type: ignore[arg-type]
    model.unfreeze_text()
    optimiser = torch.optim.SGD(model.text.parameters(), lr=2.0)
    for _ in range(20):
        step = objectives.moclip(model, one, Loss(), text_is_frozen=False, defence=defence)
        optimiser.zero_grad()
        step.loss(Loss(), defence).backward()
        optimiser.step()
    return model, one


def test_consistency_is_the_formula() -> None:
    one, other = torch.eye(3)[:2], torch.eye(3)[1:]
    assert losses.consistency(one, other) == 2
    assert losses.consistency(one, one) == 0


def test_other_ways_differ_and_follow_from_caption_and_seed() -> None:
    defence = Defence(consistency=1.0)
    ways = Variants(defence, 0).of_captions(CAPTIONS)
    assert all(len(one) == defence.tries for one in ways)
    assert all(set(one) - {caption} for one, caption in zip(ways, CAPTIONS, strict=True))
    assert Variants(defence, 0).of_captions(CAPTIONS[::-1]) == ways[::-1]
    assert Variants(defence, 1).of_captions(CAPTIONS) != ways


def test_all_captions_are_said_in_other_words_and_held_to_the_same_vectors() -> None:
    model = doubles.model()
    plain, said = batch(model), batch(model, other_words=1.0)
    assert set(plain.captions) == set(CAPTIONS)
    changed = [a != b for a, b in zip(plain.captions, said.captions, strict=True)]
    assert sum(changed) >= 3
    assert torch.equal(plain.teacher, said.teacher)
    assert torch.equal(plain.numbers, said.numbers)


def test_a_share_of_captions_is_said_in_other_words() -> None:
    stream = batches(doubles.model(), other_words=0.5)
    said = [caption for epoch in range(40) for caption in next(stream.epoch(epoch)).captions]
    assert 0.35 < sum(caption in CAPTIONS for caption in said) / len(said) < 0.7


def test_without_a_defence_nothing_changes() -> None:
    model = doubles.model()
    plain, one = batch(model), batch(model, consistency=1.0)
    assert plain.variants == ()
    assert one.captions == plain.captions
    step = objectives.moclip(model, plain, Loss(), text_is_frozen=False)
    assert step.terms.keys() == {"contrastive", "tether", "align", "norm_guard"}
    terms = sum(step.terms[name] * weight for name, weight in (("contrastive", 1), ("align", 1)))
    assert torch.equal(step.loss(Loss(tether=0.0)), terms + 0 * step.terms["tether"])


def test_a_frozen_tower_practises_nothing() -> None:
    model, defence = doubles.model(), Defence(consistency=1.0, adversarial=1.0)
    one = batch(model, consistency=1.0)
    step = objectives.moclip(model, one, Loss(), text_is_frozen=True, defence=defence)
    assert not {"consistency", "adversarial"} & step.terms.keys()


def test_consistency_brings_a_caption_and_its_synonyms_together() -> None:
    undefended, one = fitted({})
    defended, _ = fitted({"consistency": 1.0})
    assert distances(defended, one).mean() < 0.8 * distances(undefended, one).mean()


def test_the_hinge_of_meaning_is_the_formula() -> None:
    said, near, far = torch.eye(4)[:2], torch.eye(4)[:2], torch.eye(4)[2:]
    both = torch.tensor([True, True])
    assert losses.meaning(said, near, far, both) == 0
    assert float(losses.meaning(said, far, near, both)) == pytest.approx(2.1)
    one = losses.meaning(said, far, near, torch.tensor([True, False]))
    assert float(one) == pytest.approx(2.1)
    assert losses.meaning(said, far, near, torch.tensor([False, False])) == 0


def test_changes_of_meaning_are_drawn_where_there_are_any() -> None:
    draw = torch.Generator().manual_seed(0)
    variants = Variants(Defence(meaning=1.0), 0)
    told = [variants.changed((CAPTIONS[2], "mmm"), draw) for _ in range(20)]
    assert {other for _, other in told} == {None}
    assert {kick for kick, _ in told} >= {"a man kicks with the right leg"}
    assert Variants(Defence(consistency=1.0), 0).changed(CAPTIONS, draw) == ()


def test_meaning_makes_a_tower_hear_what_other_words_do_not_say() -> None:
    def heard(model: MoCLIP, one: Batch) -> float:
        ways = [w[0] for w in one.variants]
        with torch.no_grad():
            said, other, changed = (
                model.encode_text(list(told))
                for told in (
                    one.captions,
                    ways,
                    [c or w for c, w in zip(one.changed, ways, strict=True)],
                )
            )
        near, far = ((said - o).square().sum(dim=-1) for o in (other, changed))
        return float((far - near).mean())

    keys = {"consistency": 1.0, "meaning": 1.0}
    undefended, one = fitted({}, practised=keys)
    defended, _ = fitted(keys, practised=keys)
    assert any(one.changed)
    assert heard(defended, one) > heard(undefended, one) + 0.05


def test_the_adversarial_tether_holds_the_worst_words_where_the_caption_was() -> None:
    def off(model: MoCLIP, one: Batch) -> Tensor:
        with torch.no_grad():
            ways = [model.encode_text(list(ways)) for ways in one.variants]
        first = torch.stack([(one.text_index == i).nonzero()[0, 0] for i in range(len(ways))])
        aims = one.teacher[first]
        return torch.stack(
            [(way - aim).norm(dim=-1).max() for way, aim in zip(ways, aims, strict=True)]
        )

    undefended, one = fitted({})
    defended, _ = fitted({"adversarial": 1.0})
    assert off(defended, one).mean() < 0.8 * off(undefended, one).mean()


def test_the_farthest_variant_is_the_worst() -> None:
    model = doubles.model()
    ways = [(CAPTIONS[0], CAPTIONS[1]), (CAPTIONS[2], CAPTIONS[2])]
    aims = model.encode_text([CAPTIONS[0], CAPTIONS[3]]).detach()
    assert defences.worst(model.encode_text, ways, aims) == [CAPTIONS[1], CAPTIONS[2]]


def test_an_unknown_key_of_a_defence_is_refused() -> None:
    table = {"name": "mine", "data": {"name": "bundled"}, "defence": {"synonyms": 1.0}}
    with pytest.raises(ValueError, match=r"unknown key 'defence.synonyms'; there are: adversarial"):
        Recipe.of(table)
