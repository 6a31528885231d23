"""An evaluator with all it needs to judge the motions and captions of one data set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from moclip.models.evaluator import guo, own
from moclip.models.evaluator.base import Evaluator, Tokens
from moclip.motion import Motion
from moclip.tasks._encoding import fingerprint

_GUO = "guo:"


@dataclass(frozen=True, eq=False)
class Seen:
    """What a judge makes of motions."""

    vectors: Float[Tensor, "clip dim"]
    labels: Mapping[str, Sequence[str]]
    """Kind of label, then what each motion is read as; of evaluators that tell labels."""


@dataclass(eq=False)
class Judge:
    """Vectors of motions and captions, and labels where the evaluator tells them."""

    evaluator: Evaluator
    tokens: Mapping[str, Tokens] | None = None
    """Words of each caption with their parts of speech, which Guo's evaluator reads."""
    _known: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def open(
        cls, where: str, *, root: Path | None = None, device: torch.device | str = "cpu"
    ) -> "Judge":
        """Our evaluator of a folder, or Guo's of ``guo:FOLDER``.

        That ``FOLDER`` holds ``checkpoints/t2m`` and ``glove``, as text-to-motion's and MoMask's
        do, and the data set's ``root`` its captions with their parts of speech in ``texts``. Raises
        ``OSError`` or ``ValueError`` naming what is missing.
        """
        if not where.startswith(_GUO):
            return cls(own.Evaluator.from_pretrained(where).to(device))
        folder = Path(where.removeprefix(_GUO))
        texts = None if root is None else root / "texts"
        if texts is None or not texts.is_dir():
            raise ValueError(
                "Guo's evaluator reads parts of speech, which HumanML3D has in its folder 'texts'; "
                f"there is none in {root or 'this data set'}"
            )
        found = guo.Evaluator.from_official(folder / "checkpoints" / "t2m", glove=folder / "glove")
        return cls(found.to(device), guo.read_tokens(texts))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of labels that it tells."""
        return tuple(self.evaluator.labels) if isinstance(self.evaluator, own.Evaluator) else ()

    def see(self, motions: Sequence[Motion]) -> Seen:
        """Each motion by itself; neighbours make no difference."""
        if not isinstance(self.evaluator, own.Evaluator):
            return Seen(self.evaluator.encode_motion(motions).cpu(), {})
        with torch.no_grad():
            gathered = self.evaluator.gather(motions)
            vectors = self.evaluator.motion_vectors(gathered).cpu()
            labels = {kind: self._read(gathered, kind) for kind in self.kinds}
        return Seen(vectors, labels)

    def read(self, captions: Sequence[str]) -> Float[Tensor, "caption dim"]:
        """Every string is encoded once in the life of a judge."""
        new = [caption for caption in dict.fromkeys(captions) if caption not in self._known]
        if new:
            vectors = self.evaluator.encode_text(new, self._tokens(new)).cpu()
            self._known |= zip(new, vectors, strict=True)
        return torch.stack([self._known[caption] for caption in captions])

    def key(self) -> str:
        """What tells one judge from another."""
        return fingerprint(self.evaluator)

    def _read(self, gathered: Float[Tensor, "clip width"], kind: str) -> list[str]:
        assert isinstance(self.evaluator, own.Evaluator)
        names = self.evaluator.labels_of(kind)
        best = self.evaluator.label_scores(gathered, kind).argmax(dim=-1).tolist()
        return [names[at] for at in best]

    def _tokens(self, captions: Sequence[str]) -> list[Tokens] | None:
        if self.tokens is None:
            return None
        missing = [caption for caption in captions if caption not in self.tokens]
        if missing:
            raise ValueError(f"no parts of speech are known of the caption '{missing[0]}'")
        return [self.tokens[caption] for caption in captions]
