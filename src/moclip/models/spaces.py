"""Models in whose space motions and words are compared."""

from moclip.models.autoencoder.model import MotionCLIP
from moclip.models.two_tower import MoCLIP

Space = MoCLIP | MotionCLIP
"""Both have ``encode_text`` and ``encode_motion`` to unit vectors, ``canonical``, ``scale``,
``fps`` and ``dim``."""
