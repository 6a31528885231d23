"""``--set KEY=VALUE``: options of a data set on the command line."""

from typing import Annotated

from tyro.conf import UseAppendAction, arg

DataOptions = Annotated[
    UseAppendAction[tuple[tuple[str, ...], ...]], arg(name="set", metavar="KEY=VALUE")
]


def pairs(options: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    """What was set. Raises ``ValueError`` for what is no ``KEY=VALUE``."""
    return dict(_pair(setting) for group in options for setting in group)


def _pair(setting: str) -> tuple[str, str]:
    key, equals, value = setting.partition("=")
    if not key or not equals:
        raise ValueError(f"'{setting}' is no option; wanted KEY=VALUE, as seed=1")
    return key, value
