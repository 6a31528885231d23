"""Change a motion by what leads from one motion or prompt to another.

Examples:
  moclip edit runs/motionclip_bandai walk.bvh --from run.bvh --to run_elderly.bvh -o elderly.bvh
  moclip edit runs/motionclip_bandai "a person walks" --from "stand" --to "wave" -o waving_walk.gif
  moclip edit runs/motionclip_bandai --file edits.csv --data bandai_namco:bandai.zip -o made

The vector of --to less that of --from is added to the base's and the sum decoded; --scale says how
much of it. A file of edits is a CSV with the columns `base`, `v_start` and `v_end` and perhaps
`motion_source`: rows whose source is `data` are looked up in --data (the clip whose caption is most
like each phrase), all others are prompts.
"""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from moclip.cli import _settings
from moclip.cli._device import Device

_COLUMNS = ("base", "v_start", "v_end")


def main(
    model: Positional[str],
    base: Positional[str | None] = None,
    /,
    *,
    out: Annotated[Path, arg(aliases=["-o"])],
    start: Annotated[str | None, arg(name="from")] = None,
    end: Annotated[str | None, arg(name="to")] = None,
    scale: float = 1.3,
    length: str | None = None,
    seed: int = 0,
    file: Path | None = None,
    data: str | None = None,
    options: _settings.DataOptions = (),
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Edit a motion.

    Args:
        model: folder of a trained MotionCLIP, or its id on the Hugging Face hub
        base: the motion file or prompt to change
        out: file or folder to write
        start: motion file or prompt the change leads away from
        end: motion file or prompt the change leads to
        scale: how much of the change; 0 is none, 1 the plain sum as published
        length: of the result, as 3s; as long as the base if absent
        seed: of what is drawn for prompts
        file: CSV file with the columns base, v_start and v_end
        data: data set in which the phrases of the file are looked up, as NAME or NAME:PATH
        options: options of the data set
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _items, _model, _motions, _output
    from moclip.tasks.latents import Drawing, edit

    given = (base, start, end)
    if (file is None) == (None in given) or (file and any(given)):
        raise ValueError("wanted a base with --from and --to, or --file with rows of all three")
    _motions.check(out)
    seconds = None if length is None else _motions.seconds(length)
    typed = dict(zip(_COLUMNS, map(str, given), strict=True))
    wanted = _items.rows(file, _COLUMNS) if file else [typed]
    space = _model.motionclip(model, device)
    look_up = _items.looker(space, data, options)
    made, titles = [], []
    for row in wanted:
        is_prompt = row.get("motion_source", "data") == "text"
        items = [_items.item(row[c]) if is_prompt else look_up(row[c]) for c in _COLUMNS]
        made.append(edit(space, *items, scale=scale, seconds=seconds, drawing=Drawing(seed)))
        titles.append(f"{items[0].text} - {items[1].text} + {items[2].text}")
    _output.show(_motions.write([m.to("cpu") for m in made], titles, out), as_json=json)
