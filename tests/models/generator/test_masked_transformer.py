"""Tokens are hidden as the paper says, only hidden ones count, and the network learns them."""

import math

import pytest
import random_codes
import torch
import torch.nn.functional as F
from random_codes import CODES, DIM
from torch import Tensor

from moclip.models.generator import masked
from moclip.models.generator._trunk import Guess, forget, places

SMALL = masked.Config(width=32, layers=2, heads=2, dropout=0.0)


def network(config: masked.Config = SMALL) -> masked.Transformer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return masked.Transformer(config, codes=CODES, text_dim=DIM).eval()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def hidden_and_seen(clips: int, tokens: int = 50) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """True tokens, mask, what is seen, and where tokens are hidden."""
    true = torch.randint(CODES, (clips, tokens), generator=seeded())
    mask = torch.arange(tokens) < torch.randint(1, tokens + 1, (clips, 1), generator=seeded())
    seen, hidden = masked.hide(true, mask, codes=CODES, generator=seeded())
    return true, mask, seen, hidden


def test_the_schedule_is_a_quarter_of_a_cosine() -> None:
    found = masked.hidden_share(torch.tensor((0.0, 1 / 3, 0.5, 2 / 3, 1.0)))
    expected = torch.tensor((1.0, math.sqrt(3) / 2, math.sqrt(0.5), 0.5, 0.0))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_at_least_one_token_of_each_clip_is_hidden_and_never_padding() -> None:
    true, mask, seen, hidden = hidden_and_seen(500)
    assert (hidden.sum(dim=1) >= 1).all()
    assert not (hidden & ~mask).any()
    assert torch.equal(seen[~hidden], true[~hidden])


def test_the_mean_share_hidden_is_that_of_the_cosine() -> None:
    """The mean of cos over a quarter turn is 2 / pi."""
    _, mask, _, hidden = hidden_and_seen(4000)
    share = hidden.sum(dim=1) / mask.sum(dim=1)
    long = mask.sum(dim=1) > 20
    assert share[long].mean().item() == pytest.approx(2 / math.pi, abs=0.02)


def test_hidden_tokens_become_masks_or_random_or_stay() -> None:
    true, _, seen, hidden = hidden_and_seen(4000)
    now, were = seen[hidden], true[hidden]
    shares = {
        "mask": (now == CODES).float().mean().item(),
        "other": ((now != CODES) & (now != were)).float().mean().item(),
    }
    assert shares["mask"] == pytest.approx(0.9 * 0.88, abs=0.01)
    assert shares["other"] == pytest.approx(0.1 * (1 - 1 / CODES), abs=0.01)


def test_only_tokens_asked_for_count() -> None:
    logits = torch.randn(3, 10, CODES, generator=seeded())
    tokens = torch.randint(CODES, (3, 10), generator=seeded(1))
    asked = torch.rand(3, 10, generator=seeded(2)) < 0.4
    other = torch.where(asked[..., None], logits, 5 * logits.flip(-1))
    first, second = (Guess.of(x, tokens, asked, smoothing=0.1) for x in (logits, other))
    assert first.loss == second.loss
    assert first.accuracy == second.accuracy
    chances = logits.log_softmax(-1)
    true = -chances.gather(-1, tokens[..., None])[..., 0][asked].mean()
    by_hand = 0.9 * true - 0.1 * chances.mean(-1)[asked].mean()
    torch.testing.assert_close(first.loss, by_hand)


def test_the_loss_is_over_the_hidden_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    net, codes, text = network(), random_codes.codes(), random_codes.text()
    monkeypatch.setattr(masked, "forget", lambda text, *_: text)
    found = net.loss(codes, text, generator=seeded(3))
    base = codes.tokens[..., 0]
    seen, hidden = masked.hide(base, codes.mask, codes=CODES, generator=seeded(3))
    logits = net(seen, codes.mask, text)
    expected = F.cross_entropy(logits[hidden], base[hidden], label_smoothing=0.1)
    torch.testing.assert_close(found.loss, expected)


def test_captions_are_forgotten_in_their_share() -> None:
    text = torch.ones(5000, 3)
    kept = forget(text, 0.1, seeded()).unique(dim=0, return_counts=True)
    assert kept[0].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert kept[1][0].item() / 5000 == pytest.approx(0.1, abs=0.015)
    assert torch.equal(forget(text, 0.0, seeded()), text)


@torch.no_grad()
def test_padding_and_neighbours_make_no_difference() -> None:
    net, codes, text = network(), random_codes.codes(), random_codes.text()
    together = net(codes.tokens[..., 0], codes.mask, text)
    for number in range(len(codes)):
        alone = random_codes.row(codes, number, padding=9)
        count = int(alone.mask.sum())
        found = net(alone.tokens[..., 0], alone.mask, text[number : number + 1])
        torch.testing.assert_close(found[0, :count], together[number, :count], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_hidden_tokens_know_their_place_and_their_caption() -> None:
    net, mask = network(), torch.ones(1, 12, dtype=torch.bool)
    hidden, text = torch.full((1, 12), net.hidden_token), random_codes.text(1)
    logits = net(hidden, mask, text)[0]
    apart = torch.cdist(logits, logits) + torch.eye(12) * 9
    assert apart.min() > 1e-2
    assert (net(hidden, mask, -text)[0] - logits).abs().max() > 1e-2


def test_a_place_is_counted_from_both_ends() -> None:
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    from_start, from_end = places(mask).unflatten(-1, (2, 2, -1)).unbind(dim=3)
    torch.testing.assert_close(from_start[0, :4], from_start[1, :4])
    torch.testing.assert_close(from_end[0, 2:], from_end[1, :4])
    assert (from_end[0, :4] - from_end[1, :4]).abs().max() > 0.1


def test_it_learns_eight_sequences_by_heart() -> None:
    codes, text = random_codes.codes((60,) * 8), random_codes.text(8)
    net = network(SMALL.model_copy(update={"forget_caption": 0.0})).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    generator = seeded()
    for _ in range(150):
        optimiser.zero_grad()
        net.loss(codes, text, generator=generator).loss.backward()
        optimiser.step()
    assert net.eval().loss(codes, text, generator=generator).accuracy > 0.95


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="width 30 is no multiple of twice the 4 heads"):
        masked.Config(width=30, heads=4)
    assert masked.Config.paper().width == 384
