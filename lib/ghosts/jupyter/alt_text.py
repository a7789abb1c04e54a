"""Alternative texts for nbconvert's pages and for a book of MyST-NB's."""

from html import escape
from typing import Any

from nbconvert.preprocessors import Preprocessor

_PICTURE = "image/png"


def _text(metadata: Any) -> str:
    """Return the alternative text of an output's picture; empty if it has none."""
    return str(metadata.get(_PICTURE, {}).get("alt", ""))


class AltText(Preprocessor):
    """Replace each picture that has an alternative text with an HTML image that has it too."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Return the cell with its outputs changed."""
        for output in cell.get("outputs", ()):
            text = _text(output.get("metadata", {}))
            if text and _PICTURE in output.get("data", {}):
                source = f"data:{_PICTURE};base64,{''.join(output.data.pop(_PICTURE).split())}"
                output.data["text/html"] = f'<img alt="{escape(text)}" src="{source}">'
        return cell, resources


class AltTextInBook:
    """A renderer of MyST-NB's: its own picture, with the alternative text."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> Any:
        """Return the nodes of a picture that has an alternative text, else None."""
        text = _text(data.output_metadata)
        if data.mime_type != _PICTURE or not text:
            return None
        render = renderer.render_image_inline if inline else renderer.render_image
        images = render(data)
        for image in images:
            image["alt"] = text
        return images
