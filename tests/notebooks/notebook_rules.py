"""What must hold for every stored notebook, one function for each rule.

nbval compares outputs only where there is something to compare with: a cell without a count is run
and never compared, a marker spelled wrong is a comment, and so on. These rules keep strict strict.
A rule yields one line for each place that breaks it, and nothing for a notebook that is right.
"""

import base64
import re
import socket
from collections.abc import Callable, Iterator
from itertools import pairwise

from nbformat import NotebookNode

MAX_LINES = 30
"""Of a cell: what a room can read at once."""

TALLEST = 700
"""Pixels: what JupyterLab shows of a picture at once, on a screen of 1440 by 900."""

MARKERS = {
    "NBVAL_CHECK_OUTPUT",
    "NBVAL_IGNORE_OUTPUT",
    "NBVAL_RAISES_EXCEPTION",
    "NBVAL_SKIP",
}
NEED_A_REASON = {"NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP"}
LIKE_A_MARKER = re.compile(
    r"#.*(nb[ _-]?val|(ignore|check)[_-]output|raises[_-]exception|_skip\b)", re.IGNORECASE
)

TRACES_OF_A_MACHINE = {
    "path": re.compile(
        r"(?<![\w.:/])(?:~|/(?:Applications|Library|Users|bin|dev|etc|home|lib|lib64|media|mnt|opt"
        r"|private|proc|root|run|sbin|srv|tmp|usr|var|work|workspace))/\w|\b[A-Z]:\\\w"
        r"|\bsite-packages\b|\bipykernel_\d+"
    ),
    "network address": re.compile(
        r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])|\blocalhost\b|::1\b"
    ),
    "port": re.compile(r"\bport\b[\"']?\s*[=:]?\s*\d{4,5}\b", re.IGNORECASE),
    # The example services of data/services call storage.internal and hooks.internal.
    "host name": re.compile(
        r"(?<![\w.-])(?!(?:storage|hooks)\.internal\b)[\w-]+(?:\.[\w-]+)*"
        r"\.(?:internal|lan|local|localdomain)\b"
    ),
    "process id": re.compile(r"\bpid\b[\"']?\s*[=:]?\s*\d+", re.IGNORECASE),
    "thread id": re.compile(r"\bstarted (?:daemon )?\d{6,}"),
    "memory address": re.compile(r"\b0x[0-9a-fA-F]{6,}"),
}

Rule = Callable[[NotebookNode], Iterator[str]]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells in order, blank ones included."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def counts_run_from_one(notebook: NotebookNode) -> Iterator[str]:
    """Every code cell was run, once, in order; a blank one has neither count nor outputs."""
    expected = 0
    for cell in code_cells(notebook):
        blank = not cell.source.strip()
        expected += not blank
        if cell.execution_count != (None if blank else expected):
            yield f"{_where(cell)}: count {cell.execution_count}, expected {expected}"
        if blank and cell.outputs:
            yield f"{_where(cell)}: a blank cell with outputs"


def errors_are_announced(notebook: NotebookNode) -> Iterator[str]:
    """An error is stored where a cell is marked as raising one, and nowhere else."""
    for cell in code_cells(notebook):
        stored = any(output.output_type == "error" for output in cell.outputs)
        announced = "NBVAL_RAISES_EXCEPTION" in _markers(cell)
        if stored and not announced:
            yield f"{_where(cell)}: a stored error"
        if announced and not stored:
            yield f"{_where(cell)}: marked as raising, no error stored"


def kernel_is_python3(notebook: NotebookNode) -> Iterator[str]:
    """The kernel is the one that every installation has, whatever its user calls it."""
    name = notebook.metadata.get("kernelspec", {}).get("name")
    if name != "python3":
        yield f"kernelspec {name!r}, expected 'python3'"


def markers_are_nbvals(notebook: NotebookNode) -> Iterator[str]:
    """A marker is a comment of its own, spelled as nbval spells it; not to compare has a reason."""
    for cell in code_cells(notebook):
        tags = cell.metadata.get("tags", ())
        for tag in tags:
            if LIKE_A_MARKER.search(f"#{tag}") and tag != _GOES_ON:
                yield f"{_where(cell)}: tag {tag!r}: use a comment, which a reader sees"
        if ("NBVAL_RAISES_EXCEPTION" in _markers(cell)) != (_GOES_ON in tags):
            yield f"{_where(cell)}: {_GOES_ON!r} is the tag of cells that are marked as raising"
        lines = [line.strip() for line in cell.source.splitlines()]
        for line, following in pairwise([*lines, ""]):
            if not LIKE_A_MARKER.search(line):
                continue
            marker = line.removeprefix("# ")
            if marker not in MARKERS:
                yield f"{_where(cell)}: {line!r} is no marker of nbval's"
            elif marker in NEED_A_REASON and not re.match(r"# \w", following):
                yield f"{_where(cell)}: {marker} without a comment below it that says why"


def outputs_name_no_machine(notebook: NotebookNode) -> Iterator[str]:
    """No output shows where it was made: another machine would print something else."""
    for cell in code_cells(notebook):
        text = "\n".join(texts(cell.outputs))
        for what, pattern in TRACES_OF_A_MACHINE.items():
            for found in pattern.finditer(text):
                yield f"{_where(cell)}: {what} {found.group()!r} in an output"
        host = socket.gethostname()
        if re.search(r"[\d-]", host) and re.search(rf"\b{re.escape(host)}\b", text):
            yield f"{_where(cell)}: the name of this machine in an output"


def cells_are_short(notebook: NotebookNode) -> Iterator[str]:
    """A cell fits a screen."""
    for cell in notebook.cells:
        lines = len(cell.source.splitlines())
        if lines > MAX_LINES:
            yield f"{_where(cell)}: {lines} lines, at most {MAX_LINES}"


def pictures_are_described_and_fit_a_screen(notebook: NotebookNode) -> Iterator[str]:
    """A picture has an alternative text that says a number, and can be seen at once."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" not in output.get("data", ()):
                continue
            alt = output.metadata.get("image/png", {}).get("alt", "")
            if not re.search(r"\w \w.*\d|\d.*\w \w", alt):
                yield f"{_where(cell)}: a picture whose alternative text is {alt!r}"
            png = base64.b64decode(output.data["image/png"])
            height = int.from_bytes(png[20:24], "big")
            if height > TALLEST:
                yield f"{_where(cell)}: a picture of {height} pixels, at most {TALLEST}"


_GOES_ON = "raises-exception"
"""The tag of a cell whose error does not stop Run All, nor nbconvert; nbval has its own marker."""

RULES: tuple[Rule, ...] = (
    counts_run_from_one,
    errors_are_announced,
    kernel_is_python3,
    markers_are_nbvals,
    outputs_name_no_machine,
    cells_are_short,
    pictures_are_described_and_fit_a_screen,
)


def texts(outputs: list[NotebookNode]) -> Iterator[str]:
    """Yield every text of these outputs: streams, errors and whatever is text/*."""
    for output in outputs:
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield f"{output.ename}: {output.evalue}"
        else:
            yield from (text for mime, text in output.data.items() if mime.startswith("text/"))


def _markers(cell: NotebookNode) -> set[str]:
    lines = (line.strip() for line in cell.source.splitlines())
    return {line.removeprefix("# ") for line in lines if line.startswith("# ")} & MARKERS


def _where(cell: NotebookNode) -> str:
    first = cell.source.strip().partition("\n")[0]
    return f"cell {first[:40]!r}"
