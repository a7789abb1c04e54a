"""Whatever a file has in it: an answer, or one line."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghosts.cli import main

KEYS = """
    allocatable annotations apiVersion autoscaling averageUtilization averageValue behavior
    container containerResource containers controller cpu daemonsets effect enabled
    ephemeral-storage example.com/foo external failureThreshold hpa initContainers items
    jobTemplate key kind labels
    limits livenessProbe maxReplicas maxSurge maxUnavailable memory metadata metric metrics
    minReplicas name namespace nodeName nodeSelector nodes object operator overhead ownerReferences
    parallelism periodSeconds phase pods policies readinessProbe replicaCount replicas requests
    requestsPerSecond resource resources rollingUpdate scaleDown scaleTargetRef scaleUp selectPolicy
    server sidecars spec stabilizationWindowSeconds status strategy taints target
    targetCPUUtilizationPercentage targetMemory template terminationGracePeriodSeconds tolerance
    tolerations type unschedulable updateStrategy value
"""
TEXTS = """
    80 80% 100m 1.5Gi 1e3 1e99999 -1 0 Always app/v1 Deployment DaemonSet External Exists
    HorizontalPodAutoscaler Job List Max Node NodeList NoSchedule Percent Pod Pods Recreate
    ReplicaSet Resource RollingUpdate StatefulSet Utilization cpu memory v1 web
"""
SCALARS = (
    st.sampled_from(TEXTS.split())
    | st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from([10**30, 0.5, 1e300, float("nan"), float("inf"), 2.0])
    | st.text(max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS.split()) | SCALARS, inner, max_size=5)
    ),
    max_leaves=25,
)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["app", "proxy"])},
        optional={"resources": VALUES, "restartPolicy": SCALARS, "livenessProbe": VALUES},
    ),
    max_size=3,
)
PODS = st.fixed_dictionaries(
    {"containers": CONTAINERS},
    optional={"initContainers": CONTAINERS, "tolerations": VALUES, "overhead": VALUES},
)
OBJECTS = st.fixed_dictionaries(
    {
        "apiVersion": st.just("v1"),
        "kind": st.sampled_from(["Deployment", "DaemonSet", "StatefulSet", "Pod", "Node", "Job"]),
        "metadata": st.fixed_dictionaries({"name": SCALARS}, optional={"labels": VALUES}),
    },
    optional={
        "spec": PODS
        | st.fixed_dictionaries({"template": st.fixed_dictionaries({"spec": PODS})})
        | VALUES,
        "status": VALUES,
    },
)
AUTOSCALERS = st.fixed_dictionaries(
    {
        "apiVersion": st.just("autoscaling/v2"),
        "kind": st.just("HorizontalPodAutoscaler"),
        "spec": st.dictionaries(st.sampled_from(KEYS.split()), VALUES, max_size=5),
    }
)
CHARTS = st.fixed_dictionaries(
    {"resources": VALUES},
    optional={
        "autoscaling": VALUES,
        "strategy": VALUES,
        "sidecars": VALUES,
        "replicaCount": VALUES,
    },
)
POOLS = st.fixed_dictionaries(
    {"nodes": SCALARS, "allocatable": VALUES}, optional={"daemonsets": VALUES}
)
OPTIONS = st.sampled_from([[], ["--at", "server"], ["--pods", "3", "--mean", "95"]])


def _answers(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Run the command; check that it has an answer, or one line and no traceback."""
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    if code == 0:
        assert out
        assert not err
    else:
        assert code == 2
        assert err.startswith("ghosts: ")
        assert err.count("\n") == 1


@given(
    content=VALUES | CHARTS | OBJECTS | st.lists(OBJECTS | AUTOSCALERS, max_size=3),
    pool=st.none() | VALUES | POOLS | st.lists(OBJECTS, max_size=3),
    options=OPTIONS,
)
@settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_structure_gets_an_answer_or_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: Any,
    pool: Any,
    options: list[str],
) -> None:
    values, nodes = tmp_path / "values.yaml", tmp_path / "nodes.yaml"
    values.write_text(yaml.safe_dump(content), "utf-8")
    nodes.write_text(yaml.safe_dump(pool), "utf-8")
    arguments = ["capacity", "--values", str(values), *options]
    _answers(arguments if pool is None else [*arguments, "--pool", str(nodes)], capsys)
