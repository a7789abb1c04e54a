"""Small notebooks for the tests of the checks themselves."""

import base64
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_form import normalise


def markdown(source: str) -> NotebookNode:
    return new_markdown_cell(source)


def code(
    source: str, count: int | None = 1, *outputs: NotebookNode, **metadata: Any
) -> NotebookNode:
    return new_code_cell(source, execution_count=count, outputs=list(outputs), metadata=metadata)


def stdout(text: str) -> NotebookNode:
    return new_output("stream", name="stdout", text=text)


def html(text: str) -> NotebookNode:
    return new_output("display_data", {"text/html": text, "text/plain": "<table>"})


def picture(height: int, **metadata: str) -> NotebookNode:
    """A PNG's header, which says that it is so high."""
    header = (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (1200).to_bytes(4, "big") + height.to_bytes(4, "big")
    )
    png = base64.b64encode(header).decode()
    return new_output("display_data", {"image/png": png}, metadata={"image/png": metadata})


def error(name: str, value: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=value, traceback=[f"File /home/x.py\n{value}"])


def notebook(*cells: NotebookNode) -> NotebookNode:
    return normalise(new_notebook(cells=list(cells)))
