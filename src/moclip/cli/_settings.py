"""``--set KEY=VALUE``: options of a data set on the command line."""

from typing import Annotated, Any

from tyro.conf import UseAppendAction, arg

DataOptions = Annotated[
    UseAppendAction[tuple[tuple[str, ...], ...]], arg(name="set", metavar="KEY=VALUE")
]


def of_data(data: str, options: tuple[tuple[str, ...], ...]) -> tuple[str, dict[str, Any]]:
    """The name of a data set and its options, ``NAME:PATH`` and what was set together.

    Checked before anything is read, or taken for an argument of ours. Raises ``LookupError`` or
    ``ValueError`` for what does not exist.
    """
    from moclip import datasets

    name, given = datasets.parse(data)
    return name, checked(name, given, options)


def checked(
    name: str, given: dict[str, Any], options: tuple[tuple[str, ...], ...]
) -> dict[str, Any]:
    """What is ``given`` already and what was set, as above."""
    from moclip import datasets

    found = given | pairs(options)
    datasets.options_of(name, found)
    return found


def pairs(options: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    """What was set. Raises ``ValueError`` for what is no ``KEY=VALUE``."""
    return dict(_pair(setting) for group in options for setting in group)


def _pair(setting: str) -> tuple[str, str]:
    key, equals, value = setting.partition("=")
    if not key or not equals:
        raise ValueError(f"'{setting}' is no option; wanted KEY=VALUE, as seed=1")
    return key, value
