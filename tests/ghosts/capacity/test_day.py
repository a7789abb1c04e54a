"""Days are read from files, refused by file and key, and ask for pods that there are."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from small_days import QUIET, deployment, plan

from ghosts.capacity import BEFORE, CapacityError, load_pool, load_values
from ghosts.capacity.fleet import Costs, Exhausted, Plan, Stall, load_day
from ghosts.evidence import fact
from ghosts.paths import DATA
from ghosts.replay import load_scenario

DAYS = sorted(path.stem for path in (DATA / "days").glob("*.toml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the days that a test may spoil."""
    return Path(shutil.copytree(DATA / "days", tmp_path / "days"))


@pytest.mark.parametrize("name", DAYS)
def test_every_day_on_file_loads_and_befalls_pods_that_it_begins_with(
    name: str, incident: Costs
) -> None:
    loaded = load_day(name)
    assert loaded.name == name
    assert loaded.summary
    Plan(day=loaded, deployment=load_values(*BEFORE), pool=load_pool(), costs=incident)


def test_the_bad_pods_day_has_the_figures_of_the_record() -> None:
    bad = load_day("bad_pod")
    assert bad.connections == round(fact("live_connections").value)
    storing = fact("allocator_probe_stuck_sessions").value
    assert bad.storing == round(storing / fact("live_connections_per_pod").value, 2)
    assert bad.start_seconds >= fact("standalone_run_import_time").value
    stays = {group.stay for group in load_scenario("production").devices}
    assert bad.stay in stays


def test_connections_go_from_the_quietest_to_the_busiest_hour_and_back() -> None:
    wave = replace(QUIET, quietest=0.7, busiest_hour=15)
    assert wave.live(15 * 3600) == pytest.approx(wave.connections)
    assert wave.live(3 * 3600) == pytest.approx(0.7 * wave.connections)
    assert wave.live(9 * 3600) == wave.live(21 * 3600) == pytest.approx(0.85 * wave.connections)
    assert wave.live(0) == pytest.approx(wave.live(24 * 3600))


def test_as_many_arrive_as_keep_the_number_up() -> None:
    mean_stay = sum(QUIET.stay) / 2
    assert QUIET.arrivals(0) * mean_stay == pytest.approx(QUIET.live(0))


def test_a_day_that_is_not_there_is_refused_with_those_that_are(folder: Path) -> None:
    shutil.copy(folder / "bad_pod.toml", folder / "another.toml")
    with pytest.raises(CapacityError, match=r"^no day 'good'; there are another, bad_pod\b"):
        load_day("good", folder)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("seed =", "sead =", r"bad_pod\.toml: seed: "),
        ("seed =", "extra = 1\nseed =", r"bad_pod\.toml: extra: "),
        ("connections = 515", "connections = 0", r"bad_pod\.toml: connections: "),
        ("connections = 515", 'connections = "many"', r"bad_pod\.toml: connections: "),
        ("quietest = 0.7", "quietest = 1.1", r"bad_pod\.toml: quietest: "),
        ("quietest = 0.7", "quietest = nan", r"bad_pod\.toml: quietest: "),
        ("busiest_hour = 15", "busiest_hour = 24", r"bad_pod\.toml: busiest_hour: "),
        ("stay = [990, 1085]", "stay = [990]", r"bad_pod\.toml: stay\.1: "),
        ("stay = [990, 1085]", "stay = [0, 1085]", r"bad_pod\.toml: stay\.0: "),
        ("storing = 0.29", "storing = -0.1", r"bad_pod\.toml: storing: "),
        ("start_seconds = 10", "start_seconds = 0", r"bad_pod\.toml: start_seconds: "),
        ("pod = 7", "pod = -1", r"bad_pod\.toml: exhausted\.0\.pod: "),
        ("hour = 5", "hour = 25", r"bad_pod\.toml: exhausted\.0\.hour: "),
        ("hour = 5", "minute = 5", r"bad_pod\.toml: exhausted\.0\.hour: "),
        ("seconds = 60", "seconds = 0", r"bad_pod\.toml: stalls\.0\.seconds: "),
        ("seconds = 60", "secs = 60", r"bad_pod\.toml: stalls\.0\.seconds: "),
        ("seed = 20260513", "seed =", r"bad_pod\.toml: is not TOML: "),
        ("seed = 20260513", "seed = true", r"bad_pod\.toml: seed: "),
        ("seed = 20260513", "seed = 2026-05-13", r"bad_pod\.toml: seed: "),
        ("seed =", 'name = "mine"\nseed =', r"bad_pod\.toml: name: is the file's"),
        ("connections = 515", 'connections = "515"', r"bad_pod\.toml: connections: "),
        ("connections = 515", "connections = inf", r"bad_pod\.toml: "),
        ("stay = [990, 1085]", "stay = [1085, 990]", r"bad_pod\.toml: .*stay: the first is above"),
        (
            "[[stalls]]",
            "[[stalls]]\npod = 7\nhour = 14\nseconds = 2000\n[[stalls]]",
            r"bad_pod\.toml: .*stalls: two of pod 7 overlap",
        ),
    ],
)
def test_a_day_that_cannot_be_is_refused_by_file_and_key(
    folder: Path, before: str, after: str, complaint: str
) -> None:
    path = folder / "bad_pod.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(CapacityError, match=f"^{complaint}") as refused:
        load_day("bad_pod", folder)
    assert "\n" not in str(refused.value)


def test_a_day_that_is_no_text_is_refused_by_its_file(folder: Path) -> None:
    (folder / "bad_pod.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CapacityError, match=r"^bad_pod\.toml: is not TOML: "):
        load_day("bad_pod", folder)


@pytest.mark.parametrize("pod", [4, 7])
@pytest.mark.parametrize("what", ["exhausted", "stalls"])
def test_nothing_befalls_a_pod_that_the_day_does_not_begin_with(
    incident: Costs, what: str, pod: int
) -> None:
    exhausted, stall = Exhausted(pod=pod, hour=1), Stall(pod=pod, hour=1, seconds=60)
    broken = replace(QUIET, exhausted=(exhausted,))
    befallen = broken if what == "exhausted" else replace(QUIET, stalls=(stall,))
    with pytest.raises(
        CapacityError, match=rf"^small: pod {pod}: should be one of the 4 .* 0 to 3"
    ):
        plan(incident, befallen, deployment(pods=4))
    plan(incident, befallen, deployment(pods=pod + 1))
