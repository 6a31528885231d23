"""The clips that a command measures, and the judge it is given."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import arg

from moclip.cli import _device, _output, _settings
from moclip.files import write_atomically

if TYPE_CHECKING:
    from moclip.evaluation.judges import Judge
    from moclip.motion import CaptionedMotion

Split = Literal["train", "val", "test", "all"]
Out = Annotated[Path | None, arg(aliases=["-o"])]


def load(
    data: str, split: Split, options: _settings.DataOptions, most: int | None
) -> "list[CaptionedMotion]":
    """A split of a data set, or ``most`` of its clips, spread evenly over it."""
    from moclip import datasets

    if most is not None and most < 1:
        raise ValueError(f"--clips is {most}, wanted at least 1")
    name, given = _settings.of_data(data, options)
    clips = datasets.load(name, split, **given)
    if most is None or len(clips) <= most:
        return clips
    return [clips[at * len(clips) // most] for at in range(most)]


def judge(
    evaluator: str, data: str, options: _settings.DataOptions, device: _device.Device
) -> "Judge":
    """The evaluator of a folder, or Guo's; see :meth:`moclip.evaluation.judges.Judge.open`."""
    from moclip import datasets
    from moclip.evaluation.judges import Judge

    _, given = datasets.parse(data)
    root = given.get("root") or _settings.pairs(options).get("root")
    where = _device.pick(device)
    return Judge.open(evaluator, root=None if root is None else Path(root), device=where)


def show(table: str, found: dict[str, Any], *, out: Path | None, as_json: bool) -> None:
    """Prints a table or its figures, which go to a file too where one is named."""
    text = _output.as_json_text(found)
    if out is not None:
        write_atomically(out, text.encode() + b"\n")
    print(text if as_json else table)
