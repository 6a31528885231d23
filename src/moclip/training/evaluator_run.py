"""From a data set to a folder with an evaluator and its quality on clips it never saw."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moclip import datasets
from moclip.evaluation.evaluator_quality import ceiling, quality
from moclip.evaluation.figures import Report, grid
from moclip.files import fill_folder
from moclip.models import model_card
from moclip.motion import CaptionedMotion
from moclip.training import card
from moclip.training.evaluator import Fitted, Options, fit

QUALITY = "quality.json"

_LEAD = """\
Motions and captions as unit vectors of {dim} dimensions, and probabilities of {labels}. It was
trained from scratch and shares no weights with any tower or generator it judges."""

_CODE = """\
from moclip.models.evaluator.own import Evaluator

evaluator = Evaluator.from_pretrained("PATH/OF/THIS/FOLDER")"""

_USE = """\
Judging generators that were trained on the same data: distances between distributions, and whether
motions fit their captions. Say which evaluator and version a figure comes from."""

_LIMITS = (
    "Distances between its vectors compare with those of this very evaluator alone, not with "
    "published ones.",
    "What it was not trained on it cannot judge; a generator trained against it would fool it.",
)

_TRAINING = """\
Seed {seed}; of {epochs} epochs the one with the best validation, {epoch}, was kept.

{data}

### Quality on real motion

Clips of the test split, which it never saw; 95 % bootstrap intervals in brackets.

```text
{table}
```
"""


@dataclass(frozen=True)
class Measured:
    """An evaluator on real clips of the test split."""

    report: Report
    ceiling: Report
    """What a judge who never errs would reach: clips may share their captions."""

    @classmethod
    def of(cls, fitted: Fitted, clips: Sequence[CaptionedMotion], seed: int) -> "Measured":
        return cls(quality(fitted.evaluator, clips, seed=seed), ceiling(clips, seed=seed))

    def table(self) -> str:
        """Plain text."""
        best = grid("a judge who never errs, %", self.ceiling.retrieval)
        return f"{self.report.table()}\n\n{best}"

    def to_dict(self) -> dict[str, object]:
        """Plain dictionaries and numbers, fit for JSON."""
        return {"test": self.report.to_dict(), "ceiling": self.ceiling.to_dict()}


def run(
    data: str,
    data_options: dict[str, Any],
    out: Path,
    options: Options,
    *,
    device: str = "cpu",
    progress: bool = False,
) -> Measured:
    """Trains on a data set, measures on its test split, and leaves all in ``out``.

    Raises ``ValueError`` when ``out`` holds something already.
    """
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise ValueError(f"{out} holds something already; name another folder")
    train, val, test = (
        datasets.load(data, split, **data_options) for split in ("train", "val", "test")
    )
    fitted = fit(train, val, options, device=device, progress=progress)
    measured = Measured.of(fitted, test, options.seed)
    about = {
        "data": {"name": data} | {k: str(v) for k, v in data_options.items() if k != "root"},
        "options": options.model_dump(mode="json"),
        "epoch": fitted.epoch,
        "validation": fitted.validation.to_dict(),
        **measured.to_dict(),
    }
    with fill_folder(out) as new:
        fitted.evaluator.save(new, card=_card(fitted, measured, data, data_options, options))
        (new / QUALITY).write_text(json.dumps(about, indent=2) + "\n")
    return measured


def _card(
    fitted: Fitted, measured: Measured, data: str, data_options: dict[str, Any], options: Options
) -> str:
    evaluator, source = fitted.evaluator, card.Data.of(data, data_options)
    labels = ", ".join(evaluator.labels) or "no labels"
    about = model_card.About(
        title="An evaluator of generated motion",
        lead=_LEAD.format(dim=evaluator.dim, labels=labels),
        parts={"vectors": f"{evaluator.dim} dimensions", "labels": labels},
        code=_CODE,
        use=_USE,
        limits=_LIMITS,
        tags=("evaluation",),
    )
    training = _TRAINING.format(
        seed=options.seed,
        epochs=options.epochs,
        epoch=fitted.epoch,
        data=source.section(),
        table=measured.table(),
    )
    told = model_card.Paperwork(card=training, data=(source.name,), licence=source.hub_licence)
    return model_card.render(about, told)
