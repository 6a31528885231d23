"""``moclip COMMAND ...``: a file in this folder is a command.

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
from moclip.cli._errors import guarded

_HELP = ("-h", "--help", "help")


def run() -> None:
    """The program: runs what the command line says and exits with its code."""
    sys.exit(main(sys.argv[1:]))


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
    if command not in catalog.names("cli"):
        there = ", ".join(catalog.names("cli"))
        raise LookupError(f"there is no command '{command}'; there are: {there}")
    parsed(command, rest)()


def overview() -> str:
    """What ``moclip --help`` shows: every command with the first line of its file."""
    width = max(map(len, catalog.names("cli")))
    commands = "\n".join(
        f"  {name:<{width}}  {_docstring(name).splitlines()[0]}" for name in catalog.names("cli")
    )
    return (
        "usage: moclip COMMAND ...\n\n"
        "Teach CLIP's text encoder human motion; search, recognise and describe it with words.\n\n"
        f"{commands}\n\n"
        "`moclip COMMAND --help` shows examples and options; `moclip --version` the version."
    )


def parsed(command: str, arguments: Sequence[str]) -> Callable[[], None]:
    """The command's ``main`` with its arguments bound, ready to be called.

    Parsing and running are kept apart, so that an error of the command is never taken for one in
    its options.
    """
    import tyro

    main = importlib.import_module(f"moclip.cli.{command}").main

    @functools.wraps(main)
    def bind(*args: Any, **kwargs: Any) -> Callable[[], None]:
        return functools.partial(main, *args, **kwargs)

    call: Callable[[], None] = tyro.cli(
        bind,
        prog=f"moclip {command}",
        description=_docstring(command),
        args=arguments,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.PositionalMetavarFromFieldName),
    )
    return call


def _docstring(command: str) -> str:
    """The docstring of a command's file, read without importing it."""
    source = (Path(__file__).parent / f"{command}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""
