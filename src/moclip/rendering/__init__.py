"""How a Motion looks: a figure of rounded cones on a floor, drawn by cameras onto pixels.

Everything is worked out with array arithmetic on the CPU: rays against cones for the body, rays
against a plane for the floor and the shadow. No GPU, no OpenGL, no mesh.
"""

from moclip.rendering.cameras import Camera, follow, look_at
from moclip.rendering.drawing import draw
from moclip.rendering.pages import contact_sheet, gif

__all__ = ["Camera", "contact_sheet", "draw", "follow", "gif", "look_at"]
