"""Whatever the bytes, a reader gives a motion or one sentence, soon, in little memory."""

import json
import subprocess
import sys
import time
from pathlib import Path

import hostile_files as hostile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2]))

from fuzz import readers, seeds

SOON = 10
"""Seconds; sound files of this size take milliseconds."""
MEMORY = 2**30
"""Bytes that a small file may take beyond what the libraries have taken."""


def check(target: str, data: bytes) -> None:
    start = time.perf_counter()
    readers.TARGETS[target](data)
    assert time.perf_counter() - start < SOON


@pytest.mark.parametrize("target", readers.TARGETS)
def test_seeds_are_sound(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    plain = readers.read

    def read(data: bytes, name: str, **options: object) -> object:
        told.append(plain(data, name, **options))
        return told[-1]

    monkeypatch.setattr(readers, "read", read)
    for seed in seeds.of(target):
        readers.TARGETS[target](seed)
    broken = [answer for answer in told if isinstance(answer, str)]
    assert len(broken) <= (target == "npy") * 2, broken  # features of zeros are no body
    assert len(told) > len(broken)


@pytest.mark.parametrize("target", readers.TARGETS)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_spoiled_files_are_told_or_read(target: str, data: st.DataObject) -> None:
    sound = data.draw(st.sampled_from(seeds.of(target)))
    check(target, data.draw(hostile.spoiled(sound)))


@pytest.mark.parametrize("file", ["cmu_actions/jumping_01.bvh", "deepmimic/kick.bvh"])
@given(data=st.data())
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_spoiled_real_files_are_told_or_read(
    file: str, shared_data: Path, data: st.DataObject
) -> None:
    lines = (shared_data / file).read_bytes().splitlines()
    at = lines.index(b"MOTION")
    sound = b"\n".join([*lines[: at + 1], b"Frames: 3", *lines[at + 2 : at + 6], b""])
    check("bvh", data.draw(hostile.spoiled(sound)))


@pytest.mark.parametrize("target", readers.TARGETS)
@given(data=st.binary(max_size=2000))
@settings(max_examples=100)
def test_any_bytes_are_told_or_read(target: str, data: bytes) -> None:
    check(target, data)


CHAIN = hostile.asf(900).encode()
HOSTILE = {
    "a billion frames": ("clip.bvh", hostile.bvh(frames="1000000000")),
    "frames beyond numbers": ("clip.bvh", hostile.bvh(frames="9" * 100_000)),
    "a hundred thousand joints": ("clip.bvh", hostile.bvh(inside=hostile.deep(100_000))),
    "a million braces": ("clip.bvh", hostile.bvh(inside="{" * 10**6)),
    "a million lines": ("clip.bvh", hostile.bvh(inside="\n" * 10**6)),
    "a name of megabytes": ("clip.bvh", hostile.bvh(name="a" * 4_000_000)),
    "a line of megabytes": ("clip.bvh", hostile.bvh(rows="0 " * 2_000_000)),
    "a number of megabytes": ("clip.bvh", hostile.bvh(rows="0 0 0." + "1" * 4_000_000)),
    "many frames of free joints": (
        "clip.bvh",
        hostile.bvh(inside=hostile.deep(5000), frames="30000", rows="0 0 0\n" * 30_000),
    ),
    "blanks instead of settings": ("clip.bvh", hostile.bvh(frames="\n" * 4_000_000)),
    "a billion values": ("clip.npy", hostile.array("1000000000, 22, 3")),
    "more than memory has": ("clip.npy", hostile.array("9" * 40 + ", 22, 3")),
    "nothing, but wide": ("clip.npy", hostile.array("0, " + "9" * 40)),
    "a hundred axes": ("clip.npy", hostile.array("1, " * 60, body=bytes(4))),
    "an endless header": ("clip.npy", b"\x93NUMPY\x02\0\xff\xff\xff\x7f{'descr': '<f4'"),
    "a bomb": ("clip.npz", hostile.bomb("joints.npy", megabytes=1100)),
    "a bomb that lies": ("clip.npz", hostile.bomb("joints.npy", megabytes=1100, claimed=100)),
    "an AMASS bomb that lies": ("clip.npz", hostile.bomb("poses.npy", megabytes=1100, claimed=9)),
    "a gender of two lines": (
        "clip.npz",
        hostile.packed(seeds.recording(72) | {"gender.npy": hostile.text("mal\ne")}),
    ),
    "JSON without end": ("clip.npz", hostile.packed({"motion.json": b"[" * 10**6})),
    "a frame number without end": ("clip.amc", b":DEGREES\n" + b"1" * 10**6 + b"\0" + CHAIN),
    "many empty frames": ("clip.amc", b"\n".join(b"%d" % i for i in range(10**5))),
    "many frames of free bones": (
        "clip.amc",
        b"\n".join(b"%d\nroot 0 0 0 0 0 0" % i for i in range(1, 50_000)) + b"\0" + CHAIN,
    ),
}
SOUND = {"a million lines", "a name of megabytes", "a number of megabytes"}
"""Large, but what they say is plain."""
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
import torch
from fuzz import readers
torch.set_num_threads(1)
readers.npy(b""), readers.bvh(b"")
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
most = used + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for path in sorted(Path(sys.argv[1]).iterdir()):
    data, options, name = path.read_bytes(), {}, "clip" + path.suffix
    if path.suffix == ".amc":
        data, _, options["asf"] = data.partition(b"\\0")
    print(path.stem, end=": ", flush=True)
    start = time.process_time()
    answer = readers.read(data, name, **options)
    answer = answer if isinstance(answer, str) else f"{len(answer)} frames"
    print(json.dumps([answer, time.process_time() - start]), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")
def test_small_files_cannot_take_memory_or_time(tmp_path: Path) -> None:
    """In a process that may take a gibibyte beyond its libraries, and some seconds for each."""
    for trick, (name, data) in HOSTILE.items():
        assert len(data) < 5_000_000
        (tmp_path / f"{trick}{Path(name).suffix}").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path, str(MEMORY)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-2000:]
    for line in done.stdout.splitlines():
        trick, _, told = line.partition(": ")
        answer, seconds = json.loads(told)
        assert answer.startswith("clip.") or trick in SOUND, line
        assert seconds < SOON, line
    assert len(done.stdout.splitlines()) == len(HOSTILE)
