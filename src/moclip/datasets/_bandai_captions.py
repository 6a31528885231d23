"""Captions of the Bandai-Namco data set, composed from its content and style labels.

Each content has three wordings and each style four, and every pair puts them into the same six
sentences. A style is thus worded alike over all contents, and a content over all styles: what a
model learns of "elderly" while walking can carry over to waving. Left, right, both, and also
"normal" are always said. No two pairs share a caption.
"""

import re
from typing import NamedTuple


class Style(NamedTuple):
    """Wordings of a style: a person who has it, a way to move, two circumstances."""

    who: str
    way: str
    how: str
    state: str


STYLES = {
    "active": Style("an active person", "in an active way", "with lots of energy", "lively"),
    "angry": Style("an angry person", "in an angry way", "with anger", "furious"),
    "childish": Style("a childish person", "in a childish way", "like a small child", "playful"),
    "chimpira": Style("a thug", "in a thuggish way", "like a street punk", "looking for trouble"),
    "elderly": Style(
        "an elderly person", "in an elderly way", "like an elderly person", "slow with age"
    ),
    "exhausted": Style(
        "an exhausted person", "in an exhausted way", "with utter exhaustion", "completely worn out"
    ),
    "feminine": Style(
        "a feminine person", "in a feminine way", "with feminine grace", "graceful as a lady"
    ),
    "giant": Style("a giant", "in the way of a giant", "with a giant's weight", "huge and heavy"),
    "happy": Style("a happy person", "in a happy way", "with joy", "in high spirits"),
    "masculine": Style(
        "a masculine person", "in a masculine way", "with masculine strength", "strong as a man"
    ),
    "masculinity": Style("a macho person", "in a macho way", "with manly swagger", "tough"),
    "musical": Style(
        "a musical person", "in a musical way", "with a musical rhythm", "moving to a beat"
    ),
    "normal": Style("an ordinary person", "in a normal way", "as usual", "in a neutral mood"),
    "not-confident": Style(
        "an insecure person", "in an unsure way", "without confidence", "shy and hesitant"
    ),
    "old": Style(
        "an old person", "in an old person's way", "with stiff old bones", "frail and old"
    ),
    "proud": Style("a proud person", "in a proud way", "with pride", "proud and self-assured"),
    "sad": Style("a sad person", "in a sad way", "with sadness", "downcast"),
    "tired": Style("a tired person", "in a tired way", "with tired limbs", "short of sleep"),
    "youthful": Style(
        "a youthful person", "in a youthful way", "with youthful vigour", "young and fresh"
    ),
}

CONTENTS = {
    "bow": ("bows", "makes a bow", "bends forward in a bow"),
    "bye": ("waves goodbye", "says goodbye with a wave", "bids someone farewell"),
    "byebye": ("waves bye-bye", "waves bye-bye again and again", "gestures bye-bye"),
    "call": ("calls someone", "calls out to someone", "shouts to someone far away"),
    "dance-long": ("dances a long dance", "performs a long dance", "dances for a long time"),
    "dance-short": ("dances a short dance", "performs a short dance", "dances for a short time"),
    "dash": ("dashes", "dashes off at full speed", "sprints ahead"),
    "guide": ("guides someone", "shows someone the way", "points out the way to someone"),
    "kick": ("kicks", "throws kicks", "fights with kicks"),
    "punch": ("punches", "throws punches", "fights with the fists"),
    "raise-up-both-hands": ("raises both hands", "lifts both hands up", "puts both arms up"),
    "raise-up-left-hand": (
        "raises the left hand",
        "lifts the left hand up",
        "puts the left arm up",
    ),
    "raise-up-right-hand": (
        "raises the right hand",
        "lifts the right hand up",
        "puts the right arm up",
    ),
    "respond": (
        "responds with the left hand",
        "answers a call with the left hand up",
        "replies with a raised left arm",
    ),
    "run": ("runs", "runs forward", "jogs along"),
    "slash": ("slashes with a sword", "swings a sword", "strikes with a sword"),
    "walk": ("walks", "walks forward", "walks along"),
    "walk-back": ("walks backwards", "steps backwards", "walks in reverse"),
    "walk-left": (
        "walks diagonally to the left",
        "walks ahead and drifts to the left",
        "walks off towards the left",
    ),
    "walk-right": (
        "walks diagonally to the right",
        "walks ahead and drifts to the right",
        "walks off towards the right",
    ),
    "walk-turn-left": (
        "walks and turns left",
        "walks and makes a left turn",
        "walks around a corner to the left",
    ),
    "walk-turn-right": (
        "walks and turns right",
        "walks and makes a right turn",
        "walks around a corner to the right",
    ),
    "wave-both-hands": ("waves both hands", "waves with both hands", "waves both arms"),
    "wave-left-hand": ("waves the left hand", "waves with the left hand", "waves the left arm"),
    "wave-right-hand": ("waves the right hand", "waves with the right hand", "waves the right arm"),
}

_DOING = {
    "answers": "answering",
    "bends": "bending",
    "bids": "bidding",
    "bows": "bowing",
    "calls": "calling",
    "dances": "dancing",
    "dashes": "dashing",
    "drifts": "drifting",
    "fights": "fighting",
    "gestures": "gesturing",
    "guides": "guiding",
    "jogs": "jogging",
    "kicks": "kicking",
    "lifts": "lifting",
    "makes": "making",
    "performs": "performing",
    "points": "pointing",
    "punches": "punching",
    "puts": "putting",
    "raises": "raising",
    "replies": "replying",
    "responds": "responding",
    "runs": "running",
    "says": "saying",
    "shouts": "shouting",
    "shows": "showing",
    "slashes": "slashing",
    "sprints": "sprinting",
    "steps": "stepping",
    "strikes": "striking",
    "swings": "swinging",
    "throws": "throwing",
    "turns": "turning",
    "walks": "walking",
    "waves": "waving",
}


def compose(content: str, style: str) -> tuple[str, ...]:
    """The six captions of a (content, style) pair; ``KeyError`` for a label that is unknown."""
    first, second, third = CONTENTS[content]
    who, way, how, state = STYLES[style]
    return (
        f"a person {first} {way}",
        f"{who} {second}",
        f"someone {third} {how}",
        f"{who} is {doing(first)}",
        f"a person is {doing(second)} {way}",
        f"{state}, a person {third}",
    )


def doing(phrase: str) -> str:
    """``walks and turns left`` -> ``walking and turning left``."""

    def progressive(match: re.Match[str]) -> str:
        return match[1] + _DOING.get(match[2], match[2])

    return re.sub(r"(^|\band )(\w+)", progressive, phrase)
