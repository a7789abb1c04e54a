"""A replay again, with other parameters: upload workers, their deadline, how many uploads hang."""

from collections.abc import Callable
from dataclasses import replace

from aiohttp import ClientTimeout

from ghosts.backends import Backend
from ghosts.player.parameters import ParameterError, Parameters
from ghosts.processes import call_side_by_side
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL, Scenario
from ghosts.replay.run import replay
from ghosts.variants import Variant, variant_of


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
        replay_with,
        [(recording.scenario, recording.variant, parameters)],
        at_once=1,
        on_progress=lambda _, second: on_progress(second),
    )
    return again


def replay_with(
    scenario: Scenario,
    variant: str,
    parameters: Parameters,
    report: Callable[[float], object],
) -> Recording:
    """Return the replay of a scenario under a variant with these parameters, in this process.

    ``report`` is called with the simulated second of each sample.

    Raises:
        VariantError: the variant is not in the registry.
    """
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
