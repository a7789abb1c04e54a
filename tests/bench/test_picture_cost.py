"""What drawing a saved recording costs in a fresh process: processor time, not the wall's."""

import subprocess
import sys

SECONDS = 1.0
"""Of processor time that a picture may cost beyond what it stands on."""
BASE = "import matplotlib.figure, matplotlib.pyplot, pandas"
DRAW = """
from ghosts import plots
from ghosts.paths import DATA
from ghosts.records.recording import Recording

recording = Recording.load(DATA / "recordings" / "production_full_gather_all.json")
plots.gauge_against_tcp(recording)._repr_png_()
"""


def processor_seconds() -> tuple[float, float]:
    """Return what the libraries below a picture cost in a fresh process, and then the picture."""
    code = (
        f"import time\n{BASE}\nbase = time.process_time()\n{DRAW}\n"
        "print(base, time.process_time() - base)"
    )
    base, picture = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    return float(base), float(picture)


def test_a_picture_of_a_saved_recording_costs_little_beyond_matplotlib_and_pandas() -> None:
    processor_seconds()  # compiles what has not been compiled yet
    base, picture = min((processor_seconds() for _ in range(3)), key=sum)
    print(f"\nmatplotlib and pandas: {base:.2f} s; the picture: {picture:.2f} s of processor time")
    assert picture < SECONDS
    assert picture < base
