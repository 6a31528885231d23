"""Words that a motion can tell apart: attacks keep them as they are, controls exchange them."""

SIDES = {"left": "left leftward leftwards", "right": "right rightward rightwards"}
WAYS = {
    "forward": "forward forwards ahead onward onwards",
    "backward": "backward backwards rearward reverse",
    "up": "upward upwards upstairs",
    "down": "downward downwards downstairs",
    "sideways": "sideways sidewards sideward laterally",
    "clockwise": "clockwise",
    "counterclockwise": ("counterclockwise anticlockwise counter-clockwise anti-clockwise"),
    "diagonal": "diagonally diagonal",
}
NUMBERS = {
    "1": "1 one once single",
    "2": "2 two twice couple both pair double",
    "3": "3 three thrice triple",
    "4": "4 four",
    "5": "5 five",
    "6": "6 six",
    "7": "7 seven",
    "8": "8 eight",
    "9": "9 nine",
    "10": "10 ten",
    "few": "few",
    "many": "several many multiple",
    "half": "half",
    "quarter": "quarter",
    "90": "90 ninety",
}
NEGATIONS = {"no": "no not never without nothing nobody none don't doesn't isn't cannot can't n't"}

AXES = {"side": SIDES, "way": WAYS, "number": NUMBERS, "negation": NEGATIONS}

MEANS: dict[str, tuple[str, str]] = {
    word: (axis, value)
    for axis, values in AXES.items()
    for value, known in values.items()
    for word in known.split()
}
"""What a word says on which axis: ``"twice" -> ("number", "2")``."""


def meaning(word: str) -> tuple[str, str] | None:
    """The axis and what the word says on it; ``None`` for a word that may be touched."""
    lower = word.lower()
    return MEANS.get(lower) or (("number", lower) if lower[:1].isdigit() else None)
