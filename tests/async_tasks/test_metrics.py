import importlib
import re
import sys

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

import async_tasks
from async_tasks import Metrics, check_cardinality, drain_tasks
from async_tasks.metrics import METRICS

PUBLISHED = {
    "async_supervisor_exit": ("label", "reason"),
    "async_drain_timeout": ("label",),
    "async_drain_duration_seconds": ("label",),
    "async_gather_failures": ("label",),
    "async_gather_duration_seconds": ("label",),
}


@pytest.fixture
def imported_again(monkeypatch):
    monkeypatch.delitem(sys.modules, "async_tasks.metrics")
    monkeypatch.setattr(async_tasks, "metrics", async_tasks.metrics)  # put back afterwards
    return importlib.import_module("async_tasks.metrics")


def test_importing_the_module_again_shares_the_metrics(imported_again):
    assert imported_again.METRICS is not METRICS
    first = METRICS.drain_timeouts["import",]
    again = imported_again.METRICS.drain_timeouts["import",]
    assert first is again


def test_without_prometheus_client_the_utilities_run_and_nothing_is_counted(
    simulation, monkeypatch, registry
):
    monkeypatch.setattr(async_tasks.metrics, "_IS_INSTALLED", False)
    metrics = Metrics(registry)
    assert simulation.run(drain_tasks([], metrics=metrics)) == 0
    metrics.exits["user42", "crash"].inc()
    metrics.gather_seconds["user42",].observe(1)
    check_cardinality(registry)
    assert list(registry.collect()) == []


def test_the_straightforward_form_cannot_be_imported_again():
    registry = CollectorRegistry()
    Counter("async_drain_timeout", "", ["label"], registry=registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Counter("async_drain_timeout", "", ["label"], registry=registry)


def test_a_foreign_metric_of_another_kind_is_not_taken_over():
    registry = CollectorRegistry()
    Gauge("async_drain_duration_seconds", "", registry=registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Metrics(registry)


def test_names_labels_and_buckets_are_as_published(registry):
    metrics = Metrics(registry)
    metrics.exits["bg", "crash"].inc()
    metrics.drain_timeouts["bg",].inc()
    metrics.gather_failures["bg",].inc()
    metrics.drain_seconds["bg",].observe(1)
    metrics.gather_seconds["bg",].observe(1)
    families = {family.name: family for family in registry.collect()}
    assert families.keys() == PUBLISHED.keys()
    for name, labels in PUBLISHED.items():
        assert {*families[name].samples[0].labels} - {"le"} == {*labels}

    def buckets(name):
        bounds = (sample.labels.get("le") for sample in families[name].samples)
        return [float(bound) for bound in bounds if bound is not None][:-1]

    assert buckets("async_drain_duration_seconds") == [0.1, 0.5, 1, 2, 5, 10, 30, 60]
    assert buckets("async_gather_duration_seconds") == [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30]


def test_the_child_of_a_label_is_looked_up_once(metrics, monkeypatch):
    calls = []
    for metric in (Counter, Histogram):
        labels = metric.labels
        monkeypatch.setattr(
            metric, "labels", lambda *args, f=labels: calls.append(args[1:]) or f(*args)
        )
    for _ in range(3):
        metrics.exits["bg", "crash"].inc()
        metrics.drain_seconds["bg",].observe(1)
    assert calls == [("bg", "crash"), ("bg",)]


@pytest.mark.parametrize(
    "label", ["ws:ada:receive", "user42", "7f3c", "Ada", "ada@example.org", "3", "", "a b"]
)
def test_a_label_that_looks_like_an_id_is_refused_by_metric_label_and_value(label):
    registry = CollectorRegistry()
    Metrics(registry).drain_seconds[label,].observe(1)
    with pytest.raises(
        ValueError, match=re.escape(f"async_drain_duration_seconds: label={label!r}")
    ):
        check_cardinality(registry)


def test_labels_that_keep_coming_are_refused_though_each_is_a_word():
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    for letter in "abcdefghijklmnopqrst":
        metrics.exits[f"user_{letter}", "crash"].inc()
    check_cardinality(registry)
    metrics.exits["user_u", "crash"].inc()
    with pytest.raises(ValueError, match="async_supervisor_exit: label has 21 values"):
        check_cardinality(registry)


def test_other_metrics_of_the_registry_are_not_looked_at():
    registry = CollectorRegistry()
    Counter("http_requests", "", ["path"], registry=registry).labels("/u/42").inc()
    check_cardinality(registry)
    with pytest.raises(ValueError, match="http_requests: path='/u/42'"):
        check_cardinality(registry, prefix="http_")
