"""``moclip COMMAND ...``: a file in this folder is a command, a folder in it a group of commands.

Its docstring is its help (the first line stands in the list of commands), the signature of its
``main`` says what it takes. The list is read from the files without importing them, and commands
import what is heavy inside ``main``, so help and slips of the finger answer at once.
"""

import ast
import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from moclip import __version__, catalog
from moclip.cli._errors import ended, guarded

_FOLDER = Path(__file__).parent
_HELP = ("-h", "--help", "help")


def run() -> None:
    """The program: runs what the command line says and exits with its code."""
    ended(lambda: main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code: 0, 2 for a user's mistake, 130 if interrupted."""
    return guarded(lambda: _dispatch(list(arguments)))


def _dispatch(arguments: list[str]) -> None:
    if not arguments or arguments[0] in _HELP:
        print(overview())
        return
    if arguments[0] in ("-V", "--version"):
        print(f"moclip {__version__}")
        return
    command, *rest = arguments
    if command in groups():
        _dispatch_in(command, rest)
        return
    _check(command, [*commands(), *groups()], "command")
    parsed(command, rest)()


def _dispatch_in(group: str, arguments: list[str]) -> None:
    if not arguments or arguments[0] in _HELP:
        print(overview_of(group))
        return
    command, *rest = arguments
    is_model = command not in commands(group) and (Path(command).is_dir() or "/" in command)
    if group == "evaluate" and is_model:  # once there was one way only
        command, rest = "retrieval", arguments
    _check(command, commands(group), f"command of `moclip {group}`")
    parsed(f"{group}.{command}", rest)()


def _check(command: str, there: Sequence[str], kind: str) -> None:
    if command not in there:
        raise LookupError(f"there is no {kind} '{command}'; there are: {', '.join(sorted(there))}")


def commands(group: str | None = None) -> list[str]:
    """Commands of the program, or of a group, as they are typed: ``import-clip``."""
    return [name.replace("_", "-") for name in catalog.names(f"cli.{group}" if group else "cli")]


def groups() -> list[str]:
    """Folders of commands, such as ``data``."""
    return sorted(path.parent.name for path in _FOLDER.glob("*/__init__.py"))


def overview() -> str:
    """What ``moclip --help`` shows: every command with the first line of its file."""
    return (
        "usage: moclip COMMAND ...\n\n"
        "Teach CLIP's text encoder human motion; search, recognise and describe it with words.\n\n"
        f"{_listed(sorted([*commands(), *groups()]))}\n\n"
        "`moclip COMMAND --help` shows examples and options; `moclip --version` the version."
    )


def overview_of(group: str) -> str:
    """What ``moclip GROUP --help`` shows."""
    return (
        f"usage: moclip {group} COMMAND ...\n\n{_docstring(group)}\n\n"
        f"{_listed([f'{group}.{name}' for name in commands(group)])}\n\n"
        f"`moclip {group} COMMAND --help` shows examples and options."
    )


def _listed(names: Sequence[str]) -> str:
    """A line a command: its last name and the first line of its help."""
    width = max(len(name.rpartition(".")[2]) for name in names)
    return "\n".join(
        f"  {name.rpartition('.')[2]:<{width}}  {_docstring(name).splitlines()[0]}"
        for name in names
    )


def parsed(command: str, arguments: Sequence[str]) -> Callable[[], None]:
    """The command's ``main`` with its arguments bound, ready to be called.

    Parsing and running are kept apart, so that an error of the command is never taken for one in
    its options.
    """
    import tyro

    main = importlib.import_module(f"moclip.cli.{command.replace('-', '_')}").main

    @functools.wraps(main)
    def bind(*args: Any, **kwargs: Any) -> Callable[[], None]:
        return functools.partial(main, *args, **kwargs)

    call: Callable[[], None] = tyro.cli(
        bind,
        prog=f"moclip {command.replace('.', ' ')}",
        description=_docstring(command),
        args=arguments,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.PositionalMetavarFromFieldName),
    )
    return call


def _docstring(command: str) -> str:
    """The docstring of a command's file or a group's folder, read without importing it."""
    place = _FOLDER / command.replace(".", "/").replace("-", "_")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    source = file.read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""
