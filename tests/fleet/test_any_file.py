"""Whatever a file has in it: an answer, or one line."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.values import BEFORE, POOL
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
FILES = Path(__file__).with_name("manifests")
REAL = {
    name: yaml.safe_load(text)
    for name, text in (
        ("cluster.yaml", (FILES / "cluster.yaml").read_text("utf-8")),
        ("nodes.yaml", (FILES / "nodes.yaml").read_text("utf-8")),
        ("values.yaml", BEFORE[0].read_text("utf-8")),
        ("pool.yaml", POOL.read_text("utf-8")),
    )
}
OPTIONS = st.sampled_from([[], ["--at", "server"], ["--pods", "3", "--mean", "95"]])


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Return each map or list of a document with each of its keys."""
    if not isinstance(document, dict | list):
        return []
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    own = [(document, key) for key in keys]
    return own + [place for key in keys for place in _places(document[key])]


@st.composite
def changed(draw: st.DrawFn, name: str) -> Any:
    """A real file in which some values are others, and some keys are gone."""
    document = copy.deepcopy(REAL[name])
    for _ in range(draw(st.integers(0, 3))):
        places = _places(document)
        where, key = places[draw(st.integers(0, len(places) - 1))]
        if draw(st.booleans()):
            where[key] = draw(VALUES)
        else:
            del where[key]
    return document


QUICK = settings(
    deadline=None,
    derandomize=True,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


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


def _run(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    content: Any,
    pool: Any,
    options: list[str],
) -> None:
    values, nodes = folder / "values.yaml", folder / "nodes.yaml"
    values.write_text(yaml.safe_dump(content), "utf-8")
    nodes.write_text(yaml.safe_dump(pool), "utf-8")
    _answers(["capacity", "--values", str(values), "--pool", str(nodes), *options], capsys)


@given(content=VALUES, pool=VALUES, options=OPTIONS)
@QUICK
def test_any_structure_gets_an_answer_or_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: Any,
    pool: Any,
    options: list[str],
) -> None:
    _run(tmp_path, capsys, content, pool, options)


@given(
    content=changed("cluster.yaml") | changed("values.yaml"),
    pool=changed("nodes.yaml") | changed("pool.yaml"),
    options=OPTIONS,
)
@QUICK
def test_a_real_file_with_anything_in_it_gets_an_answer_or_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: Any,
    pool: Any,
    options: list[str],
) -> None:
    _run(tmp_path, capsys, content, pool, options)
