"""Runs the application: one process, ended by Ctrl-C or SIGTERM after what is at work."""

import asyncio
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

_PATIENCE = 10.0
"""Seconds in which the head of a connection's first request must be there."""
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b'content-length: 49\r\n\r\n{"detail": "the request took too long to arrive"}'
)


class _Impatient(H11Protocol):
    """uvicorn waits for the head of a request for ever; this one hangs up."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        asyncio.get_running_loop().call_later(_PATIENCE, self._hang_up)

    def _hang_up(self) -> None:
        head: Any = (
            self.cycle
        )  # None until the head of a request is there, whatever h11's hints say
        if head is None and not self.transport.is_closing():
            self.transport.write(_LATE)
            self.transport.close()


def run(app: FastAPI, *, host: str, port: int) -> None:
    """Until it is told to stop."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=_Impatient,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=2**16,
    )
