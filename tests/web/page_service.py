"""A server for the page's tests: its files, and a stand-in for the service behind them."""

import json
import mimetypes
import re
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stand_in

import moclip
from moclip import formats
from moclip.motion import Motion

STATIC = Path(moclip.__file__).parent / "web" / "static"
POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'"
JSON, BYTES = "application/json", "application/octet-stream"


@contextmanager
def served(*, generator: bool = True) -> Iterator[str]:
    """The address of a running server."""
    library = stand_in.Library(generator)
    handler = type("Bound", (Handler,), {"library": library})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers as the service's interface has it, with its content policy."""

    library: stand_in.Library

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        question = stand_in.ASKED.get(address.path.removeprefix("/api/"))
        if question:
            return self.tell(question(self.library, dict(parse_qsl(address.query))))
        try:
            return self.give(*stored(self.library, address.path))
        except (LookupError, OSError):
            return self.tell({"detail": f"there is nothing at {address.path}"}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/uploads":
            return self.tell(self.library.add(uploaded(body), "mine.bvh", kind="upload"), 201)
        return self.tell(
            stand_in.SENT[self.path.removeprefix("/api/")](self.library, json.loads(body))
        )

    def tell(self, answer: Any, status: int = 200) -> None:
        self.give(json.dumps(answer).encode(), JSON, status)

    def give(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed in a test run."""


def stored(library: stand_in.Library, path: str) -> tuple[bytes, str]:
    """A clip, a file of it, or a file of the page."""
    if match := re.fullmatch(r"/api/clips/([\w-]+)/about", path):
        return json.dumps(library.clips[match[1]]).encode(), JSON
    if match := re.fullmatch(r"/api/clips/([\w-]+)", path):
        return joints_of(library.motions[match[1]]), BYTES
    if match := re.fullmatch(r"/api/export/([\w-]+)\.(\w+)", path):
        return file_of(library.motions[match[1]], match[2]), BYTES
    file = STATIC / (path.lstrip("/") or "index.html")
    return file.read_bytes(), mimetypes.guess_type(file.name)[0] or BYTES


def joints_of(motion: Motion) -> bytes:
    """Magic, frames, joints, frames per second, then 32-bit floats."""
    frames, joints, _ = motion.joints.shape
    head = struct.pack("<4sIIf", b"MOJ1", frames, joints, motion.fps)
    return head + motion.joints.numpy().astype("<f4").tobytes()


def file_of(motion: Motion, suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"clip.{suffix}")
        formats.write(motion, path)
        return path.read_bytes()


def uploaded(body: bytes) -> Motion:
    """The BVH file that a form of one field holds."""
    first, last = body.index(b"HIERARCHY"), body.rindex(b"\r\n--")
    return formats.decode(body[first:last], "mine.bvh")
