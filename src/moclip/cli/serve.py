"""Serve a library of motions: a page to search and play them, and an API for programs.

Examples:
  moclip serve
  moclip serve --index my.index
  moclip serve --index my.index --generator runs/motionclip_bandai --port 8080
  moclip serve --index my.index --host 0.0.0.0 --token "$(openssl rand -hex 16)"

Without an index the bundled clips are served, with the model of `moclip demo` in runs/demo, which
is trained first where it is missing or half trained (once, some minutes), and the one of `moclip
train motionclip_demo`, which is trained while the page is there already. Other machines are let in
only with --token, made of letters, digits and . _ ~ -: open http://HOST:PORT/?token=TOKEN once, or
send "Authorization: Bearer TOKEN". The API is described in docs/serve.md and at /openapi.json.
Ctrl-C stops it.
"""

import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from moclip.cli import _library
from moclip.cli._device import Device

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP
    from moclip.tasks.library.store import Library
    from moclip.web.service import Service

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
        port: to listen at; 0 takes one that is free
        token: what others must show
        device: where to compute, and to train what is missing
    """
    if host not in _LOCAL and not token:
        raise ValueError(f"--host {host} lets other machines in; that needs a --token")
    _library.need_lancedb()
    _need_fastapi()
    from moclip.web import guard

    guard.check_token(token)
    port = _free(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    from moclip.cli import _model

    if index is None and model is None:
        _need_demo(address, device)
    library, towers = _given(index, model, device) if index else _bundled(model, device)
    from moclip.web import app, coming, server

    if generator is None and coming.is_whole(_USUAL_GENERATOR):
        generator = str(_USUAL_GENERATOR)
    maker = _model.generator(generator, device) if generator else None
    from moclip.web.service import Service

    service = Service(library, towers, maker)
    if maker is None and index is None:
        _let_come(service, device)
    hosts = app.LOCAL if host in _LOCAL else frozenset[str]()
    print(f"{len(library)} clips at {address} (Ctrl-C stops)", flush=True)
    server.run(app.create_app(service, hosts=hosts, token=token), host=host, port=port)


def _let_come(service: "Service", device: Device) -> None:
    """The usual generator is trained beside the service and taken in at its end."""
    from moclip.cli import _model
    from moclip.web import coming

    def take(folder: Path) -> None:
        service.generator = _model.generator(str(folder), device)
        print("moclip: the generator is there: Generate, Blend and Edit work", file=sys.stderr)

    def words() -> list[str]:
        return coming.command(_USUAL_GENERATOR.name, _USUAL_GENERATOR, device)

    service.coming = coming.Coming(words, _USUAL_GENERATOR, take=take)
    print(
        f"moclip: {_USUAL_GENERATOR} is trained meanwhile (some minutes); the page has Generate, "
        "Blend and Edit when it is there",
        file=sys.stderr,
    )


def _need_fastapi() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise ValueError(f"serving needs {error.name}; run: pip install 'moclip[web]'") from None


def _free(host: str, port: int) -> int:
    """The port, before a model is loaded for nothing. Raises ``ValueError`` for one in use."""
    if not 0 <= port < 2**16:
        raise ValueError(f"--port is {port}, wanted 0 to {2**16 - 1}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = str(error.strerror).lower()
            raise ValueError(
                f"cannot listen at {host}, port {port}: {reason}; try another --port"
            ) from None
        found: int = probe.getsockname()[1]
        return found


def _given(index: Path, model: str | None, device: Device) -> "tuple[Library, MoCLIP]":
    library = _library.opened(index)
    return library, _library.model_of(library, model, device)


def _bundled(model: str | None, device: Device) -> "tuple[Library, MoCLIP]":
    """The bundled clips in an index kept among what is cached, one for each model and format."""
    from moclip.cli import _model
    from moclip.datasets import cache_folder
    from moclip.files import held
    from moclip.tasks._encoding import fingerprint
    from moclip.tasks.library._table import FORMAT

    towers = _model.load(model or _library.USUAL_MODEL, device)
    place = cache_folder() / f"bundled-{FORMAT}-{fingerprint(towers)[:16]}.index"
    while True:
        with held(place) as is_free:
            if is_free:
                return _with_bundled(place, towers), towers
        time.sleep(0.2)  # another process is at it, for some seconds


def _with_bundled(place: Path, towers: "MoCLIP") -> "Library":
    """Made where it is missing, made good where an earlier start was cut short."""
    from moclip.tasks.library import changing
    from moclip.tasks.library.store import Library, is_library

    library = Library.open(place) if is_library(place) else Library.create(place, towers)
    if not len(library):
        print("moclip: the bundled clips are indexed, once", file=sys.stderr)
    changing.add_data(library, towers, "bundled")
    return library


def _need_demo(address: str, device: Device) -> None:
    """Trains the model of `moclip demo` where it is not whole, and says where to look then."""
    from moclip.cli import _device
    from moclip.training import kinds
    from moclip.training.state import has_state
    from moclip.web import coming

    where = Path(_library.USUAL_MODEL)
    if coming.is_whole(where):
        return
    resume = has_state(where)
    begun = f"{where} is trained to {coming.progress(where):.0%}; it goes on now"
    new = f"there is no {where}; it is trained now, once"
    print(
        f"moclip: {begun if resume else new} (some minutes), then the page is at {address}",
        file=sys.stderr,
        flush=True,
    )
    plan = kinds.load(where / "recipe.toml" if resume else "demo")
    progress, device_type = sys.stderr.isatty(), _device.pick(device).type
    kinds.train(plan, where, resume=resume, progress=progress, device=device_type)
