"""Tokens are drawn as asked, from each clip's own random numbers, and kept ones stay."""

from dataclasses import replace

import pytest
import random_codes
import torch
from random_codes import CODES, DIM, LAYERS

from moclip.models.generator import masked, residual, sampling
from moclip.models.generator._codes import Codes
from moclip.models.generator.sampling import Sampling

SMALL = masked.Config(width=32, layers=2, heads=2, dropout=0.0)
FRAMES, SEEDS = (40, 26, 80, 4), (5, 6, 7, 8)

Networks = tuple[masked.Transformer, residual.Transformer]


@pytest.fixture(scope="module")
def networks() -> Networks:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return (
            masked.Transformer(SMALL, codes=CODES, text_dim=DIM).eval(),
            residual.Transformer(SMALL, codes=CODES, layers=LAYERS, text_dim=DIM).eval(),
        )


def made(networks: Networks, frames: tuple[int, ...] = FRAMES, **changes: float) -> Codes:
    how = replace(Sampling(top=1.0), **changes)
    blank = Codes.blank(frames, LAYERS)
    text, seeds = random_codes.text(len(frames)), SEEDS[: len(frames)]
    return sampling.sample(*networks, text, blank, seeds=seeds, sampling=how)


def test_hidden_counts_follow_the_cosine() -> None:
    counts = sampling.hidden_counts(torch.tensor((49, 10, 0)), 5)
    assert counts.T.tolist() == [[49, 47, 40, 29, 15], [10, 10, 8, 6, 3], [0, 0, 0, 0, 0]]
    assert sampling.hidden_counts(torch.tensor([3]), 40)[-1] == 1
    assert sampling.hidden_counts(torch.tensor([7]), 1).tolist() == [[7]]


def test_tokens_fill_the_mask_and_nothing_else(networks: Networks) -> None:
    found = made(networks)
    assert found.frames.tolist() == list(FRAMES)
    assert found.mask.sum(dim=1).tolist() == [10, 7, 20, 1]
    assert not found.tokens[~found.mask].any()
    assert found.tokens.max() < CODES
    assert (found.tokens[2] > 0).any(dim=0).all()


def test_the_same_seed_gives_the_same_tokens(networks: Networks) -> None:
    assert torch.equal(made(networks).tokens, made(networks).tokens)
    blank = Codes.blank(FRAMES, LAYERS)
    other = sampling.sample(*networks, random_codes.text(), blank, seeds=(1, 2, 3, 4))
    assert not torch.equal(other.tokens, made(networks).tokens)


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_a_clip_is_the_same_in_any_batch(networks: Networks, guidance: float) -> None:
    together = made(networks, guidance=guidance)
    how = Sampling(guidance=guidance, top=1.0)
    for number, frames in enumerate(FRAMES):
        text = random_codes.text()[number : number + 1]
        blank = Codes.blank([frames], LAYERS)
        alone = sampling.sample(
            *networks, text, blank, seeds=SEEDS[number : number + 1], sampling=how
        )
        count = alone.tokens.shape[1]
        assert torch.equal(alone.tokens[0], together.tokens[number, :count])


@torch.no_grad()
def test_guidance_of_one_is_no_guidance(networks: Networks) -> None:
    net, codes, text = networks[0], random_codes.codes(), random_codes.text()
    inputs = (codes.tokens[..., 0], codes.mask)
    plain, empty = net(*inputs, text), net(*inputs, torch.zeros_like(text))
    assert torch.equal(sampling._guided(net, text, 1.0, *inputs), plain)
    for guidance in (0.0, 1.0 + 1e-6, 4.0):
        found = sampling._guided(net, text, guidance, *inputs)
        torch.testing.assert_close(found, empty + guidance * (plain - empty), atol=1e-4, rtol=1e-4)


def test_guidance_makes_captions_matter_more(networks: Networks) -> None:
    """Without guidance and noise the caption changes fewer tokens than with much guidance."""
    seen = []
    for guidance in (0.0, 8.0):
        how, blank = Sampling(guidance=guidance, temperature=0.0), Codes.blank(FRAMES, LAYERS)
        one, other = (
            sampling.sample(*networks, sign * random_codes.text(), blank, seeds=SEEDS, sampling=how)
            for sign in (1, -1)
        )
        seen.append((one.tokens != other.tokens).float().mean().item())
    assert seen[0] == 0 < seen[1]


@pytest.mark.parametrize("steps", [1, 4, 10])
def test_kept_tokens_stay_in_every_layer(networks: Networks, steps: int) -> None:
    start = random_codes.codes(FRAMES, seed=3)
    keep = torch.rand(start.mask.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    found = sampling.sample(
        *networks,
        random_codes.text(),
        start,
        seeds=SEEDS,
        keep=keep,
        sampling=Sampling(steps=steps, top=1.0),
    )
    kept, free = keep & start.mask, ~keep & start.mask
    assert torch.equal(found.tokens[kept], start.tokens[kept])
    assert (found.tokens[free] != start.tokens[free]).float().mean() > 0.8


def test_what_is_made_does_not_hang_on_tokens_that_are_not_kept(networks: Networks) -> None:
    start = random_codes.codes(FRAMES, seed=3)
    keep = torch.zeros_like(start.mask)
    keep[:, :3] = True
    others = torch.where(keep[..., None], start.tokens, (start.tokens + 5) % CODES)
    found = [
        sampling.sample(*networks, random_codes.text(), each, seeds=SEEDS, keep=keep).tokens
        for each in (start, replace(start, tokens=others * start.mask[..., None]))
    ]
    assert torch.equal(*found)


def test_temperature_zero_hangs_on_no_seed(networks: Networks) -> None:
    how, blank = Sampling(temperature=0.0), Codes.blank(FRAMES, LAYERS)
    first, second = (
        sampling.sample(*networks, random_codes.text(), blank, seeds=seeds, sampling=how)
        for seeds in (SEEDS, (1, 2, 3, 4))
    )
    assert torch.equal(first.tokens, second.tokens)


def test_draws_follow_the_softmax_of_the_likeliest() -> None:
    logits = torch.tensor((2.0, 1.0, 0.0, -1.0, -2.0)).expand(1, 20_000, 5)
    noise = sampling._Noise([0], "test").gumbel(torch.ones(1, 20_000, dtype=torch.bool), 5)
    drawn = sampling._draw(logits, noise, Sampling(temperature=2.0, top=0.6))
    shares = drawn[0].bincount(minlength=5) / 20_000
    expected = (torch.tensor((2.0, 1.0, 0.0)) / 2).softmax(0)
    torch.testing.assert_close(shares[:3], expected, atol=0.015, rtol=0)
    assert not shares[3:].any()


class Noting(masked.Transformer):
    """Notes the tokens it is shown."""

    def __init__(self) -> None:
        super().__init__(SMALL, codes=CODES, text_dim=DIM)
        self.shown: list[torch.Tensor] = []
        self.eval()

    def forward(self, tokens: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        self.shown.append(tokens)
        return super().forward(tokens, *rest)


def test_one_token_at_a_time_hides_one_fewer_each_run() -> None:
    net, blank = Noting(), Codes.blank((20, 12), LAYERS)
    how = Sampling(guidance=1.0)
    found = sampling.one_token_at_a_time(
        net, random_codes.text(2), blank, seeds=(0, 1), sampling=how
    )
    runs = [(shown == net.hidden_token).sum(dim=1).tolist() for shown in net.shown]
    assert runs == [[5, 3], [4, 2], [3, 1], [2, 0], [1, 0]]
    assert not found.tokens[..., 1:].any()


def test_the_surest_tokens_are_settled_first() -> None:
    """After a first draw of all, the least sure of them are hidden again and no others."""
    net, text, blank = Noting(), random_codes.text(1), Codes.blank([64], LAYERS)
    how = Sampling(steps=2, guidance=1.0, temperature=0.0)
    keep, counts = torch.zeros_like(blank.mask), sampling.hidden_counts(torch.tensor([16]), 2)
    sampling.fill_base(net, text, blank, keep, counts, seeds=(0,), sampling=how)
    with torch.no_grad():
        chance = net(net.shown[0], blank.mask, text).softmax(-1)
    surest, codes = (part[0] for part in chance.max(dim=-1))
    settled = surest >= surest.sort(descending=True).values[16 - 11 - 1]
    expected = torch.where(settled, codes, net.hidden_token)
    assert counts.tolist() == [[16], [11]]
    assert torch.equal(net.shown[1][0], expected)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"steps": 0}, "steps is 0, wanted at least 1"),
        ({"temperature": -1.0}, "temperature is -1"),
        ({"guidance": float("nan")}, "guidance is nan"),
        ({"top": 0.0}, "top is 0"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Sampling(**wrong)
