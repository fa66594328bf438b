"""Settings of Sphinx: furo, Markdown, Google docstrings; nothing is asked of another host."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.gallery.docstrings import prepare
from scripts.gallery.textbook_page import slug
from sphinx.application import Sphinx

from rhobar import __version__

project = "rhobar"
copyright = "the rhobar authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
suppress_warnings = ["myst.xref_missing", "myst.header", "ref.python", "autodoc", "misc.highlighting_failure"]
nitpicky = False
default_role = "py:obj"
add_module_names = False
toc_object_entries = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 96

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Reference", "References")]
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False  # the signature has the types

myst_enable_extensions = ["colon_fence", "attrs_inline", "fieldlist"]
myst_heading_anchors = 3
myst_fence_as_directive = ["literalinclude"]

html_theme = "furo"
html_title = "rhobar"
html_static_path = ["static"]
html_css_files = ["gallery.css"]
html_show_search_summary = False  # would be fetched, which a browser refuses for pages opened from disk
html_copy_source = False
html_show_sphinx = False
html_permalinks_icon = "#"
pygments_style = "friendly"
pygments_dark_style = "native"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#3458b8",
        "color-brand-content": "#3458b8",
        "color-background-primary": "#fdfdfc",
        "color-background-secondary": "#f7f7f4",
        "color-foreground-primary": "#1b1c1e",
        "color-foreground-secondary": "#5c6168",
        "color-background-border": "#e4e4e0",
        "color-api-name": "#1b1c1e",
        "color-api-pre-name": "#5c6168",
        "color-api-background": "#f7f7f4",
        "color-code-background": "#f5f5f2",
    },
    "dark_css_variables": {
        "color-brand-primary": "#93b1ff",
        "color-brand-content": "#93b1ff",
        "color-background-primary": "#141517",
        "color-background-secondary": "#191b1d",
        "color-foreground-primary": "#e9e9e6",
        "color-foreground-secondary": "#a5aab1",
        "color-background-border": "#2b2e32",
        "color-api-name": "#e9e9e6",
        "color-api-pre-name": "#a5aab1",
    },
}


def _process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = prepare(lines, place=lambda id_: f"../textbook.html#{slug(id_)}")


def setup(app: Sphinx) -> None:
    """Read docstrings before napoleon does."""
    app.connect("autodoc-process-docstring", _process, priority=400)
