"""``/api/export/{id}.{suffix}`` and ``/api/uploads``."""

import tempfile
from pathlib import Path

from fastapi import APIRouter, Response, UploadFile

from moclip import formats, rendering, retargeting
from moclip.motion import Motion
from moclip.web.routes._common import ClipId, Shared, refuse
from moclip.web.routes.about import exports
from moclip.web.service import Service
from moclip.web.shapes import Clip

ROUTER = APIRouter(tags=["files"])
_TYPES = {"gif": "image/gif", "mp4": "video/mp4", "glb": "model/gltf-binary", "csv": "text/csv"}


@ROUTER.get(
    "/export/{id}.{suffix}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file"}},
)
async def export(service: Shared, id: ClipId, suffix: str) -> Response:
    """A clip as a file of the kind that the suffix names."""
    if suffix not in exports():
        refuse(404, f"no files '.{suffix[:20]}' are made here; there are: {', '.join(exports())}")
    clip = service.clip(id)
    data: bytes = await service.slow.do(_written, service.motion(id), suffix, clip.title)
    headers = {"Content-Disposition": f'attachment; filename="{id}.{suffix}"'}
    return Response(data, 200, headers, _TYPES.get(suffix, "application/octet-stream"))


@ROUTER.post("/uploads", status_code=201)
async def upload(service: Shared, file: UploadFile) -> Clip:
    """A motion file of the user's own, to search with, to edit and to play."""
    name = Path((file.filename or "").replace("\\", "/")).name[:200]
    if Path(name).suffix.lower() not in formats.suffixes():
        refuse(415, f"'{name[:80]}' is no motion file; read are: {', '.join(formats.suffixes())}")
    data = await file.read()
    if len(data) > service.limits.upload:
        refuse(413, f"the file is larger than the {service.limits.upload:,} bytes that are read")
    motion = await service.slow.do(_read, data, name, service)
    return service.shelf.put(motion, name, "upload")


def _written(motion: Motion, suffix: str, title: str) -> bytes:
    if suffix in ("gif", "mp4"):
        return rendering.playing(motion, f".{suffix}", title=title)
    with tempfile.TemporaryDirectory(prefix="moclip-") as folder:
        place = Path(folder, f"clip.{suffix}")
        formats.write(motion, place)
        return place.read_bytes()


def _read(data: bytes, name: str, service: Service) -> Motion:
    """Raises ``ValueError`` for what is no motion, or a very long one."""
    try:
        motion = formats.decode(data, name)
        if motion.duration > (longest := service.limits.seconds):
            raise ValueError(f"{name} lasts {motion.duration:g} s, more than {longest:g} s")
        return retargeting.canonical(motion, fps=service.library.facts.fps)
    except LookupError as error:
        raise ValueError(str(error)) from None
