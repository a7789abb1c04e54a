"""Values of charts as people have them: where resources are, and what scales the pods."""

from typing import Any

import pytest
from yaml_files import Write

from fleet.deployment import Deployment
from fleet.pods import QosClass, Resources
from fleet.quantity import MIB, CapacityError
from fleet.scaling import Behaviour, Rules
from fleet.targets import Source, Target
from fleet.values import load_values

SMALL = {"requests": {"cpu": "100m", "memory": "128Mi"}}
UNEQUAL = ", which Kubernetes refuses unless the limit is the same"
CPU = Target(metric="cpu", value=80, source=Source.RESOURCE, utilization=True)
INGRESS = {
    "controller": {
        "kind": "Deployment",
        "replicaCount": 2,
        "resources": {"requests": {"cpu": "100m", "memory": "90Mi"}},
        "autoscaling": {
            "enabled": True,
            "annotations": {},
            "minReplicas": 1,
            "maxReplicas": 11,
            "targetCPUUtilizationPercentage": 50,
            "targetMemoryUtilizationPercentage": 60,
            "behavior": {},
        },
        "extraContainers": [],
        "updateStrategy": {},
        "affinity": {},
        "admissionWebhooks": {"createSecretJob": {"resources": {"limits": {"cpu": "10m"}}}},
    },
    "defaultBackend": {"resources": {}, "autoscaling": {"enabled": False}},
}
"""In the form of the chart of ingress-nginx."""


def chart(**values: Any) -> dict[str, Any]:
    return {"resources": SMALL, **values}


def scaled(**autoscaling: Any) -> dict[str, Any]:
    return chart(autoscaling={"maxReplicas": 5, **autoscaling})


def targets_of(deployment: Deployment) -> list[tuple[str, str]]:
    assert deployment.scaling is not None
    return [(target.metric, str(target)) for target in deployment.scaling.targets]


# Where the resources are


def test_the_part_with_the_resources_is_given_by_its_path(write: Write) -> None:
    path = write("values.yaml", INGRESS)
    deployment = load_values(path, at="controller")
    assert deployment.resources.requests == Resources(cpu=100, memory=90 * MIB)
    assert targets_of(deployment) == [("cpu", "50%"), ("memory", "60%")]
    assert deployment.not_counted == (
        "the resources of controller.admissionWebhooks.createSecretJob",
    )
    job = load_values(path, at="controller.admissionWebhooks.createSecretJob")
    assert job.resources.requests.cpu == 10
    assert load_values(path, at="controller.resources") == deployment


@pytest.mark.parametrize(
    ("at", "complaint"),
    [
        (None, "resources: missing; they are under controller, "
               "controller.admissionWebhooks.createSecretJob: give one with --at"),
        ("controler", "--at controler: no such section; did you mean 'controller'?"),
        ("controller.web", "--at controller.web: no such section; there are: resources, "
                           "autoscaling, updateStrategy, affinity and 1 more"),
        ("controller.autoscaling", "controller.autoscaling.resources: missing"),
    ],
)  # fmt: skip
def test_a_path_that_is_not_there_is_answered_with_those_that_are(
    write: Write, at: str | None, complaint: str
) -> None:
    with pytest.raises(CapacityError) as refused:
        load_values(write("values.yaml", INGRESS), at=at)
    assert str(refused.value) == f"values.yaml: {complaint}"


def test_a_part_has_the_autoscaler_above_it_unless_that_is_of_other_pods(write: Write) -> None:
    part = {"deployment": {"resources": SMALL}, "autoscaling": {"maxReplicas": 5}}
    assert load_values(write("a.yaml", part), at="deployment").scaling is not None
    other = chart(worker={"resources": SMALL}, autoscaling={"maxReplicas": 5})
    assert load_values(write("b.yaml", other), at="worker").scaling is None


# What scales them


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"autoscaling": {"enabled": False, "minReplicas": 1, "maxReplicas": 100}},
        {"autoscaling": False},
        {"autoscaling": None},
        {"autoscaling": {"hpa": {"enabled": False}, "vpa": {"enabled": False}}},
    ],
    ids=str,
)
def test_pods_that_nothing_scales_have_the_replicas_of_the_chart(
    write: Write, values: dict[str, Any]
) -> None:
    for key, count in (("replicaCount", 3), ("replicas", "3"), ("replicaCount", 3.0)):
        deployment = load_values(write("values.yaml", chart(**values, **{key: count})))
        assert (deployment.scaling, deployment.replicas) == (None, 3)
        assert (deployment.fewest, deployment.most) == (3, 3)
    assert load_values(write("values.yaml", chart(**values))).replicas == 1


@pytest.mark.parametrize(
    ("autoscaling", "targets"),
    [
        ({"targetCPUUtilizationPercentage": 80}, [("cpu", "80%")]),
        ({"targetMemoryUtilizationPercentage": "75"}, [("memory", "75%")]),
        ({"targetCPU": "60", "targetMemory": ""}, [("cpu", "60%")]),
        ({"targetCPU": "60%"}, [("cpu", "60%")]),
        ({"targetMemory": "600Mi"}, [("memory", "600Mi")]),
        ({"targetCPUUtilizationPercentage": 80, "targetMemoryUtilizationPercentage": 0},
         [("cpu", "80%")]),
        ({"targetCPUUtilizationPercentage": 80, "targetMemoryUtilizationPercentage": {}},
         [("cpu", "80%")]),
        ({"cpu": {"targetAverageUtilization": 70}}, [("cpu", "70%")]),
        ({"cpu": {"targetType": "AverageValue", "targetAverageValue": "75m"}}, [("cpu", "75m")]),
        ({"requestsPerSecond": 100}, [("requestsPerSecond", "100")]),
        ({"queue-depth": "1k"}, [("queue-depth", "1000")]),
        ({"activeConnectionsPerPod": 30, "targetCPUUtilizationPercentage": 80},
         [("activeConnectionsPerPod", "30"), ("cpu", "80%")]),
        ({"metrics": [{"type": "Pods", "pods": {
            "metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": 5},
        }}]}, [("rps", "5")]),
        ({"targetCPUUtilizationPercentage": 80, "customMetrics": [{"type": "External", "external": {
            "metric": {"name": "depth"}, "target": {"type": "Value", "value": "2k"},
        }}]}, [("depth", "2000"), ("cpu", "80%")]),
        ({}, [("cpu", "80%")]),
    ],
    ids=str,
)  # fmt: skip
def test_every_metric_of_a_chart_is_read_under_its_name(
    write: Write, autoscaling: dict[str, Any], targets: list[tuple[str, str]]
) -> None:
    """Names are those of `helm create`, ingress-nginx, Bitnami, Grafana, Istio and GitLab.

    Without any, Kubernetes scales by 80 % of cpu.
    """
    assert targets_of(load_values(write("values.yaml", scaled(**autoscaling)))) == targets


def test_the_section_may_have_another_name_or_be_inside_it(write: Write) -> None:
    settings = {"minReplicas": "2", "maxReplicas": "9", "targetCPU": 80}
    for values in ({"hpa": settings}, {"autoscaling": {"hpa": {"enabled": True, **settings}}}):
        scaling = load_values(write("values.yaml", chart(**values))).scaling
        assert scaling is not None
        assert (scaling.fewest, scaling.most, scaling.targets) == (2, 9, (CPU,))


def test_the_bounds_may_be_beside_the_section(write: Write) -> None:
    """In the form of GitLab, and of Istio."""
    beside = {"minReplicas": 2, "maxReplicas": 9, "hpa": {"cpu": {"targetAverageUtilization": 80}}}
    flat = {
        "autoscaleEnabled": True,
        "autoscaleMin": 2,
        "autoscaleMax": 9,
        "cpu": {"targetAverageUtilization": 80},
        "memory": {},
    }
    for values in (beside, flat):
        scaling = load_values(write("values.yaml", chart(**values))).scaling
        assert scaling is not None
        assert (scaling.fewest, scaling.most, scaling.targets) == (2, 9, (CPU,))
    off = chart(**{**flat, "autoscaleEnabled": False})
    assert load_values(write("off.yaml", off)).scaling is None


def test_an_autoscaler_of_another_kind_is_named_and_the_fit_is_answered(write: Write) -> None:
    keda = {"minReplicaCount": 1, "maxReplicaCount": 10, "triggers": [{"type": "prometheus"}]}
    deployment = load_values(write("values.yaml", chart(autoscaling=keda)))
    assert deployment.scaling is None
    assert deployment.not_counted == ("autoscaling, as it has no maxReplicas",)


def test_a_behaviour_with_a_tolerance_is_read(write: Write) -> None:
    behavior = {"scaleUp": {"tolerance": 0}, "scaleDown": {"tolerance": "50m", "policies": None}}
    scaling = load_values(write("values.yaml", scaled(behavior=behavior))).scaling
    assert scaling is not None
    up, down = scaling.behaviour.up, scaling.behaviour.down
    assert (up.tolerance, down.tolerance) == (0, 0.05)
    assert isinstance(down, Rules)
    assert down.policies


def test_what_else_a_chart_has_in_that_section_is_named(write: Write) -> None:
    more = {
        "keda": {"enabled": True},
        "scaleDownStabilizationSeconds": 300,
        "annotations": {"a": "b"},
    }
    off = {"vpa": {}, "customMetricEnabled": False, "extraLabels": ""}
    deployment = load_values(write("values.yaml", scaled(**more, **off)))
    assert deployment.not_counted == (
        "autoscaling.keda",
        "autoscaling.scaleDownStabilizationSeconds",
    )


@pytest.mark.parametrize(
    "off",
    [
        {"keda": {"enabled": False, "maxReplicas": 3}},
        {"scaling": {"replicas": 3}},
        {"scaling": {"enabled": False, "auto": {"enabled": True}}},
        {"searchPath": {"enabled": True}, "searchpath": {"enabled": True}},
        {"metrics": {"enabled": False, "resources": SMALL}},
    ],
    ids=str,
)
def test_what_is_switched_off_is_not_named(write: Write, off: dict[str, Any]) -> None:
    assert load_values(write("values.yaml", chart(**off))).not_counted == ()


@pytest.mark.parametrize("nothing", [None, False, "", {}, 0], ids=str)
def test_enabled_that_is_nothing_switches_off_and_without_it_a_section_is_on(
    write: Write, nothing: object
) -> None:
    """Templates ask ``if``: "Flow Control", https://helm.sh/docs/chart_template_guide/control_structures/."""
    below = write("below.yaml", scaled(enabled=True))
    above = write("above.yaml", {"autoscaling": {"enabled": nothing}})
    assert load_values(below, above).scaling is None
    assert load_values(write("never.yaml", scaled())).scaling is not None


def test_of_two_autoscalers_the_one_that_is_on_is_read(write: Write) -> None:
    both = chart(autoscaling={"enabled": False, "maxReplicas": 5}, hpa={"maxReplicas": 9})
    scaling = load_values(write("values.yaml", both)).scaling
    assert scaling is not None
    assert scaling.most == 9


def test_parts_of_an_autoscaler_that_are_off_are_left_out(write: Write) -> None:
    behavior = {"enabled": False, "scaleUp": {"selectPolicy": "Disabled"}}
    cpu, memory = {"enabled": True, "averageUtilization": 70}, {"averageUtilization": 80}
    deployment = load_values(
        write(
            "values.yaml",
            scaled(cpu=cpu, memory={"enabled": False, **memory}, behavior=behavior),
        )
    )
    assert targets_of(deployment) == [("cpu", "70%")]
    assert deployment.scaling is not None
    assert deployment.scaling.behaviour == Behaviour()
    assert deployment.not_counted == ()


def test_bounds_as_keda_names_them_are_read_where_the_metrics_are_kubernetes(write: Write) -> None:
    """In the form of Airflow."""
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    hpa = {"enabled": True, "minReplicaCount": 2, "maxReplicaCount": 5}
    hpa["metrics"] = [{"type": "Resource", "resource": resource}]
    scaling = load_values(write("values.yaml", chart(hpa=hpa))).scaling
    assert scaling is not None
    assert (scaling.fewest, scaling.most, scaling.targets) == (2, 5, (CPU,))
    with pytest.raises(CapacityError, match=r"^zero.yaml: hpa: minReplicas 0, .* External metric"):
        load_values(write("zero.yaml", chart(hpa={**hpa, "minReplicaCount": 0})))


def test_a_part_has_the_replicas_above_it_unless_those_are_of_other_pods(write: Write) -> None:
    part = {"replicaCount": 5, "app": {"resources": SMALL}}
    assert load_values(write("a.yaml", part), at="app").replicas == 5
    other = chart(worker={"resources": SMALL}, replicaCount=5)
    assert load_values(write("b.yaml", other), at="worker").replicas == 1
    by_part = {"replicas": {"app": 2}, "app": {"resources": SMALL}}
    assert load_values(write("c.yaml", by_part), at="app").replicas == 1


def test_places_with_empty_resources_are_named_if_there_are_no_others(write: Write) -> None:
    path = write(
        "values.yaml", {"server": {"resources": {}}, "web": {"sidecar": {"resources": {}}}}
    )
    with pytest.raises(CapacityError, match=r"they are under server, web\.sidecar: give one"):
        load_values(path)


# Containers


def test_sidecars_and_init_containers_of_a_chart_are_counted(write: Write) -> None:
    proxy = {"name": "proxy", "resources": {"requests": {"cpu": "50m"}}}
    stays = {**proxy, "restartPolicy": "Always"}
    big = {"name": "big", "resources": {"requests": {"cpu": 1}}}

    def cpu(**values: Any) -> int:
        return load_values(write("values.yaml", chart(**values))).resources.requests.cpu

    assert cpu(sidecars=[proxy]) == cpu(extraContainers=[proxy]) == 150
    assert cpu(sidecarContainers={"proxy": {"resources": proxy["resources"]}}) == 150
    assert cpu(initContainers=[big]) == cpu(extraInitContainers=[big]) == 1000
    assert cpu(initContainers=[stays, big]) == 1050


def test_a_map_with_the_settings_of_one_container_is_one(write: Write) -> None:
    """In the form of SonarQube."""
    init = {
        "image": "busybox",
        "securityContext": {"runAsUser": 0},
        "resources": {"requests": {"cpu": "800m"}, "limits": {"memory": "3Gi"}},
    }
    settings = {"image": "busybox", "securityContext": {"runAsUser": 0}, "resources": {}}

    def requests(**values: Any) -> Resources:
        return load_values(write("values.yaml", chart(**values))).resources.requests

    assert requests(initContainers=init) == Resources(cpu=800, memory=3072 * MIB)
    assert requests(sidecars=init) == Resources(cpu=900, memory=3200 * MIB)
    assert requests(initContainers=settings) == requests()
    limits = {"cpu": "100m", "memory": "128Mi"}
    alone = {"resources": {"requests": limits, "limits": limits}, "initContainers": settings}
    assert load_values(write("alone.yaml", alone)).resources.qos is QosClass.GUARANTEED


def test_containers_that_are_off_are_left_out(write: Write) -> None:
    proxy = {"enabled": False, "resources": {"requests": {"cpu": 1}}}
    on = {"resources": proxy["resources"]}
    for sidecars in ({"proxy": proxy}, [proxy], proxy, {"enabled": False, "proxy": on}):
        deployment = load_values(write("values.yaml", chart(sidecars=sidecars)))
        assert deployment.resources.requests.cpu == 100
    switched = {"enabled": True, "proxy": on}
    assert load_values(write("on.yaml", chart(sidecars=switched))).resources.requests.cpu == 1100


def test_containers_that_are_a_template_are_named(write: Write) -> None:
    deployment = load_values(
        write("values.yaml", chart(extraContainers="- name: {{ .Release.Name }}"))
    )
    assert deployment.not_counted == ("extraContainers",)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"metrics": {"resources": {"limits": {"cpu": 1}}}}, "the resources of metrics"),
        ({"resources": {}, "resourcesPreset": "nano"}, "resourcesPreset"),
        ({"topologySpreadConstraints": [{"maxSkew": 1}]}, "topologySpreadConstraints"),
        ({"resources": {"requests": {"memory": 128}}},
         "resources.requests.memory is 128 bytes: Mi would be mebibytes"),
        ({"resources": {**SMALL, "claims": [{"name": "gpu"}]}}, "resources.claims"),
        ({"resources": {"requests": {"cpu": 1, "gpu": 1}}}, "resources.requests.gpu"),
        ({"resources": {"requests": {"nvidia.com/gpu": 1}}},
         f"resources.requests.nvidia.com/gpu{UNEQUAL}"),
        ({"resources": {"requests": {"hugepages-2Mi": "2Mi"}, "limits": {"hugepages-2Mi": "4Mi"}}},
         f"resources.requests.hugepages-2Mi{UNEQUAL}"),
        ({"keda": {"enabled": True, "maxReplicas": 3}}, "keda"),
        ({"kedaAutoscaling": {"enabled": True, "maxReplicaCount": 3}}, "kedaAutoscaling"),
        ({"scaling": {"auto": {"enabled": True}}}, "scaling"),
        ({"autoscaling": {"hpa": {"enabled": False}, "vpa": {"enabled": True}}},
         "autoscaling.vpa"),
        ({"webHpa": {"enabled": True}, "autoscaling": {"enabled": False}}, "webHpa"),
    ],
    ids=str,
)  # fmt: skip
def test_what_no_figure_includes_is_named(write: Write, values: dict[str, Any], named: str) -> None:
    deployment = load_values(write("values.yaml", chart(**values)))
    assert deployment.not_counted == (named,)


def test_an_affinity_is_named_if_it_forbids_nodes(write: Write) -> None:
    hard = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{}]}}
    soft = {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{}]}}
    assert load_values(write("a.yaml", chart(affinity=hard))).not_counted == ("affinity",)
    assert load_values(write("b.yaml", chart(affinity=soft))).not_counted == ()


# Layers


def test_null_in_an_overlay_deletes_what_is_below(write: Write) -> None:
    """See "Values Files", "Deleting a default key": https://helm.sh/docs/chart_template_guide/values_files/."""
    below = write(
        "below.yaml",
        {**scaled(), "resources": {**SMALL, "limits": {"cpu": "100m", "memory": "128Mi"}}},
    )
    above = write("above.yaml", {"resources": {"limits": {"cpu": None}}})
    assert load_values(below).resources.qos is QosClass.GUARANTEED
    deployment = load_values(below, above)
    assert deployment.resources.cpu_limit is None
    assert deployment.resources.qos is QosClass.BURSTABLE
    for name, gone in (
        ("limits", {"resources": {"limits": None}}),
        ("autoscaling", {"autoscaling": None}),
        ("resources", {"resources": None}),
    ):
        layered = load_values(below, write(f"{name}.yaml", gone))
        assert (layered.scaling is None) == (name == "autoscaling")
        assert (layered.resources.requests.cpu == 0) == (name == "resources")


def test_what_an_overlay_puts_in_place_of_null_counts(write: Write) -> None:
    files = [
        write(f"{place}.yaml", values)
        for place, values in enumerate((chart(), {"resources": None}, {"resources": SMALL}))
    ]
    assert load_values(*files) == load_values(files[0])


def test_anchors_and_merge_keys_are_resolved(write: Write) -> None:
    text = "x: &small {requests: {cpu: 100m, memory: 128Mi}}\nresources:\n  <<: *small\n"
    assert load_values(write("values.yaml", text)).resources.requests.cpu == 100


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (
            {"autoscaling": {"maxReplica": 5}},
            "autoscaling.maxReplica: unknown key; did you mean 'maxReplicas'?",
        ),
        ({"autoscaling": ["hpa"]}, "autoscaling: should be a map; got ['hpa']"),
        ({"autoscaling": {"maxReplicas": 10**10}},
         "autoscaling.maxReplicas: should be a whole number; got 10000000000"),
        ({"replicaCount": -1}, "replicaCount: -1 is below 0"),
        ({"replicaCount": True}, "replicaCount: should be a whole number; got True"),
        ({"sidecars": [{"resources": "a"}]}, "sidecars[0].resources: should be a map; got 'a'"),
        ({"strategy": {"rollingUpdate": {"maxSurge": "a lot"}}},
         "strategy.rollingUpdate: max_surge: 'a lot' is neither a number of pods nor a share such "
         "as 25%"),
        ({"tolerations": {"key": "a"}}, "tolerations: should be a list; got {'key': 'a'}"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_key(
    write: Write, values: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(CapacityError) as refused:
        load_values(write("values.yaml", chart(**values)))
    assert str(refused.value) == f"values.yaml: {complaint}"


def test_a_long_value_is_cut_in_the_message(write: Write) -> None:
    path = write("values.yaml", chart(replicaCount="x" * 10_000))
    with pytest.raises(CapacityError, match=r"got '[^']{20,100}'$"):
        load_values(path)
