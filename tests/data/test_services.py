"""The diffs beside the example services lead from the service to its corrected forms."""

import difflib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "data" / "services"
CORRECTED = sorted(FOLDER.glob("*/fixed_*.py"))


@pytest.mark.parametrize("corrected", CORRECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_corrected_form_has_its_diff(corrected: Path) -> None:
    app = corrected.with_name("app.py")
    before, after = (path.read_text(encoding="utf-8").splitlines(True) for path in (app, corrected))
    diff = "".join(difflib.unified_diff(before, after, app.name, corrected.name))
    assert corrected.with_suffix(".diff").read_text(encoding="utf-8") == diff, (
        f"in {corrected.parent}: diff -u --label app.py --label {corrected.name} app.py "
        f"{corrected.name} > {corrected.stem}.diff"
    )
