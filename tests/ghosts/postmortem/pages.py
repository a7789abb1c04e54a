"""Pages as a reader sees them: words, headings, links, pictures, tables."""

from html.parser import HTMLParser
from pathlib import Path

from markdown_it import MarkdownIt


class Page(HTMLParser):
    """What is on a page: its words, headings, links, pictures, and the rows of its tables."""

    def __init__(self, html):
        super().__init__()
        self.words, self.headings, self.links, self.images, self.tables = "", [], [], [], []
        self.targets, self._open = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.targets.add(attributes.get("id"))
        if tag == "h2":
            self.headings.append("")
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)
        if tag not in ("img", "meta", "br"):
            self._open.append(tag)
        if tag not in ("code", "a", "b", "strong", "mark"):
            self.words += " "

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if {"style", "title"} & {*self._open}:
            return
        self.words += data
        if "h2" in self._open:
            self.headings[-1] += data
        if {"td", "th"} & {*self._open}:
            self.tables[-1][-1][-1] += data

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def table(self, name):
        """The rows of the table whose first column has this name, by their first cell."""
        (found,) = (rows for rows in self.tables if rows[0][0] == name)
        return {row[0]: row[1:] for row in found[1:]}


def read_markdown(path: Path) -> Page:
    """Return a Markdown file as a page, read as GitHub reads it."""
    text = path.read_text(encoding="utf-8")
    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
