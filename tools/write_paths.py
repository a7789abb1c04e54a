"""Write the table of paths, with how long each takes, into the README and the first notebook.

    python tools/write_paths.py

The paths are in data/paths/paths.toml. Their minutes go to data/paths/durations.csv, too.
"""

import csv
import io
import os
import re
from pathlib import Path, PurePosixPath
from typing import Final

from kernel_environment import ROOT
from notebook_form import dumps, read
from path_durations import FOLDER, Way, is_file, ways

DURATIONS: Final = FOLDER / "durations.csv"
README: Final = ROOT / "README.md"
NOTEBOOK: Final = ROOT / "notebooks" / "00_start_here.ipynb"
TABLE: Final = re.compile(r"^\| path \| to \|.*\n(?:\|.*(?:\n|\Z))+", re.MULTILINE)
_KINDS: Final = ("reading", "running", "exercises", "talk")


def table(found: list[Way], page: Path) -> str:
    """Return the table as Markdown; its links lead from the folder of ``page``."""
    rows = [
        f"| {way.name} | {way.aim} | {_steps(way, page)} | {_minutes(way)} |\n" for way in found
    ]
    return "".join(["| path | to | steps | minutes |\n", "| --- | --- | --- | --- |\n", *rows])


def _steps(way: Way, page: Path) -> str:
    return ", ".join(_group(group, page) for group in way.steps)


def _group(group: tuple[str, ...], page: Path) -> str:
    """Return the links of a group; of one that is long, the first and the last."""
    links = [_step(step, page) for step in group]
    return f"{links[0]} to {links[-1]}" if len(links) > 2 else ", ".join(links)


def _step(step: str, page: Path) -> str:
    if step.startswith("talk "):
        return f"`make slides`: the deck of {step.removeprefix('talk ')} minutes"
    if not is_file(step):
        return f"`{step}`"
    path = PurePosixPath(step)
    return f"[{_name(path)}]({os.path.relpath(ROOT / step, page.parent)})"


def _name(path: PurePosixPath) -> str:
    if path.suffix == ".ipynb":
        number = path.stem.partition("_")[0]
        return f"exercise {int(number)}" if path.parent.name == "exercises" else f"`{number}`"
    return f"`{path.parent.name if path.stem == 'README' else path.stem}`"


def _minutes(way: Way) -> str:
    parts = [f"{way.minutes[kind]} {kind}" for kind in _KINDS if kind in way.minutes]
    return ", ".join(parts)


def durations(found: list[Way]) -> str:
    """Return the minutes of all paths as CSV, one number per row."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["path", "kind", "minutes"])
    for way in found:
        rows.writerow([way.name, "limit", way.limit])
        rows.writerows(
            [way.name, kind, way.minutes[kind]] for kind in _KINDS if kind in way.minutes
        )
    return text.getvalue()


def with_table(text: str, rows: str) -> str:
    """Return a text with its table of paths replaced; ValueError if it has none."""
    replaced, number = TABLE.subn(lambda _: rows, text)
    if number != 1:
        raise ValueError(f"{number} tables of paths, expected 1")
    return replaced


def main() -> None:
    """Write all three."""
    found = ways()
    DURATIONS.write_text(durations(found), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(with_table(readme, table(found, README)), encoding="utf-8")
    notebook = read(NOTEBOOK)
    for cell in notebook.cells:
        if TABLE.search(cell.source):
            cell.source = with_table(cell.source + "\n", table(found, NOTEBOOK)).rstrip("\n")
    NOTEBOOK.write_text(dumps(notebook), encoding="utf-8")


if __name__ == "__main__":
    main()
