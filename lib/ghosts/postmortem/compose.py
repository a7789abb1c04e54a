"""Puts a postmortem together: from what people wrote, the recordings, and one replay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ghosts.plots import gauge_against_tcp
from ghosts.plots.style import Figure
from ghosts.plots.timeline import MOST_ROWS, Happened, timeline
from ghosts.postmortem import sections
from ghosts.postmortem.chain import Chain, await_chain
from ghosts.postmortem.document import Section
from ghosts.postmortem.durations import Duration, durations, phases
from ghosts.postmortem.effects import Effect, Runs, effect
from ghosts.postmortem.figures import Figures
from ghosts.postmortem.incident import Incident
from ghosts.postmortem.text import Text, bare, plain, to_fill
from ghosts.records.recording import Recording

_ABREAST: Final = 3
"""Recordings in one picture."""
_BLAMELESS: Final = ". A blameless page: it names systems, conditions and decisions, and no people."
_PUBLIC: Final = " omi#N is issue or pull request N of the public repository BasedHardware/omi."


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortem:
    """A postmortem, before it is written as a page."""

    incident: Incident
    timeline: Figure | None
    """None as long as nobody has written a timeline."""
    durations: tuple[Duration, ...]
    chain: Chain | None
    """None if no ghost was there to take apart."""
    effects: tuple[Effect | None, ...]
    """By action item; None for one that no run shows."""
    sections: tuple[Section, ...]

    @property
    def title(self) -> Text:
        """What happened, in a line."""
        return plain(self.incident.title) if self.incident.title else to_fill("the title")

    @property
    def header(self) -> Text:
        """The status, and what kind of page this is."""
        status = self.incident.status
        first = plain(f"Status: {status}") if status else to_fill("the status")
        return (*first, *plain(_BLAMELESS + _PUBLIC * self.incident.public_record))

    def section(self, title: str) -> Section:
        """Return a section by its title. Raise KeyError if there is none."""
        return {one.title: one for one in self.sections}[title]

    @property
    def open_parts(self) -> list[str]:
        """What is still to be filled, in the order of the page."""
        texts = (self.incident.title, "the title"), (self.incident.status, "the status")
        first = [what for text, what in texts if not text]
        return first + [part for section in self.sections for part in section.open_parts]


def compose(incident: Incident, recordings: Sequence[Recording]) -> Postmortem:
    """Return the postmortem of an incident.

    ``recordings`` are as `recordings_of` returns them. One scenario is replayed for the await
    chain, and one day of the fleet is simulated for each recording that an action item compares so.

    Raises:
        IncidentError: a text names a figure that is not there, or an action item a run.
        CapacityError: a recording does not tell what a connection costs.
    """
    figures = Figures(incident, recordings)
    chain = await_chain(incident.await_chain, recordings)
    runs = Runs(
        scenario=incident.scenario or recordings[0].scenario.name,
        recordings={one.variant: one for one in recordings},
        chain=chain,
    )
    effects = tuple(effect(action, runs) for action in incident.actions)
    took = tuple(durations(incident))
    drawn = _timeline(incident, figures)
    written = list(sections.written(incident, figures, drawn, took, chain, effects))
    replays = sections.replays(recordings, gauge_against_tcp(*recordings[:_ABREAST]))
    sources = sections.sources(figures.cited())
    return Postmortem(
        incident=incident,
        timeline=drawn,
        durations=took,
        chain=chain,
        effects=effects,
        sections=(*written, replays, *sources, sections.making(recordings, chain)),
    )


def _timeline(incident: Incident, figures: Figures) -> Figure | None:
    """Draw the marked entries, and the first others as far as there is room."""
    steps = list(phases(incident))
    entries = [one for one in incident.timeline if one.at]
    if not entries:
        return None
    room = MOST_ROWS - len(steps) - sum(one.mark is not None for one in entries)
    others = [one for one in entries if not one.mark][:room]
    shown = [one for one in entries if one.mark or one in others]
    happened = [
        Happened(at=one.at, event=one.event, mark=one.mark or "") for one in shown if one.at
    ]
    title = bare(incident.timeline_title, figures) or _title(incident)
    return timeline(title, happened, steps)


def _title(incident: Incident) -> str:
    """Return how long the steps took that the timeline has both ends of."""
    said = {
        "time to detect": "detected after {}",
        "time to mitigate": "mitigated {} later",
        "time to fix": "fixed {} after the detection",
    }
    known = (one for one in durations(incident) if one.took and one.name in said)
    steps = [said[one.name].format(one.took) for one in known]
    return ", ".join(steps).capitalize() or "What happened"
