"""The sentence is put another way: another form of its verb, another frame around it.

"A person walks" becomes "there is a person who can be seen walking". A sentence whose subject is
not found is only framed; one of several verbs keeps their forms, since one of them would be left.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from moclip.evaluation.attacks import base
from moclip.evaluation.attacks._draw import Draw
from moclip.evaluation.attacks._sentence import Sentence, forms_of_third, parsed
from moclip.evaluation.attacks._words import like, replaced
from moclip.evaluation.attacks.base import BLIND, Change, Perturbed, Victim

STRENGTHS = (0.5, 1.0)
NEEDS: tuple[str, ...] = ()


class Options(base.Options):
    """How much of a sentence is put another way."""

    strength: float = Field(1.0, ge=0, le=1)
    """Share of the two: the form of the verb, and the frame."""


class Frame(NamedTuple):
    """What comes in front of a sentence, behind its subject and at its end."""

    front: str = ""
    behind: str = ""
    end: str = ""


RELATIVE = (
    Frame("there is ", " who"),
    Frame("here is ", " who"),
    Frame("we see ", " who"),
    Frame("the clip shows ", " who"),
    Frame("this is ", " who"),
)
"""For a subject that is not known yet: "a person", "someone"."""
CLAUSES = (
    Frame("in this clip, "),
    Frame("the recording shows how "),
    Frame("you can see that "),
    Frame("what happens is that "),
    Frame("this is how "),
)
"""For every sentence that begins with its subject."""
ENDS = (
    Frame(end=", as can be seen"),
    Frame(end=" in this clip"),
    Frame(end=", that is what happens here"),
)
"""For anything that has words."""
PROGRESSIVE = ("is {}", "can be seen {}", "is seen {}", "is shown {}")


def perturb(captions: Sequence[str], options: Options, victim: Victim = BLIND) -> list[Perturbed]:
    """Templates are drawn among those that fit the sentence."""
    return [_perturbed(caption, options) for caption in captions]


def _perturbed(caption: str, options: Options) -> Perturbed:
    draw = Draw(options.seed, caption)
    count = draw.count(options.strength, 2)
    sentence = parsed(caption)
    parts = [part(sentence, draw) for part in (_framed, _said_otherwise)]
    changes = [part for part in draw.order(parts) if part][:count]
    return replaced(caption, (change for part in changes for change in part))


def _framed(sentence: Sentence, draw: Draw) -> list[Change]:
    caption = sentence.caption
    if not re.search(r"\w", caption):
        return []
    frame = draw.pick(_frames(sentence))
    end = re.search(r"[\s.!?]*$", caption)
    assert end is not None
    at = end.start()
    changes = [Change(at, at, "", frame.end)] if frame.end else []
    if frame.front and sentence.subject:
        subject = caption[slice(*sentence.subject)]
        inner = subject if subject.isupper() else subject[:1].lower() + subject[1:]
        after = like(frame.front, subject) + inner + frame.behind
        changes.append(Change(*sentence.subject, subject, after))
    return changes


def _frames(sentence: Sentence) -> tuple[Frame, ...]:
    if sentence.subject is None or sentence.subject[0] > 0:
        return ENDS
    if re.match(r" \w+ing\b", sentence.caption[sentence.subject[1] :]):
        return (*(Frame(frame.front) for frame in RELATIVE), *ENDS)
    known = sentence.caption.lower().startswith(("the ", "subject", "human", "person"))
    return (*CLAUSES, *ENDS) if known else (*RELATIVE, *CLAUSES, *ENDS)


def _said_otherwise(sentence: Sentence, draw: Draw) -> list[Change]:
    """ "Walks" is said as "is walking" and the like, "is walking" as "walks"."""
    if sentence.verb is None or not sentence.alone:
        return []
    text = sentence.caption[slice(*sentence.verb)]
    doing = text.removeprefix("is ") if text.startswith("is ") else forms_of_third(text)[4]
    after = draw.pick([form.format(doing) for form in PROGRESSIVE])
    return [Change(*sentence.verb, text, after)] if after != text else []
