"""Sphinx: MyST pages, the built-in theme, no network."""

from moclip import __version__

project = "moclip"
copyright = "the moclip authors"
version = release = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "Human motion and words in one space", "page_width": "60rem"}
exclude_patterns = ["build"]
nitpicky = True
