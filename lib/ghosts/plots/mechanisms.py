"""Candidates for the cause: the table of verdicts, and the fleets that were replayed."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ghosts.evidence import fact, pods
from ghosts.plots.style import (
    GHOSTS,
    INK,
    LIMIT,
    PODS,
    TEXT_SIZE,
    Figure,
    figure,
    finding_of_all,
    write,
)
from ghosts.records.candidate_runs import Answer, PodRun, Verdict


class _Look(NamedTuple):
    color: str
    ink: str
    sign: str
    words: str


_ANSWERS: Final = {
    Answer.EXPLAINS: _Look("#0072B2", "#ffffff", "\N{CHECK MARK}", "explains"),
    Answer.CONTRADICTS: _Look("#f2b48c", INK, "\N{BALLOT X}", "contradicts"),
    Answer.CANNOT_TELL: _Look("#eeeeee", INK, "?", "cannot tell"),
}
"""Dark blue, orange, pale grey: apart in grey print and to the colour blind; each has a sign and a
word as well."""
_HEADS: Final = {
    "O1": "gauge 216 on 22 TCP",
    "O2": "15 MiB per ghost",
    "O3": "one pod of 24 has most",
    "O4": "pod of 7 has no ghosts",
    "O5": "straight line to 3.3 GB",
    "O6": "only a restart clears",
    "O7": "no drain timeouts after",
}
_COLUMN_LETTERS: Final = 12
_NAME_LETTERS: Final = 22


def mechanism_table(verdicts: Sequence[Verdict]) -> Figure:
    """Draw verdicts as a table: a row per candidate, a column per observation, in their order.

    Each cell says explains, contradicts or cannot tell, by colour, sign and word. Raises
    ValueError if there are no verdicts.
    """
    if not verdicts:
        raise ValueError("there are no verdicts to draw")
    rows = list(dict.fromkeys(one.candidate for one in verdicts))
    columns = list(dict.fromkeys(one.observation for one in verdicts))
    fig, (ax,) = figure(height=0.62 * len(rows) + 2.3)
    ax.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    for one in verdicts:
        x, y = columns.index(one.observation), rows.index(one.candidate)
        look = _ANSWERS[one.answer]
        ax.add_patch(Rectangle((x, y), 1, 1, facecolor=look.color, edgecolor="white", linewidth=2))
        how: dict[str, Any] = {"ha": "center", "va": "center", "color": look.ink}
        write(ax, x + 0.5, y + 0.5, f"{look.sign}\n{look.words}", linespacing=1.1, **how)
    ax.set_yticks([row + 0.5 for row in range(len(rows))], [_name(row) for row in rows])
    ax.set_xticks([column + 0.5 for column in range(len(columns))])
    ax.set_xticklabels([_head(column) for column in columns])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    finding_of_all(fig, _finding(verdicts))
    fig.details = [_in_words(row, verdicts) for row in rows]
    return fig


def _in_words(candidate: str, verdicts: Sequence[Verdict]) -> str:
    """Return which observations a candidate explains, contradicts, or cannot tell."""
    given: dict[Answer, list[str]] = {}
    for one in verdicts:
        if one.candidate == candidate:
            given.setdefault(one.answer, []).append(one.observation)
    said = (f"{_ANSWERS[answer].words} {_listed(seen)}" for answer, seen in given.items())
    return f"{' '.join(_name(candidate).split())} {', '.join(said)}"


def _letter(candidate: str) -> str:
    return candidate.partition("_")[0].upper()


def _name(candidate: str) -> str:
    rest = candidate.partition("_")[2].replace("_", " ")
    seconds = " s" if rest[-1:].isdigit() else ""
    return textwrap.fill(f"{_letter(candidate)}: {rest}{seconds}", _NAME_LETTERS)


def _head(observation: str) -> str:
    words = textwrap.fill(_HEADS.get(observation, ""), _COLUMN_LETTERS)
    return f"{observation}\n{words}"


def _finding(verdicts: Sequence[Verdict]) -> str:
    """Say which candidate contradicts least."""
    against: dict[str, list[str]] = {}
    for one in verdicts:
        found = against.setdefault(one.candidate, [])
        if one.answer is Answer.CONTRADICTS:
            found.append(one.observation)
    fewest = min(len(found) for found in against.values())
    best = {name: found for name, found in against.items() if len(found) == fewest}
    letters = list(dict.fromkeys(map(_letter, best)))
    who, verb = _listed(letters), "contradicts" if len(letters) == 1 else "contradict"
    if not fewest:
        return f"Nothing observed contradicts {who}"
    alike = len({tuple(found) for found in best.values()}) == 1
    total = len({one.observation for one in verdicts})
    what = _listed(next(iter(best.values()))) if alike else f"{fewest} of {total}"
    return f"No candidate explains everything; {who} {verb} the fewest observations: {what}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def replayed_fleet(fleets: Mapping[str, Sequence[PodRun]]) -> Figure:
    """Draw the ghosts of each pod, most first, in a row of bars per candidate, below the record.

    A dark bar is a pod when the largest one of its fleet first has as many ghosts as the largest
    on record; a pale one goes on to the end. Where no pod has, bars are at the end. Below each is
    the pod's number of connections. Raises ValueError if there is no fleet, or one without pods.
    """
    if not fleets or not all(fleets.values()):
        raise ValueError("there are no pods to draw")
    fig, axes = figure(1 + len(fleets), height=1.85 * (1 + len(fleets)) + 1.2, sharey=True)
    others = _draw_record(axes[0])
    sums = {}
    for ax, (name, fleet) in zip(axes[1:], fleets.items(), strict=True):
        sums[name] = _draw_fleet(ax, name, fleet)
    most = max(run.ghosts for fleet in fleets.values() for run in fleet)
    widest = max(fact("running_pods").value, *(len(fleet) for fleet in fleets.values()))
    for ax in axes:
        ax.set_ylim(0, 1.12 * max(most, _largest()[1]))
        ax.grid(visible=False, axis="x")
        ax.tick_params(axis="x", length=0)
        ax.set_xlim(-0.7, widest - 0.3)
    axes[len(axes) // 2].set_ylabel("ghosts per pod")
    axes[-1].set_xlabel("pods, most ghosts first: connections of each at a time")
    finding_of_all(fig, _fleet_finding(sums, others))
    return fig


def _largest() -> tuple[float, float]:
    """Return the ghosts of the largest pod on record: by memory, and by gauge and TCP."""
    by_count = max(pod.ghosts for pod in pods() if pod.memory_mib is None)
    return fact("largest_pod_ghosts").value, by_count


def _draw_record(ax: Axes) -> float:
    """Draw the record: one pod, and the sum of the others, spread evenly."""
    low, high = _largest()
    others = fact("fleet_ghosts").value - low
    count = round(fact("other_pods").value)
    ax.bar(0, low, width=0.8, **GHOSTS.area | {"alpha": 0.9})
    ax.bar(0, high - low, bottom=low, width=0.8, **GHOSTS.area | {"alpha": 0.3})
    ax.bar(range(1, count + 1), others / count, width=0.8, **GHOSTS.area | {"alpha": 0.9})
    ax.set_xticks([])
    _tell(
        ax,
        f"On record: {low:.0f} to {high:.0f} in one pod (by memory; by gauge and TCP), "
        f"{others:.0f} on the other {count} together (by memory)",
    )
    return others


def _draw_fleet(ax: Axes, name: str, fleet: Sequence[PodRun]) -> int | None:
    """Draw one fleet; return the ghosts on all pods but the largest, if one is large enough."""
    low, _ = _largest()
    minutes = sorted({one.minute for run in fleet for one in run.samples})
    minute = next((m for m in minutes if max(run.at(m).ghosts for run in fleet) >= low), None)
    order = sorted(fleet, key=lambda run: (-run.at(minute or minutes[-1]).ghosts, -run.ghosts))
    then = [run.at(minute or minutes[-1]).ghosts for run in order]
    late = [run.ghosts - ghosts for run, ghosts in zip(order, then, strict=True)]
    places = range(len(order))
    ax.bar(places, then, width=0.8, **PODS.area | {"alpha": 0.9})
    ax.bar(places, late, bottom=then, width=0.8, **PODS.area | {"alpha": 0.3})
    ax.axhline(low, color=GHOSTS.color, linestyle=":", linewidth=LIMIT.linewidth)
    ax.set_xticks(places, [f"{run.connections}" for run in order])
    letter = _letter(name)
    if minute is None:
        _tell(ax, f"{letter}: no pod gets to {low:.0f}; {sum(then)} ghosts in all at the end")
        return None
    others = sum(then[1:])
    _tell(
        ax,
        f"{letter} at minute {minute}: {then[0]} in one pod, {others:,} on the others; "
        f"pale: until minute {minutes[-1]}",
    )
    return others


def _tell(ax: Axes, words: str) -> None:
    ax.set_title(words, loc="left", fontsize=TEXT_SIZE, color=INK)


def _fleet_finding(sums: Mapping[str, int | None], others: float) -> str:
    told = [
        f"{_letter(name)}\N{NO-BREAK SPACE}{'(no such pod)' if count is None else f'{count:,}'}"
        for name, count in sums.items()
    ]
    return (
        f"With one pod as on record, the others together have {others:.0f} ghosts on record; "
        f"replayed: {', '.join(told)}"
    )
