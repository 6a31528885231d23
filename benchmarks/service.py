"""The service under load, from a second process: what it answers, how soon, what it holds.

Examples:
  python -m benchmarks.service --model runs/demo -o build/service.json
  python -m benchmarks.service --quick --model runs/demo

Starts `moclip serve` with the bundled clips on a free port of this machine. Clients ask one thing
after the other: most search, some upload a clip and search with it, fetch joints, export a file.
Times are those of requests that were answered; one that is told to come again (429) waits a second.
Exit code 1 where anything but 2xx and 429 came. Memory is the server's alone (Linux tells it).
"""

import json
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from benchmarks import _report
from benchmarks._clients import Answer, Client
from benchmarks._timing import machine
from moclip.files import write_atomically

_START = 600.0
"""Seconds within which the server must be there: it may have to index the bundled clips."""
_EVERY = 0.5
"""Seconds between two looks at the server's memory."""


@dataclass(frozen=True)
class Load:
    """What came of it."""

    seconds: float
    answers: Sequence[Answer]
    memory: Sequence[tuple[float, float]]
    """Seconds since the start, and the server's MiB."""

    @property
    def strange(self) -> dict[str, int]:
        """What came that should not."""
        return {told: n for told, n in self.statuses.items() if told != "429" and told[0] != "2"}

    @property
    def statuses(self) -> dict[str, int]:
        """How many of each; a request without an answer counts under the error's name."""
        return dict(sorted(Counter(answer.status for answer in self.answers).items()))

    def to_dict(self) -> dict[str, Any]:
        """Figures of all requests, of each kind, and of memory."""
        kinds = sorted({answer.kind for answer in self.answers})
        of = {kind: [a for a in self.answers if a.kind == kind] for kind in kinds}
        asked = {"all": self.answers, **of}
        return {
            "seconds": self.seconds,
            "statuses": self.statuses,
            "requests": {name: self._of(answers) for name, answers in asked.items()},
            "memory MiB": _course(self.memory),
        }

    def _of(self, answers: Sequence[Answer]) -> dict[str, float]:
        spent = sorted(1000 * answer.seconds for answer in answers if answer.status[0] == "2")
        if len(spent) < 2:
            return {"answered": len(spent)}
        cuts = statistics.quantiles(spent, n=100, method="inclusive")
        rate = len(spent) / self.seconds
        places = {"p50 ms": cuts[49], "p95 ms": cuts[94], "p99 ms": cuts[98]}
        return {"answered": len(spent), "per second": rate, **places}


def _course(samples: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Start, middle, end, and the slopes of straight lines through all samples and the latter half.

    The first seconds fill caches and the shelf of uploads; a leak would still be there afterwards.
    """
    middle = len(samples) // 2
    told = {"start": samples[0][1], "middle": samples[middle][1], "end": samples[-1][1]}
    for name, part in (("a minute", samples), ("a minute, latter half", samples[middle:])):
        if len(part) > 1:
            told[name] = 60 * statistics.linear_regression(*zip(*part, strict=True)).slope
    return told


@contextmanager
def served(options: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Address and process id of `moclip serve`, once it answers. Raises ``RuntimeError``."""
    port = _free_port()
    command = [sys.executable, "-m", "moclip", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/health", process)
        yield f"127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"`moclip serve` ended with {process.returncode}")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"`moclip serve` does not answer after {_START:g} s")


def load(host: str, pid: int, *, clients: int, seconds: float, seed: int = 0) -> Load:
    """So many clients for so long."""
    with urllib.request.urlopen(f"http://{host}/api/clips?limit=200") as found:
        ids = [clip["id"] for clip in json.load(found)["clips"]]
    start = time.monotonic()
    asking = [Client(host, ids, start + seconds, seed + number) for number in range(clients)]
    threads = [threading.Thread(target=client.work) for client in asking]
    for thread in threads:
        thread.start()
    memory = [(0.0, resident(pid))]
    while any(thread.is_alive() for thread in threads):
        time.sleep(_EVERY)
        memory.append((time.monotonic() - start, resident(pid)))
    answers = [answer for client in asking for answer in client.answers]
    return Load(time.monotonic() - start, answers, memory)


def resident(pid: int) -> float:
    """MiB of memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def main(
    *,
    model: Path | None = None,
    index: Path | None = None,
    clients: int = 32,
    seconds: float = 60.0,
    seed: int = 0,
    quick: bool = False,
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("build/service.json"),
) -> None:
    """Load the service and print how it fared.

    Args:
        model: as for `moclip serve`
        index: as for `moclip serve`; the bundled clips if absent
        clients: that ask at the same time
        seconds: that they go on
        seed: of what they ask
        quick: two clients for two seconds, to see that everything runs
        out: JSON file to write
    """
    if quick:
        clients, seconds = 2, 2.0
    given = {"--model": model, "--index": index}
    options = [part for name, path in given.items() if path for part in (name, str(path))]
    with served(options) as (host, pid):
        done = load(host, pid, clients=clients, seconds=seconds, seed=seed)
    told = {"machine": machine(), "clients": clients, "quick": quick, **done.to_dict()}
    print(_shown(told))
    write_atomically(out, json.dumps(told, indent=1).encode())
    print(f"\n{out} holds the figures")
    if done.strange or not done.answers:
        sys.exit(f"service: other answers than 2xx and 429: {done.strange or 'none at all'}")


def _shown(told: Mapping[str, Any]) -> str:
    requests = told["requests"]
    columns = ("answered", "per second", "p50 ms", "p95 ms", "p99 ms")
    rows = [
        [kind, *(f"{of.get(name, 0):.4g}" for name in columns)] for kind, of in requests.items()
    ]
    table = _report.aligned([["", *columns], *rows])
    facts = [
        f"{name}: {_report.told(told[name])}" for name in ("machine", "statuses", "memory MiB")
    ]
    return "\n".join([table, "", *facts])


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
