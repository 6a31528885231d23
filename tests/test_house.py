"""The floors hold, files stay small, and the door opens without torch."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """The contract of ``pyproject.toml`` on the package under ``root``, not the one installed."""
    code = (
        f"import sys; sys.path.insert(0, {str(root / 'src')!r}); "
        "from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    return run(sys.executable, "-c", code, "--no-cache", cwd=root)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The house without its data, to build into."""
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=lambda _, names: [n for n in names if _is_data(n)]
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _is_data(name: str) -> bool:
    return name == "__pycache__" or ("." in name and not name.endswith(".py"))


def test_the_floors_hold() -> None:
    checked = lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout
    assert "1 kept, 0 broken" in checked.stdout


def test_a_copy_of_the_house_holds_too(copy: Path) -> None:
    checked = lint_imports(copy)
    assert checked.returncode == 0, checked.stdout


def test_a_stray_utils_fails(copy: Path) -> None:
    (copy / "src" / "moclip" / "utils.py").write_text('"""A little of everything."""\n')
    checked = lint_imports(copy)
    assert checked.returncode != 0
    assert "utils" in checked.stdout


def test_an_import_from_above_fails(copy: Path) -> None:
    with (copy / "src" / "moclip" / "geometry.py").open("a") as file:
        file.write("\nfrom moclip.motion import Motion\n")
    checked = lint_imports(copy)
    assert checked.returncode != 0
    assert "moclip.geometry is not allowed to import moclip.motion" in checked.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def loaded(*arguments: str) -> set[str]:
    """Packages that a python process with these arguments has imported."""
    done = run(sys.executable, "-X", "importtime", *arguments)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"\| +([\w]+)(?:\.[\w.]+)?$", done.stderr, re.MULTILINE))


def test_importing_the_package_loads_no_torch() -> None:
    seen = loaded("-c", "import moclip; moclip.__version__")
    assert "moclip" in seen
    assert not seen & {"torch", "transformers", "numpy"}


def test_what_is_asked_of_the_package_loads_torch() -> None:
    assert "torch" in loaded("-c", "from moclip import Motion")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_the_help_of_the_program_loads_no_torch(arguments: list[str]) -> None:
    seen = loaded("-m", "moclip", *arguments)
    assert "moclip" in seen
    assert not seen & {"torch", "transformers", "numpy"}


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    import moclip

    with pytest.raises(AttributeError, match="no attribute 'Muscle'"):
        moclip.Muscle  # noqa: B018


def test_every_name_the_package_offers_has_a_home() -> None:
    import moclip

    assert set(moclip.__all__) == set(moclip._HOME)
    assert moclip.Motion is sys.modules["moclip.motion"].Motion


def loose_calls(source: str) -> list[str]:
    """Calls that unpickle, or that load weights without telling which keys did not fit."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        keywords = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
        call = ast.unparse(node.func)
        numpy = call in ("np.load", "numpy.load") and keywords.get("allow_pickle") is not False
        weights = call.endswith("load_state_dict") and keywords.get("strict") is False
        torch = call == "torch.load" and keywords.get("weights_only") is not True
        unpickles = call in ("pickle.load", "pickle.loads", "joblib.load")
        if numpy or weights or torch or unpickles:
            found.append(f"line {node.lineno}: {call}")
    return found


def test_loose_calls_are_seen() -> None:
    assert loose_calls("np.load(path)") == ["line 1: np.load"]
    assert loose_calls("torch.load(path)") == ["line 1: torch.load"]
    assert loose_calls("torch.load(path, weights_only=True)") == []
    assert loose_calls("model.load_state_dict(w, strict=False)") != []
    assert loose_calls("np.load(path, allow_pickle=False); zip(a, b, strict=False)") == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_no_file_unpickles_or_loads_loosely(path: Path) -> None:
    assert loose_calls(path.read_text()) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_only_commands_print(path: Path) -> None:
    if "cli" not in path.parts:
        assert not re.search(r"^\s*print\(", path.read_text(), re.MULTILINE)


def undocumented(source: str) -> list[str]:
    """The module itself and its public functions, where they have no docstring."""
    module = ast.parse(source)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    public = [node for node in module.body if isinstance(node, functions) and node.name[0] != "_"]
    missing = [node.name for node in public if not ast.get_docstring(node)]
    return missing if ast.get_docstring(module) else ["module", *missing]


def test_what_is_undocumented_is_seen() -> None:
    assert undocumented("def f(): ...") == ["module", "f"]
    assert undocumented("'What.'\ndef f():\n  'What.'\ndef _g(): ...\ndef h(): ...") == ["h"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_every_module_and_public_function_says_what_it_is(path: Path) -> None:
    missing = undocumented(path.read_text())
    if re.fullmatch(r"_[a-z].*", path.name):  # a helper: nobody outside its folder calls it
        missing = [name for name in missing if name == "module"]
    assert missing == []
