"""Check what is installed, what can run here, and how to get what is missing.

Examples:
  moclip doctor
  moclip doctor --json

The exit code is 1 when something that moclip cannot do without is missing.
"""

import platform
import sys


def main(*, json: bool = False) -> None:
    """Check this installation.

    Args:
        json: print JSON
    """
    from moclip import __version__
    from moclip.cli import _checks, _output

    rows = _checks.all_checks()
    if json:
        print(_output.as_json_text([row.as_dict() for row in rows]))
    else:
        print(f"moclip {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
        print(_output.table([row.as_dict() for row in rows]))
    if any(row.state == "MISSING" for row in rows):
        sys.exit(1)
