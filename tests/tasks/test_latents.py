"""Edits and blends: what must hold of them whatever the model has learned."""

import inspect
import re
from importlib.resources import files

import pytest
import small_clip
import torch

from moclip import datasets
from moclip.cli import edit as edit_command
from moclip.cli.evaluate import edits as evaluate_edits
from moclip.evaluation.edits import judge
from moclip.models.autoencoder.frames import posed
from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.autoencoder.networks import Config
from moclip.models.text import clip as clip_text
from moclip.motion import Motion
from moclip.tasks.latents import SCALE, Drawing, Item, between, edit, interpolate, vector_of
from moclip.web.shapes import Edit


@pytest.fixture(scope="module")
def clips() -> list[Motion]:
    return [clip.motion for clip in datasets.load("bundled", "val")[:3]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, clips: list[Motion]) -> MotionCLIP:
    folder = small_clip.write_text_tower(tmp_path_factory.mktemp("clip"))
    sizes = Config(patch=4, width=32, layers=1, heads=2, prior_width=32, prior_layers=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = MotionCLIP(clip_text.Encoder.from_pretrained(str(folder)), sizes, text_name="clip")
    made.fit_normalisation([posed(clip) for clip in clips])
    return made.eval()


def same(one: Motion, other: Motion) -> None:
    torch.testing.assert_close(one.joints, other.joints, atol=1e-5, rtol=0)


def rebuilt(model: MotionCLIP, motion: Motion) -> Motion:
    with torch.no_grad():
        return model.decode(model.encode_motion(motion), motion.duration)[0]


def test_the_ends_of_a_blend_are_the_reconstructions(
    model: MotionCLIP, clips: list[Motion]
) -> None:
    for spherical in (False, True):
        made = interpolate(
            model, Item("a", clips[0]), Item("b", clips[1]), steps=4, spherical=spherical
        )
        assert len(made) == 4
        same(made[0], rebuilt(model, clips[0]))
        same(made[-1], rebuilt(model, clips[1]))
        lengths = [len(motion) for motion in made]
        assert lengths == sorted(lengths) or lengths == sorted(lengths, reverse=True)


def test_a_blend_goes_steadily_from_one_to_the_other() -> None:
    one, other = torch.nn.functional.normalize(torch.randn(2, 1, 8), dim=-1)
    angle = (one * other).sum().acos()
    shares = torch.linspace(0, 1, 5)
    for spherical in (False, True):
        path = between(one, other, shares, spherical=spherical)
        torch.testing.assert_close(path.norm(dim=-1), torch.ones(5))
        turned = (path @ one[0]).clamp(-1, 1).acos()
        assert (turned.diff() > 0).all()
        if spherical:
            torch.testing.assert_close(turned, shares * angle, atol=1e-3, rtol=0)


def test_opposite_vectors_do_not_divide_by_zero() -> None:
    one = torch.nn.functional.normalize(torch.randn(1, 8), dim=-1)
    for other in (one, -one + 1e-5):
        path = between(one, other, torch.linspace(0, 1, 5), spherical=True)
        assert path.isfinite().all()


def test_an_edit_of_no_scale_or_no_change_is_the_reconstruction(
    model: MotionCLIP, clips: list[Motion]
) -> None:
    items = [Item(str(number), clip) for number, clip in enumerate(clips)]
    same(edit(model, *items, scale=0.0), rebuilt(model, clips[0]))
    same(edit(model, items[0], items[1], items[1]), rebuilt(model, clips[0]))


def test_an_edit_from_the_base_itself_is_its_end(model: MotionCLIP, clips: list[Motion]) -> None:
    base, end = Item("a", clips[0]), Item("b", clips[1])
    with torch.no_grad():
        wanted = model.decode(model.encode_motion(clips[1]), clips[0].duration)[0]
    same(edit(model, base, base, end, scale=1.0), wanted)


def test_more_of_the_change_lies_further_from_the_base(
    model: MotionCLIP, clips: list[Motion]
) -> None:
    base, start, end = (model.encode_motion(clip) for clip in clips[:3])
    items = [Item(str(number), clip) for number, clip in enumerate(clips[:3])]
    with torch.no_grad():
        wanted = model.decode(base + SCALE * (end - start), clips[0].duration)[0]
    same(edit(model, *items), wanted)


def test_every_way_to_edit_has_the_same_scale() -> None:
    defaults = [
        inspect.signature(way).parameters["scale"].default
        for way in (edit, judge, edit_command.main, evaluate_edits.main)
    ]
    page = files("moclip.web") / "static" / "panels" / "edit.js"
    slider = re.search(r'slider\("Strength",[^}]*value: ([\d.]+)', page.read_text())
    assert slider
    assert {*defaults, Edit.model_fields["scale"].default, float(slider[1])} == {SCALE}


def test_prompts_stand_for_drawn_motions(model: MotionCLIP, clips: list[Motion]) -> None:
    plain = model.encode_text("a walk")
    drawn = vector_of(model, Item("a walk"), 2.0)
    assert (drawn - plain).abs().max() > 1e-3
    torch.testing.assert_close(vector_of(model, Item("a walk"), 2.0, Drawing(way="none")), plain)
    assert len(edit(model, Item("a walk"), Item("a jump"), Item("a run"))) == 60
    mixed = edit(model, Item("a", clips[0]), Item("a jump"), Item("a run"), seconds=1.0)
    assert len(mixed) == 20


def test_one_step_is_no_blend(model: MotionCLIP) -> None:
    with pytest.raises(ValueError, match="1 steps came, wanted at least 2"):
        interpolate(model, Item("a"), Item("b"), steps=1)
