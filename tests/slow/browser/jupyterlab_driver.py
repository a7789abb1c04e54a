"""A real JupyterLab on loopback, worked in as a person does.

with chromium() as browser, jupyterlab(folder) as address:
    notebook = Notebook(open_page(browser), address, "04_lab.ipynb", code_cells)
    notebook.run_all()
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Locator, Page, expect

WINDOW: Final = {"width": 1440, "height": 900}
_NOT_RUN: Final = "[ ]:"
_ERROR: Final = '[data-mime-type$="vnd.jupyter.stderr"], [data-mime-type$="vnd.jupyter.error"]'
_OVER: Final = """([cells, allowed, error]) => {
    const last = cells.findLast(cell => cell.querySelector(".cm-content").innerText.trim());
    const failed = (cell, place) => cell.querySelector(error) && !allowed.includes(place);
    return /\\d/.test(last.querySelector(".jp-InputPrompt").innerText) || cells.some(failed);
}"""
_SETTINGS: Final = {
    # Each cell is in the page, and not only those on the screen: a test sees all of them at once.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
}


@contextmanager
def jupyterlab(folder: Path, theme: str = "JupyterLab Light") -> Iterator[str]:
    """Serve a folder with this environment's JupyterLab; yield its address, and end it after."""
    with tempfile.TemporaryDirectory() as own:
        _write_settings(Path(own) / "settings", theme)
        environment = {**os.environ, "JUPYTER_RUNTIME_DIR": own}
        log = Path(own) / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                _command(folder, Path(own) / "settings"),
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield _address(server, Path(own), log)
        finally:
            server.terminate()
            server.wait()


def _command(folder: Path, settings: Path) -> list[str]:
    traits = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": "",
        "ServerApp.password": "",
        "ServerApp.disable_check_xsrf": True,
        "LabApp.user_settings_dir": settings,
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    given = [f"--{name}={value}" for name, value in traits.items()]
    return [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *given]


def _write_settings(folder: Path, theme: str) -> None:
    themes = {"@jupyterlab/apputils-extension/themes": {"theme": theme}}
    for plugin, values in (_SETTINGS | themes).items():
        path = folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Return the address that the server has written down; it has chosen a free port."""
    while server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            if text := path.read_text():
                return str(json.loads(text)["url"])
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as the browser shows it; its height is in pixels."""

    alt: str
    loaded: bool
    height: float


def loaded_pictures(images: Locator) -> list[Picture]:
    """Return these images when each is loaded, or cannot be."""
    shown = images.evaluate_all(
        """images => Promise.all(images.map(async image => {
            await image.decode().catch(() => null);
            return [image.alt, image.naturalWidth > 0, image.getBoundingClientRect().height];
        }))"""
    )
    return [Picture(*each) for each in shown]


class Notebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page, address: str, path: str, code_cells: int) -> None:
        """Open it alone, and wait until it is there with that many code cells, and its kernel."""
        self.page = page
        self._kernels = f"{address}api/kernels"
        page.set_viewport_size(WINDOW)  # type: ignore[arg-type]
        page.goto(f"{address}lab/tree/{path}?reset")
        self.panel: Locator = page.locator(".jp-NotebookPanel:visible")
        self.code = self.panel.locator(".jp-CodeCell")
        expect(self.code).to_have_count(code_cells)
        # The notebook shows an idle kernel before there is one, and Run All would then do nothing.
        kernel = page.locator("#jp-main-statusbar", has_text="| Idle")
        expect(kernel).to_have_count(1)

    def run_all(self, errors: Sequence[int] = ()) -> None:
        """Choose Run All from the menu; wait until the last cell has run, or Run All has stopped.

        It stops at an error in any code cell, from 0, but these.
        """
        self.code.first.locator(".jp-InputPrompt").click()  # in a cell's middle may be a link
        self.page.locator('.lm-MenuBar-item:has-text("Run")').click()
        command = '[data-command="runmenu:run-all"], [data-command="notebook:run-all-cells"]'
        self.page.locator(f".lm-Menu-item:is({command})").click()
        cells = self.code.element_handles()
        # That no cell waits is no sign: behind an error that is allowed, none does for a moment.
        self.page.wait_for_function(_OVER, arg=[cells, list(errors), _ERROR])

    def counts(self) -> list[int | None]:
        """Return the count of each code cell; of one that has not run, None."""
        shown = self.code.locator(".jp-InputPrompt").all_inner_texts()
        return [None if text == _NOT_RUN else int(text.strip("[]:")) for text in shown]

    def errors(self) -> list[int]:
        """Return which code cells, from 0, show an error, or text of the standard error."""
        counts = self.code.evaluate_all(
            "(cells, shown) => cells.map(cell => cell.querySelectorAll(shown).length)", _ERROR
        )
        return [place for place, count in enumerate(counts) if count]

    def pictures(self) -> list[Picture]:
        """Return the images in outputs, in order."""
        return loaded_pictures(self.code.locator(".jp-OutputArea-output img"))

    def shut_down(self) -> None:
        """End all kernels of this JupyterLab: each has hundreds of MiB."""
        for kernel in self.page.request.get(self._kernels).json():
            self.page.request.delete(f"{self._kernels}/{kernel['id']}")

    def dialogs(self) -> list[str]:
        """Return the texts of dialogs and of notifications."""
        return self.page.locator(
            ".jp-Dialog, .jp-toastContainer .Toastify__toast"
        ).all_inner_texts()
