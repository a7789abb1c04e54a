"""Keys of scenarios, as a user writes them in a TOML file."""

from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghosts.records.device_group import STAY_CAP, DeviceGroup
from ghosts.records.scenario import Scenario, ScenarioError, load_scenario, parse_scenario
from ghosts.records.scenario_toml import as_toml

TEXT = """
{scenario}
summary = "three keys"
seed = {seed}
duration = 3600

[[devices]]
name = "talking"
count = {count}
arrive = [0, 1799]
{device}

[[faults]]
backend = "storage"
mode = "{mode}"
{fault}
"""


def load(folder: Path, *, device: str = "", fault: str = "", **keys: object) -> Scenario:
    defaults = {"seed": 1, "count": 100, "mode": "never_answers", "scenario": ""}
    path = folder / "mine.toml"
    path.write_text(TEXT.format(device=device, fault=fault, **defaults | keys))
    return load_scenario(path)


# --- what they do ---------------------------------------------------------------------------------


def test_without_them_everything_is_as_before(tmp_path: Path) -> None:
    scenario = load(tmp_path)
    (group,), (fault,) = scenario.devices, scenario.faults
    assert (group.evenly, group.stay_mean, fault.share) == (False, None, 1.0)


@pytest.mark.parametrize(("text", "share"), [("0", 0.0), ("0.0", 0.0), ("0.25", 0.25), ("1", 1.0)])
def test_a_share_is_a_number_from_0_to_1(tmp_path: Path, text: str, share: float) -> None:
    assert load(tmp_path, fault=f"share = {text}").faults[0].share == share


@pytest.mark.parametrize("count", [1, 7, 100, 1800, 2000])
def test_evenly_gives_each_device_a_part_of_the_time_of_its_own(tmp_path: Path, count: int) -> None:
    plans = list(load(tmp_path, device="evenly = true", count=count).plans())
    arrivals = [plan.arrives_at for plan in plans]
    assert len(plans) == count
    assert arrivals == sorted(arrivals)
    for number, arrival in enumerate(arrivals):
        assert 0 <= arrival <= 1799
        assert int(number * 1800 / count) <= arrival <= (number + 1) * 1800 / count
    busiest = max(Counter(arrival // 180 for arrival in arrivals).values())
    assert busiest <= count / 10 + 1


def test_evenly_and_by_chance_are_not_the_same(tmp_path: Path) -> None:
    arrivals = [
        sorted(plan.arrives_at for plan in load(tmp_path, device=device).plans())
        for device in ("", "evenly = false", "evenly = true")
    ]
    assert arrivals[0] == arrivals[1] != arrivals[2]


@pytest.mark.parametrize("mean", [0.5, 1.5, 60, 600.0, 86_400])
def test_stays_of_a_mean_are_exponential_and_cut_at_five_times_the_mean(
    tmp_path: Path, mean: float
) -> None:
    plans = list(load(tmp_path, device=f"stay_mean = {mean}", count=2000).plans())
    stays = [plan.leaves_at - plan.arrives_at for plan in plans if plan.leaves_at is not None]
    assert len(stays) == 2000
    assert min(stays) >= 0
    assert max(stays) <= STAY_CAP * mean
    if mean < 60:  # whole seconds are too coarse
        return
    assert fmean(stays) == pytest.approx(mean, rel=0.08)
    beyond = {times: fmean(stay > times * mean for stay in stays) for times in (1, 2, 3)}
    assert beyond == {
        1: pytest.approx(0.368, abs=0.04),
        2: pytest.approx(0.135, abs=0.03),
        3: pytest.approx(0.050, abs=0.02),
    }
    assert sum(stay == round(STAY_CAP * mean) for stay in stays) < 40  # 14 are to be expected


@settings(max_examples=50, deadline=None, derandomize=True)
@given(mean=st.floats(0.001, 86_400), seed=st.integers(0, 10_000))
def test_no_device_stays_longer_than_five_times_the_mean(mean: float, seed: int) -> None:
    group = DeviceGroup(name="talking", count=20, stay_mean=mean)
    scenario = Scenario(name="one", summary="", seed=seed, duration=60, devices=(group,))
    for plan in scenario.plans():
        assert plan.leaves_at is not None
        assert 0 <= plan.leaves_at - plan.arrives_at <= STAY_CAP * mean


def test_plans_are_drawn_by_the_seed_and_each_device_for_itself(tmp_path: Path) -> None:
    device = "evenly = true\nstay_mean = 300"
    first, again = load(tmp_path, device=device), load(tmp_path, device=device)
    other = load(tmp_path, device=device, seed=2)
    assert list(first.plans()) == list(first.plans()) == list(again.plans())
    assert list(first.plans()) != list(other.plans())


def test_a_scenario_with_all_three_is_the_same_after_it_was_written(tmp_path: Path) -> None:
    scenario = load(tmp_path, device="evenly = true\nstay_mean = 90.5", fault="share = 0.125")
    (tmp_path / "again").mkdir()
    path = tmp_path / "again" / "mine.toml"
    text = as_toml(scenario)
    path.write_text(text)
    assert load_scenario(path) == scenario
    assert all(key in text for key in ("evenly = true", "stay_mean = 90.5", "share = 0.125"))


# --- bad input: one line, with the key and the value ----------------------------------------------

BAD_FAULTS = [
    ("share = -0.1", "faults.0.share: should be from 0 to 1; got -0.1"),
    ("share = 1.01", "faults.0.share: should be from 0 to 1; got 1.01"),
    ("share = 1.0000001", "faults.0.share: should be from 0 to 1; got 1.0000001"),
    ("share = 50", "faults.0.share: should be from 0 to 1; got 50.0"),
    ("share = nan", "faults.0.share: should be from 0 to 1; got nan"),
    ("share = inf", "faults.0.share: should be from 0 to 1; got inf"),
    ("share = -inf", "faults.0.share: should be from 0 to 1; got -inf"),
    ('share = "half"', "faults.0.share: should be a valid number; got 'half'"),
    ("share = true", "faults.0.share: should be a valid number; got True"),
    ("share = [0, 1]", "faults.0.share: should be a valid number; got [0, 1]"),
]


@pytest.mark.parametrize(("line", "says"), BAD_FAULTS)
def test_a_wrong_share_gets_one_line(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path, fault=line)
    assert str(refused.value) == f"mine.toml: {says}"


@pytest.mark.parametrize("share", ["0", "0.5", "0.999"])
def test_a_port_cannot_be_closed_for_a_share_of_the_requests(tmp_path: Path, share: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path, fault=f"share = {share}", mode="refuses")
    text = str(refused.value)
    assert text.startswith("mine.toml: faults.0.share: is not possible with mode 'refuses'")
    assert text.endswith(f"got {float(share)}")
    assert "\n" not in text
    assert load(tmp_path, fault="share = 1.0", mode="refuses").faults[0].share == 1


BAD_DEVICES = [
    ("stay_mean = 0", "devices.0.stay_mean: should be greater than 0; got 0"),
    ("stay_mean = 0.0", "devices.0.stay_mean: should be greater than 0; got 0.0"),
    ("stay_mean = -5", "devices.0.stay_mean: should be greater than 0; got -5"),
    ("stay_mean = nan", "devices.0.stay_mean: should be less than or equal to 86400; got nan"),
    ("stay_mean = inf", "devices.0.stay_mean: should be less than or equal to 86400; got inf"),
    ("stay_mean = -inf", "devices.0.stay_mean: should be greater than 0; got -inf"),
    ("stay_mean = 86401", "devices.0.stay_mean: should be less than or equal to 86400; got 86401"),
    ('stay_mean = "long"', "devices.0.stay_mean: should be a valid number; got 'long'"),
    ("stay_mean = [1, 2]", "devices.0.stay_mean: should be a valid number; got [1, 2]"),
    ("stay_mean = false", "devices.0.stay_mean: should be a valid number; got False"),
    ('evenly = "yes"', "devices.0.evenly: should be a valid boolean; got 'yes'"),
    ("evenly = 1", "devices.0.evenly: should be a valid boolean; got 1"),
    ("evenly = [true]", "devices.0.evenly: should be a valid boolean; got [True]"),
    ("evenly = nan", "devices.0.evenly: should be a valid boolean; got nan"),
]


@pytest.mark.parametrize(("line", "says"), BAD_DEVICES)
def test_a_wrong_stay_or_rate_gets_one_line(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path, device=line)
    assert str(refused.value) == f"mine.toml: {says}"


def test_stay_and_stay_mean_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path, device="stay = [10, 20]\nstay_mean = 15")
    text = str(refused.value)
    assert text.startswith("mine.toml: devices.0.stay_mean: is instead of stay")
    assert text.endswith("got 15.0 and [10, 20]")
    assert "\n" not in text


def test_a_misspelt_key_is_answered_with_the_nearest_or_with_those_that_there_are(
    tmp_path: Path,
) -> None:
    with pytest.raises(
        ScenarioError, match=r"devices\.0\.stay_means: unknown key; did you mean 'stay_mean'"
    ):
        load(tmp_path, device="stay_means = 3")
    with pytest.raises(
        ScenarioError, match=r"faults\.0\.shares: unknown key; did you mean 'share'"
    ):
        load(tmp_path, fault="shares = 0.5")
    with pytest.raises(ScenarioError, match=r"faults\.0\.quux: unknown key; allowed: .*share"):
        load(tmp_path, fault="quux = 0.5")


def test_a_table_that_is_no_file_gets_the_same_line() -> None:
    device = {"name": "a", "count": 1, "stay_mean": 0}
    table = {"name": "a", "summary": "", "seed": 1, "duration": 60, "devices": [device]}
    with pytest.raises(ScenarioError, match=r"^here: devices\.0\.stay_mean: should be greater"):
        parse_scenario(table, "here")


# --- pings and readers ----------------------------------------------------------------------------


def test_without_them_pings_and_devices_are_those_of_production(tmp_path: Path) -> None:
    scenario = load(tmp_path)
    (group,) = scenario.devices
    assert (scenario.ping_interval, scenario.ping_timeout) == (20, 20)
    assert (group.sends, group.read_rate, group.stop_reading_after) == (True, None, None)


@pytest.mark.parametrize(("text", "value"), [('"off"', "off"), ("5", 5.0), ("0.5", 0.5)])
@pytest.mark.parametrize("key", ["ping_interval", "ping_timeout"])
def test_pings_have_seconds_or_are_off(
    tmp_path: Path, key: str, text: str, value: float | str
) -> None:
    scenario = load(tmp_path, scenario=f"{key} = {text}")
    assert getattr(scenario, key) == value
    (tmp_path / "again.toml").write_text(as_toml(scenario))
    assert getattr(load_scenario(tmp_path / "again.toml"), key) == value


BAD_SECONDS = {
    "-1": "should be greater than or equal to 0.1 or 'off'; got -1",
    "0": "should be greater than or equal to 0.1 or 'off'; got 0",
    "0.0": "should be greater than or equal to 0.1 or 'off'; got 0.0",
    "90_000": "should be less than or equal to 86400 or 'off'; got 90000",
    "nan": "should be less than or equal to 86400 or 'off'; got nan",
    "inf": "should be less than or equal to 86400 or 'off'; got inf",
    "true": "should be a valid number or 'off'; got True",
    "[1]": "should be a valid number or 'off'; got [1]",
    '"of"': "should be a valid number or 'off'; got 'of'; did you mean 'off'?",
    '"20"': "should be a valid number or 'off'; got '20'",
}


@pytest.mark.parametrize(("text", "says"), BAD_SECONDS.items())
@pytest.mark.parametrize("key", ["ping_interval", "ping_timeout"])
def test_wrong_seconds_of_a_ping_get_one_line(
    tmp_path: Path, key: str, text: str, says: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path, scenario=f"{key} = {text}")
    assert str(refused.value) == f"mine.toml: {key}: {says}"


LISTEN = 'through = "listen"'
BAD_COMBINATIONS = [
    ('ping_interval = "off"\nping_timeout = 5', "", "ping_timeout: has no effect with ping_inter"),
    ("ping_intervall = 3", "", "ping_intervall: unknown key; did you mean 'ping_interval'?"),
    (LISTEN, "stop_reading = 3", "stop_reading: unknown key; did you mean 'stop_reading_after'?"),
    (LISTEN, "sends = 0", "devices.0.sends: should be a valid boolean; got 0"),
    (LISTEN, "read_rate = 0", "devices.0.read_rate: should be greater than or equal to 1; got 0"),
    (LISTEN, "read_rate = true", "devices.0.read_rate: should be a valid integer; got True"),
    (LISTEN, "read_rate = nan", "devices.0.read_rate: should be a"),
    (LISTEN, "read_rate = 1.5", "devices.0.read_rate: should be a valid integer"),
    (LISTEN, "stop_reading_after = -1", "should be greater than or equal to 0; got -1"),
    (LISTEN, 'stop_reading_after = "x"', "stop_reading_after: should be a valid integer; got 'x'"),
    (LISTEN, "read_rate = 1\nreceive_buffer = 0", "receive_buffer: should be greater than or equ"),
    (LISTEN, "receive_buffer = 9", "receive_buffer: needs read_rate or stop_reading_after"),
    ("", "read_rate = 9", "devices.talking.read_rate: needs through = 'listen' or process_conv"),
    ("", "stop_reading_after = 9", "devices.talking.stop_reading_after: needs through = 'listen'"),
    ("", "sends = false\ntranscript_every = 10", "transcript_every: has no effect with sends = f"),
]


@pytest.mark.parametrize(("scenario", "device", "says"), BAD_COMBINATIONS)
def test_a_wrong_key_of_pings_or_readers_gets_one_line(
    tmp_path: Path, scenario: str, device: str, says: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path, scenario=scenario, device=device)
    assert str(refused.value).startswith("mine.toml: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_readers_are_the_same_after_they_were_written(tmp_path: Path) -> None:
    scenario = load_scenario("readers")
    path = tmp_path / "readers.toml"
    path.write_text(as_toml(scenario))
    assert load_scenario(path) == scenario


def test_devices_that_only_listen_send_no_seconds_of_audio() -> None:
    scenario = load_scenario("readers")
    plans = [plan for plan in scenario.plans() if not plan.uid.startswith("listening")]
    assert len(plans) == 12
    assert scenario.audio_seconds == sum(900 - plan.arrives_at for plan in plans)
