"""Two processes of gloo on this machine, started as torchrun starts them."""

import os
import socket
import subprocess
import sys
from pathlib import Path


def start_two(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """A script, or ``-m`` and a module, with its arguments; it must end well."""
    done = launched(arguments, seconds=600)
    assert done.returncode == 0, done.stderr[-4000:]
    return done


def launched(arguments: list[str], *, seconds: int) -> subprocess.CompletedProcess[str]:
    """However it ends, if it does so in time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}"]
    tests = Path(__file__).parent
    path = os.pathsep.join(map(str, (tests, tests / "training")))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *launcher, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
