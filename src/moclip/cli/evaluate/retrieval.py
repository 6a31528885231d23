"""Measure retrieval, and recognition where clips have labels, on a split of a data set.

Examples:
  moclip evaluate retrieval runs/demo --data bundled --split test
  moclip evaluate retrieval runs/bn --data bandai_namco:bn.zip --set split_by=unseen-combinations
  moclip evaluate retrieval runs/demo --data folder:my_clips --protocol small-32 --json

R@k are percent, MedR is the median rank; in brackets 95 % bootstrap intervals. The protocols rank
differently, so figures of two protocols do not compare.
"""

from typing import Literal

from tyro.conf import Positional

from moclip.cli import _settings
from moclip.cli._device import Device
from moclip.cli.evaluate._clips import Out, Split

Protocol = Literal["all", "all-identical", "all-threshold", "dissimilar", "small-32"]


def main(
    model: Positional[str],
    /,
    *,
    data: str,
    split: Split = "test",
    protocol: Protocol = "all-identical",
    gallery: Literal["split", "set"] = "split",
    options: _settings.DataOptions = (),
    out: Out = None,
    json: bool = False,
    device: Device = "auto",
) -> None:
    """Evaluate a model.

    Args:
        model: folder of a trained model, or its id on the Hugging Face hub
        data: data set and where it lies, as NAME or NAME:PATH
        split: which clips to measure
        protocol: what counts as right
        gallery: rank against the captions of the split, or of the whole data set
        options: options of the data set
        out: file to write the figures to, as JSON
        json: print JSON
        device: where to compute
    """
    from moclip import datasets
    from moclip.cli import _model
    from moclip.cli.evaluate import _clips

    name, given = _settings.of_data(data, options)
    clips = datasets.load(name, split, **given)
    everything = datasets.load(name, "all", **given) if gallery == "set" else None
    towers = _model.load(model, device)
    from moclip.evaluation import retrieval_benchmark

    report = retrieval_benchmark.evaluate(
        towers, clips, gallery_clips=everything, protocol=protocol
    )
    about = {"model": model, "data": data, "split": split, "gallery": gallery}
    table = f"{name}, split {split}, {report.table()}"
    _clips.show(table, about | report.to_dict(), out=out, as_json=json)
