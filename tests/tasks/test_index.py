"""An index of motions: built from whatever lies in a folder, searched exactly, kept in one file."""

import itertools
import json
from pathlib import Path

import doubles
import pytest
import torch
from doubles import walk
from safetensors.torch import save_file

from moclip import formats
from moclip.models.two_tower import MoCLIP
from moclip.motion import Motion
from moclip.tasks._encoding import fingerprint
from moclip.tasks._reading import spans
from moclip.tasks.retrieval import Index


@pytest.fixture(scope="module")
def model() -> MoCLIP:
    return doubles.model()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three sound motions in two formats, and what else lies about."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    formats.write(walk(1.0), tmp_path / "slow.npz")
    formats.write(walk(3.0), tmp_path / "deep" / "fast.npy")
    formats.write(walk(2.0, frames=500), tmp_path / "deep" / "er" / "long.npz")
    (tmp_path / "notes.txt").write_text("not a motion")
    (tmp_path / "broken.bvh").write_text("HIERARCHY\nROOT")
    (tmp_path / "one_frame.npz").write_bytes((tmp_path / "slow.npz").read_bytes()[:100])
    formats.write(walk(1.0), tmp_path / ".hidden.npz")
    return tmp_path


def test_a_folder_is_searched_to_the_bottom(model: MoCLIP, folder: Path) -> None:
    index = Index.build(model, folder)
    files = [Path(entry.path or "").name for entry in index.entries]
    assert files == ["long.npz", "long.npz", "long.npz", "fast.npy", "slow.npz"]
    assert index.vectors.shape == (5, model.dim)
    assert torch.allclose(index.vectors.norm(dim=-1), torch.ones(5), atol=1e-5)


def test_what_cannot_be_read_is_named_with_its_reason(model: MoCLIP, folder: Path) -> None:
    skipped = Index.build(model, folder).skipped
    assert [Path(one.path).name for one in skipped] == ["broken.bvh", "one_frame.npz"]
    assert all(one.reason and "\n" not in one.reason for one in skipped)


def test_long_takes_are_cut_into_equal_parts(model: MoCLIP, folder: Path) -> None:
    index = Index.build(model, folder / "deep" / "er")
    assert [entry.start for entry in index.entries] == pytest.approx([0, 25 / 3, 50 / 3])
    assert [entry.end for entry in index.entries] == pytest.approx([25 / 3, 50 / 3, 25])
    whole = formats.read(folder / "deep" / "er" / "long.npz")
    alone = model.encode_motion(whole.cut(25 / 3, 50 / 3)).detach()[0]
    assert torch.allclose(index.vectors[1], alone, atol=1e-6)


@pytest.mark.parametrize("duration", [0.1, 9.99, 10.0, 10.1, 25.0, 3600.0])
def test_parts_cover_the_whole_and_none_is_too_long(duration: float) -> None:
    parts = spans(duration, 10.0)
    assert parts[0][0] == 0
    assert parts[-1][1] == pytest.approx(duration)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(parts))
    assert max(end - start for start, end in parts) <= 10.0 + 1e-6


def test_workers_change_nothing(model: MoCLIP, folder: Path) -> None:
    one, two = Index.build(model, folder), Index.build(model, folder, workers=2)
    assert one.entries == two.entries
    assert torch.equal(one.vectors, two.vectors)


def test_the_prompt_finds_what_a_plain_sort_finds(model: MoCLIP) -> None:
    index = Index.of_clips(model, doubles.clips(12))
    cosines = (index.vectors @ model.encode_text("a person walks fast").detach()[0]).tolist()
    plain = sorted(range(12), key=lambda i: -cosines[i])[:4]
    hits = index.search(model, "a person walks fast", 4)
    assert [hit.entry.id for hit in hits] == [f"clip-{i}" for i in plain]
    assert [hit.score for hit in hits] == pytest.approx([cosines[i] for i in plain], abs=1e-6)


def test_a_motion_finds_itself(model: MoCLIP) -> None:
    clips = doubles.clips(12)
    index = Index.of_clips(model, clips)
    for clip in clips:
        best = index.search(model, clip.motion, 1)[0]
        assert best.entry.id == clip.id
        assert best.entry.captions == clip.captions
        assert best.score == pytest.approx(1, abs=1e-5)


def test_there_are_never_more_hits_than_entries(model: MoCLIP) -> None:
    assert len(Index.of_clips(model, doubles.clips(3)).search(model, "walk", 50)) == 3


def test_a_model_in_training_is_asked_without_dropout_and_stays_in_training(
    folder: Path,
) -> None:
    model = doubles.model()
    rested = Index.build(model, folder)
    model.train()
    assert torch.equal(Index.build(model, folder).vectors, rested.vectors)
    assert all(module.training for module in model.modules())
    assert not rested.vectors.requires_grad


def test_a_piece_the_model_refuses_does_not_take_its_neighbours_along(
    model: MoCLIP, folder: Path
) -> None:
    torch.manual_seed(0)
    wild = walk(1.0)
    wild = Motion(wild.joints + 3 * torch.randn_like(wild.joints), wild.fps, wild.skeleton)
    refusing = doubles.model()
    encode = refusing.encode_motion

    def fussy(motions: list[Motion]) -> torch.Tensor:
        if any(m.joints[..., 1].max() > 5 for m in motions):
            raise ValueError("that is no body")
        return encode(motions)

    refusing.encode_motion = fussy  # type: ignore[method-assign, assignment]
    formats.write(wild, folder / "wild.npz")
    index = Index.build(refusing, folder)
    assert len(index) == 5
    assert ("wild.npz", "that is no body") in {(Path(s.path).name, s.reason) for s in index.skipped}


class TestFile:
    @pytest.fixture
    def saved(self, model: MoCLIP, tmp_path: Path) -> tuple[Index, Path]:
        index = Index.of_clips(model, doubles.clips(7))
        index.save(tmp_path / "motions.safetensors")
        return index, tmp_path / "motions.safetensors"

    def test_holds_the_whole_index(self, model: MoCLIP, saved: tuple[Index, Path]) -> None:
        index, path = saved
        again = Index.load(path, model)
        assert torch.equal(again.vectors, index.vectors)
        assert (again.entries, again.model) == (index.entries, index.model)
        assert [p.name for p in path.parent.iterdir()] == [path.name]

    def test_of_another_model_is_refused(self, saved: tuple[Index, Path]) -> None:
        with pytest.raises(ValueError, match="was made by another model; build the index again"):
            Index.load(saved[1], doubles.model(seed=1))

    def test_cut_short_is_refused(self, model: MoCLIP, saved: tuple[Index, Path]) -> None:
        path = saved[1]
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(ValueError, match="is damaged or no index"):
            Index.load(path, model)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"format": "other"}, "is no index of moclip"),
            ({"entries": "[{"}, "its entries cannot be read"),
            ({"entries": json.dumps([{"id": "a", "shell": "rm"}])}, "its entries cannot be read"),
            ({"entries": "[]"}, r"vectors of shape \(7, 24\) for 0 entries"),
        ],
    )
    def test_with_a_foreign_header_is_refused(
        self, model: MoCLIP, saved: tuple[Index, Path], change: dict[str, str], sentence: str
    ) -> None:
        index, path = saved
        entries = json.dumps([{"id": e.id, "captions": []} for e in index.entries])
        header = {"format": "moclip index 1", "model": index.model, "entries": entries}
        save_file({"vectors": index.vectors}, path, header | change)
        with pytest.raises(ValueError, match=sentence):
            Index.load(path, model)

    def test_that_is_absent_is_told(self, model: MoCLIP, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="there is no index"):
            Index.load(tmp_path / "none", model)

    @pytest.mark.parametrize("content", [b"", b"not an index", bytes(100)])
    def test_that_is_no_index_is_told(self, model: MoCLIP, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(ValueError, match="is damaged or no index"):
            Index.load(tmp_path / "a", model)


def test_the_fingerprint_sees_the_last_bit_of_every_weight() -> None:
    before = fingerprint(doubles.model())
    assert fingerprint(doubles.model()) == before
    for name, tensor in doubles.model().state_dict().items():
        changed = doubles.model()
        flat = changed.state_dict()[name].view(-1)
        flat[-1] = torch.nextafter(tensor.view(-1)[-1], torch.tensor(torch.inf))
        assert fingerprint(changed) != before, name


def test_mistakes_are_told_in_a_sentence(model: MoCLIP, tmp_path: Path) -> None:
    index = Index.of_clips(model, doubles.clips(3))
    with pytest.raises(ValueError, match="the prompt is empty"):
        index.search(model, "  ")
    with pytest.raises(ValueError, match="k is 0, wanted at least 1"):
        index.search(model, "walk", 0)
    with pytest.raises(ValueError, match="the query has 3 dimensions, the index 24"):
        index.nearest(torch.ones(3))
    with pytest.raises(FileNotFoundError, match="there is no file or folder"):
        Index.build(model, tmp_path / "none")
    with pytest.raises(ValueError, match=r"none of 0 files of .* is a motion"):
        Index.build(model, tmp_path)
    (tmp_path / "a.doc").write_text("no motion")
    with pytest.raises(ValueError, match=r"none of 1 files .*the first: .*no format '.doc'"):
        Index.build(model, tmp_path / "a.doc")
    with pytest.raises(ValueError, match="window is 0"):
        Index.build(model, tmp_path, window=0.0)


def test_a_search_with_another_model_is_refused() -> None:
    model = doubles.model()
    index = Index.of_clips(model, doubles.clips(3))
    with pytest.raises(ValueError, match="made by another model; build it again"):
        index.search(doubles.model(seed=1), "a walk")
    index.search(model, "a walk")
    with torch.no_grad():
        next(model.motion.parameters()).add_(0.1)  # it has learned since
    with pytest.raises(ValueError, match="made by another model; build it again"):
        index.search(model, "a walk")


def test_weights_made_in_inference_mode_have_a_fingerprint_too() -> None:
    with torch.inference_mode():
        model = doubles.model()
        before = fingerprint(model)
        assert before == fingerprint(model) == fingerprint(doubles.model())
        next(model.motion.parameters()).add_(0.1)
        assert fingerprint(model) != before
