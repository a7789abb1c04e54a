"""What the book needs beyond Sphinx and myst-nb."""

from pathlib import Path, PurePosixPath
from typing import Any

from book_pages import CODE, contents
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.parsers import Parser

_LINKS = nodes.reference | addnodes.pending_xref | addnodes.download_reference


class CodeParser(Parser):
    """Makes a page of a source file: its path as the title, and the file."""

    supported = ("code",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill the document."""
        env = document.settings.env
        path = env.doc2path(env.docname, base=False)
        code = nodes.literal_block(inputstring, inputstring, language=CODE[Path(path).suffix])
        section = nodes.section("", nodes.title(path, path), code, ids=["file"])
        document += section
        env.metadata[env.docname] |= {"orphan": True, "nosearch": True}


def add_contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Append the table of contents to the first page."""
    if docname == app.config.root_doc:
        source[0] += contents()


def link_names(app: Sphinx, doctree: nodes.document) -> None:
    """Make a link of each code span that is the name of a notebook or the path of a page."""
    names = _names(app.env)
    for span in list(doctree.findall(nodes.literal)):
        docname = names.get(span.astext().rstrip("/"))
        if docname in {None, app.env.docname} or _is_within(span, nodes.title | _LINKS):
            continue
        # As MyST makes a link to a page: Sphinx's own would lose the look of code.
        link = addnodes.pending_xref(
            refdomain="doc",
            reftype="myst",
            reftarget=docname,
            reftargetid=None,
            refexplicit=True,
            refdoc=app.env.docname,
        )
        span.replace_self(link)
        link += span


def _is_within(node: nodes.Node, kind: Any) -> bool:
    return node is not None and (isinstance(node, kind) or _is_within(node.parent, kind))


def _names(env: BuildEnvironment) -> dict[str, str]:
    names = {}
    for docname in env.found_docs:
        path = PurePosixPath(env.doc2path(docname, base=False))
        names[str(path)] = docname
        if path.suffix == ".ipynb":
            names[path.stem] = docname
        elif path.name == "README.md":
            names[str(path.parent)] = docname
    return names


def add_front_door(app: Sphinx, error: Exception | None) -> None:
    """Write index.html, which leads to the first page."""
    page = f"{app.config.root_doc}.html"
    (Path(app.outdir) / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>{app.config.project}</title>'
        f'<meta http-equiv="refresh" content="0; url={page}"><a href="{page}">{page}</a>\n',
        encoding="utf-8",
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the above with Sphinx."""
    app.add_source_parser(CodeParser)
    for suffix in CODE:
        app.add_source_suffix(suffix, "code")
    app.connect("source-read", add_contents)
    app.connect("doctree-read", link_names)
    app.connect("build-finished", add_front_door)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
