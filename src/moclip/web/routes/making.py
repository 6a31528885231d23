"""``/api/generate``, ``/api/edit``, ``/api/interpolate``."""

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter

from moclip.models.autoencoder.model import MotionCLIP
from moclip.motion import Motion
from moclip.tasks import latents
from moclip.web.routes._common import Shared, refuse
from moclip.web.service import Service
from moclip.web.shapes import Clip, Clips, Edit, Generate, Interpolate, Item

ROUTER = APIRouter(tags=["making"])


@ROUTER.post("/generate")
async def generate(service: Shared, wanted: Generate) -> Clips:
    """Motion from words; the same prompt, seconds and seed give the same motion."""
    if service.generator is None:
        refuse(409, "this service makes no motion; start it with --generator")
    asked = (wanted.prompt, wanted.seconds)
    made = await asyncio.gather(
        *(
            service.slow.ask(_maker(service, wanted.seed + n, wanted.guidance), asked)
            for n in range(wanted.n)
        )
    )
    return Clips(clips=[_kept(service, motion, wanted.prompt) for motion in made])


@ROUTER.post("/edit")
async def edit(service: Shared, wanted: Edit) -> Clips:
    """The base, changed by what leads from one clip or prompt to another."""
    model = _editor(service)
    items = [_item(service, item) for item in (wanted.base, wanted.start, wanted.end)]
    how: dict[str, Any] = {"scale": wanted.scale, "seconds": wanted.seconds}
    how["drawing"] = latents.Drawing(wanted.seed)
    made = await service.slow.do(partial(latents.edit, model, *items, **how))
    title = f"{items[0].text} - {items[1].text} + {items[2].text}"
    return Clips(clips=[_kept(service, made, title)])


@ROUTER.post("/interpolate")
async def interpolate(service: Shared, wanted: Interpolate) -> Clips:
    """Motions from one clip or prompt to another, both ends among them."""
    model = _editor(service)
    ends = [_item(service, item) for item in (wanted.one, wanted.other)]
    how: dict[str, Any] = {"steps": wanted.steps, "spherical": wanted.spherical}
    how |= {"seconds": wanted.seconds, "drawing": latents.Drawing(wanted.seed)}
    made = await service.slow.do(partial(latents.interpolate, model, *ends, **how))
    shares = [f"{100 * n / (wanted.steps - 1):.0f} %" for n in range(wanted.steps)]
    names = [f"{ends[0].text} to {ends[1].text}, {share}" for share in shares]
    return Clips(clips=[_kept(service, m, name) for m, name in zip(made, names, strict=True)])


def _maker(service: Service, seed: int, guidance: float | None) -> "_Making":
    return _Making(service, seed, guidance)


class _Making:
    """Equal for requests that can be made in one pass: those of one seed and guidance."""

    def __init__(self, service: Service, seed: int, guidance: float | None) -> None:
        self._service, self._how = service, (seed, guidance)

    def __call__(self, items: list[tuple[str, float]]) -> list[Motion]:
        made: list[Motion] = self._service.generate(items, *self._how)
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Making) and self._how == other._how

    def __hash__(self) -> int:
        return hash(self._how)


def _editor(service: Service) -> MotionCLIP:
    if service.editor is None:
        refuse(409, "this service edits no motion; start it with --generator and a MotionCLIP")
    assert service.editor is not None
    return service.editor


def _item(service: Service, item: Item) -> latents.Item:
    if item.prompt is not None:
        return latents.Item(item.prompt)
    assert item.clip is not None
    return latents.Item(service.clip(item.clip).title, service.motion(item.clip))


def _kept(service: Service, motion: Motion, title: str) -> Clip:
    return service.shelf.put(motion.to("cpu"), title, "made")
