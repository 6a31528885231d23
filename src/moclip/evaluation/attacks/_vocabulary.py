"""Whole words among the tokens of a text tower."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from jaxtyping import Int
from tokenizers import Tokenizer
from torch import Tensor, nn, tensor

from moclip.evaluation.attacks import _reading, _thesaurus
from moclip.evaluation.attacks._meaning import meaning
from moclip.evaluation.attacks._words import Word
from moclip.models.text.base import TextTower

_WORD = re.compile(r"[a-z]{3,}")
_known: "WeakKeyDictionary[nn.Module, Vocabulary]" = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words that a flip may put in, and where a caption's words are single tokens."""

    tokenizer: Tokenizer
    words: tuple[str, ...]
    ids: Int[Tensor, " word"]

    def places(self, caption: str, found: Sequence[Word]) -> list[tuple[Word, int, int]]:
        """Of the words that are one token: the word, its place among the tokens, its number."""
        encoding = self.tokenizer.encode(caption)
        at = {span: i for i, span in enumerate(encoding.offsets) if span[0] < span[1]}
        single = ((word, at.get((word.start, word.end))) for word in found)
        return [(word, i, encoding.ids[i]) for word, i in single if i is not None]


def vocabulary(tower: TextTower) -> Vocabulary:
    """Words of three letters and more that are one token and say nothing a motion can tell apart.

    Function words and those of the thesaurus are left out too: one would break the sentence, the
    other say another motion.
    """
    if tower not in _known:
        known = {key[0] for key in _thesaurus.index() if len(key) == 1} | _reading.FUNCTION
        texts = {tower.tokenizer.decode([i]).strip() for i in tower.tokenizer.get_vocab().values()}
        words = sorted(t for t in texts if _WORD.fullmatch(t) and not (t in known or meaning(t)))
        tokens = tower.tokenizer.encode_batch_fast(words, add_special_tokens=False)
        real = [[i for i, m in zip(t.ids, t.attention_mask, strict=True) if m] for t in tokens]
        single = [(word, ids[0]) for word, ids in zip(words, real, strict=True) if len(ids) == 1]
        numbers = tensor([number for _, number in single])
        _known[tower] = Vocabulary(tower.tokenizer, tuple(word for word, _ in single), numbers)
    return _known[tower]
