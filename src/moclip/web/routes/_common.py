"""What routes share."""

from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Request
from torch import Tensor

from moclip.tasks.library.clips import Filter
from moclip.tasks.retrieval import Index
from moclip.web.service import Service
from moclip.web.shapes import ID, Clip, Hit


def _service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


Shared = Annotated[Service, Depends(_service)]
ClipId = Annotated[str, Path(pattern=ID)]


def hits(service: Service, vector: Tensor, k: int, where: Filter, but: str | None) -> list[Hit]:
    """The nearest clips; one does not find itself."""
    found = service.library.nearest(vector, k + (but is not None), where)
    fps = service.library.facts.fps
    kept = [one for one in found if one.clip.id != but][:k]
    return [Hit(clip=Clip.of(one.clip, fps), score=one.score) for one in kept]


def ranks(index: Index, vector: Tensor, ids: list[str]) -> list[int]:
    """Where some clips stand among all for a vector; 1 is the best."""
    scores = index.vectors @ vector
    places = {entry.id: at for at, entry in enumerate(index.entries)}
    return [1 + int((scores > scores[places[id]]).sum()) if id in places else 0 for id in ids]


def refuse(status: int, sentence: str) -> Any:
    """Raises the answer."""
    raise HTTPException(status, sentence)
