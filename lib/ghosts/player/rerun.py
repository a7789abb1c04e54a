"""A replay again, with other parameters: upload workers, their deadline, how many uploads hang."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import ClientTimeout

from ghosts.backends import Backend
from ghosts.errors import GhostsError
from ghosts.processes import call_side_by_side
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL, Scenario
from ghosts.replay.run import replay
from ghosts.variants import Variant, variant_of

MOST_WORKERS: Final = 256
LONGEST_DEADLINE: Final = 86_400.0
"""Seconds: no scenario is longer."""


class ParameterError(GhostsError, ValueError):
    """A parameter is invalid, or a recording cannot be made again with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What can be changed before a replay runs again.

    Raises:
        ParameterError: a value is out of its bounds. The text names it, and what is allowed.
    """

    workers: int
    """Upload workers of the pod, from 1 to 256."""
    deadline: float | None
    """Seconds for one upload, from 1 to 86,400; None is no deadline."""
    share: float
    """Fraction of the uploads that storage never answers, from 0 to 1."""

    def __post_init__(self) -> None:
        _whole_workers(self.workers)
        if self.deadline is not None and not 1 <= self.deadline <= LONGEST_DEADLINE:
            raise ParameterError(
                f"deadline: should be from 1 to {LONGEST_DEADLINE:,.0f} s, or none; "
                f"got {self.deadline:g}"
            )
        if not 0 <= self.share <= 1:
            raise ParameterError(
                f"share: should be from 0 to 100 % of the uploads; got {100 * self.share:g} %"
            )

    def __str__(self) -> str:
        deadline = "no deadline" if self.deadline is None else f"deadline {self.deadline:g} s"
        workers = f"{self.workers} worker{'' if self.workers == 1 else 's'}"
        return f"{workers}, {deadline}, {100 * self.share:.4g} % hang"

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> "Parameters":
        """Return the parameters in the fields of a form, where the share is in per cent.

        Raises:
            ParameterError: a field is missing, or not a number, or a value is out of its bounds.
        """
        deadline = fields.get("deadline", "").strip()
        return cls(
            workers=_whole_workers(_number(fields, "workers")),
            deadline=_number(fields, "deadline") if deadline else None,
            share=round(_number(fields, "share") / 100, 9),
        )

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the form that `parse` reads."""
        return {
            "workers": f"{self.workers}",
            "deadline": "" if self.deadline is None else f"{self.deadline:g}",
            "share": f"{100 * self.share:.9g}",
        }


def parameters_of(recording: Recording) -> Parameters:
    """Return the parameters that a recording was made with.

    Raises:
        ParameterError: it was made at full scale, or its scenario has no upload that hangs.
        VariantError: its variant is not in the registry.
    """
    scenario = recording.scenario
    if recording.scale == FULL:
        raise ParameterError(
            "at full scale a replay takes some 4 GB of memory; take a recording at a tenth"
        )
    shares = {fault.share for fault in scenario.faults if _hangs_uploads(fault)}
    if len(shares) != 1:
        raise ParameterError(
            f"scenario {scenario.name}: should have one share of uploads that never return; "
            f"got {sorted(shares) or 'none'}"
        )
    clients = variant_of(recording.variant).pusher.clients
    return Parameters(
        workers=clients.upload_workers,
        deadline=clients.timeouts[Backend.STORAGE].total,
        share=shares.pop(),
    )


def replay_again(
    recording: Recording,
    parameters: Parameters,
    *,
    on_progress: Callable[[float], object] = lambda second: None,
) -> Recording:
    """Replay the scenario and variant of a recording with these parameters; return the recording.

    The replay has its own process, and so its own memory. ``on_progress`` is called with the
    simulated second of each sample. An interrupt ends the replay at once.

    Raises:
        VariantError: the recording's variant is not in the registry.
        ProcessDiedError: the replay ended without a recording.
    """
    (again,) = call_side_by_side(
        _replay,
        [(recording.scenario, recording.variant, parameters)],
        at_once=1,
        on_progress=lambda _, second: on_progress(second),
    )
    return again


def _replay(
    scenario: Scenario,
    variant: str,
    parameters: Parameters,
    report: Callable[[float], object],
) -> Recording:
    return replay(
        with_share(scenario, parameters.share),
        with_limits(variant_of(variant), parameters),
        on_progress=report,
    )


def with_share(scenario: Scenario, share: float) -> Scenario:
    """Return a scenario in which another fraction of the uploads never returns."""
    faults = (
        replace(fault, share=share) if _hangs_uploads(fault) else fault for fault in scenario.faults
    )
    return replace(scenario, faults=tuple(faults))


def with_limits(variant: Variant, parameters: Parameters) -> Variant:
    """Return a variant with these upload workers and this deadline, under a name of its own."""
    clients = variant.pusher.clients
    storage = ClientTimeout(total=parameters.deadline)
    changed = replace(
        clients,
        timeouts={**clients.timeouts, Backend.STORAGE: storage},
        upload_workers=parameters.workers,
    )
    if changed == clients:
        return variant
    return replace(variant.with_clients(changed), name=f"{variant.name}_changed")


def _hangs_uploads(fault: Fault) -> bool:
    return (fault.backend, fault.mode) == (Backend.STORAGE, FaultMode.NEVER_ANSWERS)


def _number(fields: Mapping[str, str], name: str) -> float:
    value = fields.get(name, "")
    try:
        return float(value)
    except ValueError:
        raise ParameterError(f"{name}: should be a number; got {value!r}") from None


def _whole_workers(value: float) -> int:
    if value not in range(1, MOST_WORKERS + 1):
        raise ParameterError(
            f"workers: should be a whole number from 1 to {MOST_WORKERS}; got {value:g}"
        )
    return int(value)
