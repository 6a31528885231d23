"""The protocols against a slow plain version, and facts that hold whatever the vectors."""

import plain_ranking
import pytest
import torch
import torch.nn.functional as F

from moclip.evaluation import protocols
from moclip.evaluation.protocols import Gallery
from moclip.evaluation.ranking import Right, count_ranks


def draw(seed: int, *shape: int) -> torch.Tensor:
    return F.normalize(torch.randn(shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


def tied_gallery(seed: int) -> Gallery:
    """Seven clips with captions that repeat in and across them, two distractors, coarse vectors."""
    generator = torch.Generator().manual_seed(seed)
    clips, strings = 7, 6
    owner = torch.cat((torch.arange(clips), torch.randint(clips, (8,), generator=generator)))
    owner = torch.cat((owner, torch.tensor([-1, -1])))
    string = torch.randint(strings, (len(owner),), generator=generator)
    coarse = torch.randint(-1, 2, (clips + strings, 3), generator=generator).float()
    coarse[:, 0] = 1
    return Gallery(
        coarse[:clips],
        coarse[clips:][string],
        owner,
        tuple(f"caption {i}" for i in string.tolist()),
    )


def values(report: protocols.Report) -> dict[str, dict[str, float]]:
    return {
        direction: {name: figure.value for name, figure in figures.items()}
        for direction, figures in report.retrieval.items()
    }


def own(gallery: Gallery, clip: int) -> set[int]:
    return {c for c, owner in enumerate(gallery.owner.tolist()) if owner == clip}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("protocol", ["all", "all-identical", "all-threshold"])
def test_counting_agrees_with_sorting(seed: int, protocol: str) -> None:
    gallery = tied_gallery(seed)
    strings = sorted(set(gallery.captions))
    reference = draw(seed, len(strings), 2)[[strings.index(c) for c in gallery.captions]]

    def alike(clip: int, caption: int, *, by_text: bool = False) -> bool:
        if protocol == "all":
            return int(gallery.owner[caption]) == clip
        mine = own(gallery, clip)
        if gallery.captions[caption] in {gallery.captions[c] for c in mine}:
            return True
        near = max(float(reference[c] @ reference[caption]) for c in mine)
        return protocol == "all-threshold" and (1 + near) / 2 > 0.95

    report = protocols.evaluate(gallery, protocol, reference=reference, samples=0)
    similarity = gallery.motion @ gallery.text.T
    slow = plain_ranking.evaluate(similarity, gallery.captions, gallery.owner.tolist(), alike)
    for direction, figures in values(report).items():
        assert figures == pytest.approx(slow[direction], abs=1e-3)


def test_protocols_differ_where_captions_repeat() -> None:
    gallery = tied_gallery(3)
    reference = draw(0, 1, 4).expand(len(gallery.captions), 4)
    found = {
        name: protocols.evaluate(gallery, name, reference=reference, samples=0).summary()["R@1"]
        for name in ("all", "all-identical", "all-threshold")
    }
    assert found["all"] < found["all-identical"] < found["all-threshold"] == 100


def test_perfect_vectors_find_everything_first() -> None:
    vectors = draw(0, 50, 64)
    gallery = Gallery(vectors, vectors, torch.arange(50), tuple(map(str, range(50))))
    for name in protocols.NAMES:
        for figures in values(protocols.evaluate(gallery, name, reference=vectors)).values():
            assert figures == pytest.approx(
                {f"R@{k}": 100.0 for k in (1, 2, 3, 5, 10)} | {"MedR": 1}
            )


def test_equal_similarities_give_k_of_n_and_the_middle_rank() -> None:
    vectors = torch.ones(40, 1)
    gallery = Gallery(vectors, vectors, torch.arange(40), tuple(map(str, range(40))))
    for figures in values(protocols.evaluate(gallery, "all")).values():
        assert figures == pytest.approx(
            {f"R@{k}": 2.5 * k for k in (1, 2, 3, 5, 10)} | {"MedR": 20.5}
        )


def test_rounding_of_the_matrix_product_does_not_break_ties() -> None:
    vectors = draw(1, 1, 512).repeat(333, 1)
    gallery = Gallery(vectors, vectors, torch.arange(333), tuple(map(str, range(333))))
    for figures in values(protocols.evaluate(gallery, "all", samples=0)).values():
        assert figures["R@1"] == pytest.approx(100 / 333, abs=1e-3)


@pytest.mark.parametrize("protocol", ["all", "all-identical"])
def test_random_vectors_are_right_once_in_n(protocol: str) -> None:
    clips = 400
    gallery = Gallery(
        draw(2, clips, 32), draw(3, clips, 32), torch.arange(clips), tuple(map(str, range(clips)))
    )
    for figures in protocols.evaluate(gallery, protocol).retrieval.values():
        for k in (1, 5, 10):
            figure = figures[f"R@{k}"]
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low <= 100 * k / clips <= figure.high
        assert 170 < figures["MedR"].value < 230


def test_small_batches_of_random_vectors_are_right_once_in_32() -> None:
    gallery = Gallery(
        draw(4, 640, 32), draw(5, 640, 32), torch.arange(640), tuple(map(str, range(640)))
    )
    for figures in protocols.evaluate(gallery, "small-32").retrieval.values():
        assert figures["R@1"].value == pytest.approx(100 / 32, abs=0.8)
        assert figures["MedR"].value == pytest.approx(16.5, abs=1)


def test_small_batches_draw_every_caption_of_a_clip() -> None:
    owner = torch.tensor([0, 1, 0, -1, 1, 0])
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([protocols._one_each(owner, generator) for _ in range(3000)])
    for clip, mine in enumerate(((0, 2, 5), (1, 4))):
        for caption in mine:
            share = float((drawn[:, clip] == caption).float().mean())
            assert share == pytest.approx(1 / len(mine), abs=0.03)


def test_a_seed_gives_the_same_report_and_another_seed_other_intervals() -> None:
    gallery = Gallery(draw(6, 90, 8), draw(7, 90, 8), torch.arange(90), tuple(map(str, range(90))))
    for name in ("all", "small-32"):
        assert protocols.evaluate(gallery, name) == protocols.evaluate(gallery, name)
        assert protocols.evaluate(gallery, name) != protocols.evaluate(gallery, name, seed=1)


def test_dissimilar_goes_for_the_farthest_and_takes_one_caption_a_clip() -> None:
    angles = torch.deg2rad(torch.tensor([0.0, 5, 90, 95, 180, 185, 270]))
    reference = torch.stack((angles.cos(), angles.sin()), dim=1)
    owner = torch.tensor([0, 1, 1, 2, 2, 3, -1])
    gallery = Gallery(draw(0, 4, 2), reference, owner, tuple(map(str, range(7))))
    alike = (reference @ reference.T).tolist()
    chosen = protocols.dissimilar(gallery, reference, size=4)
    for step in (1, 2, 3):
        before = chosen[:step]
        free = [c for c in range(6) if int(owner[c]) not in {int(owner[b]) for b in before}]
        assert chosen[step] == min(free, key=lambda c: max(alike[c][b] for b in before))
    assert chosen[0] == 0  # the mean of all seven points up and a little to the left
    assert len(protocols.dissimilar(gallery, reference, size=100)) == 4


def test_a_given_list_of_captions_is_the_whole_gallery() -> None:
    gallery = tied_gallery(0)
    report = protocols.evaluate(gallery, "dissimilar", chosen=[0, 3, 5])
    assert (report.clips, report.captions) == (3, 3)
    with pytest.raises(ValueError, match="caption 15 names no caption of a clip"):
        protocols.evaluate(gallery, "dissimilar", chosen=[0, 15])


def test_unknown_protocol_and_missing_reference_are_told() -> None:
    gallery = tied_gallery(0)
    with pytest.raises(LookupError, match="no protocol named 'some'; there are: all, all-ident"):
        protocols.evaluate(gallery, "some")
    for name in ("all-threshold", "dissimilar"):
        with pytest.raises(ValueError, match=f"'{name}' needs reference vectors"):
            protocols.evaluate(gallery, name)


def test_a_gallery_checks_itself() -> None:
    vectors = draw(0, 2, 4)
    with pytest.raises(ValueError, match="1 of 2 clips have no caption"):
        Gallery(vectors, vectors, torch.tensor([0, 0]), ("a", "b"))
    with pytest.raises(ValueError, match="2 text vectors, 2 owners and 1 captions"):
        Gallery(vectors, vectors, torch.tensor([0, 1]), ("a",))
    with pytest.raises(ValueError, match="an owner is no number of one of the 2 clips"):
        Gallery(vectors, vectors, torch.tensor([0, 5]), ("a", "b"))
    with pytest.raises(ValueError, match="text vectors hold a number that is not finite"):
        Gallery(vectors, vectors / 0, torch.tensor([0, 1]), ("a", "b"))


@pytest.mark.parametrize("shared", ["clip", "string"])
def test_captions_found_together_widen_an_interval(shared: str) -> None:
    """Twelve captions of a clip, or clips of a caption, say no more than one of each."""
    torch.manual_seed(0)
    motion, text = draw(0, 40, 6), draw(1, 40, 6)
    both = F.normalize(motion + 0.6 * text, dim=-1)
    one = Gallery(motion, both, torch.arange(40), tuple(map(str, range(40))))
    twelve = torch.arange(40).repeat_interleave(12)
    if shared == "clip":
        many = Gallery(motion, both[twelve], twelve, tuple(map(str, twelve.tolist())))
    else:
        alike = tuple(map(str, twelve.tolist()))
        many = Gallery(motion[twelve], both[twelve], torch.arange(480), alike)
    widths = [
        (figure.high or 0) - (figure.low or 0)
        for gallery in (one, many)
        for figure in [protocols.evaluate(gallery).retrieval["text->motion"]["R@1"]]
    ]
    assert widths[0] > 5
    assert widths[1] == pytest.approx(widths[0], rel=0.15)


def test_hits_are_hypergeometric() -> None:
    similarity = torch.tensor([[0.9, 0.5, 0.5, 0.5, 0.5, 0.1]])
    right = Right(torch.tensor([0, 0]), torch.tensor([2, 3]), torch.ones(2))
    ranks = count_ranks(similarity, right, torch.ones(6))
    chances = [float(ranks.hits(k)) for k in range(1, 7)]
    assert chances == pytest.approx([0, 1 / 2, 5 / 6, 1, 1, 1])
    assert float(ranks.expected()) == pytest.approx(1 + 5 / 3)


def test_what_float32_cannot_tell_apart_is_tied() -> None:
    similarity = torch.tensor([[0.5, 0.5 + 5e-7, 0.5 - 5e-7, 0.5 + 2e-6, 0.5 - 2e-6]])
    right = Right(torch.tensor([0]), torch.tensor([0]), torch.ones(1))
    ranks = count_ranks(similarity, right, torch.ones(5))
    assert (float(ranks.above), float(ranks.tied), float(ranks.right)) == (1, 3, 1)
