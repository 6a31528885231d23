"""Twenty broken inputs: each gets one sentence and exit code 2, and nothing is written."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_support import Run, stick_figure
from safetensors.torch import load_file, save_file

from moclip import formats
from moclip.skeletons.base import Skeleton

Break = Callable[[Path], None]
"""Makes a sound file unsound."""


def lines_of(change: Callable[[list[str]], list[str]]) -> Break:
    return lambda file: file.write_text("\n".join(change(file.read_text().splitlines())) + "\n")


def replaced(old: str, new: str) -> Break:
    return lambda file: file.write_text(file.read_text().replace(old, new))


def rewritten(make: Callable[[bytes], bytes]) -> Break:
    return lambda file: file.write_bytes(make(file.read_bytes()))


def without_motion(data: bytes) -> bytes:
    return data[: data.index(b"MOTION")]


def one_frame(lines: list[str]) -> list[str]:
    start = next(i for i, line in enumerate(lines) if line.startswith("Frame Time"))
    lines = [("Frames: 1" if line.startswith("Frames") else line) for line in lines]
    return lines[: start + 2]


def body(change: Callable[[Skeleton], Skeleton]) -> Break:
    """The same movement on a changed tree."""

    def write(file: Path) -> None:
        motion = stick_figure()
        skeleton = change(motion.skeleton)
        joints = motion.joints[:, : len(skeleton)]
        turns = None if motion.rotations is None else motion.rotations[:, : len(skeleton)]
        formats.write(type(motion)(joints, motion.fps, skeleton, turns), file)

    return write


def without_wrists(skeleton: Skeleton) -> Skeleton:
    """The last two joints of HumanML3D are its wrists."""
    return Skeleton("cut", skeleton.joint_names[:-2], skeleton.parents[:-2], skeleton.offsets[:-2])


def of_a_dog(skeleton: Skeleton) -> Skeleton:
    names = tuple(f"paw_{number}" for number in range(len(skeleton)))
    return Skeleton("dog", names, skeleton.parents, skeleton.offsets)


CLIPS: dict[str, tuple[Break, str]] = {
    "empty file": (rewritten(lambda data: b""), "is empty"),
    "truncated": (rewritten(lambda data: data[: len(data) * 3 // 4]), "the file ends"),
    "NaN": (lines_of(lambda lines: [*lines[:-1], "nan " + lines[-1].split(" ", 1)[1]]), "nan"),
    "wrong counts": (lines_of(lambda lines: [*lines[:-1], lines[-1] + " 1.0"]), "numbers"),
    "huge counts": (replaced("Frames: 30", "Frames: 99999999999"), "99"),
    "binary": (rewritten(lambda data: bytes(range(256)) * 40), "text"),
    "wrong encoding": (rewritten(lambda data: data.decode().encode("utf-16")), "UTF-16"),
    "missing joints": (body(without_wrists), "skeleton"),
    "one frame": (lines_of(one_frame), "1 frame"),
    "no motion": (rewritten(without_motion), "MOTION"),
    "unknown skeleton": (body(of_a_dog), "skeleton"),
    "duplicate names": (replaced("JOINT right_knee", "JOINT left_knee"), "left_knee"),
}
"""What breaks ``clip.bvh``, and a word the answer must have."""

TABLES: dict[str, tuple[str, str]] = {
    "path outside the folder": ("file,caption\n../secret.bvh,a walk\n", "outside"),
    "CSV without columns": ("clip.bvh\n", "column"),
    "caption empty": ("file,caption\nclip.bvh,\n", "empty"),
    "caption of 10,000 words": ("file,caption\nclip.bvh," + "walk " * 10000 + "\n", "words"),
}
"""What stands in ``captions.csv`` beside a sound clip."""


@pytest.mark.parametrize("kind", CLIPS)
def test_broken_clip(kind: str, clip: Path, model: Path, tmp_path: Path, moclip: Run) -> None:
    damage, word = CLIPS[kind]
    damage(clip)
    for command in (
        ("encode", model, clip, "-o", tmp_path / "out" / "vectors.npz"),
        ("describe", model, clip, "--captions", captions(tmp_path)),
        ("search", model, clip, "--in", sound_folder(tmp_path)),
    ):
        refused(command, tmp_path, moclip, "clip.bvh", word)


@pytest.mark.parametrize("kind", TABLES)
def test_broken_table(kind: str, clip: Path, model: Path, tmp_path: Path, moclip: Run) -> None:
    text, word = TABLES[kind]
    shutil.copy(clip, tmp_path / "secret.bvh")
    (clip.parent / "captions.csv").write_text(text)
    evaluate = ("evaluate", model, "--data", f"folder:{clip.parent}", "--split", "all")
    refused(evaluate, tmp_path, moclip, "captions.csv", word)
    train = ("train", "demo", "--set", "data.name=folder", f"data.root={clip.parent}")
    refused((*train, "--out", tmp_path / "out"), tmp_path, moclip, "captions.csv", word)


def test_zip_bomb_among_clips(clip: Path, model: Path, tmp_path: Path, moclip: Run) -> None:
    """Two gibibytes by its own count, a few hundred bytes on disk."""
    clip.unlink()
    bomb = clip.with_suffix(".npz")
    bomb.write_bytes(boasting(formats_npz(), b"joints.npy", 2**31))
    encode = ("encode", model, bomb, "-o", tmp_path / "out" / "vectors.npz")
    refused(encode, tmp_path, moclip, "clip.npz", "unpack")


def test_zip_bomb_as_data_set(model: Path, tmp_path: Path, moclip: Run) -> None:
    """Sixty-five mebibytes of zeros in sixty-five kilobytes."""
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/dataset-1_walk_normal_001.bvh", bytes(65 * 2**20))
    evaluate = ("evaluate", model, "--data", f"bandai_namco:{bomb}")
    refused(evaluate, tmp_path, moclip, "bomb.zip", "unpack")


def test_model_without_weights(model: Path, clip: Path, tmp_path: Path, moclip: Run) -> None:
    broken = Path(shutil.copytree(model, tmp_path / "broken"))
    (broken / "model.safetensors").unlink()
    refused_by_every_command(broken, clip, tmp_path, moclip, "model.safetensors")


def test_weights_of_another_shape(model: Path, clip: Path, tmp_path: Path, moclip: Run) -> None:
    broken = Path(shutil.copytree(model, tmp_path / "broken"))
    weights = load_file(broken / "model.safetensors")
    name = next(name for name, weight in weights.items() if weight.ndim == 2)
    weights[name] = weights[name][:-1].contiguous()
    save_file(weights, broken / "model.safetensors")
    refused_by_every_command(broken, clip, tmp_path, moclip, f"'{name}' has shape")


def test_recipe_with_an_unknown_key(tmp_path: Path, moclip: Run) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text('name = "mine"\n[data]\nname = "bundled"\n[loss]\nlambda = 0.4\n')
    train = ("train", recipe, "--out", tmp_path / "out")
    refused(train, tmp_path, moclip, "mine.toml", "unknown key 'loss.lambda'; there are:")


@pytest.mark.parametrize("kind", ["empty file", "binary", "unknown skeleton"])
def test_the_program_itself_ends_the_same_way(
    kind: str, clip: Path, model: Path, tmp_path: Path
) -> None:
    CLIPS[kind][0](clip)
    out = tmp_path / "out.npz"
    command = [sys.executable, "-m", "moclip", "encode", str(model), str(clip), "-o", str(out)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert_one_sentence(ended.stderr, "clip.bvh", CLIPS[kind][1])
    assert not out.exists()


def refused_by_every_command(
    broken: Path, clip: Path, tmp_path: Path, moclip: Run, word: str
) -> None:
    for command in (
        ("info", broken),
        ("encode", broken, "a walk", "-o", tmp_path / "out" / "vectors.npz"),
        ("describe", broken, clip, "--captions", captions(tmp_path)),
        ("search", broken, "a walk", "--in", clip.parent),
        ("evaluate", broken, "--data", "bundled"),
    ):
        refused(command, tmp_path, moclip, "broken", word)


def refused(command: tuple[object, ...], folder: Path, moclip: Run, file: str, word: str) -> None:
    """One sentence that names the file, exit code 2, and the folder is as it was."""
    before = contents(folder)
    shown = moclip(*command)
    assert_one_sentence(shown.err, file, word)
    assert (shown.code, shown.out) == (2, "")
    assert contents(folder) == before


def assert_one_sentence(text: str, file: str, word: str) -> None:
    assert text.startswith("moclip: ")
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    assert file in text
    assert word in text


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file with its bytes, every folder, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def captions(folder: Path) -> Path:
    file = folder / "captions.txt"
    file.write_text("a walk\na run\n")
    return file


def sound_folder(folder: Path) -> Path:
    sound = folder / "sound"
    sound.mkdir(exist_ok=True)
    formats.write(stick_figure(), sound / "sound.bvh")
    return sound


def formats_npz() -> bytes:
    from moclip.formats import npz

    return npz.encode(stick_figure())


def boasting(archive: bytes, entry: bytes, size: int) -> bytes:
    """The zip with another unpacked size of ``entry`` in its directory."""
    start = archive.rindex(entry) - 46  # a directory record is 46 bytes, then the name
    field = start + 24
    return archive[:field] + size.to_bytes(4, "little") + archive[field + 4 :]
