"""Draw the picture of the README from the recordings at full scale.

python tools/draw_readme_picture.py
"""

from pathlib import Path

from ghosts.paths import DATA
from ghosts.plots.replay import gauge_against_tcp
from ghosts.replay import Recording

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "before_and_after.png"


def draw(path: Path) -> None:
    """Write the picture, a PNG, to that path."""
    recordings = DATA / "recordings"
    names = ("production_full_gather_all", "production_full_supervised")
    figure = gauge_against_tcp(*(Recording.load(recordings / f"{name}.json") for name in names))
    # Without matplotlib's version in it, the file changes only when the picture does.
    figure.savefig(path, metadata={"Software": None})


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    draw(PICTURE)
