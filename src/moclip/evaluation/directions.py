"""Does a motion do what its words say: go ahead, back, left or right, run, jump, lift a hand?

Read from joints alone, so that no evaluator has a say. Ahead and left are those of the body in each
frame, which faces +z with +x to its left at first; a turn to the left is positive, as seen from
above against the clock.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.evaluation.figures import grid
from moclip.evaluation.makers import Maker
from moclip.models.generator.sampling import seed_of
from moclip.motion import Motion
from moclip.retargeting import retarget

SEEDS = 5


@dataclass(frozen=True)
class Course:
    """Where a motion goes and how."""

    ahead: float
    """Metres that the root goes towards where the body faces, less what it goes back."""
    left: float
    """Metres that it goes to the body's left, less those to its right."""
    turned: float
    """Degrees from the first heading to the last, whole turns counted; to the left positive."""
    speed: float
    """Mean speed of the root over the floor, m/s."""
    leap: float
    """Metres that the lowest joint is above the floor when it is highest."""
    right_hand: float
    """Metres that the right wrist is above the right shoulder when it is highest."""
    left_hand: float
    """The same of the left."""

    @classmethod
    def of(cls, motion: Motion) -> "Course":
        """Of a motion of any known skeleton. Raises ``ValueError`` for fewer than two frames."""
        if len(motion) < 2:
            raise ValueError("a course takes motions of at least 2 frames, one has 1")
        body = retarget(motion)
        steps, facing = body.joints[:, 0].diff(dim=0), body.facing()
        steps[:, 1] = 0
        lowest = body.joints[..., 1].min(dim=1).values
        return cls(
            ahead=float((steps * facing[:-1]).sum()),
            left=float((steps * _left_of(facing[:-1])).sum()),
            turned=math.degrees(_turned(facing)),
            speed=float(steps.norm(dim=-1).mean()) * body.fps,
            leap=float(lowest.max() - lowest.min()),
            right_hand=_lifted(body, "right"),
            left_hand=_lifted(body, "left"),
        )


def _left_of(facing: Float[Tensor, "frame 3"]) -> Float[Tensor, "frame 3"]:
    x, y, z = facing.unbind(-1)
    return torch.stack((z, y, -x), dim=-1)


def _turned(facing: Float[Tensor, "frame 3"]) -> float:
    """Radians, each step the short way round."""
    angle = torch.atan2(facing[:, 0], facing[:, 2])
    steps = torch.remainder(angle.diff() + torch.pi, 2 * torch.pi) - torch.pi
    return float(steps.sum())


def _lifted(body: Motion, side: str) -> float:
    return float((body.joint(f"{side}_wrist") - body.joint(f"{side}_shoulder"))[:, 1].max())


Check = Callable[[Course, Course], bool]
"""Whether a motion does what it should, given also the walk of the same seed."""

AHEAD, TURN, LEAP = 0.5, 45.0, 0.15
"""Metres, degrees, metres above the floor that count: more than a body sways, less than it does in
the clips that people recorded for these words."""
PROMPTS: Mapping[str, tuple[str, Check]] = {
    "a person walks forward": (f"ahead by {AHEAD} m", lambda own, _: own.ahead > AHEAD),
    "a person walks backwards": (f"back by {AHEAD} m", lambda own, _: own.ahead < -AHEAD),
    "a person walks and turns left": (f"left by {TURN:g} deg", lambda own, _: own.turned > TURN),
    "a person walks and turns right": (f"right by {TURN:g} deg", lambda own, _: own.turned < -TURN),
    "a person runs": ("faster than the walk", lambda own, walk: own.speed > walk.speed),
    "a person jumps": (f"both feet at {LEAP} m", lambda own, _: own.leap > LEAP),
    "a person raises the right hand": (
        "right wrist over both shoulders and the left",
        lambda own, _: own.right_hand > max(0.0, own.left_hand),
    ),
    "a person raises the left hand": (
        "left wrist over both shoulders and the right",
        lambda own, _: own.left_hand > max(0.0, own.right_hand),
    ),
}
WALK = "a person walks forward"


@dataclass(frozen=True)
class Answer:
    """What a model makes of one prompt."""

    wanted: str
    right: int
    courses: tuple[Course, ...]
    """One a seed."""


@dataclass(frozen=True)
class Report:
    """All prompts."""

    answers: Mapping[str, Answer]

    @property
    def share(self) -> float:
        """Of all motions, in percent."""
        asked = sum(len(answer.courses) for answer in self.answers.values())
        return 100 * sum(answer.right for answer in self.answers.values()) / asked

    def to_dict(self) -> dict[str, object]:
        """Plain dictionaries and numbers, fit for JSON."""
        answers = {prompt: asdict(answer) for prompt, answer in self.answers.items()}
        return {"share": self.share, "answers": answers}

    def table(self) -> str:
        """Plain text: how many were right, and the means over the seeds."""
        lines = {prompt: _line(answer) for prompt, answer in self.answers.items()}
        return f"{grid('prompt', lines)}\n\n{self.share:.0f} % of all motions do as told"


def _line(answer: Answer) -> dict[str, str]:
    rows = [asdict(course) for course in answer.courses]
    means = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
    told = {
        "ahead m": f"{means['ahead']:+.2f}",
        "turned deg": f"{means['turned']:+.0f}",
        "speed m/s": f"{means['speed']:.2f}",
        "leap m": f"{means['leap']:.2f}",
    }
    return {"right": f"{answer.right}/{len(rows)}", **told, "wanted": answer.wanted}


def judge(courses: Mapping[str, Sequence[Course]]) -> Report:
    """Courses by prompt, one a seed; those of :data:`WALK` must be among them.

    Raises ``LookupError`` for a prompt that is not in :data:`PROMPTS`.
    """
    if unknown := [prompt for prompt in courses if prompt not in PROMPTS]:
        raise LookupError(f"'{unknown[0]}' is not judged; there are: {', '.join(PROMPTS)}")
    answers = {}
    for prompt, own in courses.items():
        wanted, check = PROMPTS[prompt]
        right = [check(*pair) for pair in zip(own, courses[WALK], strict=True)]
        answers[prompt] = Answer(wanted, sum(right), tuple(own))
    return Report(answers)


def evaluate(maker: Maker, *, seconds: float = 4.0, seeds: int = SEEDS, seed: int = 0) -> Report:
    """A motion for every prompt and seed. Raises ``ValueError`` for no seeds."""
    if seeds < 1:
        raise ValueError(f"{seeds} seeds came, wanted at least 1")
    asked = [prompt for prompt in PROMPTS for _ in range(seeds)]
    drawn = [seed_of(seed, number, prompt) for prompt in PROMPTS for number in range(seeds)]
    made = maker.motions(asked, [seconds] * len(asked), drawn)
    courses: dict[str, list[Course]] = {}
    for prompt, motion in zip(asked, made, strict=True):
        courses.setdefault(prompt, []).append(Course.of(motion))
    return judge(courses)
