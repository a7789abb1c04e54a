"""Numbers in prose: each one must come from the evidence, from the service or from the run.

A number in a markdown cell is supported when the same number stands in a file of ``data/``, among
the constants of the service, in an output of that notebook, or as a literal in its code. The same
means equal as written: prose that says 15 is not supported by an output that says 14.9. Grouping,
signs, units, percent signs and trailing zeros make no difference; ``#7283``, a reference, is
supported by a reference only.
"""

import html
import io
import re
import tokenize
import types
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from nbformat import NotebookNode
from notebook_rules import code_cells, texts

_PROMISED = "the most devices of a pod in the check: a promise to the reader, which the check keeps"
ALLOWED: dict[str, dict[str, str]] = {
    "exercises/01_the_evidence": {"200": _PROMISED},
    "exercises/06_the_alert": {"200": _PROMISED},
}
"""By notebook (its name below `notebooks/`): a number without a source, and why it needs none."""

_MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    "Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_AND = r"(?:, and |, | to | and | or )"
_STRUCTURE = re.compile(
    "|".join(
        [
            r"^\s*(?:>\s*)*(?:#+\s+)?\d{1,2}[.)]\s",  # numbers of list items and headings
            r"\b20\d\d-\d\d-\d\d\b",
            rf"\b\d{{1,2}}(?:{_AND}\d{{1,2}})? {_MONTH}\b(?: 20\d\d)?",
            rf"\b{_MONTH} \d{{1,2}}\b(?:,? 20\d\d)?",
            r"(?<![\w.,])202\d(?![\w]|[.,]\d)",
            rf"\bPython 3\.\d+(?:{_AND}3\.\d+)*",
            r"\b0\d_\w+(?:\.ipynb)?",
            rf"\b[Nn]otebooks? 0\d(?:{_AND}0\d)*",
        ]
    ),
    re.MULTILINE,
)
_GROUP = "[,_\u00a0\u2009\u202f]"
_UNIT = r"(?:[kKMGT]i?[Bb]?|k?Hz|ms|s|min|h|m|x|st|nd|rd|th)\b"
_NUMBER = re.compile(
    r"(?<![\w#.^])(?:"
    rf"\d{{1,3}}(?:{_GROUP}\d{{3}})+(?:\.\d+)?"  # 1,234.5
    r"|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"  # 1234.5, 1e-05
    r"|\.\d+"
    rf")(?!\d|\.\d|(?!{_UNIT})[A-Za-z_])"
)
_REFERENCE = re.compile(r"#(\d+)\b")
_CODE_BLOCK = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_EMPHASIS = re.compile(r"(?<!\w)_+(?=\d)|(?<=\d)_+(?!\w)")
_LINK_TARGET = re.compile(r"(?<=\])\([^)]*\)|<?https?://[^\s>)]+>?")
_HTML_UNSEEN = re.compile(r"<style.*?</style>|<script.*?</script>|<!--.*?-->", re.DOTALL)
_HTML_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def numbers(text: str) -> set[str]:
    """Return the numbers of a text in one spelling each: ``1234.5``, and references as ``#7283``.

    Structure is left out: list numbers, dates, years, Python versions and names of notebooks. So
    are digits inside a name (``p99``, ``7k2lk``) and an exponent written ``^2``.
    """
    text = _STRUCTURE.sub(" ", text)
    found = {f"#{int(digits)}" for digits in _REFERENCE.findall(text)}
    return found | {canonical(token) for token in _NUMBER.findall(text)}


def canonical(number: str) -> str:
    """Return the one spelling of a number: no grouping, no trailing zeros, no exponent."""
    value = Decimal(re.sub(_GROUP, "", number))
    return f"{value.normalize():f}"


def in_prose(notebook: NotebookNode) -> set[str]:
    """Return the numbers that the markdown cells state.

    Code, link targets and tags are not prose; inline code without a letter (`194`) is.
    """
    found = set()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = _LINK_TARGET.sub(" ", _CODE_BLOCK.sub(" ", cell.source))
            text = _INLINE_CODE.sub(lambda code: _unless_named(code[2]), text)
            found |= numbers(_EMPHASIS.sub("", _visible(text)))
    return found


def in_run(notebook: NotebookNode) -> set[str]:
    """Return the numbers in the notebook's outputs, as a reader sees them, and in its code."""
    found = set()
    for cell in code_cells(notebook):
        for text in texts(cell.outputs):
            found |= numbers(_visible(text))
        found |= {canonical(literal) for literal in _literals(cell.source)}
    return found


def in_files(paths: Iterable[Path]) -> set[str]:
    """Return the numbers in these text files."""
    return set().union(*(numbers(path.read_text(encoding="utf-8")) for path in paths))


def in_modules(*modules: types.ModuleType) -> set[str]:
    """Return the numbers among the public constants of modules."""
    values = (v for module in modules for k, v in vars(module).items() if k.isupper())
    return {
        canonical(repr(abs(value)))
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def unsupported(notebook: NotebookNode, known: set[str]) -> list[str]:
    """Return the numbers of the prose that are neither known nor in the run, in order."""
    return sorted(in_prose(notebook) - in_run(notebook) - known)


def _visible(text: str) -> str:
    return html.unescape(_HTML_TAG.sub(" ", _HTML_UNSEEN.sub(" ", text)))


def _unless_named(code: str) -> str:
    return " " if re.search(r"[A-Za-z_]", code) else code


def _literals(source: str) -> Iterator[str]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NUMBER and re.fullmatch(r"[\d_.eE+-]+", token.string):
                yield token.string
    except (tokenize.TokenError, SyntaxError):
        return  # a magic, not Python
