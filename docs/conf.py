"""Sphinx: MyST pages, the built-in theme, no network; the reference is made from docstrings."""

import inspect
import re
from importlib import import_module
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

from moclip import __version__, catalog

project = "moclip"
copyright = "the moclip authors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "Human motion and words in one space", "page_width": "60rem"}
exclude_patterns = ["build"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries, and what has no page
toc_object_entries = False

autodoc_default_options = {
    "members": True,
    "inherited-members": "BaseModel, Module, ABC, Generic, tuple, dict, Exception",
    "exclude-members": "model_config",
}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90

_CATALOGUE = re.compile(r"(?m)^\{\{ moclip\.(\S+)\.\* \}\}$")
_SECTION = """\
## {module}

```{{eval-rst}}
.. automodule:: {module}
   :ignore-module-all:
```
"""


def _sections(found: re.Match[str]) -> str:
    modules = [f"moclip.{found[1]}.{name}" for name in catalog.names(found[1])]
    return "\n".join(_SECTION.format(module=module) for module in modules)


def _open_catalogues(app: Sphinx, page: str, source: list[str]) -> None:
    """``{{ moclip.formats.* }}`` becomes a section for each entry, so that none is forgotten."""
    source[0] = _CATALOGUE.sub(_sections, source[0])


def _import_all(app: Sphinx) -> None:
    """Before autodoc adds annotations to pydantic's ``BaseModel``, which then breaks new models."""
    for page in sorted((app.srcdir / "api").glob("*.md")):
        for module in re.findall(
            r"automodule:: (\S+)", _CATALOGUE.sub(_sections, page.read_text())
        ):
            import_module(module)


def _readable(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str | None, back: str
) -> tuple[str | None, str] | None:
    """Arguments of models, which the hub's mixin hides; defaults without all that is in them."""
    if not signature:
        return None
    if what == "class" and signature == "(*args, **kwargs)":
        whole = inspect.signature(thing).replace(return_annotation=inspect.Signature.empty)
        signature = stringify_signature(whole, unqualified_typehints=True)
    signature = re.sub(r"<[^<>]*>", "...", signature)  # what a factory or an object is by default
    return re.sub(r"= (\w+)\([^()]+\)", r"= \1(...)", signature), back


def _without_aliases(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Fields of named tuples say ``Alias for field number 0``."""
    lines[:] = [line for line in lines if not line.startswith("Alias for field number")]


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", _import_all)
    app.connect("source-read", _open_catalogues)
    app.connect("autodoc-process-signature", _readable)
    app.connect("autodoc-process-docstring", _without_aliases)
