"""What the service takes, and how much of it."""

from pydantic import BaseModel, ConfigDict


class Limits(BaseModel):
    """Bounds on what one request, and all together, may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: int = 1000
    """Characters."""
    upload: int = 32 * 2**20
    """Bytes of a motion file."""
    body: int = 2**18
    """Bytes of any other request."""
    seconds: float = 60.0
    """Of an uploaded motion."""
    made: float = 10.0
    """Seconds of a motion that is made."""
    k: int = 200
    waiting: int = 64
    """Requests in a queue; more are answered with 429."""
    together: int = 32
    """Requests in one forward pass."""
    shelf: int = 256
    """Clips that were uploaded or made; the oldest make room."""
    patience: float = 15.0
    """Seconds for a request to arrive as a whole."""
