"""The run that shows the effect of an action item: its figures, before and after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fleet import BEFORE, load_pool, load_values
from fleet.day import Costs, Plan, Trace, load_day, simulate
from ghosts.alerts import evaluate_rules, load_rules, recorded
from ghosts.errors import unknown
from ghosts.experiments import Outcome, read_outcomes
from ghosts.matrix.table import read_matrix
from ghosts.postmortem.chain import Chain
from ghosts.postmortem.incident import Action, Shows
from ghosts.postmortem.load import IncidentError
from ghosts.postmortem.measures import MEASURES, ghosts, share
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL

_COMPARED: Final = ("ghosts", "blocked", "lost")
_ALERT: Final = "GhostConnections"
_DAY: Final = "undisturbed"


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure without the action item and with it."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a run shows of an action item, and the command that runs it again."""

    run: str
    figures: tuple[Compared, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What effects are read from."""

    scenario: str
    """As the command line takes it."""
    recordings: Mapping[str, Recording]
    """By variant."""
    chain: Chain | None

    def of(self, variant: str) -> Recording:
        """Return the recording of a variant. Raise IncidentError if there is none."""
        if variant not in self.recordings:
            raise IncidentError(f"no recording of the variant {variant!r}: give one")
        return self.recordings[variant]


def effect(action: Action, runs: Runs) -> Effect | None:
    """Return the effect of an action item, or None if it names no run.

    Raises:
        IncidentError: the run is not there: a recording, an experiment, a variant of the matrix.
        CapacityError: a recording does not tell what a connection costs.
    """
    return _READ[action.shown_by](action, runs) if action.shown_by else None


def _replays(action: Action, runs: Runs) -> Effect:
    before, after = runs.of(action.before), runs.of(action.after)
    measures = [MEASURES[name] for name in _COMPARED]
    full = " --full" if before.scale == FULL else ""
    return Effect(
        run=f"recordings of {before.scenario.name}, {before.variant} and {after.variant}",
        figures=tuple(Compared(one.what, one.value(before), one.value(after)) for one in measures),
        command=f"ghosts replay --scenario {runs.scenario} --variant {before.variant} "
        f"--variant {after.variant}{full}",
    )


def _experiment(action: Action, runs: Runs) -> Effect:
    scenario = next(iter(runs.recordings.values())).scenario.name
    stored = {(one.scenario, one.variant, f"{one.change}"): one for one in read_outcomes()}
    before = stored.get((scenario, action.before, "as it is"))
    after = stored.get((scenario, action.before, action.after))
    if before is None or after is None:
        changes = [
            change for of, variant, change in stored if (of, variant) == (scenario, action.before)
        ]
        raise IncidentError(unknown(f"experiment on {action.before}:", action.after, changes))
    figures = (
        Compared("ghosts", f"{before.ghosts}", f"{after.ghosts}"),
        Compared("blocked upload workers", f"{before.workers_blocked}", f"{after.workers_blocked}"),
        Compared("audio lost", _lost(before), _lost(after)),
    )
    return Effect(
        run=f"experiment on {action.before}, {action.after}: data/experiments/outcomes.csv",
        figures=figures,
        command="python tools/run_experiments.py",
    )


def _lost(outcome: Outcome) -> str:
    return share(outcome.lost_bytes, outcome.received_bytes)


def _matrix(action: Action, runs: Runs) -> Effect:
    cells, names = read_matrix(), (action.before, action.after)
    variants = list(dict.fromkeys(cell.variant for cell in cells))
    for name in names:
        if name not in variants:
            raise IncidentError(unknown("variant of the matrix", name, variants))
    of = [[cell for cell in cells if cell.variant == name] for name in names]
    leaks, losses = (
        [f"{sum(map(bad, row))} of {len(row)}" for row in of]
        for bad in (lambda cell: bool(cell.ghosts), lambda cell: bool(cell.lost_bytes))
    )
    return Effect(
        run=f"every fault under {action.before} and {action.after}: data/faults/matrix.csv",
        figures=(
            Compared("faults that leave ghosts", *leaks),
            Compared("faults that lose audio", *losses),
        ),
        command=f"ghosts matrix --variant {action.before} --variant {action.after}",
    )


def _alert(action: Action, runs: Runs) -> Effect:
    recording = runs.of(action.before)
    fired = evaluate_rules(load_rules(), recorded(recording)).fired(_ALERT)
    minutes = round(recording.last.t / 60)
    when = [round(one.fired_at / 60) for one in fired[:1] if one.fired_at is not None]
    at = f"minute {when[0]} of {minutes}" if when else f"never in {minutes} minutes"
    figures = [Compared("the alert fires", "there was none", at)]
    if fired:
        at_the_end = f"{ghosts(recording)} at the end"
        figures.append(Compared("ghosts", at_the_end, f"{fired[0].value:.0f} when it fires"))
    return Effect(
        run=f"the alert {_ALERT} on the recording of {action.before}",
        figures=tuple(figures),
        command="make alerts",
    )


def _day(action: Action, runs: Runs) -> Effect:
    before, after = (_day_of(runs.of(name)) for name in (action.before, action.after))

    def both(what: str, value: Callable[[Trace], int]) -> Compared:
        return Compared(what, f"{value(before):,}", f"{value(after):,}")

    return Effect(
        run=f"a simulated day of the fleet, {_DAY}: costs of {action.before} and {action.after}",
        figures=(
            both("pods desired at most", lambda trace: trace.most_desired),
            both("pods Pending at most", lambda trace: trace.most_pending),
            both("ghosts at most", lambda trace: trace.most_ghosts),
        ),
        command="make notebooks NAMES=09",
    )


def _day_of(recording: Recording) -> Trace:
    costs = Costs.measured(recording)
    deployment = load_values(*BEFORE)
    return simulate(Plan(day=load_day(_DAY), deployment=deployment, pool=load_pool(), costs=costs))


def _probe(action: Action, runs: Runs) -> Effect:
    chain = runs.chain
    if chain is None:
        raise IncidentError("shown_by = 'probe': needs a recording that ends with ghosts")
    return Effect(
        run=f"two probes at the end of a replay of {chain.scenario} with {chain.ghosts} ghosts",
        figures=(Compared("found", *map(_megabytes, (chain.bytes_listed, chain.bytes_retained))),),
        command="make notebooks NAMES=02",
    )


def _megabytes(size: int) -> str:
    # No decimals: what Python's own objects take differs between its versions.
    return f"{size / 1e6:.0f} MB"


_READ: Final[Mapping[Shows, Callable[[Action, Runs], Effect]]] = {
    Shows.REPLAYS: _replays,
    Shows.EXPERIMENT: _experiment,
    Shows.MATRIX: _matrix,
    Shows.ALERT: _alert,
    Shows.DAY: _day,
    Shows.PROBE: _probe,
}
