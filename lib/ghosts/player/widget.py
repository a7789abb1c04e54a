"""The player as a widget of JupyterLab, which can also change parameters and run again."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from ghosts.errors import GhostsError
from ghosts.player.data import Run, player_data, runs_of
from ghosts.player.html import SCRIPT, STYLE
from ghosts.player.parameters import Parameters
from ghosts.player.rerun import parameters_of, replay_again
from ghosts.plots import lanes
from ghosts.records.recording import Recording

_FORM: Final = (Path(__file__).parent / "form.js").read_text(encoding="utf-8")
_VIEW: Final = "application/vnd.jupyter.widget-view+json"
_PICTURED: Final = 3
"""Recordings in the picture that stands for the widget where there is no kernel."""


class PlayerBusyError(GhostsError):
    """A replay is running already."""


class Player(anywidget.AnyWidget):
    """A widget to scrub through recordings of one scale, and to run the first of them again.

    Raises:
        ValueError: there is no recording, or they are not of one scale.
    """

    _esm = SCRIPT + _FORM
    _css = STYLE
    data = traitlets.Dict().tag(sync=True)
    """What is drawn: see `player_data`."""
    shown = traitlets.Unicode().tag(sync=True)
    """The name of the run that was made last, which a change of ``data`` shows."""
    fields = traitlets.Dict().tag(sync=True)
    """What the form begins with; empty if the first recording cannot be made again."""
    status = traitlets.Unicode().tag(sync=True)
    """What runs, what ran, or what is wrong, in one line."""
    progress = traitlets.Float(-1.0).tag(sync=True)
    """The fraction of a replay that is done; below 0 if none runs."""

    def __init__(self, *recordings: Recording) -> None:
        if not recordings:
            raise ValueError("should be at least one recording; got none")
        self._recordings = recordings
        first, *others = runs_of(recordings)
        fields, status = {}, ""
        try:
            parameters = parameters_of(first.recording)
        except GhostsError as error:
            status = f"cannot run again: {error}"
        else:
            first, fields = self._named(first.recording, parameters), parameters.fields
        self._runs = {run.name: run for run in (first, *others)}
        self._running = threading.Lock()
        super().__init__(
            data=player_data([*self._runs.values()]),
            shown=first.name,
            fields=fields,
            status=status,
        )
        self.on_msg(self._on_message)

    def run(self, **changed: Any) -> Recording:
        """Run the first recording again, show it, and return it; wait for it.

        Args:
            changed: Fields of `Parameters`; the others are as they were in the first recording.

        Raises:
            ParameterError: a value is out of its bounds, or the recording cannot be made again.
            PlayerBusyError: a replay is running.
            ProcessDiedError: the replay ended without a recording.
        """
        return self._run_again(replace(parameters_of(self._recordings[0]), **changed))

    def _run_again(self, parameters: Parameters) -> Recording:
        if not self._running.acquire(blocking=False):
            raise PlayerBusyError("a replay is running: run again when it is over")
        try:
            self.progress, self.status = 0.0, f"replaying with {parameters}"
            recording = replay_again(
                self._recordings[0], parameters, on_progress=self._show_progress
            )
            run = self._named(recording, parameters)
            self._runs[run.name] = run
            self.shown = run.name
            self.data = player_data([*self._runs.values()])
            self.status = f"{parameters}: {recording.last.ghosts} ghosts at the end"
            return recording
        except BaseException:
            self.status = "the replay has ended without a recording"
            raise
        finally:
            self.progress = -1.0
            self._running.release()

    def _show_progress(self, second: float) -> None:
        self.progress = second / self._recordings[0].scenario.duration

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        """Run again in a thread, which waits for the process: the kernel stays usable."""
        threading.Thread(target=self._answer, args=(content["run"],), daemon=True).start()

    def _answer(self, fields: dict[str, str]) -> None:
        try:
            self._run_again(Parameters.parse(fields))
        except Exception as error:  # no cell would show it
            self.status = f"{error}".partition("\n")[0] or type(error).__name__

    def _named(self, recording: Recording, parameters: Parameters) -> Run:
        name = f"{self._recordings[0].variant}: {parameters}"
        return Run(name, recording, parameters.workers)

    def __repr__(self) -> str:
        """Return the names of the runs."""
        return f"Player({', '.join(repr(name) for name in self._runs)})"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the view, and the picture that is seen where there is no kernel."""
        picture, alternative = lanes(*self._recordings[:_PICTURED])._repr_mimebundle_()
        view = {"model_id": self.model_id, "version_major": 2, "version_minor": 0}
        return {**picture, _VIEW: view, "text/plain": repr(self)}, alternative
