"""Compare two text towers: is the second safe where programs expect the first?

Examples:
  moclip compare minilm runs/demo --captions bundled
  moclip compare openai/clip-vit-base-patch32 runs/clip --captions humanml3d:HumanML3D
  moclip compare ViT-B-32.pt runs/clip --captions captions.txt --generic photos.txt -o drift.json

A tower is a model's folder, `minilm`, or anything `moclip export` and `import-clip` read. Captions
are a text file, one a line (HumanML3D's `caption#tokens#from#to` too), a CSV file with a column
`caption`, or a data set, of which no motion is read. The same figures are taken on generic
captions, in which nobody moves: what the tower may have forgotten.
In brackets are 95 % bootstrap intervals. Towers of two widths have no norm ratio and no cosine
drift; neighbours and rank correlation compare them still.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from moclip.cli import _captions, _settings
from moclip.cli._device import Device

if TYPE_CHECKING:
    from moclip.evaluation.drift import Drift


def main(
    tower_a: Positional[str],
    tower_b: Positional[str],
    /,
    *,
    captions: str,
    generic: str | None = None,
    split: _captions.Split = "test",
    options: _settings.DataOptions = (),
    tokenizer: str | None = None,
    most: int = 2000,
    seed: int = 0,
    out: Annotated[Path | None, arg(aliases=["-o"])] = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Compare two text towers.

    Args:
        tower_a: the tower that was there: a model, a tower's name, a folder, a file or a hub id
        tower_b: the tower that is to take its place
        captions: captions of motion: a file, or a data set as NAME or NAME:PATH
        generic: other captions; 120 that come with the package if absent
        split: which clips of a data set give captions
        options: options of the data set
        tokenizer: where CLIP's words are, for files of weights, as `moclip import-clip` takes it
        most: captions of a set that are compared; of more, so many are drawn
        seed: of what is drawn, and of the intervals
        out: file to write the figures to, as JSON
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _output
    from moclip.files import write_atomically

    given = {"motion": _captions.read(captions, split=split, options=options)}
    from moclip.evaluation import drift

    given["generic"] = _captions.read(generic or str(drift.GENERIC))
    sets = {title: _drawn(texts, most, seed) for title, texts in given.items()}
    towers = [_encoded(name, tokenizer, sets, device) for name in (tower_a, tower_b)]
    found = _measured(towers, seed)
    facts = {"a": towers[0][0], "b": towers[1][0]}
    text = _output.as_json_text(facts | {k: v.to_dict() for k, v in found.items()})
    if out is not None:
        write_atomically(out, text.encode() + b"\n")
    counts = {title: (len(sets[title]), len(texts)) for title, texts in given.items()}
    print(text if json else _page(facts, counts, found))


def _drawn(captions: Sequence[str], most: int, seed: int) -> list[str]:
    import torch

    order = torch.randperm(len(captions), generator=torch.Generator().manual_seed(seed))
    return [captions[at] for at in sorted(order[: max(0, most)].tolist())]


Encoded = tuple[dict[str, Any], dict[str, Any]]
"""What a tower is, and its raw vectors of each set of captions."""


def _encoded(
    name: str, tokenizer: str | None, sets: Mapping[str, Sequence[str]], device: Device
) -> Encoded:
    import torch

    from moclip.cli import _device
    from moclip.models import identity, interop

    tower = interop.read(name, tokenizer=tokenizer).to(_device.pick(device))
    with torch.inference_mode():
        vectors = {title: tower.encode(texts).float().cpu() for title, texts in sets.items()}
    return {"tower": name, "dim": tower.dim, "tower_hash": identity.tower_hash(tower)}, vectors


def _measured(towers: Sequence[Encoded], seed: int) -> dict[str, "Drift"]:
    import torch

    from moclip.evaluation import drift

    (_, a), (_, b) = towers
    return {
        title: drift.measure(a[title], b[title], generator=torch.Generator().manual_seed(seed))
        for title in a
    }


def _page(
    facts: Mapping[str, Mapping[str, Any]],
    counts: Mapping[str, tuple[int, int]],
    found: Mapping[str, "Drift"],
) -> str:
    from moclip.cli import _output
    from moclip.evaluation import drift

    lines = [
        (name.upper(), f"{tower['tower']}, {tower['dim']} numbers, tower {tower['tower_hash']}")
        for name, tower in facts.items()
    ]
    titles = {title: f"{title}, {_told(*counts[title])}" for title in found}
    grid = drift.table({titles[title]: figures for title, figures in found.items()})
    return "\n\n".join((_output.pairs(lines), grid, _verdict(facts, found["motion"])))


def _told(used: int, there: int) -> str:
    return f"{used:,} captions" if used == there else f"{used:,} of {there:,} captions"


def _verdict(facts: Mapping[str, Mapping[str, Any]], motion: "Drift") -> str:
    from moclip.evaluation.drift import NORMS

    a, b = facts["a"], facts["b"]
    if a["tower_hash"] == b["tower_hash"]:
        return "same tower: weights and words are equal"
    if motion.keeps_norms is None:
        return f"no swap: what reads {a['dim']} numbers cannot read {b['dim']}"
    ratio, (low, high) = motion.figures["norm ratio"].value, NORMS
    where = f"norm ratio {ratio:.3f} on captions of motion"
    if motion.keeps_norms:
        return (
            f"safe lengths: {where} is inside {low}..{high}, for generators that read raw vectors"
        )
    return (
        f"unsafe lengths: {where} is outside {low}..{high}, generators that read raw vectors drift"
    )
