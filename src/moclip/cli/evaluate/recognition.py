"""Measure zero-shot recognition of labels, by the protocols in which BABEL is told.

Examples:
  moclip evaluate recognition runs/mc --data babel:AMASS_AND_BABEL --set categories=all \\
    --labels babel_actions.csv --first 60
  moclip evaluate recognition runs/demo --data bundled --kind action --template "a person: {}"

Of a clip with several labels, `segment` takes the first as its class, and with `any-label` each of
them is right, as MotionCLIP is published; these two never compare. Balanced Top-1 is the mean over
classes. In brackets are 95 % bootstrap intervals.
"""

from pathlib import Path
from typing import get_args

from tyro.conf import Positional

from moclip.cli import _settings
from moclip.cli._device import Device
from moclip.cli.evaluate._clips import Out, Split


def main(
    model: Positional[str],
    /,
    *,
    data: str,
    kind: str = "action",
    split: Split = "test",
    options: _settings.DataOptions = (),
    labels: Path | None = None,
    first: int | None = None,
    template: str = "{}",
    out: Out = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Evaluate recognition.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        data: data set and where it lies, as NAME or NAME:PATH
        kind: the kind of labels, such as action or content
        split: which clips to name
        options: options of the data set
        labels: file of classes, one a line or a CSV's column label; all of the split if absent
        first: take only so many classes of the file
        template: the sentence a class is put into, at its {}
        out: file to write the figures to, as JSON
        json: print JSON
        device: where to compute
    """
    from moclip.cli import _items, _model
    from moclip.cli.evaluate import _clips
    from moclip.tasks.recognition import check_template

    if first is not None and first < 1:
        raise ValueError(f"--first is {first}, wanted at least 1")
    if first is not None and labels is None:
        raise ValueError("--first takes classes of a file, wanted --labels too")
    check_template(template)
    given = None if labels is None else _items.labels(labels)[:first]
    clips = _clips.load(data, split, options, None)
    towers = _model.load(model, device)
    from moclip.evaluation import label_recognition
    from moclip.evaluation.figures import grid

    classes = label_recognition.classes_of(clips, kind) if given is None else given
    found = {
        protocol: label_recognition.evaluate(
            towers, clips, classes, kind=kind, protocol=protocol, template=template
        )
        for protocol in get_args(label_recognition.Protocol)
    }
    table = f"{len(classes)} classes of '{kind}'\n\n{grid('recognition, %', found)}"
    about = {"model": model, "data": data, "split": split, "kind": kind, "classes": classes}
    figures = {
        protocol: {name: vars(figure) for name, figure in own.items()}
        for protocol, own in found.items()
    }
    _clips.show(table, about | figures, out=out, as_json=json)
