"""The report: recordings as one HTML file that needs nothing else, on a screen or on paper."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import jinja2

from ghosts.config import WS_PING_INTERVAL, WS_PING_TIMEOUT
from ghosts.player.choices import values_in_words
from ghosts.player.html import player_html, stored_runs_html
from ghosts.player.variations import Variation, stored_variations
from ghosts.plots import lanes, resident_memory
from ghosts.plots import replay as plots
from ghosts.plots.services import both_gauges
from ghosts.plots.style import count, data_url, has
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL, OFF, Scenario, Through
from ghosts.records.scenario_toml import as_toml
from ghosts.records.snapshot import Snapshot
from ghosts.report.comparison import (
    NAMES_IN_WORDS,
    PRODUCTION_IN_WORDS,
    compare,
    mib,
    name_of_pod,
    replay_production,
    scale_in_words,
)
from ghosts.report.unseen import unseen_in_words

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ABREAST: Final = 3
"""Recordings in one picture; more would leave no room for their titles."""


class _Picture(NamedTuple):
    alternative: str
    data: str


def write_report(recordings: Sequence[Recording], path: Path) -> None:
    """Write a report on recordings of one scale, at least one, each with a sample."""
    variations = variations_of(recordings)
    page = _TEMPLATES.get_template("report.html.j2").render(
        recordings=recordings,
        scenarios=_distinct([recording.scenario for recording in recordings]),
        player=player_html(recordings),
        variations=variations,
        stored_runs=stored_runs_html(variations) if variations else "",
        values=values_in_words(variations),
        findings=[finding(recording) for recording in recordings],
        pictures=list(_pictures(recordings)),
        rows=compare(recordings),
        beside_production=replay_production(recordings),
        pod=name_of_pod(),
        names=NAMES_IN_WORDS,
        production_in_words=PRODUCTION_IN_WORDS,
        scale=scale_in_words(recordings[0]),
        full=recordings[0].scale == FULL,
        in_words=scenario_in_words,
        parameters=as_toml,
    )
    path.write_text(page, encoding="utf-8")


def variations_of(recordings: Sequence[Recording]) -> tuple[Variation, ...]:
    """Return the stored replays of the incident with other parameters, if it is among these."""
    variations = stored_variations()
    incident = variations[0].recording
    for each in recordings:
        scenario = each.scenario.at_scale(incident.scale)
        if (scenario, each.variant) == (incident.scenario, incident.variant):
            return variations
    return ()


def finding(recording: Recording) -> str:
    """Say in one sentence what a replay ended with."""
    last, audio = recording.last, recording.audio
    text = ""
    if last.listen is not None:
        text = f"listen's {_counts(last.listen)}; in the pusher "
    text += f"the {_counts(last)}"
    if last.ghosts:
        text += f" that retain{'s' if last.ghosts == 1 else ''} {mib(last.retained_bytes)}"
    if last.orphans:
        text += f"; {count(last.orphans, 'task')} {has(last.orphans)} outlived the session"
    if unseen := unseen_in_words(recording):
        text += f"; {unseen}"
    if audio.lost:
        text += f"; {mib(audio.lost)} of {mib(audio.received)} of audio are lost"
    return f"{text}."


def _counts(seen: Snapshot) -> str:
    ghosts = "is a ghost" if seen.ghosts == 1 else "are ghosts"
    return (
        f"gauge says {seen.gauge}, the operating system has {count(seen.tcp, 'TCP connection')}, "
        f"and {count(seen.ghosts, 'session')} {ghosts}"
    )


def scenario_in_words(scenario: Scenario) -> Iterator[str]:
    """Return the devices and the faults of a scenario, a sentence each."""
    for group in scenario.devices:
        yield _group_in_words(group)
    yield from _pings_in_words(scenario)
    if scenario.through is Through.LISTEN:
        yield "They come through listen, and play a podcast."
    for second in scenario.pusher_restarts_at:
        yield f"The pusher is restarted at {second} s."
    if scenario.pusher_away is not None:
        yield f"There is no pusher from {scenario.pusher_away[0]} to {scenario.pusher_away[1]} s."
    for fault in scenario.faults:
        yield _fault_in_words(fault)
    if not scenario.faults:
        yield "Nothing fails."


def _pings_in_words(scenario: Scenario) -> Iterator[str]:
    if scenario.ping_interval == OFF:
        yield "The services send no pings: only a receive timeout finds a device that has vanished."
    elif (scenario.ping_interval, scenario.ping_timeout) != (WS_PING_INTERVAL, WS_PING_TIMEOUT):
        within = "" if scenario.ping_timeout == OFF else f" within {scenario.ping_timeout:g} s"
        answer = "need not be answered" if not within else f"are to be answered{within}"
        yield f"The services send a ping every {scenario.ping_interval:g} s, and pings {answer}."


def _group_in_words(group: DeviceGroup) -> str:
    first, last = group.arrive
    behave = "" if group.sends else ", only listen"
    if group.read_rate is not None:
        behave += f", read {group.read_rate:,} bytes a second"
    if group.stop_reading_after is not None:
        behave += f", stop reading after {group.stop_reading_after} s"
    if group.reading_key:
        behave += f", have room for {group.receive_buffer:,} bytes unread"
    text = f"{group.count} devices, {group.name}{behave}: arrive at second {first}"
    text += f" to {last}" if last > first else ""
    text += ", at a steady rate" if group.evenly else ""
    if group.stay is not None:
        return f"{text}, stay for {group.stay[0]} to {group.stay[1]} s, and then: {group.leave}."
    if group.stay_mean is not None:
        return f"{text}, stay for {group.stay_mean:g} s on average, and then: {group.leave}."
    return f"{text} and stay to the end."


def _fault_in_words(fault: Fault) -> str:
    start = (
        "from each device's departure" if fault.start == "departure" else f"from {fault.start:g} s"
    )
    end = "to the end" if fault.end is None else f"to {fault.end:g} s"
    share = "" if fault.share == 1 else f", {fault.share:.1%} of requests"
    return f"{fault.backend} {fault.mode}{share}, {start} {end}.".replace("_", " ")


def _pictures(recordings: Sequence[Recording]) -> Iterator[_Picture]:
    """Draw resident memory first, then the sessions: what an operator would look at."""
    measured = all(recording.last.rss_bytes for recording in recordings)
    through_listen = all(recording.last.listen is not None for recording in recordings)
    for title, draw, abreast in (
        *([("Resident memory", resident_memory, _ABREAST)] if measured else []),
        ("Sessions, connections and blocked workers", lanes, _ABREAST),
        *([("Both gauges", both_gauges, _ABREAST - 1)] if through_listen else []),
        ("Audio", plots.audio, _ABREAST),
    ):
        for first in range(0, len(recordings), abreast):
            drawn = recordings[first : first + abreast]
            *others, last = (recording.variant for recording in drawn)
            names = f"{', '.join(others)} and {last}" if others else last
            figure = draw(*drawn)
            yield _Picture(
                f"{title}, over time, under {names}: {figure.alt}", data_url(figure._repr_png_())
            )


def _distinct(scenarios: Sequence[Scenario]) -> list[Scenario]:
    return [each for index, each in enumerate(scenarios) if each not in scenarios[:index]]
