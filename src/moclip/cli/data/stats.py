"""Say in numbers what is in a data set or a folder of motion files.

Examples:
  moclip data stats bundled
  moclip data stats bandai_namco:bandai.zip
  moclip data stats bandai_namco:bandai.zip --set max_seconds=60
  moclip data stats my_clips --json

Clips and hours by split, durations, frame rates, bodies, captions and their words, labels, speeds,
and what could not be read. Every file is read once, on all cores.
"""

from typing import Any

from tyro.conf import Positional

from moclip.cli import _settings

_BAR = 40
"""Letters of the longest bar."""
_NAMED = 12
"""Labels and words that are printed of each kind; ``--json`` has all."""


def main(
    data: Positional[str],
    /,
    *,
    options: _settings.DataOptions = (),
    jobs: int | None = None,
    json: bool = False,
) -> None:
    """Count what there is.

    Args:
        data: NAME or NAME:PATH of a data set, or a path of motion files
        options: options of the data set
        jobs: processes, all cores if absent
        json: print JSON
    """
    from moclip.cli import _output
    from moclip.cli.data._named import named
    from moclip.curation.stats import stats

    name, given = named(data)
    found = stats(name, jobs=jobs, **_settings.checked(name, given, options))
    print(_output.as_json_text(found) if json else _output.pairs(lines(found)))


def lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The facts as they are read by people."""
    said, unread = found["captions"], found["unreadable"]
    facts = [
        ("clips", f"{found['clips']:,}, {found['hours']:.2f} h"),
        *(
            (name, f"{split['clips']:,}, {split['hours']:.2f} h")
            for name, split in found["splits"].items()
        ),
        ("seconds", _spread(found["seconds"])),
        ("", _bars(found["durations"])),
        ("fps", _listed(found["fps"])),
        ("bodies", _listed(found["skeletons"])),
        ("hips, m/s", _spread(found["speeds"])),
        ("captions", f"{said['captions']:,}, {said['different']:,} different"),
    ]
    if said["captions"]:
        facts += [
            ("  of a clip", f"{_spread(said['per_clip'])}; {said['clips_without']:,} without"),
            ("  words", f"{_spread(said['words'])}; {said['vocabulary']:,} different"),
            ("  frequent", _listed(said["common_words"])),
        ]
    facts += [
        (kind, f"{len(labels)}: {_listed(labels)}") for kind, labels in found["labels"].items()
    ]
    some = [f"{clip}: {why}" for clip, why in list(unread.items())[:_NAMED]]
    return [*facts, ("unreadable", "\n".join([f"{len(unread):,}", *some]))]


def _spread(numbers: dict[str, float] | None) -> str:
    if numbers is None:
        return "none"
    return ", ".join(f"{name} {_short(number)}" for name, number in numbers.items())


def _short(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def _listed(counts: dict[str, int]) -> str:
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:_NAMED]]
    if len(counts) > _NAMED:
        shown.append(f"and {len(counts) - _NAMED} more")
    return ", ".join(shown)


def _bars(durations: list[dict[str, Any]]) -> str:
    most = max(bin["clips"] for bin in durations)
    spans = [
        f"{bin['from']:g}-{bin['to']:g} s" if bin["to"] else f"{bin['from']:g} s up"
        for bin in durations
    ]
    width = max(map(len, spans))
    return "\n".join(
        f"{span:>{width}}  {'#' * -(-_BAR * bin['clips'] // most)} {bin['clips']:,}"
        for span, bin in zip(spans, durations, strict=True)
    )
