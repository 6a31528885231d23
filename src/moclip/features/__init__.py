"""Motion to tensor and back: one file a feature set.

An entry has

``SKELETON``, ``FPS``
    The body and the frame rate the features are of; ``None`` where any will do.
``encode(motion) -> (frame, dim)``
    32-bit features of a motion; as many frames, or one fewer where features step from frame to
    frame. Raises ``ValueError`` for a motion they are not of.
``decode(features, *, skeleton, fps) -> Motion``
    The motion in metres. Joints come back exactly (to rounding) where the motion stood as the
    features have it: on their skeleton and placed as they place it. ``skeleton`` and ``fps`` may
    be left out where the features are of one.

Each docstring says what every number is, which of them are exact and which approximate. Features
are never z-scored here; models standardise inside. For many clips at once, without motions around
them, entries have functions on tensors besides: see each file.
"""
