"""What ``kubectl get -o yaml`` prints is read as Kubernetes documents its fields.

The pages are those of https://kubernetes.io/docs/; each test names its own.
"""

from pathlib import Path
from typing import Any

import pytest
from yaml_files import Write

from fleet.autoscaler import Scaling
from fleet.deployment import Deployment
from fleet.manifests import Fleet, read_fleet
from fleet.placement import Toleration
from fleet.pods import QosClass, Resources
from fleet.probes import Probe
from fleet.quantity import MIB, CapacityError
from fleet.rollout import RollingUpdate
from fleet.scaling import Policy, PolicyType, Rules, Select
from fleet.targets import Source, Target
from fleet.values import POOL

CLUSTER = Path(__file__).with_name("cluster.yaml")
SMALL = {"requests": {"cpu": "100m", "memory": "64Mi"}}


def pods(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A pod's template."""
    return {
        "spec": {"containers": list(containers or [{"name": "app", "resources": SMALL}]), **spec}
    }


def workload(kind: str = "Deployment", name: str = "web", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "prod"},
        "spec": {"template": pods(), **spec},
    }


def autoscaler(name: str = "web", version: str = "v2", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"autoscaling/{version}",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "prod"},
        "spec": {
            "maxReplicas": 9,
            "scaleTargetRef": {"kind": "Deployment", "name": "web"},
            **spec,
        },
    }


def read(*files: Path) -> Fleet:
    return read_fleet(files, POOL)


def only(fleet: Fleet) -> Deployment:
    (deployment,) = fleet.deployments.values()
    return deployment


def scaling_of(fleet: Fleet) -> Scaling:
    scaling = only(fleet).scaling
    assert scaling is not None
    return scaling


# A list with an autoscaler and its deployment


def test_a_deployment_has_the_autoscaler_that_names_it() -> None:
    """See "Horizontal Pod Autoscaling".

    /concepts/workloads/autoscaling/horizontal-pod-autoscale/.
    """
    scaling = scaling_of(read(CLUSTER))
    assert (scaling.fewest, scaling.most) == (3, 20)
    assert scaling.targets == (
        Target(metric="cpu", value=60, source=Source.RESOURCE, utilization=True),
        Target(metric="app/memory", value=600 * MIB, source=Source.CONTAINER),
        Target(metric="http_requests_per_second", value=1000),
        Target(metric="requests-per-second", value=10_000, source=Source.OBJECT, total=True),
        Target(metric="sqs_messages_visible", value=30, source=Source.EXTERNAL),
    )
    assert scaling.behaviour.up == Rules(
        window=0, policies=(Policy(type=PolicyType.PODS, value=4, period=15),), tolerance=0
    )
    assert scaling.behaviour.down == Rules(
        window=600,
        policies=(Policy(type=PolicyType.PERCENT, value=10, period=60),),
        select=Select.MIN,
        tolerance=0.05,
    )


def test_a_deployment_has_the_requests_of_all_its_containers_and_the_rest_of_its_settings() -> None:
    """Init containers and sidecars: see test_containers; limits alone are requests.

    "Resource Management for Pods and Containers", "Requests and limits":
    /concepts/configuration/manage-resources-containers/#requests-and-limits.
    """
    deployment = only(read(CLUSTER))
    assert deployment.resources.requests == Resources(
        cpu=350, memory=576 * MIB, others={"ephemeral-storage": 2048 * MIB}
    )
    assert deployment.resources.qos is QosClass.BURSTABLE
    assert deployment.replicas == 3
    assert deployment.rollout == RollingUpdate(max_surge="25%", max_unavailable=1)
    assert deployment.liveness == Probe(period=20, timeout=2)
    assert deployment.readiness == Probe()
    assert deployment.grace == 45
    assert deployment.placement.tolerations == (
        Toleration(key="dedicated", value="web", effect="NoSchedule"),
    )


def test_what_is_not_counted_is_named() -> None:
    fleet = read(CLUSTER)
    assert fleet.not_counted == ("1 Service",)
    assert only(fleet).not_counted == ("spec.template.spec.affinity",)


@pytest.mark.parametrize(
    "shape",
    [
        lambda each: [*each],
        lambda each: [{"apiVersion": "v1", "kind": "List", "items": [*each]}],
        lambda each: [[*each]],
    ],
    ids=["documents", "a list of kubectl", "a list at the top"],
)
def test_objects_are_read_from_documents_and_from_lists(write: Write, shape: Any) -> None:
    objects = [autoscaler(minReplicas=2), workload(replicas=2)]
    fleet = read(write("all.yaml", *shape(objects)))
    assert list(fleet.deployments) == ["web"]
    assert scaling_of(fleet).fewest == 2


def test_objects_may_be_in_several_files_and_the_last_of_the_same_name_counts(write: Write) -> None:
    files = (
        write("a.yaml", workload()),
        write("b.yaml", autoscaler()),
        write("c.yaml", autoscaler(maxReplicas=4)),
    )
    assert scaling_of(read(*files)).most == 4


def test_a_file_with_windows_line_ends_or_of_powershell_is_read(tmp_path: Path) -> None:
    for name, content in (
        ("crlf.yaml", CLUSTER.read_bytes().replace(b"\n", b"\r\n")),
        ("utf16.yaml", CLUSTER.read_text("utf-8").encode("utf-16")),
        ("bom.yaml", CLUSTER.read_text("utf-8").encode("utf-8-sig")),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert read(path) == read(CLUSTER)


def test_a_list_of_the_api_has_items_without_a_kind(write: Write) -> None:
    item = {key: value for key, value in workload().items() if key not in ("kind", "apiVersion")}
    listed = {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [item]}
    assert list(read(write("raw.json", listed)).deployments) == ["web"]


# Workloads


def test_pods_without_an_autoscaler_are_not_scaled(write: Write) -> None:
    """One replica by default: "Deployments", section "Replicas".

    /concepts/workloads/controllers/deployment/.
    """
    deployment = only(read(write("web.yaml", workload())))
    assert (deployment.scaling, deployment.replicas) == (None, 1)


def test_a_stateful_set_replaces_its_pods_one_by_one(write: Write) -> None:
    """See "StatefulSets", "Rolling Updates": /concepts/workloads/controllers/statefulset/."""
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    deployment = only(
        read(write("db.yaml", workload("StatefulSet", updateStrategy=update, replicas=3)))
    )
    assert deployment.rollout.most(deployment.most) == 3


def test_recreate_adds_no_pod(write: Write) -> None:
    """See "Deployments", "Recreate Deployment": all pods end before new ones are created."""
    deployment = only(read(write("web.yaml", workload(strategy={"type": "Recreate"}, replicas=3))))
    assert deployment.rollout.most(deployment.most) == 3


def test_jobs_have_the_pods_that_run_at_once(write: Write) -> None:
    """See "Jobs", "Parallel execution": /concepts/workloads/controllers/job/."""
    job = workload("Job", "once", parallelism=4)
    cron = workload("CronJob", "nightly")
    cron["spec"] = {"jobTemplate": {"spec": {"template": pods()}}}
    fleet = read(write("jobs.yaml", job, cron))
    assert {name: each.replicas for name, each in fleet.deployments.items()} == {
        "once": 4,
        "nightly": 1,
    }


@pytest.mark.parametrize(
    ("spec", "status", "replicas"),
    [
        ({"parallelism": 10, "completions": 3}, {}, 3),
        ({"parallelism": 10, "completions": 3}, {"succeeded": 2}, 1),
        ({"completions": 3}, {}, 1),
        ({"parallelism": 0}, {}, 0),
        ({"parallelism": 4, "suspend": True}, {}, 0),
        ({"parallelism": 4}, {"conditions": [{"type": "Complete", "status": "True"}]}, 0),
        ({"parallelism": 4}, {"conditions": [{"type": "Failed", "status": "False"}]}, 4),
    ],
    ids=str,
)
def test_a_job_runs_no_more_pods_than_are_left_to_complete(
    write: Write, spec: dict[str, Any], status: dict[str, Any], replicas: int
) -> None:
    """See "Jobs", "Controlling parallelism" and "Suspending a Job", on the same page."""
    job = {**workload("Job", "once", **spec), "status": status}
    assert only(read(write("job.yaml", job))).replicas == replicas


def test_a_cron_job_has_the_pods_of_its_job_and_none_while_it_is_suspended(write: Write) -> None:
    """See "CronJob", "Schedule suspension": /concepts/workloads/controllers/cron-jobs/."""
    job = {"parallelism": 4, "completions": 2, "template": pods()}
    for suspend, replicas in ((False, 2), (True, 0)):
        cron = workload("CronJob", "nightly")
        cron["spec"] = {"suspend": suspend, "jobTemplate": {"spec": job}}
        assert only(read(write("cron.yaml", cron))).replicas == replicas


def test_a_template_that_is_not_of_pods_is_no_workload(write: Write) -> None:
    machines = workload("MachineDeployment", template={"spec": {"clusterName": "a"}})
    fleet = read(write("all.yaml", workload(), machines))
    assert list(fleet.deployments) == ["web"]
    assert fleet.not_counted == ("1 MachineDeployment",)


def owned(kind: str, name: str, by: tuple[str, str], **content: Any) -> dict[str, Any]:
    owner = {"kind": by[0], "name": by[1], "controller": True}
    metadata = {"name": name, "namespace": "prod", "ownerReferences": [owner]}
    metadata["labels"] = {"pod-template-hash": "5d4f8"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **content}


def test_what_a_deployment_has_made_is_not_counted_again(write: Write) -> None:
    """See "ReplicaSet" and "Owners and Dependents": /concepts/overview/working-with-objects/."""
    made = owned(
        "ReplicaSet", "web-5d4f8", ("Deployment", "web"), spec={"replicas": 3, "template": pods()}
    )
    pod = owned("Pod", "web-5d4f8-x", ("ReplicaSet", "web-5d4f8"), **pods())
    for objects in ([workload(), made, pod], [workload(), pod]):
        assert list(read(write("all.yaml", *objects)).deployments) == ["web"]


def test_pods_alone_are_counted_by_their_owner_and_those_that_have_ended_are_not(
    write: Write,
) -> None:
    owner = ("ReplicaSet", "web-5d4f8")
    running = [owned("Pod", f"web-5d4f8-{n}", owner, **pods()) for n in range(3)]
    ended = owned("Pod", "web-5d4f8-9", owner, **pods(), status={"phase": "Succeeded"})
    alone = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "debug"}, **pods()}
    old = owned("ReplicaSet", "web-1", ("Deployment", "web"), spec={"replicas": 0})
    fleet = read(write("pods.yaml", *running, ended, alone, old))
    assert {name: each.replicas for name, each in fleet.deployments.items()} == {
        "web-5d4f8": 3,
        "debug": 1,
    }


def test_two_of_the_same_name_are_told_apart(write: Write) -> None:
    fleet = read(write("both.yaml", workload(), workload("StatefulSet")))
    assert list(fleet.deployments) == ["Deployment prod/web", "StatefulSet prod/web"]


def test_overhead_of_the_runtime_class_is_part_of_the_request(write: Write) -> None:
    """See "Pod Overhead": /concepts/scheduling-eviction/pod-overhead/."""
    template = pods(overhead={"cpu": "250m", "memory": "120Mi"})
    deployment = only(read(write("kata.yaml", workload(template=template))))
    assert deployment.resources.requests == Resources(cpu=350, memory=184 * MIB)


# Autoscalers


def test_an_autoscaler_without_a_metric_or_a_minimum_has_kubernetes_default(write: Write) -> None:
    """80 % of cpu, 1 replica: HorizontalPodAutoscalerSpec, in the reference of autoscaling/v2.

    /reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/.
    """
    scaling = scaling_of(read(write("all.yaml", workload(), autoscaler())))
    assert scaling.fewest == 1
    assert scaling.only == Target(metric="cpu", value=80, source=Source.RESOURCE, utilization=True)


@pytest.mark.parametrize(
    ("version", "spec"),
    [
        ("v1", {"targetCPUUtilizationPercentage": 70}),
        ("v2beta1", {"metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 70}},
        ]}),
        ("v2beta2", {"metrics": [{"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70},
        }}]}),
    ],
)  # fmt: skip
def test_earlier_versions_of_the_autoscaler_are_read_too(
    write: Write, version: str, spec: dict[str, Any]
) -> None:
    scaling = scaling_of(read(write("all.yaml", workload(), autoscaler(version=version, **spec))))
    assert scaling.only == Target(metric="cpu", value=70, source=Source.RESOURCE, utilization=True)


def test_a_utilization_of_which_a_container_requests_nothing_is_not_defined(write: Write) -> None:
    """The autoscaler takes no action for it: "How does a HorizontalPodAutoscaler work?"."""
    template = pods({"name": "app", "resources": SMALL}, {"name": "metrics"})
    fleet = read(write("all.yaml", workload(template=template), autoscaler()))
    assert scaling_of(fleet).targets == ()
    assert only(fleet).not_counted == ("cpu at 80%, as the container metrics requests no cpu",)


def test_a_utilization_is_of_what_the_pod_itself_requests(write: Write) -> None:
    """A pod-level request goes before those of containers: KEP-2837, "Pod level resources"."""
    template = pods({"name": "a"}, {"name": "b", "resources": SMALL})
    template["spec"]["resources"] = {"requests": {"cpu": 1}}
    memory = {"name": "memory", "target": {"averageUtilization": 70}}
    cpu = {"name": "cpu", "target": {"averageUtilization": 50}}
    scaled = autoscaler(metrics=[{"type": "Resource", "resource": each} for each in (cpu, memory)])
    fleet = read(write("all.yaml", workload(template=template), scaled))
    assert [str(target) for target in scaling_of(fleet).targets] == ["50%"]
    assert only(fleet).not_counted == ("memory at 70%, as the container a requests no memory",)


def test_a_name_with_a_slash_is_a_containers_only_if_the_metric_is(write: Write) -> None:
    gpu = {"name": "nvidia.com/gpu", "target": {"averageUtilization": 50}}
    gpus = {"limits": {"nvidia.com/gpu": 1}}
    scaled = autoscaler(
        metrics=[
            {"type": "Resource", "resource": gpu},
            {"type": "ContainerResource", "containerResource": {**gpu, "container": "a"}},
        ]
    )
    template = pods({"name": "a", "resources": gpus})
    fleet = read(write("all.yaml", workload(template=template), scaled))
    names = [target.metric for target in scaling_of(fleet).targets]
    assert names == ["nvidia.com/gpu", "a/nvidia.com/gpu"]


def test_the_second_target_of_a_resource_is_in_its_unit_too(write: Write) -> None:
    targets = {"averageUtilization": 70}, {"averageValue": "2Gi"}
    metrics = [{"type": "Resource", "resource": {"name": "memory", "target": t}} for t in targets]
    scaling = scaling_of(read(write("all.yaml", workload(), autoscaler(metrics=metrics))))
    assert [str(target) for target in scaling.targets] == ["70%", "2048Mi"]
    assert scaling.targets[1].read("3Gi") == 3 * 2**30


def test_of_several_autoscalers_of_the_same_pods_none_scales(write: Write) -> None:
    """The condition AmbiguousSelector: "Status conditions", on the page of the autoscaler."""
    deployment = only(
        fleet := read(write("all.yaml", workload(replicas=4), autoscaler("a"), autoscaler("b")))
    )
    assert (deployment.scaling, deployment.replicas, fleet.scalings) == (None, 4, {})
    assert deployment.not_counted == (
        "the autoscalers a, b: Kubernetes scales by none if several name it",
    )


def test_a_metric_of_one_container_goes_by_that_containers_request(write: Write) -> None:
    """See "Container resource metrics", on the page of the autoscaler."""

    def of(container: str) -> dict[str, Any]:
        target = {"type": "Utilization", "averageUtilization": 60}
        resource = {"name": "cpu", "container": container, "target": target}
        return {"type": "ContainerResource", "containerResource": resource}

    template = pods({"name": "app", "resources": SMALL}, {"name": "metrics"})
    scaled = autoscaler(metrics=[of("app"), of("metrics"), of("gone")])
    fleet = read(write("all.yaml", workload(template=template), scaled))
    assert [target.metric for target in scaling_of(fleet).targets] == ["app/cpu"]
    assert only(fleet).not_counted == (
        "metrics/cpu at 60%, as the container metrics requests no cpu",
        "gone/cpu at 60%, as there is no such container",
    )


def test_two_metrics_of_the_same_name_are_told_apart(write: Write) -> None:
    def of(queue: str) -> dict[str, Any]:
        metric = {"name": "depth", "selector": {"matchLabels": {"queue": queue}}}
        return {
            "type": "External",
            "external": {"metric": metric, "target": {"type": "AverageValue", "averageValue": 5}},
        }

    scaled = autoscaler(metrics=[of("a"), of("b")], minReplicas=0)
    scaling = scaling_of(read(write("all.yaml", workload(replicas=1), scaled)))
    assert [target.metric for target in scaling.targets] == ["depth", "depth#2"]
    assert scaling.fewest == 0  # allowed with an Object or External metric


def test_an_autoscaler_is_off_while_replicas_is_0(write: Write) -> None:
    """See "Implicit maintenance-mode deactivation", on the page of the autoscaler."""
    deployment = only(read(write("all.yaml", workload(replicas=0), autoscaler())))
    assert (deployment.scaling, deployment.replicas) == (None, 0)
    assert deployment.not_counted == ("the autoscaler web, which is off while replicas is 0",)


def test_an_autoscaler_of_pods_that_are_in_no_file_is_kept_by_its_name(write: Write) -> None:
    fleet = read(write("hpa.yaml", autoscaler("worker", minReplicas=2)))
    assert fleet.deployments == {}
    assert (fleet.scalings["worker"].fewest, fleet.scalings["worker"].most) == (2, 9)


def test_an_autoscaler_over_the_values_of_a_chart_is_the_charts(write: Write) -> None:
    chart = write("values.yaml", {"resources": SMALL, "replicaCount": 2})
    assert scaling_of(read(chart, write("hpa.yaml", autoscaler()))).most == 9


# What is wrong is said in one line, with the object and the key


@pytest.mark.parametrize(
    ("objects", "complaint"),
    [
        (
            [workload(replicas="many")],
            "wrong.yaml: Deployment web: spec.replicas: should be a whole number; got 'many'",
        ),
        (
            [workload(template=pods({"name": "a", "resources": {"requests": {"cpu": "1x"}}}))],
            "wrong.yaml: Deployment web: spec.template.spec.containers[0].resources: requests: "
            "cpu: '1x' is no quantity: should be as 2, 350m or 3Gi",
        ),
        (
            [workload(), autoscaler(minReplicas=10)],
            "wrong.yaml: HorizontalPodAutoscaler web: spec: minReplicas 10, maxReplicas 9: should "
            "be 1 or more, and not above the other",
        ),
        (
            [workload(), autoscaler(metrics=[{"type": "Resource", "resource": {"name": "cpu"}}])],
            "wrong.yaml: HorizontalPodAutoscaler web: spec.metrics[0].resource.target: should have "
            "averageUtilization or averageValue; got none",
        ),
        (
            [workload(), autoscaler(metrics=[{"type": "Pods", "pods": {
                "metric": {"name": "rps"}, "target": {"value": 5},
            }}])],
            "wrong.yaml: HorizontalPodAutoscaler web: spec.metrics[0].pods.target: should have "
            "averageValue; got value",
        ),
        (
            [workload(), autoscaler(metrics=[{"type": "Resource", "resource": {
                "name": "cpu", "target": {"averageUtilization": 62.5},
            }}])],
            "wrong.yaml: HorizontalPodAutoscaler web: spec.metrics[0].resource.target."
            "averageUtilization: should be a whole number; got 62.5",
        ),
        (
            [workload(replicas=-1)],
            "wrong.yaml: Deployment web: spec.replicas: -1 is below 0",
        ),
        (
            [workload(template={"spec": {"containers": []}})],
            "wrong.yaml: Deployment web: spec.template.spec.containers: missing",
        ),
        (
            [workload(template=pods(initContainers=[{"name": "a", "restartPolicy": "always"}]))],
            "wrong.yaml: Deployment web: spec.template.spec.initContainers[0].restartPolicy: "
            "should be Always or OnFailure or Never; got 'always'",
        ),
        (
            [workload(), autoscaler(behavior={"scaleUp": {"tolerance": -0.1}})],
            "wrong.yaml: HorizontalPodAutoscaler web: spec.behavior.scaleUp.tolerance: -0.1 is "
            "below 0",
        ),
        (
            [{"apiVersion": "v1", "kind": "Service"}],
            "wrong.yaml: should be a map of values, or objects of Kubernetes with pods, such as a "
            "Deployment",
        ),
        (
            [workload(), {"resources": {}}],
            "wrong.yaml: has objects of Kubernetes and other documents: give one kind",
        ),
    ],
    ids=["number", "quantity", "bounds", "target", "form", "fraction", "replicas", "containers",
         "restart", "tolerance", "no pods", "mixed"],
)  # fmt: skip
def test_what_kubernetes_would_refuse_is_refused_by_file_object_and_key(
    write: Write, objects: list[object], complaint: str
) -> None:
    with pytest.raises(CapacityError) as refused:
        read(write("wrong.yaml", *objects))
    assert str(refused.value) == complaint


def test_a_part_is_for_values_of_a_chart(write: Write) -> None:
    with pytest.raises(CapacityError, match=r"^--at: is for values of a chart"):
        read_fleet([write("web.yaml", workload())], POOL, "server")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: &a [*a]", "refers to itself: \\*a"),
        (
            "\n".join(
                [
                    "a: &a {x: {}}",
                    *(
                        f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]"
                        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
                    ),
                ]
            ),
            "has more than 1,000,000 lists and maps, aliases included",
        ),
        ("[" * 200, "is nested more than 100 levels deep"),
        ("{a: " * 50_000, "is nested more than 100 levels deep"),
        ("when: 2026-99-99", "is not YAML"),
        (f"n: {'9' * 5000}", "is not YAML"),
        ("a: \x00", "is not YAML"),
    ],
    ids=[
        "itself",
        "repeated",
        "deep lists",
        "deep maps",
        "no date",
        "long number",
        "control character",
    ],
)
def test_what_a_parser_would_not_survive_is_one_line(
    write: Write, text: str, complaint: str
) -> None:
    with pytest.raises(CapacityError, match=rf"^wrong\.yaml[^\n]*: ({complaint})[^\n]*$"):
        read(write("wrong.yaml", text))


def test_an_owner_that_runs_no_pods_of_its_own_takes_none_away(write: Write) -> None:
    """A custom resource owns what its operator made: "Owners and Dependents"."""
    custom = {"apiVersion": "example.com/v1", "kind": "Kafka", "metadata": {"name": "k"}}
    custom["spec"] = {"replicas": 3}
    web = workload(replicas=2)
    hpa = autoscaler()
    for each in (web, hpa):
        each["metadata"]["ownerReferences"] = [{"kind": "Kafka", "name": "k", "controller": True}]
    slices = owned("EndpointSlice", "k-1", ("Kafka", "k"))
    fleet = read(write("all.yaml", custom, web, hpa, slices))
    assert scaling_of(fleet).most == 9
    assert fleet.not_counted == ("1 Kafka",)
