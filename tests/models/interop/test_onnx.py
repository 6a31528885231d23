"""Towers as ONNX graphs: onnxruntime gives torch's vectors, and what is broken is told."""

import json
import shutil
import sys
from pathlib import Path

import hub_cache
import moving_bodies
import pytest
import small_clip
import torch
import whole_clip

from moclip import cli, formats
from moclip.models import identity, interop, onnx_runtime
from moclip.models.interop import _onnx_fidelity, onnx
from moclip.models.motion import limbs
from moclip.models.text import minilm
from moclip.models.text.base import Tokens
from moclip.models.two_tower import MoCLIP
from moclip.motion import Motion, MotionBatch
from moclip.tasks.retrieval import Index

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> MoCLIP:
    folder = small_clip.write_text_tower(tmp_path_factory.mktemp("towers") / "clip")
    config = limbs.Config(limb_width=16, limb_heads=2, width=32, layers=1, heads=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = MoCLIP.create("clip", text_source=str(folder), motion_config=config)
    made.motion.fit_normalisation([moving_bodies.batch()])
    return made.eval()


@pytest.fixture(scope="module")
def graphs(model: MoCLIP, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("graphs") / "single"
    assert 0 < onnx.export(model.train(), out).largest_difference <= onnx.LARGEST_DIFFERENCE
    assert all(module.training for module in (model, model.motion))  # put back as it was
    model.eval()
    return out


@pytest.fixture
def broken(graphs: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(graphs, tmp_path / "broken"))


def same(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4)


def walks() -> list[Motion]:
    lengths = enumerate((1, 2, 3, 4, 5, 40, 41, 130))
    return [moving_bodies.wandering(frames, seed=seed) for seed, frames in lengths]


@torch.no_grad()
def test_vectors_are_torchs(model: MoCLIP, graphs: Path) -> None:
    runtime = onnx_runtime.load(graphs)
    clips = [*walks()[1:], moving_bodies.wandering(50, fps=30.0)]
    assert (runtime.dim, runtime.fps) == (model.dim, model.fps)
    same(runtime.encode_text(whole_clip.CAPTIONS), model.encode_text(whole_clip.CAPTIONS))
    same(runtime.encode_text("a walk"), model.encode_text("a walk"))
    same(runtime.encode_motion(clips), model.encode_motion(clips))
    same(runtime.encode_motion(clips[3]), model.encode_motion(clips[3]))
    same(runtime.text.encode(["Jumps."]), model.text.encode(["Jumps."]))  # not of unit length
    assert runtime.encode_text([]).shape == (0, model.dim)


def test_padding_makes_no_difference(graphs: Path) -> None:
    runtime = onnx_runtime.load(graphs)
    tokens = runtime.text.tokenise(["a person walks", "someone jumps and walks"])
    more = torch.nn.functional.pad
    longer = Tokens(more(tokens.ids, (0, 9)), more(tokens.mask, (0, 9)))
    same(runtime.text(longer), runtime.text(tokens))
    alone = torch.cat([runtime.motion(MotionBatch.of([clip])) for clip in walks()])
    same(runtime.motion(MotionBatch.of(walks(), frames=151)), alone)


def test_any_program_can_read_the_folder(model: MoCLIP, graphs: Path) -> None:
    settings = json.loads((graphs / onnx_runtime.CONFIG).read_text())
    assert settings["tower_hash"] == identity.tower_hash(model.text)
    assert (settings["text"], settings["motion"]) == ("clip", "limbs")
    for name in (onnx_runtime.TEXT, onnx_runtime.MOTION):
        data = (graphs / name).read_bytes()
        assert str(Path(interop.__file__).parent).encode() not in data, "paths of this machine"
        assert b"stack_trace" not in data
    import onnxruntime

    session = onnxruntime.InferenceSession(graphs / onnx_runtime.MOTION)
    batch = MotionBatch.of(walks())
    given = {"joints": batch.joints.numpy(), "mask": batch.mask.numpy()}
    (vectors,) = session.run(["vectors"], given)
    with torch.no_grad():
        same(torch.from_numpy(vectors), model.encode_motion(batch))


def test_joints_that_are_no_body_are_refused(graphs: Path) -> None:
    batch = moving_bodies.batch()
    inches = MotionBatch(batch.joints * 39.37, batch.mask, batch.fps, batch.skeleton)
    with pytest.raises(ValueError, match="joints must be in metres"):
        onnx_runtime.load(graphs).encode_motion(inches)


def test_search_finds_what_torch_finds(
    model: MoCLIP, graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, clip in enumerate(walks()[4:]):
        formats.write(clip, tmp_path / "clips" / f"{number}.npz")
    index = Index.build(model, tmp_path / "clips")
    wanted = index.search(model, "a person walks")
    search = ["search", str(graphs), "a person walks", "--in", str(tmp_path / "clips")]
    assert cli.main([*search, "--runtime", "onnx", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["clip"] for row in rows] == [hit.entry.path for hit in wanted]
    assert [row["score"] for row in rows] == pytest.approx([h.score for h in wanted], abs=1e-4)
    with pytest.raises(ValueError, match="made by another model"):
        index.search(onnx_runtime.load(graphs), "a person walks")


@pytest.mark.slow
def test_int8_is_smaller_and_its_drift_is_told(
    model: MoCLIP, graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save_pretrained(tmp_path / "model")
    out = tmp_path / "int8"
    arguments = ["export", str(tmp_path / "model"), "--layout", "onnx", "--int8", "-o", str(out)]
    assert cli.main([*arguments, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["largest_difference"] <= onnx.LARGEST_DIFFERENCE
    assert shown["tower_hash"] == identity.tower_hash(model.text)
    with torch.no_grad():
        for kind, (least, mean) in _onnx_fidelity.cosines(model, out).items():
            assert shown["int8"][kind] == pytest.approx({"min": least, "mean": mean}, abs=1e-5)
            assert 0.95 < least < mean < 0.999999, kind
    for name in (onnx_runtime.TEXT, onnx_runtime.MOTION):
        assert (out / name).stat().st_size < 0.9 * (graphs / name).stat().st_size
    assert onnx_runtime.read_settings(out).precision == "int8"


def test_minilm_goes_alone(tmp_path: Path) -> None:
    if minilm.wheel_folder() is None:
        pytest.skip("the wheel with all-MiniLM-L6-v2 is not installed")
    tower = minilm.Encoder.from_pretrained()
    interop.write(tower, "onnx", tmp_path / "text")
    graph = onnx_runtime.load_text(tmp_path / "text")
    with torch.no_grad():
        same(graph.encode(whole_clip.CAPTIONS), tower.encode(whole_clip.CAPTIONS))
    assert not (tmp_path / "text" / onnx_runtime.MOTION).exists()
    with pytest.raises(ValueError, match="holds a text tower alone, wanted a motion tower"):
        onnx_runtime.load(tmp_path / "text")


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("onnx.json", None, "holds no onnx.json; `moclip export MODEL --layout onnx"),
        ("onnx.json", b"{}", "onnx.json is damaged: version: Field required"),
        ("text.onnx", None, "there is no text.onnx in"),
        ("text.onnx", b"not a graph", "text.onnx is damaged or no ONNX"),
        ("motion.onnx", "half", "motion.onnx is damaged or no ONNX"),
        ("motion.onnx", "text.onnx", "motion.onnx reads ids, mask and gives"),
        ("tokenizer.json", b"{", "tokenizer.json is damaged"),
    ],
)
def test_a_damaged_folder_is_told_in_a_sentence(
    broken: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    data: bytes | str | None,
    sentence: str,
) -> None:
    file = broken / name
    if data is None:
        file.unlink()
    elif data == "half":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        file.write_bytes((broken / data).read_bytes() if isinstance(data, str) else data)
    code = cli.main(["search", str(broken), "a walk", "--runtime", "onnx"])
    told = capsys.readouterr().err
    assert (code, told.count("\n"), "Traceback" in told) == (2, 1, False), told
    assert sentence in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--layout", "hf", "--int8"), "--int8 came with layout hf, only onnx has it"),
        (("--layout", "onnx", "--base", "x"), "holds our towers alone; leave --base out"),
    ],
)
def test_options_of_other_layouts_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    folder = small_clip.write_text_tower(tmp_path / "clip")
    capsys.readouterr()
    assert cli.main(["export", str(folder), *arguments, "-o", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_graphs_are_no_model_of_torch(graphs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search", str(graphs), "a walk"]) == 2
    assert "holds graphs; `moclip search --runtime onnx` reads them" in capsys.readouterr().err
    onnx_options = ["--runtime", "onnx", "--device", "mps"]
    assert cli.main(["search", str(graphs), "a walk", *onnx_options]) == 2
    assert "the runtime onnx computes on the processor" in capsys.readouterr().err
    with pytest.raises(ValueError, match="cannot be saved"):
        onnx_runtime.load(graphs).save_pretrained(graphs.parent / "saved")


def test_vectors_that_differ_leave_nothing(
    model: MoCLIP, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "LARGEST_DIFFERENCE", 0.0)
    with pytest.raises(ValueError, match="onnxruntime's vectors differ from torch's by"):
        onnx.export(model.text, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named(
    model: MoCLIP, graphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match=r"pip install 'moclip\[onnx\]'"):
        onnx_runtime.load(graphs)
    with pytest.raises(ValueError, match=r"needs onnxruntime: pip install 'moclip\[onnx\]'"):
        onnx.export(model, tmp_path / "out")


def test_graphs_are_read_by_their_hub_id(
    model: MoCLIP, graphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_cache.add(tmp_path, "me/graphs", graphs, commit="1" * 40, names=("v1",))
    hub_cache.use_offline(monkeypatch, tmp_path)
    with torch.no_grad():
        found = onnx_runtime.load("me/graphs", revision="v1").encode_text("a walk")
        same(found, model.encode_text("a walk"))
