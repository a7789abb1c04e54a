"""What an autoscaler scales by and how fast, as `autoscaling/v2` and charts write it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeVar

from fleet.autoscaler import Scaling
from fleet.containers import Container
from fleet.manifests.section import Section
from fleet.pods import Resources
from fleet.quantity import CapacityError, amount, plain, prefixed
from fleet.scaling import Behaviour, Policy, PolicyType, Rules, Select
from fleet.targets import Source, Target

DEFAULT: Final = Target(metric="cpu", value=80, source=Source.RESOURCE, utilization=True)
"""Kubernetes' own, where an autoscaler has no metric."""
_SETTINGS: Final = ("enabled", "minReplicas", "maxReplicas", "behavior", "metrics")
_NO_FIGURE: Final = ("annotations", "labels", "scaleTargetRef", "apiVersion")
"""Keys on which no figure depends."""
_LISTS: Final = ("metrics", "customMetrics", "additionalMetrics", "extraMetrics")
"""Keys under which charts take metrics as `autoscaling/v2` writes them."""
_NO_METRIC: Final = re.compile(
    r"(?i)replica|(seconds|minutes|period|interval|window|delay|version|limit|enabled)$"
)
"""Names of numbers in a chart's section that are not targets."""
_N = TypeVar("_N", int, Decimal)
_PERCENT: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)%?")
_UTILIZATIONS: Final = ("averageUtilization", "targetAverageUtilization")
_FORMS: Final = {
    Source.RESOURCE: ("averageUtilization", "averageValue"),
    Source.CONTAINER: ("averageUtilization", "averageValue"),
    Source.PODS: ("averageValue",),
    Source.OBJECT: ("value", "averageValue"),
    Source.EXTERNAL: ("value", "averageValue"),
}
"""Targets that Kubernetes takes of each kind of metric: exactly one of them."""
_MEANS: Final = ("averageValue", "targetAverageValue")


def scaling_of_object(
    spec: Section, containers: Sequence[Container] | None, pod: Resources | None = None
) -> Scaling:
    """Read the ``spec`` of a HorizontalPodAutoscaler.

    ``containers`` are those that it scales, and ``pod`` is what their pod itself requests.
    """
    percent = spec.whole("targetCPUUtilizationPercentage")  # autoscaling/v1
    targets = [_target(each) for each in spec.sections("metrics")]
    if percent is not None:
        targets.append(_utilization("cpu", percent))
    return _scaling(spec, targets, containers, pod)


def scaling_of_values(section: Section, containers: Sequence[Container]) -> Scaling:
    """Read the section of a chart's values that is about its autoscaler.

    A number under a name of the chart's own is the target of a metric of that name; it is per cent
    of what is requested if the name has ``cpu`` or ``memory`` in it.
    """
    targets = [each for key in _LISTS for each in _listed(section, key)]
    for key in section.others((*_SETTINGS, *_LISTS, *_NO_FIGURE)):
        if isinstance(section.get(key), dict) and section.section(key).off:
            continue
        with prefixed(section.at(key)):
            target = _named(section, key)
        if target is not None:
            targets.append(target)
        elif section.get(key) not in (False, 0):
            section.note(section.at(key))
    return _scaling(section, targets, containers)


def behaviour_of(section: Section) -> Behaviour:
    """Read ``behavior``; what is left out has Kubernetes' default."""
    given, default = section.section("behavior"), Behaviour()
    given.only("scaleUp", "scaleDown", "enabled")
    if given.off:
        return default
    return Behaviour(
        up=_rules(given.section("scaleUp"), default.up),
        down=_rules(given.section("scaleDown"), default.down),
    )


def _scaling(
    section: Section,
    targets: Sequence[Target],
    containers: Sequence[Container] | None,
    pod: Resources | None = None,
) -> Scaling:
    """Return the bounds and the behaviour of a section with these targets."""
    fewest, most = section.whole("minReplicas"), section.needed("maxReplicas")
    behaviour = behaviour_of(section)
    defined = _defined(section, targets or [DEFAULT], containers, pod or Resources())
    with prefixed(section.path):
        return Scaling(
            fewest=1 if fewest is None else fewest, most=most, targets=defined, behaviour=behaviour
        )


def _rules(given: Section, default: Rules) -> Rules:
    given.only("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance")
    window, tolerance = given.whole("stabilizationWindowSeconds"), given.number("tolerance")
    listed = given.content.get("policies") is not None
    policies = tuple(_policy(each) for each in given.sections("policies"))
    select = given.choice("selectPolicy", Select, default.select)
    with prefixed(given.path):
        return Rules(
            window=default.window if window is None else window,
            policies=policies if listed else default.policies,
            select=select,
            tolerance=None if tolerance is None else float(tolerance),
        )


def _policy(given: Section) -> Policy:
    given.only("type", "value", "periodSeconds")
    if given.get("type") is None:
        raise CapacityError(f"{given.at('type')}: missing")
    kind = given.choice("type", PolicyType, PolicyType.PODS)
    value, period = given.needed("value"), given.needed("periodSeconds")
    with prefixed(given.path):
        return Policy(type=kind, value=value, period=period)


def _target(given: Section) -> Target:
    """Read a metric of `autoscaling/v2`, or of its betas."""
    if given.get("type") is None:
        raise CapacityError(f"{given.at('type')}: missing")
    source = given.choice("type", Source, Source.RESOURCE)
    body = given.section(source[0].lower() + source[1:])
    name = body.text("name") or body.section("metric").text("name") or body.text("metricName")
    if not name:
        raise CapacityError(f"{body.at('name')}: missing")
    if source is Source.CONTAINER:
        name = f"{body.text('container')}/{name}"
    target = body.section("target")
    percent = _first(target.whole("averageUtilization"), body.whole("targetAverageUtilization"))
    values: dict[str, int | Decimal | None] = {
        "averageUtilization": percent,
        "averageValue": _first(target.number("averageValue"), body.number("targetAverageValue")),
        "value": _first(target.number("value"), body.number("targetValue")),
    }
    given_values = {key: value for key, value in values.items() if value is not None}
    if len(given_values) != 1 or not given_values.keys() <= set(_FORMS[source]):
        got = " and ".join(given_values) or "none"
        raise CapacityError(f"{target.path}: should have {' or '.join(_FORMS[source])}; got {got}")
    ((form, value),) = given_values.items()
    with prefixed(target.path):
        return Target(
            metric=plain(name),
            value=float(value),
            source=source,
            utilization=form == "averageUtilization",
            total=form == "value",
        )


def _listed(section: Section, key: str) -> list[Target]:
    """Read a list of metrics; charts also have a template, or a map of another form, there."""
    value = section.get(key)
    typed = isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("type"), str) for each in value
    )
    if typed:
        return [_target(each) for each in section.sections(key)]
    if value is not None:
        section.note(section.at(key))
    return []


def _named(section: Section, key: str) -> Target | None:
    """Read a target that a chart has under a name of its own; None if that is no target."""
    value = section.get(key)
    resource = next((each for each in ("cpu", "memory") if each in key.lower()), None)
    if isinstance(value, dict) and resource:
        inside = section.section(key)
        percent = _first(*(inside.number(each) for each in _UTILIZATIONS))
        mean = _first(*(inside.number(each) for each in _MEANS))
        if percent is not None:
            return _utilization(resource, float(percent))
        return None if mean is None else _mean_of(resource, mean)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    share = _PERCENT.fullmatch(str(value))
    if resource:
        if share is not None:
            return _utilization(resource, float(share[1])) if float(share[1]) else None
        return _mean_of(resource, amount(value))
    number = None if _NO_METRIC.search(key) else _number(value)
    return None if number is None else Target(metric=plain(key), value=float(number))


def _number(value: int | float | str) -> Decimal | None:
    """Return a quantity; None if a text is none: it is another setting of the chart's."""
    try:
        return amount(value)
    except CapacityError:
        if isinstance(value, str):
            return None
        raise


def _utilization(resource: str, percent: float) -> Target:
    return Target(metric=resource, value=percent, source=Source.RESOURCE, utilization=True)


def _mean_of(resource: str, mean: Decimal) -> Target:
    return Target(metric=resource, value=float(mean), source=Source.RESOURCE)


def _defined(
    section: Section,
    targets: Iterable[Target],
    containers: Sequence[Container] | None,
    pod: Resources,
) -> tuple[Target, ...]:
    """Return the targets by distinct names, without utilizations that are not defined.

    A utilization is per cent of what the pod itself requests, or else its containers: if one of
    them requests nothing, the autoscaler takes no action for that metric.
    """
    kept: dict[str, Target] = {}
    for target in targets:
        if lacking := _undefined(target, containers, pod):
            section.note(f"{target.metric} at {target}, as {lacking}")
            continue
        name, again = target.metric, 2
        while name in kept:
            name, again = f"{target.metric}#{again}", again + 1
        kept[name] = replace(target, metric=name)
    return tuple(kept.values())


def _undefined(target: Target, containers: Sequence[Container] | None, pod: Resources) -> str:
    """Return why there is no such metric, in words; empty if there is."""
    container, resource = target.container, target.resource
    if containers is None or target.source not in (Source.RESOURCE, Source.CONTAINER):
        return ""
    counted = [each for each in containers if each.runs and container in ("", each.name)]
    if container and not counted:
        return "there is no such container"
    if not container and pod.of(resource):
        return ""
    without = [each for each in counted if not each.resources.requests.of(resource)]
    if target.utilization and without:
        return f"the container {plain(without[0].name or 'itself')} requests no {resource}"
    return ""


def _first(*values: _N | None) -> _N | None:
    return next((value for value in values if value is not None), None)
