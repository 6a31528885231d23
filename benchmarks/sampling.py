"""How long a motion takes to be made: few runs of the network against one for each token.

Weights are random: they cost the same time. The two ways make different motions, as two draws do;
what they share is the network, the residual layers and the decoder.
"""

import torch

from benchmarks._clips import Mix
from benchmarks._timing import Row, Work, alternate
from moclip.features.humanml263 import FPS
from moclip.models.generator import masked, quantiser, sampling
from moclip.models.generator._folder import Tower
from moclip.models.generator.generator import MotionGenerator
from moclip.models.generator.sampling import Sampling

_SECONDS, _TEXT_DIM, _MANY = 4.0, 384, 16


@torch.no_grad()
def generating(mix: Mix, *, quick: bool, repeats: int) -> list[Row]:
    """One motion of 4 s (the bar is 1 s on two cores), then 16 at once against one by one."""
    model, count = random_generator(quick=quick), 2 if quick else _MANY
    text = torch.randn(count, _TEXT_DIM, generator=torch.Generator().manual_seed(0))
    frames, seeds = [round(_SECONDS * FPS)] * count, list(range(count))

    def few_runs() -> object:
        return model.from_vectors(text[:1], frames[:1], seeds=seeds[:1])

    def together() -> object:
        return model.from_vectors(text, frames, seeds=seeds)

    def one_by_one() -> object:
        return [model.from_vectors(text[i : i + 1], frames[:1], seeds=[i]) for i in seeds]

    slow = _one_token_at_a_time(model, text[:1], frames[:1])
    one, reference, many, apart = alternate([few_runs, slow, together, one_by_one], repeats=repeats)
    name = f"generate {_SECONDS:g} s of motion"
    return [
        Row(name, "one token at a time", 1, "motions", one, reference),
        Row(f"{name}, {count} captions", "one by one", count, "motions", many, apart),
    ]


def _one_token_at_a_time(model: MotionGenerator, text: torch.Tensor, frames: list[int]) -> Work:
    """The same network and decoder; only the base layer takes a run a token."""
    start, how = model.blank(frames), Sampling()
    none = torch.zeros_like(start.mask)

    def work() -> object:
        base = sampling.one_token_at_a_time(model.masked, text, start, seeds=[0], sampling=how)
        codes = sampling.fill_rest(model.residual, text, base, none, seeds=[0], sampling=how)
        return model.decode(codes)

    return work


def random_generator(*, quick: bool) -> MotionGenerator:
    """The compact sizes, with random weights."""
    sizes, tokens = masked.Config.compact(), quantiser.Config.compact()
    if quick:
        sizes = masked.Config(width=32, layers=1, heads=2)
        tokens = quantiser.Config(width=16, depth=1, codes=24, code_dim=16, layers=3)
    tower = Tower(name="minilm", source="random", dim=_TEXT_DIM, hash="")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MotionGenerator(
            quantiser.Quantiser(tokens), tower=tower, masked_config=sizes, residual_config=sizes
        ).eval()
