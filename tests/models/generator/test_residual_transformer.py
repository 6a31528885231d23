"""A layer is told from those before it alone, and the network learns all layers."""

import pytest
import random_codes
import torch
from random_codes import CODES, DIM, LAYERS

from moclip.models.generator import residual
from moclip.models.generator._codes import Codes

SMALL = residual.Config(width=32, layers=2, heads=2, dropout=0.0)


def network(config: residual.Config = SMALL) -> residual.Transformer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return residual.Transformer(config, codes=CODES, layers=LAYERS, text_dim=DIM).eval()


def logits(net: residual.Transformer, codes: Codes, text: torch.Tensor, layer: int) -> torch.Tensor:
    found: torch.Tensor = net(
        codes.tokens, codes.mask, text, torch.full((len(codes),), layer, dtype=torch.long)
    )
    return found


@torch.no_grad()
@pytest.mark.parametrize("layer", range(1, LAYERS))
def test_its_own_and_later_layers_are_unseen(layer: int) -> None:
    net, codes, text = network(), random_codes.codes(), random_codes.text()
    before = logits(net, codes, text, layer)
    later, earlier = codes.tokens.clone(), codes.tokens.clone()
    later[..., layer:] = 0
    earlier[..., layer - 1] = (earlier[..., layer - 1] + 1) % CODES
    assert torch.equal(before, logits(net, Codes(later, codes.mask, codes.frames), text, layer))
    changed = logits(net, Codes(earlier, codes.mask, codes.frames), text, layer)
    assert (changed - before).abs().max() > 1e-2


@torch.no_grad()
def test_each_clip_has_a_layer_of_its_own() -> None:
    net, codes, text = network(), random_codes.codes(), random_codes.text()
    mixed = net(codes.tokens, codes.mask, text, torch.tensor((1, 3, 2, 1)))
    for number, layer in enumerate((1, 3, 2, 1)):
        torch.testing.assert_close(
            mixed[number], logits(net, codes, text, layer)[number], atol=1e-5, rtol=1e-5
        )


@torch.no_grad()
def test_padding_and_neighbours_make_no_difference() -> None:
    net, codes, text = network(), random_codes.codes(), random_codes.text()
    together = logits(net, codes, text, 2)
    for number in range(len(codes)):
        alone = random_codes.row(codes, number, padding=9)
        count = int(alone.mask.sum())
        found = logits(net, alone, text[number : number + 1], 2)
        torch.testing.assert_close(found[0, :count], together[number, :count], atol=1e-5, rtol=1e-5)


def test_a_table_serves_both_ways() -> None:
    """To tell layer 2, tables 0 and 1 are read and table 2 is told by; table 3 has no part."""
    net, codes, text = network(), random_codes.codes(), random_codes.text()
    logits(net, codes, text, 2).square().mean().backward()
    gradient = net.tables.grad
    assert gradient is not None
    assert [bool(table.any()) for table in gradient] == [True, True, True, False]


def test_all_layers_are_drawn_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    net, codes = network(), random_codes.codes((8,) * 300)
    drawn: list[torch.Tensor] = []
    forward = net.forward

    def noted(*args: torch.Tensor) -> torch.Tensor:
        drawn.append(args[3])
        return forward(*args)

    monkeypatch.setattr(net, "forward", noted)
    net.loss(codes, random_codes.text(300), generator=torch.Generator().manual_seed(0))
    assert drawn[0].bincount().tolist() == pytest.approx([0, 100, 100, 100], abs=25)


def test_it_learns_eight_sequences_by_heart() -> None:
    codes, text = random_codes.codes((40,) * 8), random_codes.text(8)
    net = network(SMALL.model_copy(update={"forget_caption": 0.0})).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(150):
        optimiser.zero_grad()
        net.loss(codes, text, generator=generator).loss.backward()
        optimiser.step()
    assert net.eval().loss(codes, text, generator=generator).accuracy > 0.95


def test_one_layer_leaves_nothing_to_refine() -> None:
    with pytest.raises(ValueError, match="1 layers leave nothing to refine"):
        residual.Transformer(SMALL, codes=CODES, layers=1, text_dim=DIM)
