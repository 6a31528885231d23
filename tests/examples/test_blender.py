"""FBX through Blender: what is asked of it, in order; Blender itself is played by a record."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import blender_fbx
import moving_bodies
import pytest

from moclip import formats
from moclip.formats import glb

SCRIPT = Path(blender_fbx.__file__)


class Thing(SimpleNamespace):
    """An object of Blender's scene."""

    selected = True

    def select_set(self, chosen: bool) -> None:
        self.selected = chosen


class Blender:
    """Knows the operators that the script may call, and keeps their calls."""

    def __init__(self, *, opens: bool = True, result: str = "FINISHED") -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.opens, self.result = opens, {result}
        scene = SimpleNamespace(render=SimpleNamespace(fps=24, fps_base=1.0))
        layer = SimpleNamespace(objects=[])
        self.context = SimpleNamespace(scene=scene, view_layer=layer)
        self.data = SimpleNamespace(objects=layer.objects, actions=[])
        self.ops = SimpleNamespace(
            wm=SimpleNamespace(read_factory_settings=self._operator("read_factory_settings")),
            import_scene=SimpleNamespace(gltf=self._operator("gltf")),
            import_anim=SimpleNamespace(bvh=self._operator("bvh")),
            export_scene=SimpleNamespace(fbx=self._operator("fbx")),
        )

    def _operator(self, name: str) -> Any:
        def call(**options: Any) -> set[str]:
            self.calls.append((name, options))
            if name in ("gltf", "bvh") and self.opens:
                self._fill()
            return self.result

        return call

    def _fill(self) -> None:
        body = Thing(name="pelvis", type="ARMATURE", parent=None)
        mesh = Thing(name="mannequin", type="MESH", parent=body)
        shape = Thing(name="Icosphere", type="MESH", parent=None)
        self.data.objects.extend([body, mesh, shape])
        for name, last in (("walk_pelvis", 20.0), ("run_pelvis", 31.4)):
            self.data.actions.append(SimpleNamespace(name=name, frame_range=(0.0, last)))


def steps(source: str = "a.glb", **options: Any) -> tuple[blender_fbx.Step, blender_fbx.Step]:
    asked = {"engine": "unity", "forward": None, "up": None} | options
    return blender_fbx.reading(Path(source), 0.01), blender_fbx.writing(Path("a.fbx"), **asked)


@pytest.mark.parametrize("suffix", [".glb", ".bvh"])
@pytest.mark.parametrize("fps", [20.0, 29.97, 120.0])
def test_the_frame_rate_is_that_of_the_file(tmp_path: Path, suffix: str, fps: float) -> None:
    formats.write(moving_bodies.wandering(frames=30, fps=fps), tmp_path / f"a{suffix}")
    assert blender_fbx.frame_rate(tmp_path / f"a{suffix}") == pytest.approx(fps, rel=1e-4)


def test_of_several_clips_the_fastest_decides(tmp_path: Path) -> None:
    rates = {"slow": 20.0, "fast": 60.0, "one": 1.0}
    clips = {n: moving_bodies.wandering(frames=9, fps=fps) for n, fps in rates.items()}
    (tmp_path / "a.glb").write_bytes(glb.encode_clips(clips))
    assert blender_fbx.frame_rate(tmp_path / "a.glb") == pytest.approx(60, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.bvh", b"HIERARCHY", "no line 'Frame Time:'"),
        ("a.bvh", b"Frame Time: 0", "division by zero"),
        ("a.glb", b"short", "requires a buffer"),
        ("a.glb", b"PK\x03\x04" + bytes(40), "no binary glTF"),
    ],
)
def test_a_file_without_a_frame_rate_is_told(
    tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=f"{name} tells no frame rate: .*{why}"):
        blender_fbx.frame_rate(tmp_path / name)


def test_blender_opens_bakes_and_writes() -> None:
    blender = Blender()
    takes = blender_fbx.convert(blender, *steps(), 29.97)
    assert takes == ["walk", "run"]
    assert [name for name, _ in blender.calls] == ["read_factory_settings", "gltf", "fbx"]
    render = blender.context.scene.render
    assert render.fps / render.fps_base == pytest.approx(29.97)
    assert (blender.context.scene.frame_start, blender.context.scene.frame_end) == (0, 31)
    chosen = [thing.name for thing in blender.data.objects if thing.selected]
    assert chosen == ["Armature", "mannequin"]
    written = blender.calls[-1][1]
    assert written["bake_anim_simplify_factor"] == 0
    assert written["bake_anim_use_all_actions"]
    assert not written["add_leaf_bones"]


def test_engines_and_axes_are_named() -> None:
    _, unity = steps(engine="unity")
    _, unreal = steps(engine="unreal", forward="X", up="Z")
    assert unity.options["apply_scale_options"] == "FBX_SCALE_ALL"
    assert (unity.options["axis_forward"], unity.options["axis_up"]) == ("-Z", "Y")
    assert unreal.options["apply_scale_options"] == "FBX_SCALE_NONE"
    assert (unreal.options["axis_forward"], unreal.options["axis_up"]) == ("X", "Z")


def test_bvh_is_read_in_its_unit() -> None:
    read = blender_fbx.reading(Path("a.BVH"), 0.0254)
    assert (read.operator, read.options["global_scale"]) == ("import_anim.bvh", 0.0254)


@pytest.mark.parametrize(
    ("blender", "why"),
    [
        (Blender(opens=False), "has no skeleton that moves"),
        (Blender(result="CANCELLED"), r"Blender's import_scene\.gltf gave up"),
    ],
)
def test_what_blender_cannot_do_is_told(blender: Blender, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        blender_fbx.convert(blender, *steps(), 20)


def test_blenders_own_arguments_are_passed_over() -> None:
    argv = ["blender", "--background", "--", "a.glb", "b.fbx", "--for", "unreal"]
    given = blender_fbx.arguments(argv)
    assert (given.source, given.target, given.engine) == (Path("a.glb"), Path("b.fbx"), "unreal")


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (["a.obj", "b.fbx"], 2, "a.obj is no .glb or .bvh file"),
        (["a.glb", "b.glb"], 2, "b.glb is no .fbx file"),
        (["a.glb", "b.fbx", "--for", "godot"], 2, "invalid choice: 'godot'"),
        (["a.glb", "b.fbx"], 1, "this runs in Blender"),
    ],
)
def test_a_mistake_is_one_line(given: list[str], code: int, told: str) -> None:
    command = [sys.executable, "-S", SCRIPT, *given]  # without packages, so without Blender
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert told in done.stderr.splitlines()[-1]
