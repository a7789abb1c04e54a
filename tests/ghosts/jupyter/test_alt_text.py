"""The alternative text of a picture reaches the page that nbconvert writes, as it is installed."""

import json
import sys
from base64 import b64encode
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from traitlets.config import Config

from ghosts.jupyter.alt_text import AltText

TEXT = '216 on the gauge, "22" in the kernel: 194 < 216 ghosts'
PNG = b64encode(b"a picture").decode()


def page(**metadata: str) -> BeautifulSoup:
    """A page of a notebook with one picture, by the settings that Jupyter's programs read here."""
    settings = Path(sys.prefix) / "etc" / "jupyter" / "jupyter_config.json"
    shown = new_output("display_data", {"image/png": f"{PNG}\n"}, metadata={"image/png": metadata})
    notebook = new_notebook(cells=[new_code_cell("lanes(incident)", outputs=[shown])])
    exporter = HTMLExporter(config=Config(json.loads(settings.read_text(encoding="utf-8"))))
    return BeautifulSoup(exporter.from_notebook_node(notebook)[0], "html.parser")


def test_a_page_has_the_picture_and_its_text() -> None:
    (image,) = page(alt=TEXT).select(".jp-OutputArea-output img")
    assert image["alt"] == TEXT
    assert image["src"] == f"data:image/png;base64,{PNG}"


def test_a_picture_without_a_text_is_left_to_nbconvert() -> None:
    (image,) = page().select(".jp-OutputArea-output img")
    assert image["alt"] == "No description has been provided for this image"


def test_an_output_whose_picture_is_gone_is_left_as_it_is() -> None:
    gone = new_output("display_data", {"text/plain": "a"}, metadata={"image/png": {"alt": TEXT}})
    cell = new_code_cell("lanes(incident)", outputs=[gone])
    AltText().preprocess_cell(cell, {}, 0)
    assert cell.outputs[0].data == {"text/plain": "a"}
