"""Clients that are slow, or speak no HTTP: told so or hung up on in time, and others go on."""

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from page_service import served

PATIENCE = 1.5
"""Seconds that the service waits here, for heads and for bodies."""
AT_MOST = 20.0
"""Seconds until a test gives up: other work may share the machine."""
HEAD = b"Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
ASK = b"POST /api/search HTTP/1.1\r\n" + HEAD
WHOLE = b"GET /api/health HTTP/1.1\r\n" + HEAD + b"\r\n"


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    pytest.importorskip("uvicorn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moclip.web.server._PATIENCE", PATIENCE)
        with served(generator=False, patience=PATIENCE) as address:
            yield address


def dial(home: str) -> socket.socket:
    parts = urlsplit(home)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port), timeout=AT_MOST)


def trickle(line: socket.socket, data: bytes) -> bytes:
    """What is answered to bytes that come one by one, until the line is closed."""
    line.settimeout(0.1)
    answer, end = b"", time.monotonic() + AT_MOST
    for byte in data:
        assert time.monotonic() < end, "the service still listens"
        try:
            line.sendall(bytes([byte]))
            answer += (part := line.recv(4096))
            if not part:
                return answer
        except TimeoutError:
            continue
        except OSError:  # it has hung up
            return answer
    pytest.fail("the service has taken all of it")


def say(home: str, data: bytes) -> bytes:
    """What is answered until the line is closed."""
    with closing(dial(home)) as line:
        line.sendall(data)
        answer = b""
        while part := line.recv(4096):
            answer += part
        return answer


def is_alive(home: str) -> bool:
    with urllib.request.urlopen(f"{home}/api/health", timeout=AT_MOST) as answer:
        return answer.status == 200


def test_a_head_that_never_ends(home: str) -> None:
    with closing(dial(home)) as line:
        answer = trickle(line, b"GET / HTTP/1.1\r\nX: " + b"a" * 1000)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_second_head_that_never_ends(home: str) -> None:
    with closing(dial(home)) as line:
        line.sendall(WHOLE)
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert b"408" in trickle(line, b"GET / HTTP/1.1\r\nX: " + b"a" * 1000)


def test_a_body_that_trickles(home: str) -> None:
    with closing(dial(home)) as line:
        line.sendall(ASK + b"Content-Length: 1000\r\n\r\n")
        assert trickle(line, b" " * 1000).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing(home: str) -> None:
    with closing(dial(home)) as line:
        assert line.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert line.recv(4096) == b""


def test_others_go_on_meanwhile(home: str) -> None:
    lines = [dial(home) for _ in range(40)]
    try:
        for number, line in enumerate(lines):
            line.sendall(ASK + b"Content-Length: 9\r\n\r\n{" if number % 2 else b"GET / HT")
        assert is_alive(home)
        assert [line.recv(12) for line in lines] == [b"HTTP/1.1 408"] * len(lines)
    finally:
        for line in lines:
            line.close()


MALFORMED = {
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\xff\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no host": b"GET /api/health HTTP/1.1\r\n\r\n",
    "a huge head": b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "a negative length": ASK + b"Content-Length: -1\r\n\r\n",
    "two lengths": ASK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length in words": ASK + b"Content-Length: many\r\n\r\n",
    "a length too large": ASK + b"Content-Length: 99999999999\r\n\r\n",
    "a wrong chunk": ASK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "an unknown coding": ASK + b"Transfer-Encoding: sleep\r\n\r\n",
    "no end": ASK + b"Content-Length: 100\r\n\r\n{",
    "an upgrade to nothing": b"GET /api/attack HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Connection: upgrade, close\r\nUpgrade: websocket\r\n\r\n",
    "chunks without end": ASK
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 6,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_is_refused(home: str, data: bytes) -> None:
    try:
        answer = say(home, data)
    except ConnectionError:  # hung up while we still spoke
        answer = b""
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
    assert is_alive(home)


PATHS = (
    "/../../../../etc/passwd",
    "/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5c..%5capp.py",
    "/css/../../app.py",
    "/api/clips/../../../../etc/passwd",
    "/api/clips/%2e%2e%2fetc%2fpasswd",
    "/api/export/..%2f..%2fapp.py",
    "/api/export/%00.bvh",
    "/%00",
    "//etc/passwd",
    "/docs/../../app.py",
)


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_outside(home: str, path: str) -> None:
    ask = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = say(home, ask.encode())
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"root:" not in answer
    assert b"import" not in answer
