"""``/api/map``: the library's vectors on a plane."""

from typing import Annotated

import torch
from fastapi import APIRouter, Query
from torch import Tensor

from moclip.web.routes._common import Shared
from moclip.web.service import Service
from moclip.web.shapes import Map, Point

ROUTER = APIRouter(tags=["map"])


@ROUTER.get("/map")
async def plane(service: Shared, limit: Annotated[int, Query(ge=1, le=10_000)] = 2000) -> Map:
    """Principal components of the vectors: near points are alike, far ones need not differ."""
    found: Map = await service.slow.do(_map, service, limit)
    return found


def _map(service: Service, limit: int) -> Map:
    held = service.held()
    index = held.index
    step = max(1, -(-len(index) // limit))
    chosen = range(0, len(index), step)
    places, explained = principal(index.vectors[::step])
    clips = [held.clips[index.entries[at].id] for at in chosen]
    points = [
        Point(
            id=clip.id,
            x=x,
            y=y,
            title=clip.title,
            label=clip.labels[0] if clip.labels else None,
        )
        for clip, (x, y) in zip(clips, places.tolist(), strict=True)
    ]
    return Map(explained=explained, total=len(service.library), points=points)


def principal(vectors: Tensor) -> tuple[Tensor, list[float]]:
    """The first two components within -1..1, and their shares of the variance."""
    if not len(vectors):
        return vectors.new_zeros(0, 2), [0.0, 0.0]
    centred = vectors - vectors.mean(dim=0)
    values, axes = torch.linalg.eigh(centred.T @ centred)
    places = centred @ axes[:, [-1, -2]]
    shares = values[[-1, -2]].clamp(min=0) / values.clamp(min=0).sum().clamp(min=1e-12)
    return places / places.abs().max().clamp(min=1e-12), shares.tolist()
