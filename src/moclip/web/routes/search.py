"""``/api/search`` and ``/api/encode``."""

import asyncio
import time

from fastapi import APIRouter

from moclip.web.routes._common import Shared, hits
from moclip.web.shapes import Encode, Found, Search, Vectors

ROUTER = APIRouter(tags=["search"])


@ROUTER.post("/search")
async def search(service: Shared, wanted: Search) -> Found:
    """The clips that fit words best, or that are most like a clip."""
    start = time.perf_counter()
    if wanted.query is not None:
        vector = await service.vector_of_text(wanted.query)
    else:
        assert wanted.clip is not None
        vector = await service.vector_of_clip(wanted.clip)
    found = await service.quick.do(hits, service, vector, wanted.k, wanted.filter, wanted.clip)
    return Found(hits=found, milliseconds=1000 * (time.perf_counter() - start))


@ROUTER.post("/encode")
async def encode(service: Shared, wanted: Encode) -> Vectors:
    """Unit vectors of captions and clips; a dot product of two is a cosine."""
    captions = [service.vector_of_text(caption) for caption in wanted.captions]
    clips = [service.vector_of_clip(id) for id in wanted.clips]
    found = [vector.tolist() for vector in await asyncio.gather(*captions, *clips)]
    dim, count = service.library.facts.dim, len(captions)
    return Vectors(dim=dim, captions=found[:count], clips=found[count:])
