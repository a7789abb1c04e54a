"""Draw the picture of the README from the recordings at full scale.

python tools/draw_readme_picture.py
"""

from pathlib import Path

from ghosts.paths import DATA
from ghosts.plots import lanes
from ghosts.pusher import COMPARED
from ghosts.replay import Recording

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "before_and_after.png"


def draw(path: Path) -> None:
    """Write the picture, a PNG, to that path."""
    recordings = DATA / "recordings"
    names = [f"production_full_{name}" for name in COMPARED]
    figure = lanes(*(Recording.load(recordings / f"{name}.json") for name in names))
    # Without matplotlib's version in it, the file changes only when the picture does.
    figure.savefig(path, metadata={"Software": None})


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    draw(PICTURE)
