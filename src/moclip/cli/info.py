"""Say what is in a motion file, or in the folder of a trained model.

Examples:
  moclip info clip.bvh
  moclip info runs/demo
  moclip info clip.bvh --json

Lengths are metres, angles radians, times seconds.
"""

from pathlib import Path
from typing import Any

from tyro.conf import Positional

from moclip.cli._body import SkeletonFile


def main(
    what: Positional[str], /, *, skeleton_file: SkeletonFile = None, json: bool = False
) -> None:
    """Describe a motion file or a model.

    Args:
        what: a motion file, a model's folder, or its id on the Hugging Face hub
        skeleton_file: JSON of the body in motion files, where it is none of ours
        json: print JSON
    """
    from moclip import formats
    from moclip.cli import _body, _output

    is_file = Path(what).is_file() or Path(what).suffix.lower() in formats.suffixes()
    if is_file:
        from moclip.cli import _about_motion

        found = _about_motion.facts(formats.read(what, skeleton=_body.read(skeleton_file)))
        lines = _motion(found)
    else:
        from moclip.cli import _about_model

        found = _about_model.facts(what)
        if skeleton_file is not None:
            raise ValueError(f"--skeleton-file is for motion files, {what} is a model")
        lines = _model(found)
    print(_output.as_json_text(found) if json else _output.pairs(lines))


def _motion(found: dict[str, Any]) -> list[tuple[str, Any]]:
    x, y, z = found["size"]
    bones = ", ".join(f"{joint} {length:.3f}" for joint, length in found["bones"].items())
    return [
        ("frames", f"{found['frames']} at {found['fps']:g} fps, {found['seconds']:.2f} s"),
        ("skeleton", f"{found['skeleton'] or 'unknown'}, {len(found['joints'])} joints"),
        ("rotations", "yes" if found["rotations"] else "no"),
        ("size", f"{x:.2f} x {y:.2f} x {z:.2f} m (x to the side, y up, z ahead)"),
        ("body", f"{found['height']:.2f} m from the lowest to the highest joint"),
        ("floor", f"the lowest joint comes down to y = {found['floor']:.3f} m"),
        ("path", f"the root travels {found['path']:.2f} m"),
        ("bones", f"{bones or 'none'} m; they change by {found['bones_change'] * 100:.2f} cm"),
        ("warnings", "\n".join(found["warnings"]) or "none"),
    ]


_PARTS = {"moclip": "motion tower", "motionclip": "auto-encoder", "generator": "generator"}


def _model(found: dict[str, Any]) -> list[tuple[str, Any]]:
    text, motion = found["text"], found["motion"]
    metrics = (f"{key} {value:g}" for key, value in found["metrics"].items())
    scale = f", scale {found['scale']:.1f}" if found["scale"] else ""
    does = "makes" if found["kind"] == "generator" else "reads"
    others = "" if found["kind"] == "generator" else "; others are brought into that form"
    return [
        ("text tower", f"{text['tower']}, {text['parameters']:,} parameters"),
        ("tower hash", text["tower_hash"]),
        (_PARTS[found["kind"]], f"{motion['tower']}, {motion['parameters']:,} parameters"),
        ("configuration", ", ".join(f"{k} {v}" for k, v in motion["configuration"].items())),
        ("vectors", f"{found['dim']} numbers{scale}"),
        (does, f"HumanML3D's joints at {found['fps']:g} fps{others}"),
        ("data", ", ".join(f"{k} {v}" for k, v in (found["data"] or {}).items()) or "unknown"),
        ("metrics", "\n".join(metrics) or "none beside the model"),
        ("recipe", (found["recipe"] or "none beside the model").rstrip()),
    ]
