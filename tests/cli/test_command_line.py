"""The list of commands, their help, and the ways a command can end."""

import subprocess
import sys

import pytest
from cli_support import Run

from moclip import __version__, cli
from moclip.cli import _errors

GROUPS = cli.groups()
COMMANDS = cli.commands()
ALL = [[name] for name in COMMANDS] + [[g, name] for g in GROUPS for name in cli.commands(g)]


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_help_lists_every_command_with_its_first_line(moclip: Run) -> None:
    shown = moclip("--help")
    assert shown.code == 0
    for command in (*COMMANDS, *GROUPS):
        assert f"\n  {command} " in shown.out


@pytest.mark.parametrize("group", GROUPS)
def test_help_of_a_group_lists_its_commands(group: str, moclip: Run) -> None:
    shown = moclip(group, "--help")
    assert (shown.code, moclip(group).out) == (0, shown.out)
    for command in cli.commands(group):
        assert f"\n  {command} " in shown.out
    unknown = moclip(group, "no-such")
    assert unknown.code == 2
    assert f"there is no command of `moclip {group}` 'no-such'; there are: " in unknown.err


def test_no_command_shows_help(moclip: Run) -> None:
    assert moclip().out == moclip("--help").out


def test_help_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'numpy', 'tyro', 'pydantic', 'transformers'}"
    code = (
        "import sys; from moclip.cli import main; main(['--help']); "
        f"sys.exit(bool({heavy} & set(sys.modules)))"
    )
    assert python("-c", code).returncode == 0


def test_version(moclip: Run) -> None:
    assert moclip("--version").out == f"moclip {__version__}\n"


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_each_command_has_help_with_examples(command: list[str], moclip: Run) -> None:
    shown = moclip(*command, "--help")
    assert shown.code == 0
    assert f"\n  moclip {' '.join(command)}" in shown.out
    assert "--help" in shown.out


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_an_unknown_option_is_told_shortly(command: list[str], moclip: Run) -> None:
    shown = moclip(*command, "--no-such-option")
    assert shown.code == 2
    assert "Traceback" not in shown.err
    assert 0 < len(shown.err.splitlines()) <= 12


def test_an_unknown_command_is_answered_with_those_there_are(moclip: Run) -> None:
    shown = moclip("serach")
    assert shown.code == 2
    assert shown.err.startswith("moclip: there is no command 'serach'; there are: ")
    assert "search" in shown.err


def test_module_and_program_are_one() -> None:
    assert python("-m", "moclip", "--version").stdout == f"moclip {__version__}\n"


def test_our_own_mistake_keeps_its_traceback() -> None:
    def slip() -> None:
        {}["nothing"]

    with pytest.raises(KeyError):
        _errors.guarded(slip)


def test_one_among_several_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def leave(code: int) -> None:
        raise SystemExit(f"at once, {code}")

    def slip() -> int:
        raise KeyError("nothing")

    monkeypatch.setattr(_errors.os, "_exit", leave)
    for count, program, wanted in (
        ("2", lambda: 2, "at once, 2"),
        ("2", slip, "at once, 1"),
        ("2", lambda: 0, "at once, 0"),
        ("1", lambda: 2, 2),
    ):
        monkeypatch.setenv("WORLD_SIZE", count)
        with pytest.raises(SystemExit) as stop:
            _errors.ended(program)
        assert stop.value.code == wanted
    assert "KeyError: 'nothing'" in capsys.readouterr().err


def test_traceback_on_demand(monkeypatch: pytest.MonkeyPatch, moclip: Run) -> None:
    monkeypatch.setenv("MOCLIP_TRACEBACK", "1")
    with pytest.raises(LookupError):
        moclip("serach")


def test_interruption_is_130(monkeypatch: pytest.MonkeyPatch, moclip: Run) -> None:
    def stop(arguments: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_dispatch", stop)
    shown = moclip("doctor")
    assert (shown.code, shown.err) == (130, "moclip: stopped\n")


def test_a_reader_that_leaves_is_no_error() -> None:
    code = "from moclip.cli import overview; print((overview() + chr(10)) * 10000)"
    piped = f"""
import sys
from moclip.cli._errors import guarded
def command():
    {code}
sys.exit(guarded(command))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", piped], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert error == b""
