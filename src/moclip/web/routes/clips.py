"""Clips to look through and to play: ``/api/clips``, ``/api/clips/{id}``."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from moclip.tasks.library.clips import Filter
from moclip.web import binary
from moclip.web.routes._common import ClipId, Shared
from moclip.web.shapes import Clip, Page

ROUTER = APIRouter(tags=["clips"])
_LAST = 2**31 - 1


class Which(Filter):
    """A page of the clips that a filter lets through."""

    offset: Annotated[int, Query(ge=0, le=_LAST)] = 0
    limit: Annotated[int, Query(ge=1, le=200)] = 24


@ROUTER.get("/clips")
def clips(service: Shared, which: Annotated[Which, Query()]) -> Page:
    """Clips in the order in which they were added."""
    where = Filter(**which.model_dump(include=set(Filter.model_fields)))
    found = service.library.clips(where, offset=which.offset, limit=which.limit)
    fps = service.library.facts.fps
    return Page(total=service.library.count(where), clips=[Clip.of(clip, fps) for clip in found])


@ROUTER.get(
    "/clips/{id}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "MOJ1"}},
)
def joints(service: Shared, id: ClipId) -> Response:
    """The joints: 16 bytes (``MOJ1``, frames, joints, fps), then float32 (frame, joint, xyz)."""
    is_stored = service.shelf.clip(id) is None
    motion = service.motion(id)
    headers = binary.headers(motion) | {"ETag": f'"{id}"'}
    headers["Cache-Control"] = "private, max-age=86400, immutable" if is_stored else "no-cache"
    return Response(binary.encode(motion), 200, headers, "application/octet-stream")


@ROUTER.get("/clips/{id}/about")
def about(service: Shared, id: ClipId) -> Clip:
    """What is known of a clip."""
    return service.clip(id)
