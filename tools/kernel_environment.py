"""The environment in which kernels run the notebooks: the same for everyone."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def isolate_kernels() -> None:
    """Point the kernels that this process will start at directories of their own below ``build/``.

    An IPython profile, a kernel specification or a matplotlibrc of the user's would change what
    cells print, and a home directory that cannot be written would keep kernels from starting.
    """
    base = ROOT / "build" / "kernels"
    for name, folder in {
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter/config",
        "JUPYTER_DATA_DIR": "jupyter/data",
        "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
        "MPLCONFIGDIR": "matplotlib",
    }.items():
        path = base / folder
        path.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(path)
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH", "MATPLOTLIBRC", "MPLBACKEND"):
        os.environ.pop(name, None)

    # Its first import fills the font cache, and where that is slow says so on stderr.
    import matplotlib.font_manager  # noqa: F401
