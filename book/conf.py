"""Settings of the book, which `make book` builds: Sphinx with myst-nb and sphinx-book-theme.

Its sources are the notebooks and the pages of this repository, where they are: no page is written
for the book alone but for those of the API.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import book_pages  # noqa: E402

project = "Ghost connections"
author = "the maintainers of ghost-connections"
copyright = "MIT licensed"  # noqa: A001  Sphinx's name
root_doc = book_pages.ROOT_PAGE.removesuffix(".md")
include_patterns = [*book_pages.PAGES, *book_pages.linked_files()]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "book_extension",
]

# Notebooks are shown as they are stored; nothing is run. Links to headings are as on GitHub.
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 4

default_role = "py:obj"  # `name` in a docstring is code, and a link where the book has that name
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_custom_sections = [("Attributes", "params_style")]
napoleon_use_rtype = False
toc_object_entries_show_parents = "hide"
add_module_names = False

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_search_summary = False  # it is fetched page by page, which a browser refuses for files
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "show_navbar_depth": 1,
}
