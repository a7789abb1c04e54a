"""``ghosts capacity`` answers for the files that people have, and says what it does not count."""

import re
from pathlib import Path

import pytest

from ghosts.cli import main

FILES = Path(__file__).parents[2] / "fleet" / "manifests"
CPU_TARGET = """
resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 100m, memory: 128Mi}}
autoscaling: {enabled: true, minReplicas: 1, maxReplicas: 100, targetCPUUtilizationPercentage: 80}
"""
SMALL_PODS = """
resources: {requests: {cpu: 10m, memory: 32Mi}}
autoscaling: {minReplicas: 2, maxReplicas: 200, activeConnectionsPerPod: 30}
"""
POOL = """
nodes: 3
allocatable: {cpu: 1930m, memory: 6903Mi, pods: 29}
daemonsets: {cpu: 150m, memory: 200Mi, pods: 4}
"""
AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: worker}
spec:
  scaleTargetRef: {kind: Deployment, name: worker}
  minReplicas: 2
  maxReplicas: 50
  metrics:
  - type: External
    external: {metric: {name: depth}, target: {type: AverageValue, averageValue: "100"}}
"""


@pytest.fixture
def capacity(tmp_path, capsys, monkeypatch):
    """Run the command on files with these contents; return its exit code, and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **files):
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text, "utf-8")
        try:
            code = main(["capacity", *arguments])
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return code, out + err

    return run


def row(said, name):
    """The cells of a row of the table."""
    (line,) = [each for each in said.splitlines() if each.startswith(f"{name} ")]
    return re.split(" {2,}", line.strip())


def test_a_chart_that_is_scaled_by_cpu_has_its_fit_and_its_decision(capacity):
    options = ["--values", "web.yaml", "--pods", "4", "--mean", "95"]
    code, said = capacity(*options, web=CPU_TARGET)

    assert code == 0
    assert row(said, "web.yaml")[1:4] == ["Guaranteed", "15", "180"]
    assert "web.yaml: 1 to 100 replicas, scaled by cpu at 80%." in said
    assert "the mean is 1.188 of the target of 80% (ratio): 4 pods should be 5" in said
    assert capacity(*options[:-1], "95%") == (code, said)
    assert capacity(*options[:-1], "cpu=95") == (code, said)


def test_a_chart_that_is_not_scaled_has_its_fit_and_no_decision(capacity):
    text = "replicaCount: 3\nresources: {requests: {cpu: 250m, memory: 512Mi}}\n"
    code, said = capacity("--values", "web.yaml", "--pods", "3", "--mean", "9", web=text)

    assert code == 0
    assert row(said, "web.yaml")[1:] == ["Burstable", "6", "72", "71m, 9,290Mi", "cpu", "4"]
    assert "web.yaml: 3 replicas, not scaled." in said
    assert "web.yaml: not scaled, so nothing is decided." in said
    assert "Not counted" not in said


def test_bytes_that_are_not_whole_are_taken(capacity):
    text = SMALL_PODS.replace("32Mi", "1.2Gi").replace("10m", "500m")
    code, said = capacity("--values", "web.yaml", web=text)

    assert code == 0
    assert row(said, "web.yaml")[1:4] == ["Burstable", "3", "36"]


def test_a_node_takes_no_more_pods_than_it_says_less_those_of_daemonsets(capacity):
    code, said = capacity("--values", "web.yaml", "--pool", "pool.yaml", web=SMALL_PODS, pool=POOL)

    assert code == 0
    assert "3 nodes, each with 1780m, 6,703Mi, 25 pods for these pods" in said
    assert row(said, "web.yaml")[2:] == [
        "25", "75", "1530m, 5,903Mi", "pods", "250: 175 Pending",
    ]  # fmt: skip


def test_null_in_a_second_file_deletes(capacity):
    files = ["--values", "web.yaml", "--values", "over.yaml"]
    over = "resources: {limits: {cpu: null}}\n"
    code, said = capacity(*files, web=CPU_TARGET, over=over)

    assert code == 0
    assert row(said, "over.yaml")[1:4] == ["Burstable", "15", "180"]


def test_a_part_of_a_chart_is_counted(capacity):
    text = "server:\n  replicas: 2\n  resources: {requests: {cpu: 700m}}\n"
    code, said = capacity("--values", "web.yaml", "--at", "server", web=text)

    assert code == 0
    assert row(said, "web.yaml")[1:4] == ["Burstable", "2", "24"]


def test_what_kubectl_prints_is_counted_node_by_node(capacity):
    cluster, nodes = FILES / "cluster.yaml", FILES / "nodes.yaml"
    code, said = capacity("--values", str(cluster), "--pool", str(nodes))

    assert code == 0
    assert row(said, "web")[1:4] == ["Burstable", "5 to 8", "13"]
    assert row(said, "web")[4:6] == ["differs", "cpu, ephemeral-storage"]
    (line,) = [each for each in said.splitlines() if each.startswith("Not counted")]
    assert line == (
        "Not counted: 1 Service; spec.template.spec.affinity; 1 node (unschedulable); 1 node "
        "(taint gpu=true:NoExecute)."
    )


def test_of_several_metrics_those_without_a_mean_are_named_and_the_fit_is_answered(capacity):
    cluster = str(FILES / "cluster.yaml")
    means = ["--mean", "cpu=90%", "--mean", "http_requests_per_second=1.2k"]
    code, said = capacity("--values", cluster, "--pods", "4", *means)

    assert code == 0
    assert row(said, "web")
    assert "web: cpu recommends most pods: it is 1.500 of the target of 60% (ratio): 4 pods" in said
    assert (
        "Without a --mean, and so not counted: app/memory, requests-per-second, "
        "sqs_messages_visible." in said
    )


def test_an_autoscaler_alone_is_answered_without_a_fit(capacity):
    options = "--values", "hpa.yaml", "--pods", "3", "--mean", "500"
    code, said = capacity(*options, hpa=AUTOSCALER)

    assert code == 0
    assert "worker: 2 to 50 replicas, scaled by depth at 100, of pods that are in none" in said
    assert "3 pods should be 15; desired replicas: 7, limited by policy;" in said
    assert "From 3, its next step up is 4.\n" in said


@pytest.mark.parametrize(
    ("behavior", "pods", "mean", "desired"),
    [
        ("{scaleDown: {selectPolicy: Disabled}}", 6, 10, "6, limited by policy"),
        ("{scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 900}]}}", 2, 200,
         "3, limited by policy"),
        ("{scaleDown: {policies: [{type: Percent, value: 50, periodSeconds: 60}]}}", 8, 10,
         "4, limited by policy"),
        ("{}", 3, 800, "7, limited by policy"),
        ("{}", 99, 800, "100, limited by maxReplicas"),
        ("{}", 4, 10, "1"),
    ],
    ids=str,
)  # fmt: skip
def test_policies_limit_the_decision_and_windows_are_said_to_be_left_out(
    capacity, behavior, pods, mean, desired
):
    """See "Scaling policies" and "Default behavior", on the page of the autoscaler."""
    text = CPU_TARGET.replace("80}", f"80, behavior: {behavior}}}")
    code, said = capacity("--values", "a.yaml", "--pods", f"{pods}", "--mean", f"{mean}", a=text)

    assert code == 0
    assert f"desired replicas: {desired}; stabilization windows are not counted." in said


@pytest.mark.parametrize(
    ("rules", "pods", "up"),
    [
        ("{policies: [{type: Pods, value: 1, periodSeconds: 60}]}", 40, "its next step up is 41"),
        ("{}", 40, "its next step up is 45"),
        ("{}", 98, "its next step up is 100"),
        ("{}", 100, "there is no step up"),
        ("{selectPolicy: Disabled}", 40, "there is no step up"),
    ],
    ids=str,
)
def test_the_next_step_up_is_one_that_policies_and_bounds_allow(capacity, rules, pods, up):
    text = CPU_TARGET.replace("80}", f"80, behavior: {{scaleUp: {rules}}}}}")
    _, said = capacity("--values", "a.yaml", "--pods", f"{pods}", "--mean", "80", a=text)

    assert f"From {pods}, {up}; a rollout" in said


def test_of_several_that_are_scaled_none_is_decided(capacity):
    other = AUTOSCALER.replace("worker", "mailer")
    options = "--values", "hpa.yaml", "--pods", "3", "--mean", "500"
    code, said = capacity(*options, hpa=f"{AUTOSCALER}---{other}")

    assert code == 0
    assert "No decision: several are scaled (worker, mailer); give the files of one." in said


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--at server", "--at is a part of --values: give both"),
        ("--values web.yaml --at server", "--at server: no such section; there are: resources"),
        ("--values web.yaml --pods 3 --mean rps=5", "no metric 'rps'; there are: cpu"),
        ("--values web.yaml --pods 3 --mean cpu=5 --mean cpu=9", "cpu has a mean already"),
        ("--values web.yaml --pods 3 --mean many", "--mean: 'many' is no quantity"),
        ("--values both.yaml --pods 3 --mean 5", "give --mean cpu=VALUE --mean memory=VALUE"),
        ("--values web.yaml --pool web.yaml", "web.yaml: resources: unknown key; allowed: nodes"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line(capacity, options, complaint):
    both = CPU_TARGET.replace("80}", "80, targetMemoryUtilizationPercentage: 80}")
    code, said = capacity(*options.split(), web=CPU_TARGET, both=both)

    assert code == 2
    assert complaint in said
    assert said.startswith("ghosts: ")
    assert said.count("\n") == 1


def test_a_name_with_brackets_is_printed_as_it_is(capacity):
    Path("[bold]x.yaml").write_text(SMALL_PODS, "utf-8")
    code, said = capacity("--values", "[bold]x.yaml")

    assert code == 0
    assert row(said, "[bold]x.yaml")[2] == "110"
