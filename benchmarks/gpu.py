"""Measure the paper's size on a GPU: training steps, encoding, sampling, and the same numbers.

Examples:
  python -m benchmarks.gpu -o build/gpu.json
  python -m benchmarks.gpu --batch 128 1024 --cache 256 -o build/gpu.json
  python -m benchmarks.gpu --device cpu --quick -o build/gpu.json

Needs no data and no download: bodies move at random, all of them for 196 frames, and CLIP's weights
are random. Steps are those of training, in bf16, eager and compiled. Their floating-point
operations are counted by torch, so the share of the peak is that of the products that a step needs,
against the rate of one large product measured here. What does not fit in memory is told as such.
"""

import argparse
import datetime
import json
import platform
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks._device import Bench
from benchmarks.sampling import random_generator
from moclip.files import write_atomically
from moclip.models.two_tower import MoCLIP, unit
from moclip.training import objectives, optimiser
from moclip.training.objectives import Batch
from moclip.training.passes import Passes
from moclip.training.recipe import Loss, Optimiser

Row = dict[str, Any]


def peak(bench: Bench, repeats: int) -> float:
    """Operations a second of one large bf16 product."""
    size = 512 if bench.quick else 8192
    draw = torch.Generator().manual_seed(0)
    one, other = (
        torch.randn(size, size, generator=draw).to(bench.device, torch.bfloat16) for _ in "ab"
    )
    return 2 * size**3 / bench.seconds(lambda: one @ other, repeats)


def steps(
    bench: Bench, batches: list[int], most: float, repeats: int, *, compile_too: bool
) -> list[Row]:
    """Training steps of both phases, eager and compiled."""
    rows = []
    for compiled in (False, True) if compile_too else (False,):
        for phase in (1, 2):
            model = bench.model().to(bench.device)
            model.unfreeze_text() if phase == 2 else model.freeze_text()
            optimizer = optimiser.build(model, Optimiser())
            if compiled:
                model.motion.compile()
            for size in batches:
                about = {"phase": phase, "batch": size, "compiled": compiled}
                rows.append(about | _step(bench, model, optimizer, size, phase, most, repeats))
    return rows


def _step(
    bench: Bench,
    model: MoCLIP,
    optimizer: torch.optim.Optimizer,
    size: int,
    phase: int,
    most: float,
    repeats: int,
) -> Row:
    batch, passes, weights = bench.batch(size, model.dim), Passes(bench.cache), Loss()
    learning = [p for p in model.parameters() if p.requires_grad]

    def work() -> None:
        with bench.half():
            step = objectives.moclip(
                model, batch, weights, text_is_frozen=phase == 1, passes=passes
            )
        step.loss(weights).backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    try:
        if bench.is_cuda:
            torch.cuda.reset_peak_memory_stats()
        seconds = bench.seconds(work, repeats)
    except torch.OutOfMemoryError:
        optimizer.zero_grad(set_to_none=True)
        torch.cuda.empty_cache()
        return {"out of memory": True}
    held = torch.cuda.max_memory_allocated() / 2**30 if bench.is_cuda else None
    rate = operations(bench, model, batch, phase) / seconds
    return {
        "seconds": seconds,
        "clips/s": size / seconds,
        "GiB": held,
        "TFLOP/s": rate / 1e12,
        "share of peak": rate / most,
    }


def operations(bench: Bench, model: MoCLIP, batch: Batch, phase: int) -> float:
    """Of a step, there and back, without what a cache does twice; counted on a few of its clips."""
    few = min(8, len(batch.numbers))
    part = bench.batch(few, model.dim)
    with FlopCounterMode(display=False) as counter:
        # Torch counts nothing in compiled code.
        unit(model.motion.forward(part.motions[0])).sum().backward()
    total = counter.get_total_flops() * len(batch.numbers) / few
    if phase == 2:
        with FlopCounterMode(display=False) as counter:
            model.text.encode(batch.captions).sum().backward()
        total += counter.get_total_flops()
    model.zero_grad(set_to_none=True)
    return float(total)


@torch.no_grad()
def encoding(bench: Bench, repeats: int) -> list[Row]:
    """Vectors of clips and captions, in bf16."""
    model = bench.model().to(bench.device).eval()
    count = 8 if bench.quick else 512
    motions = bench.motions(count).to(bench.device)
    told = bench.captions * (1 if bench.quick else 16)
    found = []
    for name, amount, work in (
        ("clips", count, lambda: model.encode_motion(motions)),
        ("captions", len(told), lambda: model.encode_text(told)),
    ):
        with bench.half():
            seconds = bench.seconds(work, repeats)
        found.append({"what": name, "seconds": seconds, "a second": amount / seconds})
    return found


@torch.no_grad()
def sampling(bench: Bench, repeats: int) -> list[Row]:
    """Seconds until motions of 4 s are there, made by the compact generator."""
    model = random_generator(quick=bench.quick).to(bench.device)
    rows = []
    for count in (1, 2) if bench.quick else (1, 16, 64):
        text = torch.randn(count, 384, generator=torch.Generator().manual_seed(0))
        text, frames, seeds = text.to(bench.device), [80] * count, list(range(count))
        seconds = bench.seconds(lambda: model.from_vectors(text, frames, seeds=seeds), repeats)  # noqa: B023
        rows.append({"motions": count, "seconds": seconds})
    return rows


@torch.no_grad()
def parity(bench: Bench) -> Row:
    """The device beside the processor in single precision, and its bf16 beside that."""
    torch.set_float32_matmul_precision("highest")
    model, motions = bench.model().eval(), bench.motions(8)
    here = torch.cat((model.encode_motion(motions), model.encode_text(bench.captions[:8])))
    model, motions = model.to(bench.device), motions.to(bench.device)

    def there() -> Tensor:
        return torch.cat((model.encode_motion(motions), model.encode_text(bench.captions[:8])))

    single = there().cpu()
    with bench.half():
        half = there().float().cpu()
    return {
        "largest difference": float((single - here).abs().max()),
        "lowest cosine in bf16": float((half * here).sum(dim=-1).min()),
    }


def measured(
    device: str,
    batches: list[int],
    *,
    quick: bool,
    cache: int | None,
    repeats: int,
    compile_too: bool = True,
) -> dict[str, Any]:
    """All of it, fit for JSON."""
    bench = Bench(device, quick=quick, cache=cache)
    most = peak(bench, repeats)
    name = torch.cuda.get_device_name() if bench.is_cuda else platform.processor()
    return {
        "machine": {
            "device": name or device,
            "torch": torch.__version__,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "frames": bench.frames,
            "cache": cache,
            "quick": quick,
            "peak TFLOP/s": most / 1e12,
        },
        "parity": parity(bench),
        "steps": steps(bench, batches, most, repeats, compile_too=compile_too),
        "encoding": encoding(bench, repeats),
        "sampling": sampling(bench, repeats),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("build/gpu.json"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, nargs="+", default=[128, 256, 512, 1024])
    parser.add_argument("--cache", type=int, help="gradient cache: clips in memory at once")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--eager", action="store_true", help="nothing compiled")
    parser.add_argument("--quick", action="store_true", help="tiny, to see that all of it runs")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("there is no CUDA device here; --device cpu --quick shows that all of it runs")
    found = measured(
        args.device,
        args.batch,
        quick=args.quick,
        cache=args.cache,
        repeats=args.repeats,
        compile_too=not args.eager,
    )
    text = json.dumps(found, indent=1)
    write_atomically(args.out, text.encode())
    print(text)


if __name__ == "__main__":
    main()
