"""Serve a library of motions: a page to search and play them, and an API for programs.

Examples:
  moclip serve
  moclip serve --index my.index
  moclip serve --index my.index --generator runs/motionclip_bandai --port 8080
  moclip serve --index my.index --host 0.0.0.0 --token "$(openssl rand -hex 16)"

Without an index the bundled clips are served, with the model of `moclip demo` in runs/demo, which
is trained first where it is missing (once, some minutes). Other machines are let in only with
--token: open http://HOST:PORT/?token=TOKEN once, or send "Authorization: Bearer TOKEN". The API is
described in docs/serve.md and at /openapi.json. Ctrl-C stops it.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from moclip.cli import _library
from moclip.cli._device import Device

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP
    from moclip.tasks.library.store import Library

_LOCAL = ("127.0.0.1", "localhost", "::1")
_USUAL_GENERATOR = Path("runs/motionclip_demo")


def main(
    *,
    index: Path | None = None,
    model: str | None = None,
    generator: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    device: Device = "auto",
) -> None:
    """Serve a library.

    Args:
        index: what `moclip index build` wrote; the bundled clips if absent
        model: the model of the index, where it is no longer where it was
        generator: a MotionCLIP or generator; runs/motionclip_demo if it is there
        host: address to listen at; others than this machine's own need --token
        port: to listen at
        token: what others must show
        device: where to compute
    """
    if host not in _LOCAL and not token:
        raise ValueError(f"--host {host} lets other machines in; that needs a --token")
    _library.need_lancedb()
    _need_fastapi()
    from moclip.cli import _model

    library, towers = _given(index, model, device) if index else _bundled(model, device)
    if generator is None and (_USUAL_GENERATOR / "config.json").is_file():
        generator = str(_USUAL_GENERATOR)
    maker = _model.generator(generator, device) if generator else None
    from moclip.web import app, server
    from moclip.web.service import Service

    service = Service(library, towers, maker)
    hosts = app.LOCAL if host in _LOCAL else frozenset[str]()
    print(f"{len(library)} clips at http://{host}:{port}/ (Ctrl-C stops)", flush=True)
    server.run(app.create_app(service, hosts=hosts, token=token), host=host, port=port)


def _need_fastapi() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise ValueError(f"serving needs {error.name}; run: pip install 'moclip[web]'") from None


def _given(index: Path, model: str | None, device: Device) -> "tuple[Library, MoCLIP]":
    library = _library.opened(index)
    return library, _library.model_of(library, model, device)


def _bundled(model: str | None, device: Device) -> "tuple[Library, MoCLIP]":
    """The bundled clips in an index that is kept among what is cached, one for each model."""
    from moclip.cli import _model
    from moclip.datasets import cache_folder
    from moclip.tasks._encoding import fingerprint
    from moclip.tasks.library import changing
    from moclip.tasks.library.store import Library, is_library

    if model is None and not Path(_library.USUAL_MODEL, "config.json").is_file():
        _train_demo()
    towers = _model.load(model or _library.USUAL_MODEL, device)
    place = cache_folder() / f"bundled-{fingerprint(towers)[:16]}.index"
    if is_library(place):
        return Library.open(place), towers
    print("moclip: the bundled clips are indexed, once", file=sys.stderr)
    library = Library.create(place, towers)
    changing.add_data(library, towers, "bundled")
    return library, towers


def _train_demo() -> None:
    from moclip.training import run
    from moclip.training.recipe import Recipe

    where = _library.USUAL_MODEL
    print(f"moclip: there is no {where}; it is trained now, once (some minutes)", file=sys.stderr)
    run.train(Recipe.load("demo"), Path(where), resume="if there", progress=sys.stderr.isatty())
