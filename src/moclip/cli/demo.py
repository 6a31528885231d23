"""Train on the clips of the package, without a network, and show what came out.

Examples:
  moclip demo
  moclip demo --out runs/another

It prints retrieval on held-out clips beside three controls and the answers to three prompts, and
leaves a folder with the model, report.html and the next commands to try.
"""

import sys
from pathlib import Path

from moclip.cli._device import Device


def main(*, out: Path = Path("runs/demo"), device: Device = "auto") -> None:
    """Run the demonstration.

    Args:
        out: folder to write
        device: where to compute
    """
    from moclip.cli import _device
    from moclip.training import demo

    where = _device.pick(device).type
    print(demo.run_demo(out, progress=sys.stderr.isatty(), device=where))
