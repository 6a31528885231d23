"""Codebooks: nearest codes, moving means, revival, and gradients that pass through."""

import pytest
import torch
from torch import Tensor

from moclip.models.generator._codebook import Codebook, ResidualCodebooks, perplexity


def vectors(count: int = 60, dim: int = 5, *, seed: int = 0) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def codebook(codes: int = 8, dim: int = 5, *, decay: float = 0.9, revive: float = 0.0) -> Codebook:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = Codebook(codes, dim, decay=decay, revive_below=revive)
        made.place(vectors(seed=1))
    return made


def layers(count: int = 3, *, decay: float = 0.9, revive: float = 0.125) -> ResidualCodebooks:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = ResidualCodebooks(count, 8, 5, decay=decay, revive_below=revive)
        for seed in range(3):
            made(vectors(seed=seed), count)
    return made


def apart(codes: Tensor, x: Tensor) -> Tensor:
    """Distance of each code to the nearest vector."""
    return (codes[:, None] - x).norm(dim=-1).amin(dim=1)


def test_the_nearest_code_is_chosen() -> None:
    book, x = codebook(), vectors()
    plain = [min(range(8), key=lambda code: float((book.vectors[code] - row).norm())) for row in x]
    assert book.choose(x).tolist() == plain


def test_codes_are_laid_on_the_first_batch_and_stay_there() -> None:
    x = vectors(seed=1)
    book = codebook()
    assert apart(book.vectors, x).max() == 0
    assert len(book.vectors.unique(dim=0)) == 8
    before = book.vectors.clone()
    book.place(vectors(seed=2))
    assert torch.equal(book.vectors, before)


def test_a_first_batch_smaller_than_the_codebook_gives_codes_that_differ() -> None:
    book = Codebook(16, 5, decay=0.9, revive_below=0.0)
    book.place(vectors(6))
    assert len(book.vectors.unique(dim=0)) == 16
    assert apart(book.vectors, vectors(6)).max() < 0.2


def test_codes_are_moving_means() -> None:
    """A plain version, vector by vector, beside the fast one."""
    book, decay = codebook(), 0.9
    counts, sums = book.counts.tolist(), [row.clone() for row in book.sums]
    for seed in range(4):
        x = vectors(seed=10 + seed)
        tokens = book.choose(x)
        book.follow(x, tokens)
        for code in range(8):
            mine = [row for row, token in zip(x, tokens.tolist(), strict=True) if token == code]
            counts[code] = decay * counts[code] + (1 - decay) * len(mine)
            sums[code] = decay * sums[code] + (1 - decay) * sum(mine, torch.zeros(5))
    assert book.counts.tolist() == pytest.approx(counts, rel=1e-5)
    plain = torch.stack([total / count for total, count in zip(sums, counts, strict=True)])
    assert torch.allclose(book.vectors, plain, atol=1e-5)


def test_a_code_that_nothing_chooses_is_put_where_vectors_are() -> None:
    book, x = codebook(revive=0.125), vectors()
    book.vectors[3] = 100.0
    book.sums[3] = 100.0 * book.counts[3]
    steps = 0
    while book.vectors[3].norm() > 50:
        book.follow(x, book.choose(x))
        steps += 1
    assert steps == 20  # 0.9 ** 20 is the first power below an eighth
    assert apart(book.vectors[3:4], x) == 0
    assert 3 in book.choose(x)


def test_a_code_in_use_is_not_moved_by_revival() -> None:
    plain, reviving = codebook(revive=0.0), codebook(revive=0.125)
    for book in (plain, reviving):
        book.vectors[3] = 100.0
        book.sums[3], book.counts[3] = 0.0, 0.0
    x = vectors()
    for book in (plain, reviving):
        book.follow(x, book.choose(x))
    others = [code for code in range(8) if code != 3]
    assert torch.equal(plain.vectors[others], reviving.vectors[others])
    assert not torch.equal(plain.vectors[3], reviving.vectors[3])


def test_learning_is_the_same_under_the_same_seed() -> None:
    one, other = layers(), layers()
    assert all(torch.equal(a, b) for a, b in zip(one.buffers(), other.buffers(), strict=True))


def test_the_gradient_passes_straight_through() -> None:
    books, x = layers().eval(), vectors().requires_grad_()
    slope = vectors(seed=5)
    made = books(x, 3)
    (made.values * slope).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, slope)
    assert (made.values - x).abs().max() > 0.1
    assert torch.allclose(made.values, books.vectors(made.tokens), atol=1e-6)
    assert not list(books.parameters())


def test_commitment_draws_vectors_to_their_codes() -> None:
    books, x = layers().eval(), vectors().requires_grad_()
    made = books(x, 3)
    rests = [x.detach() - books.vectors(made.tokens[:, :n]) for n in (1, 2, 3)]
    assert made.commitment.item() == pytest.approx(
        float(sum(rest.square().mean() for rest in rests)) / 3, rel=1e-5
    )
    made.commitment.backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, sum(rests, torch.zeros(60, 5)) * 2 / (3 * x.numel()), atol=1e-7)


def test_each_layer_quantises_what_is_left_over() -> None:
    books, x = layers().eval(), vectors()
    tokens = books.choose(x)
    assert torch.equal(tokens, books(x, 3).tokens)
    rest = x
    for layer in range(3):
        assert torch.equal(tokens[:, layer], books[layer].choose(rest))
        rest = rest - books[layer].vectors[tokens[:, layer]]
    assert torch.allclose(rest, x - books.vectors(tokens), atol=1e-6)


def test_fewer_layers_are_the_first_of_all() -> None:
    books, x = layers().eval(), vectors()
    assert torch.equal(books(x, 2).tokens, books(x, 3).tokens[:, :2])


def test_layers_that_take_no_part_learn_nothing() -> None:
    books = layers()
    before = [book.clone() for book in books[2].buffers()]
    first = books[0].vectors.clone()
    books.train()(vectors(seed=7), 2)
    assert all(torch.equal(a, b) for a, b in zip(before, books[2].buffers(), strict=True))
    assert not torch.equal(first, books[0].vectors)


def test_nothing_learns_in_evaluation() -> None:
    books = layers().eval()
    before = [book.clone() for book in books.buffers()]
    books(vectors(seed=7), 3)
    assert all(torch.equal(a, b) for a, b in zip(before, books.buffers(), strict=True))


def test_perplexity_counts_codes_in_even_use() -> None:
    assert float(perplexity(torch.tensor([0, 1, 2, 3] * 5), 16)) == pytest.approx(4)
    assert float(perplexity(torch.zeros(9, dtype=torch.long), 16)) == pytest.approx(1)
    uneven = float(perplexity(torch.tensor([0, 0, 0, 1]), 16))
    assert uneven == pytest.approx(4 / 3**0.75)
