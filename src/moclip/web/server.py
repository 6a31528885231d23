"""Runs the application: one process, ended by Ctrl-C or SIGTERM after what is at work."""

import asyncio
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

_PATIENCE = 10.0
"""Seconds in which the head of a request must be there, once its connection or its start is."""
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b'content-length: 49\r\n\r\n{"detail": "the request took too long to arrive"}'
)


class _Impatient(H11Protocol):
    """uvicorn waits for the head of a request for ever; this one hangs up."""

    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        """Time runs while no request is at work, and begins anew with the next one."""
        if not self._is_waiting():
            self._stop()
        elif self._clock is None:
            self._clock = asyncio.get_running_loop().call_later(_PATIENCE, self._hang_up)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _is_waiting(self) -> bool:
        at_work: Any = self.cycle  # None until a request's head is there, whatever h11's hints say
        return at_work is None or at_work.response_complete

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_LATE)
            self.transport.close()


def config(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_Impatient,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=2**16,
    )


def run(app: FastAPI, *, host: str, port: int) -> None:
    """Until it is told to stop."""
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config(app, host=host, port=port)).run()
