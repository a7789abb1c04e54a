import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ghosts import evidence
from ghosts.evidence import EvidenceError, Kind, Verdict
from ghosts.paths import DATA

ALL_LOADERS: list[Callable[..., tuple[object, ...]]] = [
    evidence.pods,
    evidence.diagnoses,
    evidence.timeline,
    evidence.post_deploy,
    evidence.thread_pools,
    evidence.thread_pool_queues,
    evidence.facts,
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the evidence that a test may spoil."""
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy, ignore=shutil.ignore_patterns("recordings"))
    return copy


def load_all(folder: Path) -> None:
    for load in ALL_LOADERS:
        load(folder=folder)


def spoil(folder: Path, file: str, before: str, after: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")


# The files


@pytest.mark.parametrize("load", ALL_LOADERS)
def test_every_file_of_evidence_loads_and_every_row_has_a_kind_and_a_source(
    load: Callable[..., tuple[object, ...]],
) -> None:
    rows = load()
    assert rows
    for row in rows:
        assert isinstance(row.kind, Kind)  # type: ignore[attr-defined]
        assert row.source  # type: ignore[attr-defined]


def test_no_file_of_evidence_is_left_out_of_the_loaders_or_of_the_readme(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("*.csv")):
        assert f"`{path.name}`" in readme
        path.unlink()
        with pytest.raises(EvidenceError, match=path.name):
            load_all(folder)
        shutil.copy(DATA / path.name, path)


def test_every_published_figure_names_where_it_was_published() -> None:
    published = re.compile(r"(omi#\d+( [\w ]+)?|omi:[\w/. ]+)(; omi#\d+)*")
    for load in ALL_LOADERS:
        for row in load():
            if row.kind in (Kind.MEASURED, Kind.STATED):  # type: ignore[attr-defined]
                assert published.fullmatch(row.source), row  # type: ignore[attr-defined]


def test_every_derived_figure_follows_from_the_figures_that_its_source_names() -> None:
    figures = {one.name: one.value for one in evidence.facts()}
    tools = {"floor": math.floor, "ceil": math.ceil, "min": min, "__builtins__": {}}
    derived = [one for one in evidence.facts() if one.kind in (Kind.DERIVED, Kind.INFERRED)]
    assert derived
    for one in derived:
        decimals = len(f"{one.value:g}".partition(".")[2])
        again = eval(one.source, tools, figures)
        assert one.value == pytest.approx(again, abs=0.5001 * 10**-decimals), one.name


def test_the_record_is_in_order_and_each_diagnosis_is_judged_after_it_was_made() -> None:
    dates = [event.date for event in evidence.timeline()]
    assert dates == sorted(dates)
    diagnoses = evidence.diagnoses()
    assert all(one.verdict_date >= one.date for one in diagnoses)
    assert [one.date for one in diagnoses] == sorted(one.date for one in diagnoses)
    assert diagnoses[-1].verdict is Verdict.HELD


def test_ghosts_are_the_gauge_less_the_kernels_connections() -> None:
    ghosts = {pod.pod: pod.ghosts for pod in evidence.pods()}
    assert ghosts == {
        "7k2lk": 182,
        "8blbj": 127,
        "sl5zz": 116,
        "qnxrh": 57,
        "p9j42": 0,
        "mhjxw": 194,
    }


# What is wrong with a file is said


@pytest.mark.parametrize(
    ("file", "before", "after", "complaint"),
    [
        ("pods.csv", "gauge,", "guage,", r"pods.csv:1: column 'gauge' occurs 0 times"),
        ("pods.csv", "gauge,", "gauge,gauge,", r"pods.csv:1: column 'gauge' occurs 2 times"),
        ("pods.csv", ",source", ",source,note", r"pods.csv:1: column 'note' is not one of"),
        ("pods.csv", "199", "many", r"pods.csv:2: gauge: should be a valid integer.*; got 'many'"),
        (
            "pods.csv",
            "199",
            "-199",
            r"pods.csv:2: gauge: should be greater than or equal to 0; got '-199'",
        ),
        ("pods.csv", "199", "", r"pods.csv:2: gauge: should be a valid integer.*; got ''"),
        (
            "pods.csv",
            "3155",
            "3.2GB",
            r"pods.csv:2: memory_mib: should be a valid number.*; got '3.2GB'",
        ),
        (
            "pods.csv",
            "3155",
            "nan",
            r"pods.csv:2: memory_mib: should be a finite number; got 'nan'",
        ),
        (
            "pods.csv",
            "measured",
            "guessed",
            r"pods.csv:2: kind: should be 'measured', .*; got 'guessed'",
        ),
        (
            "pods.csv",
            "omi#7071",
            " ",
            r"pods.csv:2: source: should have at least 1 character; got ' '",
        ),
        (
            "pods.csv",
            "2026-04-28",
            "28 April",
            r"pods.csv:2: date: should be a date like 2026-05-13; got '28 April'",
        ),
        ("pods.csv", "2026-04-28", "0", r"pods.csv:2: date: should be a date like .*; got '0'"),
        ("pods.csv", "omi#7071", "omi#7071,x", r"pods.csv:2: 8 cells for 7 columns"),
        ("pods.csv", "7k2lk", '"7k2lk', r"pods.csv: not a CSV file"),
        (
            "post_deploy.csv",
            "3.6,5.0",
            "5.0,3.6",
            r"post_deploy.csv:10: low: should not be above high, 3.6; got 5",
        ),
        (
            "diagnoses.csv",
            "refuted",
            "wrong",
            r"diagnoses.csv:2: verdict: should be 'refuted', .*; got 'wrong'",
        ),
        (
            "fleet.csv",
            "running_pods,",
            "nodes,",
            r"capacity.csv: name: should be used once; got 'nodes' again",
        ),
    ],
)
def test_a_spoilt_file_is_refused_with_its_line_column_and_value(
    folder: Path, file: str, before: str, after: str, complaint: str
) -> None:
    spoil(folder, file, before, after)
    with pytest.raises(EvidenceError, match=complaint):
        load_all(folder)


def test_a_file_without_rows_is_refused(folder: Path) -> None:
    header = (folder / "pods.csv").read_text(encoding="utf-8").splitlines()[0]
    (folder / "pods.csv").write_text(header + "\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"pods\.csv: holds no rows"):
        evidence.pods(folder)


def test_absent_evidence_says_how_to_install_the_package(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="pip install -e"):
        evidence.pods(tmp_path)


def test_an_unknown_name_or_topic_is_said() -> None:
    with pytest.raises(EvidenceError, match="no figure named 'connections_per_cat'"):
        evidence.fact("connections_per_cat")
    with pytest.raises(EvidenceError, match="no topic 'cats'; there are fleet, capacity"):
        evidence.facts("cats")  # type: ignore[arg-type]


def test_a_check_of_the_deploy_is_found_by_its_name_and_hour_and_a_missing_one_is_named() -> None:
    drains = evidence.deploy_check("drain duration", 0.25)
    assert (drains.low, drains.high, drains.unit) == (3.6, 5.0, "seconds")
    assert evidence.deploy_check("connections per pod", 1).high == 24
    with pytest.raises(EvidenceError, match="no check 'drain duration' after 2 hours"):
        evidence.deploy_check("drain duration", 2)


# The arithmetic


def test_memory_on_ghosts_gives_the_published_line() -> None:
    line = evidence.fit(evidence.pods())
    assert line.n == 5
    assert line.slope == pytest.approx(14.06, abs=0.005)
    assert line.slope_se == pytest.approx(1.17, abs=0.005)
    assert line.intercept == pytest.approx(660, abs=0.5)
    assert line.r_squared == pytest.approx(0.9795, abs=0.00005)
    assert line.residual_sd == pytest.approx(163.8, abs=0.05)
    low, high = line.slope_interval()
    assert (round(low, 1), round(high, 1)) == (10.3, 17.8)


def test_the_residuals_are_named_and_the_worst_pod_is_far_off_the_line() -> None:
    pods = evidence.with_memory(evidence.pods())
    line = evidence.fit(pods)
    residuals = {pod.pod: round(line.residual(pod)) for pod in pods}
    assert residuals == {"7k2lk": -64, "8blbj": 43, "sl5zz": -57, "qnxrh": 224, "p9j42": -146}


def test_memory_on_the_gauge_fits_better_and_on_tcp_hardly_at_all() -> None:
    gauge = evidence.fit(evidence.pods(), "gauge")
    assert gauge.slope == pytest.approx(13.55, abs=0.005)
    assert gauge.intercept == pytest.approx(487, abs=0.5)
    assert gauge.r_squared == pytest.approx(0.9940, abs=0.00005)
    assert evidence.fit(evidence.pods(), "tcp").r_squared == pytest.approx(0.40, abs=0.005)


def test_leaving_one_pod_out_moves_the_slope_between_its_known_bounds() -> None:
    without = evidence.leave_one_out(evidence.pods())
    slopes = {one.pod.pod: round(one.fit.slope, 1) for one in without}
    assert slopes == {"7k2lk": 14.7, "8blbj": 14.0, "sl5zz": 14.1, "qnxrh": 14.7, "p9j42": 11.8}
    predicted = {one.pod.pod: round(one.predicted) for one in without}
    assert predicted["p9j42"] == 966
    assert predicted["qnxrh"] == 1375


def test_the_ordinary_pods_of_may_are_missed_by_the_gauge_more_than_by_the_ghosts() -> None:
    ordinary = evidence.ordinary_pods()
    assert (ordinary.pods, ordinary.memory_mib) == (23, 459.7)
    assert round(ordinary.live_connections) == 21
    pods = evidence.pods()
    on_gauge = ordinary.miss(evidence.fit(pods, "gauge"))
    assert on_gauge > 300
    assert ordinary.miss(evidence.fit(pods, "ghosts")) < on_gauge - 100


def test_a_line_through_too_few_pods_is_refused() -> None:
    pods = evidence.pods()
    with pytest.raises(ValueError, match="at least 3 pods with memory, not 2"):
        evidence.fit(pods[:2])
    with pytest.raises(ValueError, match="at least 4 pods with memory, not 3"):
        evidence.leave_one_out(pods[:3])


def test_the_memory_that_nobody_published_is_not_made_up() -> None:
    pods = evidence.pods()
    unmeasured = next(pod for pod in pods if pod.pod == "mhjxw")
    assert unmeasured not in evidence.with_memory(pods)
    with pytest.raises(ValueError, match="mhjxw was not published"):
        evidence.fit(pods).residual(unmeasured)


def test_fifteen_mib_is_sixteen_chunks_at_8_khz_and_half_as_many_at_16_khz() -> None:
    stated = evidence.fact("memory_per_ghost").value
    ordinary, wide = evidence.chunk_queue(), evidence.chunk_queue(16_000)
    assert ordinary.sample_rate_hz == 8000
    assert ordinary.chunk_mib == pytest.approx(0.9155, abs=0.0001)
    assert ordinary.chunks(stated) == pytest.approx(16.4, abs=0.05)
    assert ordinary.minutes_stuck(stated) == pytest.approx(16.4, abs=0.05)
    assert wide.chunks(stated) == pytest.approx(8.2, abs=0.05)


def test_a_stuck_queue_grows_by_whole_chunks_and_stops_at_its_limit() -> None:
    queue = evidence.chunk_queue()
    assert queue.retained_mib(0.9) == 0
    assert queue.retained_mib(1.0) == queue.retained_mib(1.9) == queue.chunk_mib
    assert queue.retained_mib(19.9) < queue.limit_mib
    assert queue.retained_mib(20) == queue.retained_mib(500) == queue.limit_mib
    assert queue.limit_mib == pytest.approx(18.31, abs=0.005)


def test_nearly_all_ghosts_of_the_fleet_were_in_one_pod() -> None:
    assert round(evidence.fact("largest_pod_ghosts").value) == 168
    assert round(evidence.fact("fleet_ghosts").value) == 182
