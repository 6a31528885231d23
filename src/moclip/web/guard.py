"""What stands before every route: who asks, from where, how much, and how slowly.

Bodies are read whole before a route sees them, so that size and time are bounded in one place.
"""

import asyncio
import hmac
import json
import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import SplitResult, parse_qs, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moclip.web.settings import Limits

_COOKIE = "moclip"
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")
"""What an address, a cookie and a header hold as it is."""
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        b"connect-src 'self' blob: data:; frame-ancestors 'none'",
    ),
)


def check_token(token: str | None) -> None:
    """Raises ``ValueError`` for one that could not be shown; ``None`` is no token."""
    if token is not None and not _TOKEN.fullmatch(token):
        raise ValueError(
            "a token is made of letters, digits and . _ ~ - so that an address can hold it"
        )


class _RefusedError(Exception):
    def __init__(self, status: int, detail: str) -> None:
        self.status, self.detail = status, detail


class Guard:
    """Wraps an application."""

    def __init__(
        self, app: ASGIApp, *, limits: Limits, hosts: frozenset[str], token: str | None
    ) -> None:
        """``hosts`` are the names it may be asked by; none stands for any."""
        self.app, self.limits, self.hosts, self.token = app, limits, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {key.decode("latin1"): value.decode("latin1") for key, value in scope["headers"]}
        try:
            self._check_place(headers)
            if self.token is not None and await self._welcomed(scope, headers, send):
                return
            body = await self._body(scope, headers, receive)
        except _RefusedError as no:
            await _answer(send, no.status, no.detail)
            return
        await self.app(scope, _replayed(body, receive), _marked(send))

    def _check_place(self, headers: dict[str, str]) -> None:
        """Another site's page must not speak for its visitor (rebinding, cross-site requests)."""
        host = headers.get("host", "")
        asked = _split(f"//{host}")
        if asked is None or (self.hosts and (asked.hostname or "") not in self.hosts):
            raise _RefusedError(400, "the Host of the request is not this service's")
        origin = headers.get("origin")
        if origin is not None and getattr(_split(origin), "netloc", None) != host:
            raise _RefusedError(403, "the request comes from a page of another site")

    async def _welcomed(self, scope: Scope, headers: dict[str, str], send: Send) -> bool:
        """Whether a token in the address was turned into a cookie; refuses who has none."""
        given = parse_qs(scope["query_string"].decode("latin1")).get("token", [""])[0]
        if self._is_token(given) and scope["method"] == "GET":
            cookie = f"{_COOKIE}={given}; HttpOnly; SameSite=Strict; Path=/"
            extra = [(b"location", b"./"), (b"set-cookie", cookie.encode())]
            await _answer(send, 303, "go on without the token", extra)
            return True
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if not (self._is_token(bearer) or self._is_token(_cookie(headers))):
            raise _RefusedError(401, "wanted the token that `moclip serve --token` was given")
        return False

    def _is_token(self, given: str) -> bool:
        return self.token is not None and hmac.compare_digest(given.encode(), self.token.encode())

    async def _body(self, scope: Scope, headers: dict[str, str], receive: Receive) -> bytes:
        is_upload = scope["path"].endswith("/api/uploads")
        limit = self.limits.upload + 4096 if is_upload else self.limits.body
        told = headers.get("content-length", "0")
        if not told.isdecimal() or int(told) > limit:
            raise _RefusedError(
                413, f"the request is larger than the {limit:,} bytes that are read"
            )
        try:
            async with asyncio.timeout(self.limits.patience):
                return await _read(receive, limit)
        except TimeoutError:
            raise _RefusedError(408, "the request took too long to arrive") from None


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _RefusedError(400, "the request ended before it was whole")
        body += message.get("body", b"")
        if len(body) > limit:
            raise _RefusedError(
                413, f"the request is larger than the {limit:,} bytes that are read"
            )
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once, then what the connection says."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


def _marked(send: Send) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return marked


def _split(address: str) -> SplitResult | None:
    """``None`` for what is no address, such as ``http://[``."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _cookie(headers: dict[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


async def _answer(
    send: Send, status: int, detail: str, extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = json.dumps({"detail": detail}).encode()
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", b"application/json"), length, (b"connection", b"close")]
    start = {"type": "http.response.start", "status": status, "headers": headers + (extra or [])}
    await send(start)
    await send({"type": "http.response.body", "body": body})
