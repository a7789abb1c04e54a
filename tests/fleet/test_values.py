"""The chart says what the record says, is layered as helm does, and nothing in it passes unread."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from fleet.probes import Probe
from fleet.quantity import MIB, CapacityError
from fleet.rollout import RollingUpdate
from fleet.scaling import Behaviour, Select
from fleet.values import BEFORE, FIRST_CUT, POOL, SECOND_CUT, load_pool, load_values
from ghosts.evidence import fact

Write: TypeAlias = Callable[..., Path]
LEAST = {
    "resources": {},
    "autoscaling": {"minReplicas": 1, "maxReplicas": 2, "activeConnectionsPerPod": 30},
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def values(name: str, content: object) -> Path:
        path = tmp_path / name
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        path.write_text(text, encoding="utf-8")
        return path

    return values


def changed(key: str, value: object) -> dict[str, Any]:
    """The least that loads, but for one key: names with dots between."""
    values: dict[str, Any] = copy.deepcopy(LEAST)
    *above, last = key.split(".")
    section = values
    for name in above:
        section = section.setdefault(name, {})
    section[last] = value
    return values


# The record


def test_the_chart_has_the_requests_limits_bounds_and_target_on_record() -> None:
    values = load_values(*BEFORE)
    pod, scaling = values.resources, values.scaling
    assert pod.cpu_request == fact("request_cpu").value
    assert pod.cpu_limit == fact("limit_cpu").value
    assert pod.memory_request == fact("request_memory").value * MIB
    assert pod.memory_limit == fact("limit_memory").value * MIB
    assert scaling.fewest == fact("autoscaler_min_pods").value
    assert scaling.most == fact("autoscaler_max_pods").value
    assert scaling.target == fact("target_connections_per_pod").value
    assert values.rollout.max_surge == fact("max_surge").value
    assert values.rollout.max_unavailable == fact("max_unavailable").value


def test_the_chart_has_the_windows_policies_probes_and_grace_on_record() -> None:
    values = load_values(*BEFORE)
    for direction, rules in (
        ("up", values.scaling.behaviour.up),
        ("down", values.scaling.behaviour.down),
    ):
        assert rules.window == fact(f"autoscaler_{direction}_window").value
        for policy in rules.policies:
            figure = fact(f"autoscaler_{direction}_{policy.type.lower()}")
            assert policy.value == figure.value
            assert figure.unit == f"{policy.type.lower()} in {policy.period} seconds"
    for name, probe in (("liveness", values.liveness), ("readiness", values.readiness)):
        assert probe.failure_threshold == fact(f"{name}_failures").value
        assert probe.period == fact("probe_period").value
        assert probe.timeout == fact("probe_timeout").value
    assert values.grace == fact("grace").value


def test_a_probe_of_a_real_chart_is_read_with_all_its_keys(write: Write) -> None:
    probe = {"tcpSocket": {"port": 1}, "initialDelaySeconds": 9, "successThreshold": 1}
    above = write("above.yaml", {"livenessProbe": {**probe, "failureThreshold": 7}})
    assert load_values(*BEFORE, above).liveness.failure_threshold == 7


@pytest.mark.parametrize(
    ("files", "memory"),
    [
        pytest.param(FIRST_CUT, "proposed_request_memory_first", id="first"),
        pytest.param(SECOND_CUT, "proposed_request_memory_second", id="second"),
    ],
)
def test_a_cut_changes_the_requests_to_those_on_record_and_nothing_else(
    files: tuple[Path, ...], memory: str
) -> None:
    before, after = load_values(*BEFORE), load_values(*files)
    assert after.resources.cpu_request == fact("proposed_request_cpu").value
    assert after.resources.memory_request == fact(memory).value * MIB
    assert after.resources.memory_limit == before.resources.memory_limit
    assert after.resources.cpu_limit == before.resources.cpu_limit
    assert (after.scaling, after.rollout) == (before.scaling, before.rollout)
    assert (after.liveness, after.readiness, after.grace) == (
        before.liveness,
        before.readiness,
        before.grace,
    )


def test_the_pool_has_the_nodes_on_record() -> None:
    pool = load_pool(POOL)
    assert pool.nodes == fact("nodes").value
    assert pool.node.allocatable.cpu == fact("node_cpu_allocatable").value
    assert pool.node.allocatable.memory == fact("node_memory_allocatable").value * MIB
    assert pool.node.daemonsets.cpu == fact("daemonset_cpu").value


# Layers and defaults


def test_what_is_left_out_is_kubernetes_default(write: Write) -> None:
    values = load_values(write("least.yaml", LEAST))
    assert values.scaling.behaviour == Behaviour()
    assert values.rollout == RollingUpdate(max_surge="25%", max_unavailable="25%")
    assert values.liveness == values.readiness == Probe(period=10, timeout=1, failure_threshold=3)
    assert values.grace == 30
    assert values.resources.cpu_request is values.resources.memory_limit is None


def test_a_behaviour_that_is_given_in_part_keeps_the_default_of_the_rest(write: Write) -> None:
    up = {"stabilizationWindowSeconds": 60}
    down = {"selectPolicy": "Disabled", "policies": []}
    given = changed("autoscaling.behavior", {"scaleUp": up, "scaleDown": down})
    behaviour = load_values(write("part.yaml", given)).scaling.behaviour
    assert behaviour.up.window == 60
    assert behaviour.up.policies == Behaviour().up.policies
    assert behaviour.down.select is Select.DISABLED
    assert behaviour.down.window == Behaviour().down.window


def test_a_later_file_goes_over_the_earlier_ones_key_by_key(write: Write) -> None:
    below = write("below.yaml", changed("resources.requests", {"cpu": "700m", "memory": "3Gi"}))
    middle = write("middle.yaml", {"resources": {"requests": {"cpu": "350m"}}})
    above = write("above.yaml", {"autoscaling": {"maxReplicas": 7}})
    values = load_values(below, middle, above)
    assert values.resources.requests.cpu == 350
    assert values.resources.requests.memory == 3 * 1024 * MIB
    assert (values.scaling.fewest, values.scaling.most) == (1, 7)
    assert load_values(middle, above, below).resources.requests.cpu == 700


def test_a_list_is_replaced_and_not_added_to(write: Write) -> None:
    def policies(*values: int) -> dict[str, Any]:
        each = [{"type": "Pods", "value": value, "periodSeconds": 60} for value in values]
        return changed("autoscaling.behavior.scaleUp.policies", each)

    files = write("below.yaml", policies(1, 2)), write("above.yaml", policies(3))
    (only,) = load_values(*files).scaling.behaviour.up.policies
    assert only.value == 3


def test_an_overlay_that_says_nothing_leaves_the_values_as_they_are(write: Write) -> None:
    assert load_values(*BEFORE, write("empty.yaml", "# nothing yet\n")) == load_values(*BEFORE)


def test_other_keys_of_a_chart_are_passed_over(write: Write) -> None:
    more = {**LEAST, "image": {"tag": "v1"}, "nodeSelector": None, "affinity": {}}
    assert load_values(write("more.yaml", more)) == load_values(write("least.yaml", LEAST))


# What is wrong with a file is said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("autoscaling.minReplica", 1),
        ("autoscaling.min_replicas", 1),
        ("autoscaling.behavior.scaleup", {}),
        ("resources.request", {}),
        ("autoscaling.behaviour", {"scaleUp": {}}),
        ("autoscaling.behavior.scaleUp.policie", []),
        ("strategy.rollingUpdate.max_surge", 2),
        ("livenessProbe.periodsSeconds", 10),
        ("autoscaling.enabled", "yes"),
        ("autoscaling.minReplicas", "one"),
        ("autoscaling.minReplicas", 1.5),
        ("autoscaling.activeConnectionsPerPod", -30),
        ("autoscaling.behavior.scaleUp.selectPolicy", "Most"),
        ("strategy.type", "Slowly"),
        ("livenessProbe.periodSeconds", "10s"),
        ("terminationGracePeriodSeconds", "2m"),
        ("resources.requests", ["cpu"]),
    ],
    ids=lambda each: str(each),
)
def test_an_unknown_key_or_a_value_of_the_wrong_kind_is_refused_by_file_and_key(
    write: Write, key: str, value: object
) -> None:
    with pytest.raises(CapacityError) as refused:
        load_values(write("wrong.yaml", changed(key, value)))
    said = str(refused.value)
    assert said.startswith(f"wrong.yaml: {key}: ")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("key", "value", "last"),
    [
        ("resources.requests.cpu", "700x", "cpu"),
        ("autoscaling.minReplicas", 3, "minReplicas"),
        ("autoscaling.behavior.scaleUp.stabilizationWindowSeconds", 3601, "stabilizationWindow"),
        ("autoscaling.behavior.scaleUp.policies", [], "policies"),
    ],
    ids=lambda each: str(each),
)
def test_what_kubernetes_would_refuse_is_refused_by_file_and_key(
    write: Write, key: str, value: object, last: str
) -> None:
    with pytest.raises(CapacityError, match=rf"^wrong\.yaml: .*{last}") as refused:
        load_values(write("wrong.yaml", changed(key, value)))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("livenessProbe.periodSeconds", 0),
        ("strategy.rollingUpdate.maxSurge", "two"),
        ("strategy.rollingUpdate", {"maxSurge": 0, "maxUnavailable": 0}),
        ("autoscaling.activeConnectionsPerPod", 0),
        ("autoscaling.behavior.scaleUp.policies", [
            {"type": "Pods", "value": 0, "periodSeconds": 60},
        ]),
    ],
    ids=lambda each: str(each),
)  # fmt: skip
def test_a_figure_that_makes_no_sense_is_refused_with_the_file(
    write: Write, key: str, value: object
) -> None:
    with pytest.raises(CapacityError, match=r"^wrong\.yaml: "):
        load_values(write("wrong.yaml", changed(key, value)))


def test_a_chart_without_resources_is_refused_with_the_places_where_it_has_some(
    write: Write,
) -> None:
    chart = {"server": LEAST | {"resources": {"limits": {"cpu": 1}}}, "image": {"tag": "v1"}}
    with pytest.raises(CapacityError) as refused:
        load_values(write("wrong.yaml", chart))
    assert str(refused.value) == (
        "wrong.yaml: resources: missing; they are under server: give one with --at"
    )


@pytest.mark.parametrize("load", [load_values, load_pool])
@pytest.mark.parametrize(
    "text",
    ["resources: [", "a: b: c", "a: *b", "a: !!python/name:os.system x", "\tx: 1"],
    ids=["unclosed", "nested", "an unknown alias", "a tag that runs code", "a tab"],
)
def test_what_is_not_yaml_is_refused_in_one_line_with_its_file(
    write: Write, load: Callable[..., object], text: str
) -> None:
    with pytest.raises(CapacityError, match=r"^wrong\.yaml.*: is not YAML") as refused:
        load(write("wrong.yaml", text))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("load", [load_values, load_pool])
@pytest.mark.parametrize("text", ["- 1", "values", "3", "a: 1\n---\nb: 1"], ids=repr)
def test_what_is_not_a_map_is_refused_with_its_file(
    write: Write, load: Callable[..., object], text: str
) -> None:
    with pytest.raises(CapacityError, match=r"^wrong\.yaml: should be a map of values$"):
        load(write("wrong.yaml", text))


def test_an_overlay_that_is_spoilt_is_named_and_not_the_chart_below(write: Write) -> None:
    with pytest.raises(CapacityError, match=r"^wrong\.yaml: should be a map"):
        load_values(*BEFORE, write("wrong.yaml", "- 1"))


def test_what_only_the_files_together_make_wrong_names_them_all(write: Write) -> None:
    above = write("above.yaml", {"resources": {"limits": {"cpu": "1m"}}})
    with pytest.raises(
        CapacityError, match=r"^values\.yaml \+ above\.yaml: resources: cpu: request"
    ):
        load_values(*BEFORE, above)


@pytest.mark.parametrize("load", [load_values, load_pool])
def test_a_file_that_is_not_there_is_an_os_error(
    tmp_path: Path, load: Callable[..., object]
) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"allocatable": {}}, r"^pool\.yaml: nodes: "),
        ({"nodes": 12}, r"^pool\.yaml: allocatable: "),
        ({"nodes": 12, "allocatable": None}, r"^pool\.yaml: allocatable: missing$"),
        ({"nodes": "twelve", "allocatable": {}}, r"^pool\.yaml: nodes: "),
        ({"nodes": -1, "allocatable": {}}, r"^pool\.yaml: nodes: -1"),
        ({"nodes": 1, "allocatable": {}, "zone": "a"}, r"^pool\.yaml: zone: "),
        ({"nodes": 1, "allocatable": {"cpu": "1x"}}, r"^pool\.yaml: .*cpu: '1x'"),
        (
            {"nodes": 1, "allocatable": {"cpu": 1}, "daemonsets": {"cpu": 2}},
            r"^pool\.yaml: daemonsets ",
        ),
    ],
    ids=str,
)
def test_a_pool_that_cannot_be_is_refused_by_file_and_key(
    write: Write, content: object, complaint: str
) -> None:
    with pytest.raises(CapacityError, match=complaint):
        load_pool(write("pool.yaml", content))


def test_a_pool_may_have_no_daemonsets(write: Write) -> None:
    pool = load_pool(write("pool.yaml", {"nodes": 1, "allocatable": {"cpu": "1930m"}}))
    assert pool.node.usable == pool.node.allocatable
