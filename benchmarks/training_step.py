"""Our training step against the published one, and the compact tower against the paper's size.

All steps take the same clips, in all batches of an epoch, so that the sum over them is what an
epoch costs. Ours is what ``training.loop`` does on the batches it gets: real lengths, padding of
clips and captions left out of all but attention, teacher vectors made once before the first step
(told apart). CLIP's text tower has random weights (see ``_clip_tower``).
"""

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import _clip_tower, published
from benchmarks._clips import Mix, captions
from benchmarks._timing import Row, alternate, has_amx
from moclip import skeletons
from moclip.models.motion import limbs
from moclip.models.text.clip import Encoder as TextEncoder
from moclip.models.two_tower import MoCLIP
from moclip.motion import Motion, MotionBatch
from moclip.training import objectives, optimiser
from moclip.training.batches import Batches, Teacher, runs
from moclip.training.objectives import Batch
from moclip.training.passes import Passes
from moclip.training.recipe import Recipe, Schedule
from moclip.training.run import frames_at_once

TINY = {"limb_width": 8, "limb_heads": 2, "layers": 1, "width": 48, "heads": 12}

Step = Callable[[Batch, bool], float]
"""A batch and whether the text tower is frozen -> the loss."""


class OurStep:
    """One optimiser step as :class:`moclip.training.loop.Loop` takes it."""

    def __init__(self, model: MoCLIP, recipe: Recipe, *, slack: float) -> None:
        self.model, self.recipe, self.slack = model, recipe, slack
        self._padded: dict[int, Batch] = {}
        self.optimiser = optimiser.build(model, recipe.optimiser)
        self.is_bf16 = False
        self.passes = Passes()

    def prepare(self, batches: list[Batch]) -> None:
        """Pads as this size of tower likes it, as training does in its loader."""
        for batch in batches:
            together = runs(clips_of(batch), self.slack, frames=frames_at_once(self.model))
            padded = tuple(map(MotionBatch.of, together))
            self._padded[id(batch)] = replace(batch, motions=padded)

    def __call__(self, batch: Batch, text_is_frozen: bool) -> float:
        batch = self._padded[id(batch)]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.is_bf16):
            step = objectives.moclip(
                self.model,
                batch,
                self.recipe.loss,
                text_is_frozen=text_is_frozen,
                passes=self.passes,
            )
        loss = step.loss(self.recipe.loss)
        loss.backward()
        learning = [p for p in self.model.parameters() if p.grad is not None]
        nn.utils.clip_grad_norm_(learning, self.recipe.optimiser.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return loss.item()

    def in_bf16(self, batch: Batch, text_is_frozen: bool) -> float:
        """The same, products in half precision."""
        self.is_bf16 = True
        try:
            return self(batch, text_is_frozen)
        finally:
            self.is_bf16 = False


class PublishedStep:
    """The published step on our batches: clips padded to 196 frames, captions to 77 tokens."""

    def __init__(self, text: TextEncoder, *, quick: bool) -> None:
        body = skeletons.get("humanml3d")
        parts = [[body.index(joint) for joint in joints] for _, joints in body.limbs]
        sizes = {"width": 48, "layers": 1} if quick else {}
        motion = published.MotionEncoder(parts, dim=text.dim, **sizes)
        student, teacher = (copy.deepcopy(text.transformer) for _ in range(2))
        self.step = published.Step(motion, student, teacher)
        self.text = text
        self._ready: dict[int, tuple[Tensor, Tensor]] = {}

    def prepare(self, batches: list[Batch]) -> None:
        """Pads before the clock starts."""
        for batch in batches:
            joints = MotionBatch.of(clips_of(batch), frames=published.FRAMES).joints
            ids = self.text.tokenise(batch.captions).ids[batch.text_index]
            self._ready[id(batch)] = joints, F.pad(ids, (0, published.TOKENS - ids.shape[1]))

    def __call__(self, batch: Batch, text_is_frozen: bool) -> float:
        joints, ids = self._ready[id(batch)]
        return self.step(joints, ids, text_is_frozen=text_is_frozen)


def run(mix: Mix, *, quick: bool, batch: int, repeats: int) -> tuple[list[Row], dict[str, Any]]:
    """Both phases; rows, and facts that the ratios depend on."""
    text = _clip_tower.load(captions(mix.clips), quick=quick)
    recipe = Recipe.load("moclip_paper")
    paper, compact = models(text, mix, quick=quick)
    started = time.perf_counter()
    teacher = Teacher.of(paper, captions(mix.clips))
    facts = {"teacher, once a run, s": time.perf_counter() - started}
    batches = list(Batches(mix.clips, teacher, batch, seed=0, slack=recipe.schedule.slack).epoch(0))
    first = next(Batches(mix.clips[:2], teacher, 2, seed=0).epoch(0))
    reference = PublishedStep(text, quick=quick)
    ours = OurStep(paper, recipe, slack=recipe.schedule.slack)
    small = OurStep(compact, recipe, slack=Schedule().slack)
    for step in (reference, ours, small):
        step.prepare([first, *batches])
    steps: dict[str, Step] = {"published": reference, "ours": ours, "compact": small}
    if has_amx():
        steps |= {"ours in bf16": ours.in_bf16, "compact in bf16": small.in_bf16}
    rows = []
    for phase in (1, 2):
        for model in (paper, compact):
            set_phase(model, phase)
        seconds = epoch(steps, batches, first, text_is_frozen=phase == 1, repeats=repeats)
        clips = sum(len(b.numbers) for b in batches)
        rows += _rows(seconds, clips, phase, has_bars=not quick)
    return rows, facts | {"batch": batch, "steps": len(batches), **_frames(batches)}


def clips_of(batch: Batch) -> list[Motion]:
    """Without padding, in the order of the batch's captions."""
    return [motion for part in batch.motions for motion in part.motions()]


def _frames(batches: list[Batch]) -> dict[str, float]:
    """How many frames a clip costs: its own, or the published number of them."""
    frames = sum(int(part.mask.sum()) for batch in batches for part in batch.motions)
    return {
        "frames a clip, ours": frames / sum(len(batch.numbers) for batch in batches),
        "frames a clip, published": float(published.FRAMES),
    }


def epoch(
    steps: Mapping[str, Step],
    batches: list[Batch],
    first: Batch,
    *,
    text_is_frozen: bool,
    repeats: int,
) -> dict[str, float]:
    """Seconds of each kind of step over all batches: medians of ``repeats``, summed.

    ``first`` is taken once, unmeasured, so that the optimiser's moments are there.
    """
    for step in steps.values():
        step(first, text_is_frozen)
    totals = dict.fromkeys(steps, 0.0)
    for batch in batches:
        ways = [lambda s=step, b=batch: s(b, text_is_frozen) for step in steps.values()]
        medians = alternate(ways, repeats=repeats, warm_up=False)
        for name, seconds in zip(steps, medians, strict=True):
            totals[name] += seconds
    return totals


def _rows(seconds: Mapping[str, float], clips: int, phase: int, *, has_bars: bool) -> list[Row]:
    rows = []
    for name, reference, bar in (
        ("ours", "published", 1.4),
        ("ours in bf16", "published", None),
        ("compact", "published", 40.0),
        ("compact", "ours", 30.0 if phase == 1 else None),
        ("compact in bf16", "ours", None),
    ):
        if name in seconds:
            beside = ", size alone" if (name, reference) == ("compact", "ours") else ""
            title = f"training step, phase {phase}: {name}{beside}"
            against = "published step" if reference == "published" else "ours at the paper's size"
            least = bar if has_bars else None
            spent = seconds[name], seconds[reference]
            rows.append(Row(title, against, clips, "clips", *spent, least))
    return rows


def models(text: TextEncoder, mix: Mix, *, quick: bool) -> tuple[MoCLIP, MoCLIP]:
    """Ours at the paper's size and the compact one, each with a text tower of its own."""
    sizes = [limbs.Config.paper(), limbs.Config.compact()]
    if quick:
        sizes = [limbs.Config(patch=1, **TINY), limbs.Config(patch=4, **TINY)]
    made = []
    for size in sizes:
        tower = copy.deepcopy(text)
        model = MoCLIP(tower, limbs.Encoder(size, dim=text.dim), text_name="clip")
        model.motion.fit_normalisation([MotionBatch.of([clip.motion for clip in mix.clips])])
        made.append(model)
    return made[0], made[1]


def set_phase(model: MoCLIP, phase: int) -> None:
    if phase == 1:
        model.freeze_text()
    else:
        model.unfreeze_text()
    model.train()
    model.text.eval()
