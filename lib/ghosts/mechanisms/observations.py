"""Observations O1 to O7, each as a function from a candidate's runs to a verdict.

Every threshold is a figure of the public record, read by ``ghosts.evidence``, or is called ours.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ghosts.config import STORAGE_WORKERS
from ghosts.evidence import deploy_check, fact, fit, pods
from ghosts.mechanisms import reading
from ghosts.mechanisms.fleet import CONNECTIONS_RANGE, MINUTES
from ghosts.mechanisms.fleet_state import age_of_few, when_largest_has
from ghosts.mechanisms.runs import Runs
from ghosts.records.candidate_runs import Answer, Verdict

STRAIGHT: Final = 0.95
"""R squared from which growth counts as a straight line (ours: the record shows no samples)."""
LEAK_HOURS: Final = 1.0
"""Hours that ghosts accumulate for at least (ours: the record says hours, and no number)."""
STILL_GROWING: Final = 60
"""Minutes before the end: if ghosts grow in these, they would grow further (ours)."""
CHECKED_HOURS: Final = 3.0
"""Hours after the deploy of the last published check (omi#7283)."""

Check: TypeAlias = Callable[[Runs], Verdict]

CLAIMS: Final[Mapping[str, str]] = {
    "O1": "gauge 216 on 22 TCP connections: ghosts accumulate over hours",
    "O2": "about 15 MiB per ghost",
    "O3": "168 ghosts or more in one pod of 24, some 16 on all others",
    "O4": "no ghost on the pod with 7 connections, 57 to 182 on those with 16 to 22",
    "O5": "memory grows in a straight line to 3.3 GB; 640 MiB at most after the fix",
    "O6": "only a restart clears the ghosts",
    "O7": "no drain timeout in 3 h after the fix",
}
"""What was observed, by observation, in a few words."""


def gauge_above_tcp(runs: Runs) -> Verdict:
    """O1: the gauge reads what it did on record, while TCP stays at a pod's usual number."""
    record = max(pods(), key=lambda pod: pod.gauge)
    seen = reading.first_with_gauge(runs.before, record.gauge)
    first = reading.first_ghost(runs.before)
    verdict = _Verdicts(runs, "O1", "on the gauge")
    if first is None:
        gap = max(one.gauge - one.tcp for one in runs.before.samples)
        return verdict.contradicts(
            seen.gauge,
            f"no ghosts: the gauge is never more than {gap} above the connections that the kernel "
            "still has",
        )
    if seen.gauge < record.gauge:
        if reading.is_growing(runs.before, STILL_GROWING):
            return verdict.cannot_tell(
                seen.gauge,
                f"the gauge reads {seen.gauge} at the end, on {seen.tcp} TCP connections, and "
                "still grows",
            )
        top = max(one.gauge for one in runs.before.samples)
        most = max(one.ghosts for one in runs.before.samples)
        return verdict.contradicts(
            top, f"the gauge never reads more than {top}, with {most} ghosts at most"
        )
    hours = (seen.t - first.t) / 3600
    low, high = CONNECTIONS_RANGE
    sentence = (
        f"the gauge reads {seen.gauge} on {seen.tcp} TCP connections, {hours:.1f} h after the "
        "first ghost"
    )
    if low <= seen.tcp <= high and hours >= LEAK_HOURS:
        return verdict.explains(seen.gauge, sentence)
    return verdict.contradicts(seen.gauge, sentence)


def memory_per_ghost(runs: Runs) -> Verdict:
    """O2: a ghost holds what the fit over the inspected pods gives, within its 95 % interval."""
    low, high = fit(pods()).slope_interval()
    size = reading.median_ghost_mib(runs.before)
    verdict = _Verdicts(runs, "O2", "MiB per ghost")
    if size is None:
        return verdict.contradicts(None, "there is no ghost to hold anything at the end")
    sentence = (
        f"the median ghost holds {size:.1f} MiB of audio; the fit over the pods on record gives "
        f"{low:.1f} to {high:.1f} (sessions of 16 min are inferred from that figure)"
    )
    if low <= size <= high:
        return verdict.explains(round(size, 1), sentence)
    return verdict.contradicts(round(size, 1), sentence)


def one_pod_of_the_fleet(runs: Runs) -> Verdict:
    """O3: when the largest pod has as many ghosts as on record, the others have few."""
    largest = fact("largest_pod_ghosts").value
    verdict = _Verdicts(runs, "O3", "ghosts on all other pods")
    if len(runs.fleet) < 2:
        if runs.before.last.ghosts < largest:
            return verdict.contradicts(
                None,
                f"a pod of 22 connections ends with {runs.before.last.ghosts} ghosts, so none gets "
                f"to {largest:.0f}",
            )
        return verdict.cannot_tell(None, "no fleet was replayed")
    state = when_largest_has(runs.fleet, largest)
    if state is None:
        most = max(run.ghosts for run in runs.fleet)
        return verdict.contradicts(
            None, f"no pod gets to {largest:.0f} ghosts: the largest of the fleet ends with {most}"
        )
    record = fact("other_pods_memory_mean").value - fact("memory_baseline").value
    sentence = (
        f"when one pod has {state.largest}, at minute {state.minute}, the other "
        f"{len(runs.fleet) - 1} have {state.others:,} together, {state.others_mib_per_pod:,.0f} "
        f"MiB per pod ({record:.1f} on record)"
    )
    if state.others <= STORAGE_WORKERS:
        return verdict.explains(state.others, sentence)
    age = age_of_few(runs.fleet, STORAGE_WORKERS)
    return verdict.contradicts(
        state.others,
        f"{sentence}, unless all of these had been restarted {_since(runs, age)}",
    )


def clean_pod_of_seven(runs: Runs) -> Verdict:
    """O4: the pod with 7 connections has no ghosts when those with 16 to 22 have as many as seen.

    All are taken to be of the same age: the record gives no uptimes.
    """
    inspected = [pod for pod in pods() if pod.memory_mib is not None]
    clean = {pod.tcp for pod in inspected if not pod.ghosts}
    least = min(pod.ghosts for pod in inspected if pod.ghosts)
    small = [run for run in runs.fleet if run.connections in clean]
    busy = [run for run in runs.fleet if run.connections in {pod.tcp for pod in inspected} - clean]
    verdict = _Verdicts(runs, "O4", "ghosts on a pod of 7")
    if not small or not busy:
        if runs.before.last.ghosts < least:
            return verdict.contradicts(
                None,
                f"a pod of 22 connections ends with {runs.before.last.ghosts} ghosts, and the "
                f"least on record is {least}",
            )
        return verdict.cannot_tell(None, "no fleet was replayed")
    minutes = (one.minute for one in busy[0].samples)
    reached = next((m for m in minutes if min(run.at(m).ghosts for run in busy) >= least), None)
    few = small[0]
    if reached is None:
        fewest = min(busy, key=lambda run: run.ghosts)
        return verdict.contradicts(
            few.ghosts,
            f"a pod of {fewest.connections} connections ends with {fewest.ghosts} ghosts, and the "
            f"least on record is {least}; the pod of 7 ends with {few.ghosts}",
        )
    count = few.at(reached).ghosts
    sentence = (
        f"when each pod of 16 to 22 connections has {least} ghosts or more, at minute {reached}, "
        f"the pod of 7 has {count}"
    )
    if not count:
        return verdict.explains(count, sentence)
    clean_at = max((one.minute for one in few.samples if not one.ghosts), default=0)
    return verdict.contradicts(
        count,
        f"{sentence}, unless it had been restarted {_since(runs, clean_at)}",
    )


def straight_growth(runs: Runs) -> Verdict:
    """O5: memory grows in a straight line to the largest pod's, and little is held after the fix.

    Memory is that of audio: it is what grows.
    """
    base = fact("memory_baseline").value
    needed = fact("largest_pod_snapshot").value - base
    allowed = deploy_check("pusher memory maximum", 2).high - base
    record = max(pods(), key=lambda pod: pod.gauge)
    seen = reading.first_with_gauge(runs.before, record.gauge)
    first = reading.first_ghost(runs.before)
    grown = reading.held_mib(seen, runs.before)
    verdict = _Verdicts(runs, "O5", "MiB of audio")
    if grown < needed or first is None:
        return verdict.contradicts(
            round(grown),
            f"{grown:,.0f} MiB of audio are in memory, and the largest pod held {needed:,.0f} MiB "
            "or more above its baseline",
        )
    leak = [one for one in runs.before.samples if first.t <= one.t <= seen.t]
    straight = reading.straightness(leak)
    rate = reading.growth_mb(leak, runs.before)
    sentence = (
        f"{grown:,.0f} MiB, R squared {straight:.3f}, {rate:.0f} MB per 10 min (another pod grew "
        f"by {fact('allocator_probe_rss_growth').value:.0f})"
    )
    if straight < STRAIGHT:
        return verdict.contradicts(round(grown), sentence)
    after = max(reading.held_mib(one, runs.after) for one in runs.after.samples)
    if after > allowed:
        return verdict.cannot_tell(
            round(grown),
            f"{sentence}; but {after:.0f} MiB after the fix, where the record has {allowed:.0f} "
            "above the baseline, with a larger pool",
        )
    return verdict.explains(round(grown), f"{sentence}; {after:.0f} MiB after the fix")


def cleared_by_restart_only(runs: Runs) -> Verdict:
    """O6: no ghost goes away by itself."""
    cleared, left = reading.cleared_ghosts(runs.before), runs.before.last.ghosts
    verdict = _Verdicts(runs, "O6", "ghosts gone by themselves")
    if cleared:
        return verdict.contradicts(
            cleared, f"{cleared} ghosts go away by themselves; {left} are there at the end"
        )
    if not left:
        return verdict.contradicts(0, "there are no ghosts for a restart to clear")
    return verdict.explains(0, f"all {left} ghosts are there to the end")


def quiet_after_the_fix(runs: Runs) -> Verdict:
    """O7: a restarted pod has no drain timeout in three hours under the fix."""
    timeouts = reading.drain_timeouts(runs.after, CHECKED_HOURS * 3600)
    verdict = _Verdicts(runs, "O7", "drain timeouts per pod")
    if not timeouts:
        return verdict.explains(
            0, f"a restarted pod has none in its last {CHECKED_HOURS:g} h under the fix"
        )
    return verdict.contradicts(
        timeouts,
        f"one pod has {timeouts} in {CHECKED_HOURS:g} h under the fix, unless something unknown "
        "had ended the cause",
    )


OBSERVATIONS: Final[Mapping[str, Check]] = {
    "O1": gauge_above_tcp,
    "O2": memory_per_ghost,
    "O3": one_pod_of_the_fleet,
    "O4": clean_pod_of_seven,
    "O5": straight_growth,
    "O6": cleared_by_restart_only,
    "O7": quiet_after_the_fix,
}
"""In the order of the table."""


def _since(runs: Runs, clean_at: int) -> str:
    """Say when a pod must have been restarted to look as at that minute of its replay.

    A fault that has ended does not touch it any more; one that lasts does from its first minute.
    """
    starts = []
    for fault in runs.candidate.scenario.faults:
        if fault.end is not None:
            return "since the interruption"
        starts.append(0.0 if fault.start == "departure" else fault.start)
    within = clean_at + MINUTES - round(min(starts, default=0.0) / 60)
    return f"in the {within} min before"


class _Verdicts:
    """Makes the verdicts of one candidate and one observation."""

    def __init__(self, runs: Runs, observation: str, unit: str) -> None:
        self._runs = runs
        self._observation = observation
        self._unit = unit

    def _verdict(self, answer: Answer, number: float | None, reason: str) -> Verdict:
        return Verdict(
            candidate=self._runs.candidate.name,
            observation=self._observation,
            answer=answer,
            number=number,
            unit=self._unit,
            reason=reason,
        )

    def explains(self, number: float | None, reason: str) -> Verdict:
        return self._verdict(Answer.EXPLAINS, number, reason)

    def contradicts(self, number: float | None, reason: str) -> Verdict:
        return self._verdict(Answer.CONTRADICTS, number, reason)

    def cannot_tell(self, number: float | None, reason: str) -> Verdict:
        return self._verdict(Answer.CANNOT_TELL, number, reason)
