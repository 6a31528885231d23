"""What a study found, as JSON, CSV, Markdown and one page of HTML."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moclip.evaluation import study_page
from moclip.evaluation.study_page import Page
from moclip.files import write_atomically

Row = Mapping[str, Any]


def write(
    out: Path, page: Page, *, rows: Sequence[Row], figures: Mapping[str, Any], name: str = "report"
) -> list[Path]:
    """Four files in ``out``, and their paths.

    ``figures`` are what the JSON holds: whatever the study concludes, and how it was made. ``rows``
    are plain values, one line of the CSV each; columns are all keys that occur, lists are left to
    the JSON.
    """
    files = {
        f"{name}.json": json.dumps(
            dict(figures), indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False
        )
        + "\n",
        f"{name}.csv": as_csv(rows),
        f"{name}.md": study_page.markdown(page),
        f"{name}.html": study_page.render(page),
    }
    for file, text in files.items():
        write_atomically(out / file, text.encode())
    return [out / file for file in files]


def as_csv(rows: Sequence[Row]) -> str:
    """A line a row under the names of all their columns, in the order in which they come up."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    columns = [c for c in columns if not any(isinstance(r.get(c), list | dict) for r in rows)]
    text = io.StringIO()
    table = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
