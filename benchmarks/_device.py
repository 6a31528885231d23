"""A device and the paper's size, with weights and motions that need no file."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from benchmarks import _clip_tower, published
from moclip import skeletons
from moclip.models.motion import limbs
from moclip.models.two_tower import MoCLIP, unit
from moclip.motion import Motion, MotionBatch
from moclip.training.objectives import Batch

_TINY = {"limb_width": 8, "limb_heads": 2, "layers": 1, "width": 48, "heads": 12}
_FPS = 20.0


class Bench:
    """One device and the model that is measured on it."""

    def __init__(self, device: str, *, quick: bool, cache: int | None) -> None:
        self.device, self.quick, self.cache = torch.device(device), quick, cache
        self.is_cuda = self.device.type == "cuda"
        self.captions = [f"a person walks {n} steps and waves" for n in range(64)]
        self.frames = 24 if quick else published.FRAMES

    def model(self) -> MoCLIP:
        """The paper's size, the same weights every time, on the processor."""
        text = _clip_tower.load(self.captions, quick=self.quick)
        config = limbs.Config(patch=1, **_TINY) if self.quick else limbs.Config.paper()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = MoCLIP(text, limbs.Encoder(config, dim=text.dim), text_name="clip")
        model.motion.fit_normalisation([self.motions(16)])
        model.train()
        model.text.eval()
        return model

    def motions(self, count: int) -> MotionBatch:
        """Bodies at rest that sway at random, as long as the published code pads all clips."""
        body, draw = skeletons.get("humanml3d"), torch.Generator().manual_seed(1)
        rest = torch.zeros(len(body), 3)
        for joint, parent in enumerate(body.parents):
            if parent >= 0:
                rest[joint] = rest[parent] + torch.tensor(body.offsets[joint])
        sway = torch.randn(count, self.frames, 1, 3, generator=draw).cumsum(dim=1) * 0.01
        tremble = torch.randn(count, self.frames, len(body), 3, generator=draw) * 0.002
        joints = rest + torch.tensor([0.0, 0.95, 0.0]) + sway + tremble
        return MotionBatch.of([Motion(one, _FPS, body) for one in joints])

    def batch(self, count: int, dim: int) -> Batch:
        """Pairs of a motion and a caption, which 64 different captions share."""
        which = torch.arange(count) % len(self.captions)
        teacher = unit(torch.randn(len(self.captions), dim, generator=torch.Generator()))[which]
        return Batch(
            motions=(self.motions(count),),
            captions=tuple(self.captions),
            text_index=which,
            own=which[:, None],
            numbers=which,
            teacher=teacher,
            teacher_norm=torch.full((count,), 10.0),
        ).to(self.device)

    def seconds(self, work: Callable[[], object], repeats: int) -> float:
        """Median of ``repeats``, after two that do not count."""
        spent = []
        for number in range(2 + repeats):
            self._wait()
            started = time.perf_counter()
            work()
            self._wait()
            spent += [time.perf_counter() - started] if number >= 2 else []
        return statistics.median(spent)

    @contextmanager
    def half(self) -> Iterator[None]:
        """Products in bf16."""
        with torch.autocast(self.device.type, torch.bfloat16):
            yield

    def _wait(self) -> None:
        if self.is_cuda:
            torch.cuda.synchronize()
