"""Blend two motions, or two prompts, in steps.

Examples:
  moclip interpolate runs/motionclip_bandai walk.bvh run.bvh --steps 5 -o blend
  moclip interpolate runs/motionclip_bandai "a person walks" "a person runs" -o blend.png
  moclip interpolate runs/motionclip_bandai --file pairs.csv --data bandai_namco:bandai.zip -o made

Both ends are among the steps; a clip's end is its reconstruction. A file of pairs is a CSV with the
columns `start` and `end`. With --data the phrases of the file are looked up: the clip whose caption
is most like each is taken, and named; without, they are prompts.
"""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from moclip.cli import _settings
from moclip.cli._device import Device

_COLUMNS = ("start", "end")


def main(
    model: Positional[str],
    ends: Positional[tuple[str, ...]] = (),
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    steps: int = 5,
    spherical: bool = False,
    length: str | None = None,
    seed: int = 0,
    file: Path | None = None,
    data: str | None = None,
    options: _settings.DataOptions = (),
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Interpolate between motions.

    Args:
        model: folder of a trained MotionCLIP, or its id on the Hugging Face hub
        ends: two motion files or prompts
        out: file or folder to write
        steps: motions of each blend, both ends among them
        spherical: at equal angles instead of along a straight line
        length: of every motion, as 3s; else clips keep theirs and prompts take 3 s
        seed: of what is drawn for prompts
        file: CSV file with the columns start and end
        data: data set in which the phrases of the file are looked up, as NAME or NAME:PATH
        options: options of the data set
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _items, _model, _motions, _output
    from moclip.tasks.latents import Drawing, interpolate

    if bool(ends) == bool(file) or len(ends) not in (0, 2):
        raise ValueError(f"{len(ends)} ends came, wanted two motion files or prompts, or --file")
    _motions.check(out)
    seconds = None if length is None else _motions.seconds(length)
    wanted = _items.rows(file, _COLUMNS) if file else [dict(zip(_COLUMNS, ends, strict=True))]
    made, titles = [], []
    space = _model.motionclip(model, device)
    look_up = _items.looker(space, data, options)
    for row in wanted:
        one, other = (look_up(row[column]) for column in _COLUMNS)
        made += interpolate(
            space,
            one,
            other,
            steps=steps,
            spherical=spherical,
            seconds=seconds,
            drawing=Drawing(seed),
        )
        shares = [f"{100 * i / (steps - 1):.0f} %" for i in range(steps)]
        titles += [f"{one.text} to {other.text}, {share}" for share in shares]
    _output.show(_motions.write([m.to("cpu") for m in made], titles, out), as_json=json)
