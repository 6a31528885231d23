"""A motion as one HTML file that plays in any browser, without a network or anything else."""

import base64
import html
import json
from importlib import resources

import torch

from moclip.figures import figure
from moclip.motion import Motion
from moclip.rendering.cameras import heading

_FPS = 30.0
"""More frames than this a second are not worth their bytes."""
_FARTHEST = 32.0
"""Metres from the first frame's place that whole millimetres in 16 bits reach."""


def page(
    motion: Motion,
    azimuth: float = 0.6,
    elevation: float = 0.2,
    *,
    title: str = "Motion",
) -> bytes:
    """Play, stop, scrub, turn and come nearer, by mouse, touch and keyboard; light and dark.

    Places are rounded to millimetres. Raises ``ValueError`` for a motion that goes farther than
    32 m from where it began.
    """
    if motion.fps > _FPS:
        motion = motion.resampled(_FPS)
    body = figure(motion)
    centre = body.starts[0, 0].double()
    points = torch.stack((body.starts, body.ends), dim=2).double() - centre
    if not len(points) or points.abs().max() > _FARTHEST:
        raise ValueError(f"this motion goes farther than {_FARTHEST:g} m, which a page cannot show")
    height = float((body.starts[..., 1].max() - body.floor()).clamp(min=0.1))
    told = {
        "fps": motion.fps,
        "frames": len(motion),
        "centre": centre.tolist(),
        "floor": body.floor(),
        "size": height,
        "radii": [[round(r, 4) for r in pair] for pair in body.radii.tolist()],
        "sides": list(body.sides),
        "points": base64.b64encode(
            (1000 * points).round().to(torch.int16).cpu().numpy().astype("<i2").tobytes()
        ).decode(),
    }
    text = resources.files("moclip.rendering").joinpath("templates/viewer.html").read_text("utf-8")
    values = {
        "azimuth": f"{azimuth + heading(motion):g}",
        "elevation": f"{elevation:g}",
        "title": html.escape(title),
        "motion": json.dumps(told),
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text.encode()
