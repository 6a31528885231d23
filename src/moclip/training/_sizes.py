"""Sizes of a network as a recipe tells them: a preset, single fields of it, or a model's."""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from moclip.training._recipe import sentence

C = TypeVar("C", bound=BaseModel)


class Sizes(BaseModel):
    """Every key but ``preset`` replaces a field of it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    preset: Literal["compact", "paper"] | None = None
    """``compact`` if absent; a run that goes on from a model has that model's sizes."""

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    def config(self, kind: type[C], where: str, *, start: C | None = None) -> C:
        """The checked sizes, those of ``start`` where there is no preset.

        ``where`` is what the ``ValueError`` for an unknown or wrong key begins with.
        """
        base = getattr(kind, self.preset or "compact")()
        if start is not None and self.preset is None:
            base = start
        try:
            return kind.model_validate(base.model_dump() | self.options)
        except ValidationError as error:
            raise ValueError(f"{where} {sentence(error, kind)}") from None

    def settled(self, start: C | None, where: str) -> "Sizes":
        """As they are written: nothing left open, and so the sizes of ``start`` where there is one.

        Raises ``ValueError`` for a key that says otherwise than ``start``.
        """
        if start is None:
            return Sizes(preset=self.preset or "compact", **self.options)
        asked = self.config(type(start), where, start=start)
        for name, value in start:
            if getattr(asked, name) != value:
                raise ValueError(
                    f"{where} {name} is {getattr(asked, name)}, but the model of 'start' has "
                    f"{value}, and a run goes on with the sizes it has"
                )
        return self if self.preset else Sizes(**start.model_dump())
