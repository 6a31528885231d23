"""Write lists of clips to train, validate and test on, and nested parts of the first.

Examples:
  moclip data split bandai_namco:bandai.zip -o splits
  moclip data split my_clips -o splits --by subject --subject "^(S\\d+)_"
  moclip data split humanml3d:HumanML3D -o splits --by own --fractions 1 5 25 100 --seed 3

Clips of one take, mirrored twins and captions stay together, and clips that are added later move
no other. `split.json` beside the lists says how they were made.
"""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from moclip.curation.split import FRACTIONS, By


def main(
    data: Positional[str],
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    by: By = "motion",
    subject: str | None = None,
    fractions: tuple[float, ...] = FRACTIONS,
    seed: int = 0,
) -> None:
    """Split a data set or a folder.

    Args:
        data: NAME or NAME:PATH of a data set, or a folder of motion files
        out: folder for the lists
        by: what stays together: takes, subjects; or own for the data set's own splits
        subject: regular expression that finds the subject in a clip's id; the label if absent
        fractions: percentages of train
        seed: another seed is another split
    """
    from moclip import datasets
    from moclip.cli import _output
    from moclip.cli.data._named import named
    from moclip.curation import split

    if subject is not None and by != "subject":
        raise ValueError("--subject is of use only with --by subject")
    name, options = named(data)
    clips = list(datasets.plan(name, **options).clips())
    splits = split.split(clips, by=by, seed=seed, pattern=subject)
    parts = split.nested_fractions(splits["train"], fractions, seed)
    split.write(out, splits, parts, by=by, seed=seed)
    counts = splits | {f"train_{part:g}": ids for part, ids in parts.items()}
    print(_output.pairs([(f"{out / name}.txt", f"{len(ids):,}") for name, ids in counts.items()]))
