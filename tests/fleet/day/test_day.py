"""Days are read from files; what is not allowed is refused by file, key and value."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from small_days import QUIET, deployment, plan

from fleet.day.costs import Costs
from fleet.day.day import Day, Rollout, Stall, load_day
from fleet.day.simulate import Plan
from fleet.quantity import CapacityError
from fleet.values import BEFORE, load_pool, load_values
from ghosts.evidence import fact
from ghosts.paths import DATA

DAYS = sorted(path.stem for path in (DATA / "days").glob("*.toml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the days that a test may spoil."""
    return Path(shutil.copytree(DATA / "days", tmp_path / "days"))


@pytest.mark.parametrize("name", DAYS)
def test_every_day_on_file_loads_and_stalls_pods_that_it_begins_with(
    name: str, incident: Costs
) -> None:
    loaded = load_day(name)
    assert loaded.name == name
    assert loaded.summary
    Plan(day=loaded, deployment=load_values(*BEFORE), pool=load_pool(), costs=incident)


def test_the_days_have_the_figures_of_the_record() -> None:
    day = load_day("restarted")
    assert day.connections == round(fact("live_connections").value)
    storing = fact("allocator_probe_stuck_sessions").value
    assert day.storing == round(storing / fact("live_connections_per_pod").value, 2)
    assert day.start_seconds >= fact("standalone_run_import_time").value
    assert len(day.rollouts) == 1
    assert day.stalls


def test_the_undisturbed_day_differs_from_the_restarted_one_in_restarts_alone() -> None:
    restarted, undisturbed = load_day("restarted"), load_day("undisturbed")
    alike = {"name": "day", "summary": "", "rollouts": (), "stalls": ()}
    assert replace(restarted, **alike) == replace(undisturbed, **alike)
    assert undisturbed.rollouts == undisturbed.stalls == ()


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
    with pytest.raises(CapacityError, match=r"^no day 'good'; there are restarted, undisturbed$"):
        load_day("good", folder)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("seed =", "sead =", "sead: unknown key; did you mean 'seed'?"),
        ("seed =", "extra = 1\nseed =", "extra: unknown key; allowed: name, summary, seed, "),
        ("share = 0.002", "", "share: missing; needed: "),
        ("share = 0.002", "share = 1.5", "share: should be less than or equal to 1; got 1.5"),
        ("share = 0.002", "share = -0.1", "share: should be greater than or equal to 0; got -0.1"),
        ("share = 0.002", 'share = "all"', "share: should be a valid number; got 'all'"),
        ("connections = 515", "connections = 0", "connections: should be greater than 0; got 0"),
        ("connections = 515", "connections = inf", "connections: should be a finite number"),
        ("connections = 515", 'connections = "515"', "connections: should be a valid number"),
        ("quietest = 0.7", "quietest = 1.1", "quietest: should be less than or equal to 1; got"),
        ("quietest = 0.7", "quietest = nan", "quietest: should be a finite number; got nan"),
        ("busiest_hour = 15", "busiest_hour = 24", "busiest_hour: should be less than 24; got 24"),
        ("stay = [990, 1085]", "stay = [990]", "stay.1: should be a list [first, last]; got [990]"),
        ("stay = [990, 1085]", "stay = [0, 1085]", "stay.0: should be greater than 0; got 0"),
        (
            "stay = [990, 1085]",
            "stay = [1085, 990]",
            "stay: should be [shortest, longest]; got [1085, 990]",
        ),
        ("storing = 0.29", "storing = 2", "storing: should be less than or equal to 1; got 2"),
        ("start_seconds = 10", "start_seconds = 0", "start_seconds: should be greater than 0"),
        ("hour = 11", "hour = 24", "rollouts.0.hour: should be less than 24; got 24"),
        ("hour = 11", "hour = -1", "rollouts.0.hour: should be greater than or equal to 0; got -1"),
        ("hour = 11", "minute = 11", "rollouts.0.hour: missing; needed: hour"),
        ("pod = 3", "pod = -1", "stalls.0.pod: should be greater than or equal to 0; got -1"),
        ("hour = 6.5", "hour = 25", "stalls.0.hour: should be less than 24; got 25"),
        ("seconds = 60", "seconds = 0", "stalls.0.seconds: should be greater than 0; got 0"),
        ("seed = 20260513", "seed =", "is not TOML: "),
        ("seed = 20260513", "seed = true", "seed: should be a valid integer; got True"),
        ("seed =", 'name = "mine"\nseed =', "name: is the file's"),
        (
            "[[stalls]]",
            "[[stalls]]\npod = 3\nhour = 6\nseconds = 2000\n[[stalls]]",
            "stalls: those of pod 3 should not overlap; got hours 6 and 6.5",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_file_key_and_value(
    folder: Path, before: str, after: str, complaint: str
) -> None:
    path = folder / "restarted.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(CapacityError) as refused:
        load_day("restarted", folder)
    assert str(refused.value).startswith(f"restarted.toml: {complaint}")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_text_is_refused_by_its_name(folder: Path) -> None:
    (folder / "restarted.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CapacityError, match=r"^restarted\.toml: is not TOML: "):
        load_day("restarted", folder)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (replace(QUIET, share=1.5), "share: should be less than or equal to 1; got 1.5"),
        (replace(QUIET, rollouts=(Rollout(hour=24),)), "rollouts.0.hour: should be less than 24"),
        (
            replace(QUIET, stalls=(Stall(pod=0, hour=1, seconds=-5),)),
            "stalls.0.seconds: should be greater than 0; got -5",
        ),
    ],
    ids=["share", "rollout", "stall"],
)
def test_a_day_changed_in_python_is_checked_by_its_plan(
    incident: Costs, changed: Day, complaint: str
) -> None:
    with pytest.raises(CapacityError) as refused:
        plan(incident, changed)
    assert str(refused.value).startswith(f"small: {complaint}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("pod", [4, 7])
def test_a_stall_of_a_pod_that_the_day_does_not_begin_with_is_refused(
    incident: Costs, pod: int
) -> None:
    stalled = replace(QUIET, stalls=(Stall(pod=pod, hour=1, seconds=60),))
    with pytest.raises(
        CapacityError, match=rf"^small: stalls: pod {pod}: should be one of the 4 .* 0 to 3"
    ):
        plan(incident, stalled, deployment(pods=4))
    plan(incident, stalled, deployment(pods=pod + 1))
