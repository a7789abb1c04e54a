"""Reads the TOML file of an incident, its scenario and its recordings."""

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from ghosts.errors import GhostsError, unknown
from ghosts.evidence import timeline as public_timeline
from ghosts.paths import DATA
from ghosts.postmortem.durations import NAMES
from ghosts.postmortem.incident import Entry, Incident, Mark
from ghosts.records.moment import Moment
from ghosts.records.recording import Recording, load_with_samples
from ghosts.records.scenario import load_scenario
from ghosts.records.validation import invalid_value

THIS_INCIDENT: Final = DATA / "postmortem" / "incident.toml"
"""The incident of this project."""
_TEMPLATE: Final = DATA / "postmortem" / "template.toml"
_ADAPTER = TypeAdapter(Incident)


class IncidentError(GhostsError, ValueError):
    """A file of an incident is invalid. Its text names the key and what is allowed."""


def load_incident(path: Path = THIS_INCIDENT) -> Incident:
    """Read the file of an incident; without a path, that of this project's.

    Raises:
        IncidentError: there is no such file, or it is invalid.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IncidentError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise IncidentError(f"{path.name}: is no incident: not TOML: {error}") from None
    try:
        incident = _ADAPTER.validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as invalid:
        raise IncidentError(f"{path.name}: {invalid_value(invalid, Incident)}") from None
    try:
        _check_durations(incident)
        dated = replace(incident, timeline=tuple(_dated(incident)))
        _check_marks(dated)
        _check_actions(dated)
    except ValueError as error:
        raise IncidentError(f"{path.name}: {error}") from None
    return replace(
        dated,
        scenario=_beside(path, dated.scenario),
        await_chain=_beside(path, dated.await_chain),
        recordings=tuple(f"{path.parent / one}" for one in dated.recordings),
    )


def recordings_of(incident: Incident, paths: Sequence[Path] = ()) -> list[Recording]:
    """Return the recordings in these files; without any, in those that the incident names.

    Raises:
        IncidentError: there are none, or they are not of one scenario, the incident's, or of one
            scale, or two are of the same variant.
        RecordingError: a file is not a recording, or has no samples.
        ScenarioError: the incident's scenario is not there, or is invalid.
        OSError: a file cannot be read.
    """
    recordings = [load_with_samples(path) for path in paths or incident.recordings]
    named = f"--scenario {incident.scenario}" if incident.scenario else "--scenario FILE"
    if not recordings:
        raise IncidentError(
            f"no recordings: make them with `ghosts replay {named}`, and give build/recordings/*"
        )
    wanted = load_scenario(incident.scenario) if incident.scenario else recordings[0].scenario
    for one in recordings:
        if one.scenario.at_scale(wanted.scale) != wanted:
            raise IncidentError(
                f"recording of {one.variant}: is of another scenario, {one.scenario.name!r}; "
                f"should be of {wanted.name!r}: make it with `ghosts replay {named}`"
            )
    if len({one.scale for one in recordings}) > 1:
        raise IncidentError("the recordings have different scales: give those of one scale")
    variants = [one.variant for one in recordings]
    for name in variants:
        if variants.count(name) > 1:
            raise IncidentError(f"two recordings are of the variant {name!r}: give one of them")
    return recordings


def write_template(path: Path) -> None:
    """Write a file to fill for an incident of your own.

    Raises:
        IncidentError: the file exists, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise IncidentError(f"{path}: exists: give the name of a new file") from None
    except OSError as error:
        raise IncidentError(f"{path}: cannot be written: {error.strerror}") from None


def _beside(path: Path, scenario: str) -> str:
    """Return a scenario's file beside the incident's, or its name if there is no such file."""
    file = path.parent / scenario
    return f"{file}" if scenario and file.is_file() else scenario


def _dated(incident: Incident) -> Iterable[Entry]:
    """Yield the timeline's entries in order; those of the public record with its dates."""
    record = {one.event: one for one in public_timeline()} if incident.public_record else {}
    entries = []
    for number, one in enumerate(incident.timeline):
        if one.at is None and one.event in record:
            found = record[one.event]
            one = replace(one, at=Moment(found.date), kind=found.kind, source=found.source)
        if one.at is None:
            what = f"; or {unknown('event', one.event, record)}" if record else ""
            raise ValueError(f"timeline.{number}.at: missing: a date, or a time{what}")
        entries.append(one)
    return sorted(entries, key=lambda one: _at(one).start)


def _at(entry: Entry) -> Moment:
    assert entry.at is not None
    return entry.at


def _check_durations(incident: Incident) -> None:
    for name in incident.durations:
        if name not in NAMES:
            raise ValueError(f"durations: {unknown('duration', name, NAMES)}")


def _check_marks(incident: Incident) -> None:
    """Raise ValueError if a mark is there twice, or before one that it follows."""
    marks = [one.mark for one in incident.timeline if one.mark]
    for mark in marks:
        if marks.count(mark) > 1:
            raise ValueError(f"timeline: {mark}: should mark one entry; it marks more")
    for before, after in (
        (Mark.BEGAN, Mark.DETECTED),
        (Mark.FIRST_SIGN, Mark.DETECTED),
        (Mark.DETECTED, Mark.MITIGATED),
        (Mark.DETECTED, Mark.CAUSE_FOUND),
        (Mark.DETECTED, Mark.FIXED),
        (Mark.FIXED, Mark.VERIFIED),
    ):
        start, end = incident.at(before), incident.at(after)
        if start and end and end.is_before(start):
            raise ValueError(f"timeline: {after}, {end}, is before {before}, {start}")


def _check_actions(incident: Incident) -> None:
    """Raise ValueError if an action is against no known factor, or lacks what its run needs."""
    factors = [one.name for one in incident.factors]
    for number, action in enumerate(incident.actions):
        for name in action.against:
            if name not in factors:
                raise ValueError(f"actions.{number}.against: {unknown('factor', name, factors)}")
        if action.shown_by and not action.before:
            raise ValueError(f"actions.{number}.before: missing: shown_by needs it")
