"""What a user of the service asks, one thing after the other, over one connection."""

import http.client
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from moclip import datasets
from moclip.formats import bvh

_WORDS = ("walks", "runs", "jumps", "waves", "kicks a ball", "dances", "sits down", "turns around")
_WAYS = ("", " slowly", " fast", " to the left", " with both arms", " twice")
_FILES = ("bvh", "glb", "npz", "csv")
_AGAIN = 1.0
"""Seconds to wait after 429, as the answer asks for."""
_PATIENCE = 60.0
"""Seconds to wait for an answer."""


@dataclass(frozen=True)
class Answer:
    """What became of a request."""

    kind: str
    status: str
    """Of HTTP; the error's name where no answer came."""
    seconds: float


class Client:
    """Asks until a moment of ``time.monotonic`` has come."""

    def __init__(self, host: str, clips: Sequence[str], until: float, seed: int) -> None:
        self.answers: list[Answer] = []
        self._clips, self._until = clips, until
        self._random = random.Random(seed)
        self._line = http.client.HTTPConnection(host, timeout=_PATIENCE)

    def work(self) -> None:
        """Of twenty requests, twelve search, four fetch joints, two upload, two export."""
        asks = [self.search] * 12 + [self.joints] * 4 + [self.upload] * 2 + [self.export] * 2
        while time.monotonic() < self._until:
            ask: Callable[[], None] = self._random.choice(asks)
            ask()
        self.close()

    def close(self) -> None:
        """Hangs up; the next request would dial again."""
        self._line.close()

    def search(self) -> None:
        """Words against the library."""
        query = f"a person {self._random.choice(_WORDS)}{self._random.choice(_WAYS)}"
        self._ask("search", "POST", "/api/search", {"query": query, "k": 12})

    def joints(self) -> None:
        """A clip to be played."""
        self._ask("joints", "GET", f"/api/clips/{self._random.choice(self._clips)}")

    def export(self) -> None:
        """A clip as a file."""
        name = f"{self._random.choice(self._clips)}.{self._random.choice(_FILES)}"
        self._ask("export", "GET", f"/api/export/{name}")

    def upload(self) -> None:
        """A motion of the user's own, then what is like it: its vector is computed for that."""
        body, kind = _form(_file())
        told = self._send("upload", "POST", "/api/uploads", body, {"Content-Type": kind})
        if told is not None:
            self._ask("search by clip", "POST", "/api/search", {"clip": json.loads(told)["id"]})

    def _ask(self, kind: str, method: str, path: str, asked: Any = None) -> None:
        body = None if asked is None else json.dumps(asked).encode()
        self._send(kind, method, path, body, {"Content-Type": "application/json"})

    def _send(
        self, kind: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> bytes | None:
        """The answer's body where it is 2xx; every answer is noted."""
        start = time.monotonic()
        try:
            self._line.request(method, path, body, headers)
            answer = self._line.getresponse()
            data, status = answer.read(), str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            data, status = b"", type(error).__name__
        self.answers.append(Answer(kind, status, time.monotonic() - start))
        if status == "429":
            time.sleep(_AGAIN)
        return data if status.startswith("2") else None


@cache
def _file() -> bytes:
    """A bundled clip as a BVH file."""
    return bvh.encode(datasets.load("bundled", "all")[0].motion)


def _form(data: bytes) -> tuple[bytes, str]:
    """A form with one file in it, and the form's kind."""
    edge = b"----moclip"
    head = b'Content-Disposition: form-data; name="file"; filename="mine.bvh"\r\n\r\n'
    body = b"--" + edge + b"\r\n" + head + data + b"\r\n--" + edge + b"--\r\n"
    return body, f"multipart/form-data; boundary={edge.decode()}"
