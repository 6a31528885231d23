"""The service and its page on a port of this machine: the bundled clips, and models of no size."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import doubles
import pytest
import small_makers


@contextmanager
def served(
    *, generator: bool = True, patience: float = 15.0, prepare: Callable[[Any], None] | None = None
) -> Iterator[str]:
    """The address of a running service; the test is skipped where a library of it is missing.

    ``prepare`` is given the service before it starts.
    """
    for name in ("lancedb", "fastapi", "uvicorn", "multipart"):
        pytest.importorskip(name)
    import uvicorn

    from moclip.web import server as serving
    from moclip.web.app import create_app

    with tempfile.TemporaryDirectory() as folder:
        service = _service(Path(folder), generator, patience)
        if prepare is not None:
            prepare(service)
        app = create_app(service)
        server = uvicorn.Server(serving.config(app, host="127.0.0.1", port=0))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield _address(server, thread)
        finally:
            server.should_exit = True
            thread.join()


def _service(folder: Path, generator: bool, patience: float) -> Any:
    from moclip.tasks.library import changing
    from moclip.tasks.library.store import Library
    from moclip.web.service import Service
    from moclip.web.settings import Limits

    model = doubles.model()
    library = Library.create(folder / "bundled.index", model)
    changing.add_data(library, model, "bundled")
    maker = small_makers.motionclip(small_makers.tower(folder / "tower")) if generator else None
    return Service(library, model, maker, limits=Limits(patience=patience))


def _address(server: Any, thread: threading.Thread) -> str:
    """Where it listens, once it does."""
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    return f"http://127.0.0.1:{port}"
