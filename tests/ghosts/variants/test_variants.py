"""Variants: their settings decide, not which function it is, and all that differs can be read."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, TypeAlias

import aiohttp
import pytest

from async_tasks import Phase, SessionScope
from ghosts.backends import Backend
from ghosts.clients import DEADLINES, PUBLISHED
from ghosts.config import BG_DRAIN_TIMEOUT, CANCEL_ACK_TIMEOUT, WS_RECEIVE_TIMEOUT
from ghosts.listen.apps import a_few_at_a_time
from ghosts.listen.link import Breaker
from ghosts.listen.outbound import AcknowledgedQueue
from ghosts.pusher import PusherSession
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, load_scenario
from ghosts.replay import replay
from ghosts.variants import (
    COMPARED,
    FIX,
    FIX_STEPS,
    INCIDENT,
    LISTEN_VARIANTS,
    SHIPPED,
    VARIANTS,
    Variant,
    VariantError,
    variant_diff,
    variant_of,
)

AnyLifecycle: TypeAlias = Callable[[PusherSession], Awaitable[None]]


async def a_copy(session: PusherSession, *, timeout: float = BG_DRAIN_TIMEOUT) -> None:
    """The lines of `shipped`, in another function."""
    async with SessionScope(
        session.name,
        label="pusher",
        gauge=session.gauge,
        shutdown=session.signals.shutdown,
        timeout=timeout,
        cancel_timeout=CANCEL_ACK_TIMEOUT,
    ) as scope:
        scope.receive(session.receive(WS_RECEIVE_TIMEOUT))
        for name, loop in session.loops().items():
            scope.lifetime(loop, name=name)
        scope.adopt(session.requests, phase=Phase.CONSUMERS)
        scope.close_last(session.close)
        await scope.supervise()


async def a_wrapper(session: PusherSession) -> None:
    await SHIPPED.pusher.lifecycle(session)


class AnObject:
    async def __call__(self, session: PusherSession) -> None:
        await SHIPPED.pusher.lifecycle(session)


SAME_LIFECYCLE: dict[str, AnyLifecycle] = {
    "itself": SHIPPED.pusher.lifecycle,
    "copy": a_copy,
    "wrapper": a_wrapper,
    "partial": partial(a_copy, timeout=BG_DRAIN_TIMEOUT),
    "object": AnObject(),
}


# --- the settings decide --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Storage never answers, with fewer devices, and the hang and what follows shortened."""
    whole = load_scenario("storage_never_answers")
    (fault,) = whole.faults
    return replace(whole.fewer(18), duration=450, faults=(replace(fault, end=300.0),))


@pytest.fixture(scope="module")
def as_shipped(scenario: Scenario) -> Recording:
    return recorded(scenario, SHIPPED)


def recorded(scenario: Scenario, variant: Variant) -> Recording:
    return replay(scenario, variant, measure_memory=False).without_memory()


@pytest.mark.parametrize("lifecycle", SAME_LIFECYCLE.values(), ids=SAME_LIFECYCLE)
def test_the_lifecycle_of_shipped_loses_nothing_with_its_settings_and_audio_with_the_incidents(
    scenario, as_shipped, lifecycle
):
    with_its_settings = recorded(scenario, SHIPPED.with_lifecycle(lifecycle, name="mine"))
    assert with_its_settings.variant == "mine"
    assert replace(with_its_settings, variant=as_shipped.variant) == as_shipped
    assert with_its_settings.audio.lost == 0
    assert with_its_settings.last.workers_busy == 0

    with_others = recorded(scenario, INCIDENT.with_lifecycle(lifecycle, name="mine"))
    assert with_others.audio.received == as_shipped.audio.received
    assert with_others.audio.lost > 0
    assert with_others.last.workers_busy > 0


def test_the_lifecycle_of_the_incident_loses_nothing_with_the_settings_of_shipped(
    scenario, as_shipped
):
    variant = SHIPPED.with_lifecycle(INCIDENT.pusher.lifecycle, name="mine")
    recording = recorded(scenario, variant)
    assert recording.audio == as_shipped.audio
    assert recording.audio.lost == recording.audio.queued == 0
    assert recorded(scenario, INCIDENT).audio.stored < as_shipped.audio.stored


def test_another_lifecycle_or_other_clients_leave_all_other_settings_as_they_were():
    other = SHIPPED.with_lifecycle(a_copy, name="mine")
    assert other.pusher == replace(SHIPPED.pusher, lifecycle=a_copy)
    assert other.listen is None
    assert SHIPPED.with_clients(PUBLISHED).pusher == replace(SHIPPED.pusher, clients=PUBLISHED)
    assert SHIPPED.with_clients(PUBLISHED).listen == SHIPPED.listen


# --- what is refused ------------------------------------------------------------------------------


def test_a_bare_function_is_refused_and_told_what_to_do(scenario):
    with pytest.raises(VariantError) as refusal:
        replay(scenario, a_copy)
    said = str(refusal.value)
    assert said.startswith("a variant is a name or a Variant, not <function a_copy at ")
    assert 'VARIANTS["gather_all"].with_lifecycle(lifecycle, name="mine")' in said
    assert "\n" not in said


def test_an_unknown_name_is_refused_with_the_nearest_or_with_the_known_ones():
    with pytest.raises(VariantError, match=r"^no variant 'gather'; did you mean 'gather_all'\?$"):
        variant_of("gather")
    with pytest.raises(VariantError, match=r"^no variant 'zzz'; there are: gather_all, ") as no:
        variant_of("zzz")
    assert all(name in str(no.value) for name in VARIANTS)


@pytest.mark.parametrize("lifecycle", [None, "shipped", 30.0])
def test_a_lifecycle_that_is_not_callable_is_refused_by_name_and_value(lifecycle):
    expected = rf"^mine: a lifecycle is an async function of a session, not {lifecycle!r}$"
    with pytest.raises(VariantError, match=expected):
        SHIPPED.with_lifecycle(lifecycle, name="mine")
    with pytest.raises(VariantError, match=expected):
        replace(SHIPPED, name="mine", pusher=replace(SHIPPED.pusher, lifecycle=lifecycle))
    with pytest.raises(VariantError, match=expected):
        replace(SHIPPED, name="mine", listen=replace(SHIPPED.listen, lifecycle=lifecycle))


def test_a_variant_is_itself_and_a_name_is_that_of_the_registry():
    assert variant_of(SHIPPED) is SHIPPED
    assert variant_of("supervised") is FIX


# --- the registry ---------------------------------------------------------------------------------


def test_names_are_unique_and_in_the_order_in_which_the_variants_came():
    all_variants = INCIDENT, *FIX_STEPS, FIX, SHIPPED
    assert len({variant.name for variant in all_variants}) == len(all_variants)
    assert list(VARIANTS) == [
        "gather_all",
        "receive_then_drain",
        "samples_at_shutdown",
        "first_completed",
        "finite_tolerated",
        "lifetime_ends",
        "gauge_in_try",
        "bounded_cancel",
        "static_labels",
        "supervised_by_hand",
        "supervised",
        "shipped",
    ]
    assert tuple(VARIANTS.values()) == all_variants
    assert list(LISTEN_VARIANTS) == list(COMPARED) == ["gather_all", "supervised", "shipped"]


def test_steps_of_the_fix_differ_from_the_incident_in_their_lifecycle_only():
    for step in (*FIX_STEPS, FIX):
        assert replace(step.pusher, lifecycle=INCIDENT.pusher.lifecycle) == INCIDENT.pusher
    lifecycles = [variant.pusher.lifecycle for variant in VARIANTS.values()]
    assert len(set(lifecycles)) == len(lifecycles)


def test_a_summary_is_one_sentence_on_one_line():
    for variant in VARIANTS.values():
        assert variant.summary[0].isupper()
        assert variant.summary.endswith(".")
        assert ". " not in variant.summary
        assert variant.summary.isprintable()
    assert len({variant.summary for variant in VARIANTS.values()}) == len(VARIANTS)


def test_a_lifecycle_describes_itself_as_its_variant_does():
    for variant in VARIANTS.values():
        documented = variant.pusher.lifecycle.__doc__.partition("\n")[0]
        assert documented == variant.summary, variant.name


# --- the diff -------------------------------------------------------------------------------------


def changed(before: Variant, after: Variant, **service: Any) -> list[str]:
    """The changed lines of a diff, without its header."""
    lines = variant_diff(before, after, **service).splitlines()[2:]
    return [line for line in lines if line[0] in "+-"]


def test_equal_variants_have_no_diff():
    for variant in VARIANTS.values():
        assert variant_diff(variant, variant) == ""
        assert variant_diff(variant, variant, service="listen") == ""
    assert variant_diff(SHIPPED, replace(SHIPPED, name="other", summary="Another.")) == ""
    proxied = replace(DEADLINES, timeouts=MappingProxyType(DEADLINES.timeouts))
    assert variant_diff(SHIPPED, SHIPPED.with_clients(proxied)) == ""


def test_a_diff_names_both_variants():
    header = variant_diff(INCIDENT, FIX).splitlines()[:2]
    assert header == ["--- gather_all", "+++ supervised"]


TIMEOUTS = {
    "total": ("total 30 s", "total 7 s"),
    "connect": ("total 30 s", "total 30 s, connect 7 s"),
    "sock_connect": ("total 30 s", "total 30 s, sock_connect 7 s"),
    "sock_read": ("total 30 s", "total 30 s, sock_read 7 s"),
}


@pytest.mark.parametrize("limit", TIMEOUTS)
def test_a_timeout_that_differs_is_shown_and_nothing_else(limit):
    before, after = TIMEOUTS[limit]
    limits = {"total": DEADLINES.timeouts[Backend.STORAGE].total, limit: 7.0}
    timeouts = {**DEADLINES.timeouts, Backend.STORAGE: aiohttp.ClientTimeout(**limits)}
    other = SHIPPED.with_clients(replace(DEADLINES, timeouts=timeouts))
    assert changed(SHIPPED, other) == [
        f"-clients.timeouts.storage: {before}",
        f"+clients.timeouts.storage: {after}",
    ]


@pytest.mark.parametrize("backend", Backend)
def test_the_timeout_of_every_backend_is_compared(backend):
    timeouts = {**DEADLINES.timeouts, backend: aiohttp.ClientTimeout(total=None)}
    other = SHIPPED.with_clients(replace(DEADLINES, timeouts=timeouts))
    removed, added = changed(SHIPPED, other)
    assert removed.startswith(f"-clients.timeouts.{backend}: total ")
    assert added == f"+clients.timeouts.{backend}: no timeout"


PUSHER_FIELDS = {
    "clients": (replace(DEADLINES, upload_workers=17), "clients.upload_workers: ", "16", "17"),
    "spool_bytes": (4 * 2**30 + 1, "spool_bytes: ", "4294967296", "4294967297"),
    "grace": (120.5, "grace: ", "120.0", "120.5"),
}
LISTEN_FIELDS = {
    "outbound": ("LossyQueue", "AcknowledgedQueue", AcknowledgedQueue),
    "breaker": ("PublishedBreaker", "Breaker", Breaker),
    "fan_out": ("all_at_once", "a_few_at_a_time", a_few_at_a_time),
    "keeps_unheard": ("False", "True", True),
}


@pytest.mark.parametrize("field", PUSHER_FIELDS)
def test_a_setting_of_the_pusher_that_differs_is_shown_and_nothing_else(field):
    value, key, before, after = PUSHER_FIELDS[field]
    other = replace(SHIPPED, pusher=replace(SHIPPED.pusher, **{field: value}))
    assert changed(SHIPPED, other) == [f"-{key}{before}", f"+{key}{after}"]
    assert variant_diff(SHIPPED, other, service="listen") == ""


@pytest.mark.parametrize("field", LISTEN_FIELDS)
def test_a_setting_of_listen_that_differs_is_shown_and_nothing_else(field):
    before, after, value = LISTEN_FIELDS[field]
    settings = replace(INCIDENT.listen.settings, **{field: value})
    other = replace(INCIDENT, listen=replace(INCIDENT.listen, settings=settings))
    assert changed(INCIDENT, other, service="listen") == [
        f"-settings.{field}: {before}",
        f"+settings.{field}: {after}",
    ]
    assert variant_diff(INCIDENT, other) == ""


def test_no_field_of_a_variant_is_left_out_of_these_tests():
    def names(value: object) -> set[str]:
        return {field.name for field in fields(value)}

    assert names(SHIPPED.pusher) == {*PUSHER_FIELDS, "lifecycle"}
    assert names(SHIPPED.listen) == {"lifecycle", "clients", "settings"}
    assert names(SHIPPED.listen.settings) == {*LISTEN_FIELDS}
    assert names(DEADLINES) == {"timeouts", "upload_workers"}
    assert is_dataclass(SHIPPED.listen)


def test_the_clients_of_listen_are_compared_as_well():
    other = replace(SHIPPED, listen=replace(SHIPPED.listen, clients=PUBLISHED))
    assert "-clients.timeouts.apps: total 15 s" in changed(SHIPPED, other, service="listen")
    assert variant_diff(SHIPPED, other) == ""


def test_the_source_of_the_lifecycle_is_compared_and_its_name_is_not():
    lines = changed(FIX, FIX.with_lifecycle(SHIPPED.pusher.lifecycle, name="mine"))
    phases = [line for line in lines if "scope.adopt" in line]
    assert [line.split(")")[0] for line in phases] == [
        "-        scope.adopt(session.requests, phase=Phase.TRANSPORTS",
        "+        scope.adopt(session.requests, phase=Phase.CONSUMERS",
    ]
    assert not any("def " in line for line in lines)
    assert not any(line.startswith(("-clients", "+clients")) for line in lines)


def test_a_callable_object_has_the_source_of_its_class():
    source = variant_diff(FIX, FIX.with_lifecycle(AnObject(), name="mine"))
    assert "+    async def __call__(self, session: PusherSession) -> None:" in source


def test_a_partial_differs_from_its_function_by_the_arguments_that_it_adds():
    plain = FIX.with_lifecycle(a_copy, name="plain")
    assert variant_diff(plain, FIX.with_lifecycle(partial(a_copy), name="mine")) == ""
    short = FIX.with_lifecycle(partial(a_copy, timeout=1.0), name="short")
    long = FIX.with_lifecycle(partial(a_copy, timeout=2.0), name="long")
    assert changed(plain, short) == ["+with timeout=1.0"]
    assert changed(short, long) == ["-with timeout=1.0", "+with timeout=2.0"]


def test_a_wrapper_is_shown_with_what_it_wraps():
    @wraps(a_copy)
    async def wrapper(session: PusherSession) -> None:
        await a_copy(session)

    plain = FIX.with_lifecycle(a_copy, name="plain")
    lines = changed(plain, FIX.with_lifecycle(wrapper, name="wrapped"))
    assert "+        await a_copy(session)" in lines
    assert not any(line.startswith("-") for line in lines)


def of_seconds(seconds: float) -> Variant:
    async def lifecycle(session: PusherSession) -> None:
        await asyncio.sleep(seconds)

    return FIX.with_lifecycle(lifecycle, name="mine")


def test_a_value_that_a_lifecycle_closes_over_is_compared():
    assert variant_diff(of_seconds(1.0), of_seconds(1.0)) == ""
    assert changed(of_seconds(1.0), of_seconds(2.0)) == [
        "-where seconds: 1.0",
        "+where seconds: 2.0",
    ]


def test_a_function_that_a_lifecycle_closes_over_is_compared_by_its_source():
    def calling(function: Callable[..., Any]) -> Variant:
        async def lifecycle(session: PusherSession) -> None:
            await function(session)

        return FIX.with_lifecycle(lifecycle, name="mine")

    lines = changed(calling(FIX.pusher.lifecycle), calling(SHIPPED.pusher.lifecycle))
    assert any("phase=Phase.CONSUMERS" in line for line in lines)


def test_what_a_callable_object_holds_is_compared():
    short, long = AnObject(), AnObject()
    short.seconds, long.seconds = 1, 2
    one, other = (FIX.with_lifecycle(each, name="mine") for each in (short, long))
    assert changed(one, other) == ["-where seconds: 1", "+where seconds: 2"]


def test_a_lifecycle_that_closes_over_itself_has_an_end():
    async def again(session: PusherSession) -> None:
        await again(session)

    assert "def lifecycle(" in variant_diff(FIX, FIX.with_lifecycle(again, name="mine"))


def test_a_lifecycle_without_source_is_named():
    scope: dict[str, Any] = {}
    exec("async def typed_in(session): ...", scope)
    lines = changed(FIX, FIX.with_lifecycle(scope["typed_in"], name="mine"))
    assert "+typed_in, without source" in lines


def test_a_service_that_a_variant_does_not_have_is_all_added_or_removed():
    alone = replace(SHIPPED, name="alone", listen=None)
    lines = variant_diff(alone, SHIPPED, service="listen").splitlines()[3:]
    assert {line[0] for line in lines} == {"+"}
    assert variant_diff(alone, SHIPPED) == ""


@pytest.mark.parametrize("name", ["", "my fix", "a/b", "x" * 101])
def test_a_name_that_no_recording_takes_is_refused(name: str) -> None:
    with pytest.raises(VariantError, match=r"^name: "):
        INCIDENT.with_lifecycle(INCIDENT.pusher.lifecycle, name=name)
