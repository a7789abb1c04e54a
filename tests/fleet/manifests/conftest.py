"""Writes what a test has to say into a file."""

from pathlib import Path

import pytest
import yaml
from yaml_files import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write documents, or text, into a file of that name."""

    def written(name: str, *documents: object) -> Path:
        path = tmp_path / name
        texts = [
            each if isinstance(each, str) else yaml.safe_dump(each, sort_keys=False)
            for each in documents
        ]
        path.write_text("---\n".join(texts), "utf-8")
        return path

    return written
