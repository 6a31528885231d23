"""FBX for game engines out of a clip of ours, in Blender without a window.

    blender --background --python examples/blender_fbx.py -- walk.glb walk.fbx
    blender --background --python examples/blender_fbx.py -- walk.bvh walk.fbx --for unreal

Read are .glb (body and every clip in the file) and .bvh (bones alone, centimetres as `moclip data
convert` writes them). Each clip becomes a take with a key at each of its frames. Blender 3.6 or
later; `pip install bpy` will do too: python examples/blender_fbx.py walk.glb walk.fbx
"""

import argparse
import json
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AXES = ("X", "Y", "Z", "-X", "-Y", "-Z")
ENGINES = {
    "unity": {"apply_scale_options": "FBX_SCALE_ALL", "axis_forward": "-Z", "axis_up": "Y"},
    "unreal": {"apply_scale_options": "FBX_SCALE_NONE", "axis_forward": "-Z", "axis_up": "Y"},
}
"""Unity wants objects of scale 1; Unreal reads centimetres and leaves out a node "Armature"."""
_JSON = 0x4E4F534A
_STILL = 30.0
"""Frames per second of a clip with one frame, where any will do."""


@dataclass(frozen=True)
class Step:
    """One of Blender's operators and what it is given."""

    operator: str
    options: dict[str, Any]


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What stands behind ``--``; all of it where there is none (outside Blender)."""
    parser = argparse.ArgumentParser(
        prog="blender_fbx.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help=".glb or .bvh")
    parser.add_argument("target", type=Path, help=".fbx")
    parser.add_argument("--for", dest="engine", choices=ENGINES, default="unity")
    parser.add_argument("--forward", choices=AXES, help="axis ahead, other than the engine's")
    parser.add_argument("--up", choices=AXES, help="axis upwards, other than the engine's")
    parser.add_argument("--bvh-unit", type=float, default=0.01, help="metres (default: 0.01)")
    own = list(argv[argv.index("--") + 1 :] if "--" in argv else argv[1:])
    given = parser.parse_args(own)
    for path, suffixes in ((given.source, (".glb", ".bvh")), (given.target, (".fbx",))):
        if path.suffix.lower() not in suffixes:
            parser.error(f"{path} is no {' or '.join(suffixes)} file")
    return given


def reading(source: Path, bvh_unit: float) -> Step:
    """How Blender opens a clip: both turn y up into Blender's z up."""
    if source.suffix.lower() == ".glb":
        return Step("import_scene.gltf", {"filepath": str(source)})
    options = {"global_scale": bvh_unit, "frame_start": 0, "use_fps_scale": False}
    axes = {"axis_forward": "-Z", "axis_up": "Y"}
    return Step("import_anim.bvh", {"filepath": str(source), **options, **axes})


def writing(target: Path, engine: str, forward: str | None, up: str | None) -> Step:
    """How Blender writes what is selected: every action, every frame, no bones of its own."""
    axes = {"axis_forward": forward, "axis_up": up}
    options = ENGINES[engine] | {name: axis for name, axis in axes.items() if axis}
    baked = {
        "bake_anim": True,
        "bake_anim_use_all_actions": True,
        "bake_anim_use_nla_strips": False,
        "bake_anim_simplify_factor": 0.0,
    }
    what = {"use_selection": True, "object_types": {"ARMATURE", "MESH"}, "add_leaf_bones": False}
    return Step("export_scene.fbx", {"filepath": str(target), **what, **baked, **options})


def frame_rate(source: Path) -> float:
    """Frames per second of a clip; of several in a file, the most. Raises ``ValueError``."""
    try:
        if source.suffix.lower() == ".bvh":
            return _rate_of_bvh(source.read_text(encoding="utf-8", errors="replace"))
        return _rate_of_glb(source.read_bytes())
    except (KeyError, IndexError, TypeError, struct.error, ZeroDivisionError, ValueError) as error:
        raise ValueError(f"{source} tells no frame rate: {error}") from None


def _rate_of_bvh(text: str) -> float:
    lines = (line.partition(":") for line in text.splitlines())
    times = [value for name, _, value in lines if name.strip().lower() == "frame time"]
    if not times:
        raise ValueError("it has no line 'Frame Time:'")
    return 1 / float(times[0])


def _rate_of_glb(data: bytes) -> float:
    magic, _, _, length, kind = struct.unpack_from("<4sIIII", data)
    if magic != b"glTF" or kind != _JSON:
        raise ValueError("it is no binary glTF")
    told = json.loads(data[20 : 20 + length])
    if not told.get("animations"):
        raise ValueError("it has no animation")
    samplers = [sampler for clip in told["animations"] for sampler in clip["samplers"]]
    clocks = [told["accessors"][sampler["input"]] for sampler in samplers]
    spans = [(c["count"] - 1, c["max"][0] - c["min"][0]) for c in clocks if c["count"] > 1]
    return max((frames / seconds for frames, seconds in spans), default=_STILL)


def convert(bpy: Any, read: Step, write: Step, fps: float) -> list[str]:
    """Does it in an empty scene; names of the takes. Raises ``ValueError`` for no skeleton."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    render = bpy.context.scene.render
    render.fps = max(1, round(fps))
    render.fps_base = render.fps / fps
    _perform(bpy, read)
    bodies = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    if not bodies or not bpy.data.actions:
        raise ValueError(f"{read.options['filepath']} has no skeleton that moves")
    _name_takes(bpy, bodies[0], Path(read.options["filepath"]).stem)
    _select(bpy, bodies[0])
    _set_range(bpy)
    _perform(bpy, write)
    return [action.name for action in bpy.data.actions]


def _perform(bpy: Any, step: Step) -> None:
    group, name = step.operator.split(".")
    if getattr(getattr(bpy.ops, group), name)(**step.options) != {"FINISHED"}:
        raise ValueError(f"Blender's {step.operator} gave up on {step.options['filepath']}")


def _name_takes(bpy: Any, body: Any, file: str) -> None:
    """As the clips are called, or the file where it has one; the importer adds the body's name."""
    for action in bpy.data.actions:
        alone = len(bpy.data.actions) == 1
        action.name = file if alone else action.name.removesuffix(f"_{body.name}")


def _select(bpy: Any, body: Any) -> None:
    """The skeleton and its meshes: the importer adds shapes of bones that nobody wants."""
    body.name = "Armature"
    for thing in bpy.context.view_layer.objects:
        thing.select_set(thing == body or thing.parent == body)


def _set_range(bpy: Any) -> None:
    """The time line as long as the longest clip."""
    scene = bpy.context.scene
    ranges = [action.frame_range for action in bpy.data.actions]
    scene.frame_start = round(min(first for first, _ in ranges))
    scene.frame_end = round(max(last for _, last in ranges))


def main(argv: Sequence[str]) -> None:
    """Converts; ends with one sentence where that cannot be done."""
    given = arguments(argv)
    try:
        import bpy
    except ModuleNotFoundError:
        sys.exit("this runs in Blender: blender --background --python blender_fbx.py -- IN OUT")
    read = reading(given.source.resolve(), given.bvh_unit)
    write = writing(given.target.resolve(), given.engine, given.forward, given.up)
    try:
        fps = frame_rate(given.source)
        takes = convert(bpy, read, write, fps)
    except (OSError, ValueError, RuntimeError) as error:
        sys.exit(f"blender_fbx.py: {' '.join(str(error).split())}")
    print(f"{given.target}: {', '.join(takes)} at {fps:g} frames per second")


if __name__ == "__main__":
    main(sys.argv)
