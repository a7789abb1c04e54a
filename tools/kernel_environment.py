"""The environment in which kernels run the notebooks: the same for everyone."""

import atexit
import os
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parents[1]


def isolate_kernels() -> None:
    """Point the kernels that this process will start at directories of their own below ``build/``.

    An IPython profile, a kernel specification or a matplotlibrc of the user's would change what
    cells print, and a home directory that cannot be written would keep kernels from starting. So
    would a reader's progress in the exercises: each process has a progress of its own.
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
    _talk_over_unix_sockets()
    os.environ["GHOSTS_PROGRESS"] = f"{_own_folder()}/progress.json"
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH", "MATPLOTLIBRC", "MPLBACKEND"):
        os.environ.pop(name, None)

    # Its first import fills the font cache, and where that is slow says so on stderr.
    import matplotlib.font_manager  # noqa: F401


@cache
def _own_folder() -> str:
    """Return a new folder of this process. Its path is short: a Unix socket's is limited."""
    folder = tempfile.mkdtemp(prefix="kernels-", dir="/tmp" if Path("/tmp").is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _talk_over_unix_sockets() -> None:
    """Let kernels that this process will start listen on Unix sockets instead of TCP ports.

    jupyter_client chooses free ports, and the kernel binds them a second later. A replay that opens
    connections meanwhile may have got one of them, and the kernel dies: "Address already in use".
    """
    initialise = KernelManager.__init__

    def initialise_with_unix_sockets(manager: KernelManager, *args: Any, **kwargs: Any) -> None:
        initialise(manager, *args, **kwargs)
        manager.transport, manager.ip = "ipc", f"{_own_folder()}/{uuid.uuid4().hex}"

    # Neither nbval nor nbclient passes such arguments on.
    KernelManager.__init__ = initialise_with_unix_sockets  # type: ignore[method-assign]
