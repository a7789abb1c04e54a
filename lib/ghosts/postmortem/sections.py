"""The sections of a postmortem."""

from collections.abc import Iterator, Sequence
from typing import Final

from ghosts.evidence import timeline as public_timeline
from ghosts.plots.style import Figure
from ghosts.postmortem.chain import Chain
from ghosts.postmortem.document import (
    Block,
    Bullets,
    Listing,
    Paragraph,
    Picture,
    Section,
    Table,
)
from ghosts.postmortem.durations import Duration
from ghosts.postmortem.effects import Effect
from ghosts.postmortem.figures import Cited, Figures
from ghosts.postmortem.incident import Action, Entry, Factor, Impact, Incident, Statement
from ghosts.postmortem.measures import MEASURES
from ghosts.postmortem.text import (
    Span,
    Text,
    anchor,
    code,
    parsed,
    plain,
    sourced,
    to_fill,
    with_origin,
)
from ghosts.records.moment import Moment
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL
from ghosts.report.comparison import scale_in_words

_EFFECTS: Final = (
    "Left of an arrow is the run without the item, right of it the run with it. Audio that a ghost "
    "holds counts as lost only when its pod restarts, which happens in none of these runs."
)


def written(
    incident: Incident,
    figures: Figures,
    drawn: Figure | None,
    took: Sequence[Duration],
    chain: Chain | None,
    effects: Sequence[Effect | None],
) -> Iterator[Section]:
    """Yield the sections that people write, filled with figures and runs."""

    def told(title: str, statements: Sequence[Statement], what: str) -> Section:
        return Section(title, (_bullets(statements, figures, what),))

    yield Section("Summary", (_summary(incident, figures),))
    yield Section("Impact", tuple(_impact(incident.impact, figures)))
    yield Section("Timeline", tuple(_timeline(incident, drawn)))
    yield Section("Detection and durations", tuple(_detection(incident, figures, took)))
    yield told("Trigger", incident.trigger, "what started it")
    yield Section("Root cause", tuple(_root_cause(incident, figures, chain)))
    yield Section("Contributing factors", tuple(_factors(incident.factors, figures)))
    yield told("Resolution", incident.resolution, "what ended it, and whether that held")
    yield told("What went well", incident.went_well, "what kept it from being worse")
    yield told("What did not go well", incident.went_badly, "what made it longer or worse")
    yield told("Where we were lucky", incident.lucky, "what kept it from being worse by chance")
    yield Section("Action items", tuple(_actions(incident.actions, effects, figures)))
    yield told("Lessons", incident.lessons, "what others can learn from it")
    yield told("What is not known", incident.unknown, "the questions that the record leaves open")


def _summary(incident: Incident, figures: Figures) -> Block:
    what = "the summary: what happened, to whom, for how long, and what ended it"
    return Paragraph(_text(incident.summary, figures, what))


def _text(text: str, figures: Figures, what: str, kind: str = "", source: str = "") -> Text:
    return parsed(text, figures, (kind, source)) if text.strip() else to_fill(what)


def _told(one: Statement, figures: Figures, what: str) -> Text:
    kind = one.kind or ""
    return with_origin(_text(one.text, figures, what, kind, one.source), kind, one.source)


def _bullets(statements: Sequence[Statement], figures: Figures, what: str) -> Block:
    if not statements:
        return Paragraph(to_fill(what))
    return Bullets(tuple(_told(one, figures, what) for one in statements))


def _impact(impact: Sequence[Impact], figures: Figures) -> Iterator[Block]:
    if not impact:
        yield Paragraph(to_fill("the impact: on users, on data, on the service, on cost"))
        return
    rows = []
    for one in impact:
        known = parsed(one.known, figures) if one.known else plain("nothing")
        unknown = parsed(one.unknown, figures) if one.unknown else plain("")
        if not one.known and not one.unknown:
            known = to_fill(f"the impact on {one.on}")
        rows.append((plain(one.on), known, unknown))
    yield Table(("impact on", "known", "not known"), tuple(rows))


def _timeline(incident: Incident, drawn: Figure | None) -> Iterator[Block]:
    if drawn is None:
        yield Paragraph(to_fill("the timeline: what happened when, in UTC, with its marks"))
        return
    yield Picture("timeline", drawn)
    yield Paragraph(
        plain(
            "All times are UTC. An entry without a time of day has none on record: durations "
            "between such entries are in whole days."
        )
    )
    rows = tuple(
        (
            plain(f"{one.at}"),
            plain(one.event),
            plain(f"{one.mark or ''}"),
            plain(f"{one.kind or ''}"),
            sourced(one.source),
        )
        for one in _entries(incident)
    )
    yield Table(("UTC", "what happened", "step", "kind", "source"), rows)


def _entries(incident: Incident) -> list[Entry]:
    """Return the timeline; and the rest of the public record from its first to its last day."""
    entries = list(incident.timeline)
    if not incident.public_record:
        return entries
    told = {one.event for one in entries}
    days = [one.at.day for one in entries if one.at]
    for event in public_timeline():
        if event.event not in told and days[0] <= event.date <= days[-1]:
            at = Moment(event.date)
            entries.append(Entry(event=event.event, at=at, kind=event.kind, source=event.source))
    return sorted(entries, key=lambda one: one.at.start if one.at else Moment(days[0]).start)


def _detection(incident: Incident, figures: Figures, took: Sequence[Duration]) -> Iterator[Block]:
    yield _bullets(incident.detection, figures, "how it was detected, and what could have told")
    rows = []
    for one in took:
        remark = parsed(one.remark, figures) if one.remark else plain("")
        between = plain(f"{one.start} to {one.end}")
        kind = plain("derived" if one.took else "")
        missing = plain("not known") if one.remark else to_fill(one.name)
        rows.append(
            (plain(one.name), plain(one.took) if one.took else missing, kind, between, remark)
        )
    yield Table(("duration", "took", "kind", "from the timeline", "remark"), tuple(rows))


def _root_cause(incident: Incident, figures: Figures, chain: Chain | None) -> Iterator[Block]:
    yield _bullets(incident.root_cause, figures, "the root cause")
    if chain is None:
        yield Paragraph(to_fill("the await chain: a known variant has to leave ghosts"))
        return
    yield Paragraph(
        (
            Span(f"The await chain of the last of {chain.ghosts} ghosts, device "),
            Span(chain.uid, code=True),
            Span(", at the end of a replay of "),
            Span(chain.scenario, code=True),
            Span(" under "),
            Span(chain.variant, code=True),
            Span(", from the handler inwards:"),
        )
    )
    yield Listing(f"{chain}")


def _factors(factors: Sequence[Factor], figures: Figures) -> Iterator[Block]:
    if not factors:
        yield Paragraph(to_fill("the conditions that made it possible, or worse"))
        return
    rows = tuple(
        (
            plain(one.name),
            _text(one.text, figures, f"the factor {one.name!r}"),
            sourced(", ".join(filter(None, (one.kind or "", one.source)))),
        )
        for one in factors
    )
    yield Table(("factor", "how it contributed", "kind, source"), rows)


def _actions(
    actions: Sequence[Action], effects: Sequence[Effect | None], figures: Figures
) -> Iterator[Block]:
    if not actions:
        yield Paragraph(to_fill("action items, each with its state and its run"))
        return
    rows = tuple(
        (
            parsed(one.what, figures),
            plain("; ".join(one.against)) if one.against else to_fill(f"factors of {one.what!r}"),
            _state(one, figures),
            _shown(one, each, figures),
            code(each.command) if each else plain(""),
        )
        for one, each in zip(actions, effects, strict=True)
    )
    yield Table(("action item", "against", "state", "its effect, in a run", "run it again"), rows)
    yield Paragraph(plain(_EFFECTS))


def _state(action: Action, figures: Figures) -> Text:
    text = _text(action.state, figures, f"the state of {action.what!r}")
    return with_origin(text, "", action.source)


def _shown(action: Action, effect: Effect | None, figures: Figures) -> Text:
    if effect is None:
        return to_fill(f"the run that shows the effect of {action.what!r}")
    arrow = " \N{RIGHTWARDS ARROW} "
    lines = [f"{one.what}: {one.before}{arrow}{one.after}\n" for one in effect.figures]
    note = (*parsed(action.note, figures), Span(". ")) if action.note else ()
    return (*map(Span, lines), *note, Span(f"({effect.run})"))


def replays(recordings: Sequence[Recording], drawn: Figure) -> Section:
    """Return what the recordings end with, as a picture and as a table."""
    rows = tuple(
        (plain(measure.what), *(plain(measure.value(one)) for one in recordings))
        for measure in MEASURES.values()
    )
    columns = ("at the end", *(one.variant for one in recordings))
    note = (
        f"Scenario {recordings[0].scenario.name}: {recordings[0].scenario.summary}. "
        f"{scale_in_words(recordings[0])} A replay shows what a variant does under an assumed "
        "fault. It is no measurement of production."
    )
    return Section(
        "What the replays show",
        (Paragraph(plain(note)), Picture("replays", drawn), Table(columns, rows)),
    )


def sources(cited: Sequence[Cited]) -> Iterator[Section]:
    """Yield the section of figures with their kinds and sources, if a text has any."""
    if not cited:
        return
    rows = tuple(
        (plain(one.name), plain(one.text), plain(one.kind), plain(one.date), sourced(one.source))
        for one in cited
    )
    note = (
        "Measured: read from the running system. Stated: written down without a measurement. "
        "Derived: arithmetic on other figures. Inferred: the most plausible reading. Replayed: "
        "read from a recording of this suite."
    )
    anchors = tuple(anchor(one.name) for one in cited)
    table = Table(("figure", "value", "kind", "date", "source or formula"), rows, anchors)
    yield Section("Figures and their sources", (Paragraph(plain(note)), table))


def making(recordings: Sequence[Recording], chain: Chain | None) -> Section:
    """Return the section that says which recordings and replays the page was made from."""
    rows = tuple(
        (
            plain(f"{one.scenario.name}, {one.variant}"),
            plain(one.made_at or "not noted"),
            plain(one.made_on or "not noted"),
            plain("all of production's bytes" if one.scale == FULL else f"{one.scale:g} of them"),
            plain(", ".join(f"{name} {version}" for name, version in one.versions.items())),
        )
        for one in recordings
    )
    table = Table(("recording", "made at (UTC)", "on", "audio", "versions"), rows)
    replayed = f" {chain.scenario} was replayed under {chain.variant} for it." if chain else ""
    note = f"Figures were read when this page was written.{replayed}"
    return Section("How this was made", (Paragraph(plain(note)), table))
