"""From a data set to a folder with an evaluator and its quality on clips it never saw."""

import json
from pathlib import Path
from typing import Any

from moclip import datasets
from moclip.evaluation.evaluator_quality import quality
from moclip.evaluation.figures import Report
from moclip.files import fill_folder
from moclip.training.evaluator import Fitted, Options, fit

QUALITY = "quality.json"

_CARD = """\
---
library_name: moclip
tags:
- human-motion
- evaluation
- moclip
---

# An evaluator of generated motion

Motions and captions as unit vectors of {dim} dimensions, and probabilities of {labels}. Trained
from scratch on `{data}` (seed {seed}, best of {epochs} epochs: {epoch}); it shares no weights with
any tower or generator it judges. Distances between its vectors compare with those of this very
evaluator alone.

```python
from moclip.models.evaluator.own import Evaluator

evaluator = Evaluator.from_pretrained("PATH/OF/THIS/FOLDER")
```

## Quality on real motion

Clips of the test split, which it never saw; 95 % bootstrap intervals in brackets.

```text
{table}
```
"""


def run(
    data: str,
    data_options: dict[str, Any],
    out: Path,
    options: Options,
    *,
    device: str = "cpu",
    progress: bool = False,
) -> Report:
    """Trains on a data set, measures on its test split, and leaves all in ``out``.

    Raises ``ValueError`` when ``out`` is there already.
    """
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise ValueError(f"{out} holds something already; name another folder")
    train, val, test = (
        datasets.load(data, split, **data_options) for split in ("train", "val", "test")
    )
    fitted = fit(train, val, options, device=device, progress=progress)
    measured = quality(fitted.evaluator, test, seed=options.seed)
    write(out, fitted, measured, data=data, data_options=data_options, options=options)
    return measured


def write(
    out: Path,
    fitted: Fitted,
    measured: Report,
    *,
    data: str,
    data_options: dict[str, Any],
    options: Options,
) -> None:
    """The folder, whole or not at all: the evaluator, a card, and ``quality.json``."""
    about = {
        "data": {"name": data} | {k: str(v) for k, v in data_options.items() if k != "root"},
        "options": options.model_dump(mode="json"),
        "epoch": fitted.epoch,
        "validation": fitted.validation.to_dict(),
        "test": measured.to_dict(),
    }
    with fill_folder(out) as new:
        fitted.evaluator.save(new, card=_card(fitted, measured, data, options))
        (new / QUALITY).write_text(json.dumps(about, indent=2) + "\n")


def _card(fitted: Fitted, measured: Report, data: str, options: Options) -> str:
    evaluator = fitted.evaluator
    return _CARD.format(
        dim=evaluator.dim,
        labels=", ".join(evaluator.labels) or "no labels",
        data=data,
        seed=options.seed,
        epochs=options.epochs,
        epoch=fitted.epoch,
        table=measured.table(),
    )
