"""How a Motion looks: a figure of rounded cones on a floor, drawn by cameras onto pixels.

Everything is worked out with array arithmetic on the CPU: rays against cones for the body, rays
against a plane for the floor and the shadow. No GPU, no OpenGL, no mesh.
"""

from moclip.motion import Motion
from moclip.rendering.cameras import Camera, follow, look_at
from moclip.rendering.drawing import draw
from moclip.rendering.film import mp4
from moclip.rendering.pages import contact_sheet, gif
from moclip.rendering.viewer import page

__all__ = [
    "Camera",
    "contact_sheet",
    "draw",
    "follow",
    "gif",
    "look_at",
    "mp4",
    "page",
    "playing",
]


def playing(
    motion: Motion, suffix: str, azimuth: float = 0.6, elevation: float = 0.2, *, title: str = ""
) -> bytes:
    """A motion that plays: ``.gif``, ``.mp4``, or ``.html``, a page to look around in.

    The latter two show the title. Raises ``ValueError`` as :func:`mp4` and :func:`page` do.
    """
    if suffix == ".gif":
        return gif(motion, azimuth, elevation)
    make = {".mp4": mp4, ".html": page}[suffix]
    return make(motion, azimuth, elevation, title=title)
