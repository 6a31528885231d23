"""Words with their parts of speech, ``walk/VERB``, as HumanML3D's caption files have them."""

from collections.abc import Sequence
from pathlib import Path

from moclip.files import read_bounded

PARTS = (
    "VERB",
    "NOUN",
    "DET",
    "ADP",
    "NUM",
    "AUX",
    "PRON",
    "ADJ",
    "ADV",
    "Loc_VIP",
    "Body_VIP",
    "Obj_VIP",
    "Act_VIP",
    "Desc_VIP",
    "OTHER",
)
"""The published classes, in their order; others, such as ``CCONJ``, are ``OTHER``."""

_MARKED = {
    "Loc_VIP": "left right clockwise counterclockwise anticlockwise forward back backward up down "
    "straight curve",
    "Body_VIP": "arm chin foot feet face hand mouth leg waist eye knee shoulder thigh",
    "Obj_VIP": "stair dumbbell chair window floor car ball handrail baseball basketball",
    "Act_VIP": "walk run swing pick bring kick put squat throw hop dance jump turn stumble stop "
    "sit lift lower raise wash stand kneel stroll rub bend balance flap jog shuffle lean rotate "
    "spin spread climb",
    "Desc_VIP": "slowly carefully fast careful slow quickly happy angry sad happily angrily sadly",
}
_MARKED_PART = {word: part for part, words in _MARKED.items() for word in words.split()}

MOST = 20
"""Words of a caption; the rest is cut. A start and an end are put around them."""
START, END, UNKNOWN = "sos", "eos", "unk"


def split(token: str) -> tuple[str, str]:
    """``walk/VERB`` -> the word and its part of speech. Raises ``ValueError`` for another form."""
    word, slash, part = token.rpartition("/")
    if not slash or not word or not part:
        raise ValueError(
            f"'{token}' is no word with its part of speech, wanted WORD/PART: walk/VERB"
        )
    return word, part


def part_of(word: str, tagged: str) -> int:
    """Number of the class a known word is put in: words that matter for motion have their own."""
    part = _MARKED_PART.get(word, tagged)
    return PARTS.index(part if part in PARTS else "OTHER")


def framed(tokens: Sequence[str]) -> list[tuple[str, str]]:
    """Words and parts of a caption, cut, with the start and the end.

    Raises ``ValueError`` for no token.
    """
    if not tokens:
        raise ValueError("a caption came without tokens, wanted words such as walk/VERB")
    words = [split(token) for token in tokens[:MOST]]
    return [(START, "OTHER"), *words, (END, "OTHER")]


def read_tokens(path: Path) -> dict[str, tuple[str, ...]]:
    """Tokens of every caption in a file of HumanML3D's layout, or in a folder of them.

    Raises ``ValueError`` naming file and line that do not fit, ``OSError`` for what is not there.
    """
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    found: dict[str, tuple[str, ...]] = {}
    for file in files:
        lines = read_bounded(file).decode("utf-8-sig", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            if line.strip():
                caption, tokens = _line(line, f"{file.name}, line {number}")
                found.setdefault(caption, tokens)
    return found


def _line(line: str, where: str) -> tuple[str, tuple[str, ...]]:
    fields = line.strip().split("#")
    if len(fields) != 4:
        raise ValueError(f"{where}: wanted caption#tokens#from#to, got '{line[:60]}'")
    return fields[0].strip(), tuple(fields[1].split())
