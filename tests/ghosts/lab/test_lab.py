"""The lab, driven by hand: each time in a process of its own, whose asyncio it may replace."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest
from apart import fresh_processes

from ghosts import plots
from ghosts.lab import Counts, Lab, LabError
from ghosts.records.recording import Recording
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay
from ghosts.variants import INCIDENT, Variant
from tracemalloc_ext import awaits, retained_bytes

MIB = 2**20
Apart: TypeAlias = Callable[..., Any]


def lab_variant(lifecycle: Any) -> str | Variant:
    """The incident with another lifecycle; a name is taken as it is."""
    if isinstance(lifecycle, str):
        return lifecycle
    return INCIDENT.with_lifecycle(lifecycle, name=lifecycle.__name__)


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    """Call a function in a fresh process in which asyncio is as it was; return its result."""
    with fresh_processes() as processes:
        yield lambda function, *arguments: processes.submit(function, *arguments).result()


# --- the incident ---------------------------------------------------------------------------------


def hang_and_leave(lab: Lab, how: str = "close", minutes_hung: int = 10) -> Counts:
    lab.connect(10)
    lab.advance(minutes=2)
    lab.fault("storage", "never_answers")
    lab.advance(minutes=minutes_hung)
    lab.disconnect(7, how)
    return lab.advance(minutes=8)


def story(variant: str) -> Counts:
    with Lab(variant) as lab:
        return hang_and_leave(lab)


@pytest.mark.slow
def test_half_an_hour_by_hand_shows_the_bug_and_the_fix(apart: Apart) -> None:
    broken, fixed = apart(story, "gather_all"), apart(story, "supervised")
    assert (broken.gauge, broken.tcp, broken.ghosts, broken.lost_bytes) == (10, 3, 7, 0)
    assert 0.9 < broken.retained_bytes / MIB / 7 < 1.1
    assert (fixed.gauge, fixed.tcp, fixed.ghosts, fixed.retained_bytes) == (3, 3, 0, 0)
    assert 7 * 0.9 * MIB < fixed.lost_bytes < 7 * 1.1 * MIB


def outage_that_ends(variant: str) -> tuple[Counts, Counts, Any]:
    with Lab(variant) as lab:
        hung = hang_and_leave(lab)
        lab.recover("storage")
        return hung, lab.advance(minutes=5), lab.recording().audio


def test_a_lab_of_the_version_to_ship_has_a_spool_and_loses_nothing(apart: Apart) -> None:
    hung, after, audio = apart(outage_that_ends, "shipped")
    assert (hung.gauge, hung.tcp, hung.ghosts) == (3, 3, 0)
    assert (hung.retained_bytes, hung.lost_bytes) == (0, 0)
    assert (after.gauge, after.lost_bytes, audio.lost) == (3, 0, 0)
    assert audio.stored > 0.95 * audio.received
    *_, published = apart(outage_that_ends, "supervised")
    assert published.lost > 0.4 * published.received


def client_that_swallows(recover: bool) -> Counts:
    with Lab("supervised") as lab:
        lab.connect(2, transcript_every=10)
        lab.fault("transcript_webhook", "trickles")
        lab.fault("transcript_webhook", "swallows_cancellation")
        if recover:
            lab.recover("transcript_webhook")
        lab.advance(minutes=2)
        lab.disconnect(2)
        return lab.advance(minutes=1)


def test_a_client_fault_can_be_set_and_ended(apart: Apart) -> None:
    assert (
        apart(client_that_swallows, False).orphans,
        apart(client_that_swallows, True).orphans,
    ) == (4, 0)  # per session: the loop, and the task that its client makes of the call


def around_150_seconds() -> list[int]:
    with Lab("gather_all") as lab:
        lab.connect()
        lab.fault("storage", "never_answers")
        lab.advance(minutes=2)
        lab.disconnect(1)
        return [lab.advance(seconds=149).ghosts, lab.advance(seconds=2).ghosts]


def test_a_session_is_a_ghost_150_s_after_its_connection_closed(apart: Apart) -> None:
    assert apart(around_150_seconds) == [0, 1]


def recover_and_make_another_lab() -> list[tuple[int, int]]:
    with Lab("gather_all") as lab:
        hung = hang_and_leave(lab, minutes_hung=3)
        seen = [hung, lab.recover("storage"), lab.advance(minutes=20)]
    with Lab("gather_all") as lab:
        lab.connect(10)
        lab.advance(minutes=2)
        lab.disconnect(7)
        seen.append(lab.advance(minutes=5))
    return [(counts.gauge, counts.ghosts) for counts in seen]


def test_a_recovered_backend_ends_no_ghost_and_a_new_lab_has_none(apart: Apart) -> None:
    assert apart(recover_and_make_another_lab) == [(10, 7), (10, 7), (10, 7), (3, 0)]


def leave(variant: str, how: str) -> tuple[int, int, int]:
    with Lab(variant) as lab:
        last = hang_and_leave(lab, how, minutes_hung=3)
        return last.gauge, last.tcp, last.ghosts


@pytest.mark.parametrize(
    ("how", "under_gather"),
    [
        pytest.param("close", (10, 3, 7), marks=pytest.mark.slow),  # as most tests here
        pytest.param("reset", (10, 3, 7), marks=pytest.mark.slow),
        ("vanish", (10, 3, 7)),  # the server's pings find out
        ("silent", (10, 10, 0)),  # it answers pings; only a receive timeout ends it
    ],
)
def test_every_way_of_leaving(apart: Apart, how: str, under_gather: tuple[int, int, int]) -> None:
    assert apart(leave, "gather_all", how) == under_gather
    assert apart(leave, "supervised", how) == (3, 3, 0)


def vanish_and_look() -> list[str]:
    with Lab() as lab:
        lab.connect(3)
        lab.advance(seconds=30)
        return [repr(lab.disconnect(2, "vanish")), repr(lab.advance(minutes=1))]


def test_a_device_that_vanished_is_half_open_until_pings_find_out(apart: Apart) -> None:
    before, after = apart(vanish_and_look)
    assert "gauge 3  TCP 3  ghosts 0" in before
    assert "half-open 2" in before
    assert "half-open" not in after


# --- what a device does ---------------------------------------------------------------------------


def talk_for_95_seconds() -> Recording:
    with Lab("supervised") as lab:
        lab.connect(3)
        lab.advance(seconds=95)
        lab.disconnect("device-001")
        lab.advance(seconds=100)
        return lab.recording()


def test_every_second_of_a_device_that_left_is_received_and_stored(apart: Apart) -> None:
    recording = apart(talk_for_95_seconds)
    second = recording.scenario.sample_rate * 2
    until_the_last_frame = 190
    assert recording.audio.received == (95 + 2 * until_the_last_frame) * second
    assert recording.audio.lost == 0
    assert [event.who for event in recording.events if event.kind == "device_left"] == [
        "device-001"
    ]


def hang(backend: str, sends: str) -> dict[str, dict[str, object]]:
    with Lab("gather_all") as lab:
        lab.connect(**{sends: 20})
        lab.connect()
        lab.fault(backend, "trickles", seconds=5)
        lab.advance(minutes=3)
        return lab.table().to_dict("index")


@pytest.mark.parametrize(
    ("backend", "sends", "waits_in"),
    [
        ("transcript_webhook", "transcript_every", "transcripts: send_transcript"),
        ("speaker_samples", "speaker_sample_every", "speaker_samples: take_speaker_sample"),
        ("conversations", "process_conversation_every", "process: process_conversation"),
    ],
)
def test_the_table_says_which_call_a_session_waits_in(
    apart: Apart, backend: str, sends: str, waits_in: str
) -> None:
    rows = apart(hang, backend, sends)
    assert waits_in in str(rows["device-000"]["waits in"])
    assert rows["device-001"]["waits in"] == ""


def uploads_after_switches() -> int:
    with Lab() as lab:
        lab.connect(switch_conversation_every=20)
        lab.advance(seconds=110)
        return lab.recording().audio.stored


def test_a_device_that_switches_conversations_has_each_stored_at_once(apart: Apart) -> None:
    assert apart(uploads_after_switches) == 100 * 800 * 2


# --- what one sees --------------------------------------------------------------------------------


def one_of_each_state() -> dict[str, dict[str, object]]:
    with Lab("gather_all") as lab:
        lab.connect(3)
        lab.advance(minutes=2)
        lab.fault("storage", "never_answers")
        lab.advance(minutes=5)
        lab.disconnect("device-000")
        lab.advance(minutes=4)
        lab.disconnect("device-001")
        lab.advance(minutes=1)
        return lab.table().to_dict("index")


def test_the_table_tells_ghosts_from_draining_and_connected_sessions(apart: Apart) -> None:
    rows = apart(one_of_each_state)
    assert [row["state"] for row in rows.values()] == ["ghost", "draining", "connected"]
    assert {row["waits in"] for row in rows.values()} == {"private_cloud: upload"}
    assert {row["seconds"] for row in rows.values()} == {9 * 60 - 15}  # as seen every 15 s
    assert [row["audio MiB"] for row in rows.values()] == [0.5, 0.8, 0.9]
    for row in rows.values():
        assert row["audio MiB"] <= row["memory MiB"] <= row["audio MiB"] + 0.1


async def crashes_and_forgets(session: Any) -> None:
    """Ends by a crash and leaves its tasks: the gauge is right, and the tasks live on."""
    session.start()
    await asyncio.sleep(90)
    raise ValueError("what no caller expects")


def leave_orphans() -> tuple[Counts, str, str, list[str]]:
    with Lab(lab_variant(crashes_and_forgets)) as lab:
        lab.fault("storage", "never_answers")
        lab.connect(2)
        counts = lab.advance(minutes=2)
        states = [str(state) for state in lab.table()["state"]]
        return counts, repr(counts), counts._repr_html_(), states


def test_crashes_and_orphans_are_shown(apart: Apart) -> None:
    counts, text, page, states = apart(leave_orphans)
    assert counts.orphans == counts.tasks > 0
    assert counts.crashes == ("ValueError('what no caller expects')",) * 2
    assert "crashed: 2, the last one by ValueError('what no caller expects')" in text
    assert "what no caller expects" in page
    assert states == ["orphaned", "orphaned"]


def take_apart() -> tuple[str, bool, int]:
    with Lab("gather_all") as lab:
        hang_and_leave(lab)
        handler, stuck = lab.tasks("device-000")
        assert "gather_all" in str(awaits(handler))
        session = lab.session("device-000")
        held = session.private_cloud.held_bytes
        return str(awaits(stuck)), retained_bytes(session, stuck) > held, held


def test_a_ghost_can_be_taken_apart(apart: Apart) -> None:
    chain, keeps_its_audio, held = apart(take_apart)
    assert "Clients.upload" in chain
    assert keeps_its_audio
    assert held == 10 * 60 * 800 * 2


def drawn_and_recorded() -> tuple[list[list[float]], Recording, str, list[Counts]]:
    with Lab("gather_all") as lab:
        lab.connect(4)
        lab.fault("storage", "never_answers")
        lab.advance(minutes=2)
        lab.recover("storage")
        lab.fault("storage", "slow", seconds=2)
        lab.fault("storage", "status_500")
        lab.disconnect(3)
        seen = [lab.counts(), lab.advance(minutes=3)]
        lines = lab.plot().axes[0].get_lines()
        return [list(line.get_ydata()) for line in lines], lab.recording(), repr(lab), seen


def test_the_plot_and_the_recording_are_what_the_counts_were(apart: Apart, tmp_path: Path) -> None:
    lines, recording, text, (left, later) = apart(drawn_and_recorded)
    samples = recording.samples
    assert [sample.gauge for sample in samples] in lines
    assert [sample.tcp for sample in samples] in lines
    assert [(sample.gauge, sample.tcp, sample.ghosts) for sample in samples[-1:]] == [(4, 1, 3)]
    assert (int(left.t), left.gauge, left.tcp, left.ghosts) == (120, 4, 1, 0)
    assert (int(later.t), later.gauge, later.tcp, later.ghosts) == (300, 4, 1, 3)
    assert [(str(fault.mode), fault.start, fault.end) for fault in recording.scenario.faults] == [
        ("never_answers", 0, 120),
        ("status_500", 120, None),
    ]
    assert text.startswith("<Lab gather_all  5:00  gauge 4  TCP 1  ghosts 3 ")
    assert plots.memory(recording).axes
    recording.save(tmp_path / "lab.json")
    assert Recording.load(tmp_path / "lab.json") == recording


# --- misuse ---------------------------------------------------------------------------------------


WHOLE = "must be a whole number of at least 1, not"
MISUSE: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("connect", (0,), {}, f"count: {WHOLE} 0"),
    ("connect", (-1,), {}, f"count: {WHOLE} -1"),
    ("connect", (True,), {}, f"count: {WHOLE} True"),
    ("connect", ("50",), {}, f"count: {WHOLE} '50'"),
    ("connect", (1.5,), {}, f"count: {WHOLE} 1.5"),
    ("connect", (1000,), {}, "connect(1000): a lab takes 400 devices in all, and has had 3"),
    ("connect", (1,), {"transcript_every": 15}, "transcript_every: must be a multiple of 10 s"),
    ("connect", (1,), {"speaker_sample_every": "20"}, f"speaker_sample_every: {WHOLE} '20'"),
    ("disconnect", (4,), {}, "disconnect(4): only 3 devices are connected"),
    ("disconnect", (0,), {}, f"which: {WHOLE} 0"),
    ("disconnect", (None,), {}, f"which: {WHOLE} None"),
    ("disconnect", ("device-003",), {}, "which: not connected: 'device-003'"),
    ("disconnect", ([["device-000"]],), {}, "which: not connected: ['device-000']"),
    ("disconnect", ([],), {}, "which: names no device"),
    ("disconnect", (["device-000", 7],), {}, "which: not connected: 7"),
    ("disconnect", (1, "die"), {}, "how: unknown value 'die'; allowed: close, reset, vanish, sile"),
    ("fault", ("disk", "slow"), {}, "backend: unknown value 'disk'; allowed: storage, "),
    ("fault", ("storage", "hangs"), {}, "mode: unknown value 'hangs'; allowed: never_answers, "),
    ("fault", ("storage", ["slow"]), {}, "mode: unknown value ['slow']"),
    ("fault", ("storage", "slow"), {"seconds": 0}, "seconds: must be at least 0.1, not 0"),
    ("fault", ("storage", "slow"), {"seconds": "5"}, "seconds: must be a number of at least 0"),
    ("recover", ("disk",), {}, "backend: unknown value 'disk'"),
    ("advance", (4,), {}, "advance(4): write minutes=4 or seconds=4"),
    ("advance", (), {}, "advance: must be whole seconds, at least 1, not 0"),
    ("advance", (), {"seconds": 0.5}, "advance: must be whole seconds, at least 1, not 0.5"),
    ("advance", (), {"seconds": 10**400}, "seconds: must be a number of at least 0, not 1000"),
    ("advance", (), {"minutes": -1, "seconds": 90}, "minutes: must be a number of at least 0"),
    ("advance", (), {"seconds": float("nan")}, "seconds: must be a number of at least 0, not nan"),
    ("advance", (), {"seconds": float("inf")}, "seconds: must be a number of at least 0, not inf"),
    ("advance", (), {"minutes": True}, "minutes: must be a number of at least 0, not True"),
    ("advance", (), {"minutes": "15"}, "minutes: must be a number of at least 0, not '15'"),
    ("advance", (), {"minutes": 10**6}, "advance: a lab lasts 86,400 s, and is at 0 s now"),
    ("session", ("ada",), {}, "uid: no session of 'ada'"),
    ("tasks", ("ada",), {}, "uid: no session of 'ada'"),
]


def refused() -> list[tuple[str, bool]]:
    """Misuse a lab in each way; return the text of each error, and whether nothing changed."""
    seen = []
    with Lab() as lab:
        before = lab.connect(3)
        for call, arguments, options, _ in MISUSE:
            with pytest.raises(LabError) as caught:
                getattr(lab, call)(*arguments, **options)
            seen.append((str(caught.value), lab.counts() == before))
    return seen


@pytest.fixture(scope="module")
def refusals(apart: Apart) -> list[tuple[str, bool]]:
    return apart(refused)


@pytest.mark.parametrize("number", range(len(MISUSE)), ids=lambda number: f"{MISUSE[number][:3]}")
def test_misuse_is_refused_in_one_line_and_changes_nothing(
    refusals: list[tuple[str, bool]], number: int
) -> None:
    text, unchanged = refusals[number]
    assert MISUSE[number][3] in text
    assert "\n" not in text
    assert unchanged


@pytest.mark.parametrize(
    ("variant", "says"),
    [
        ("gather", "variant: no variant 'gather'; did you mean 'gather_all'?"),
        (len, "variant: a variant is a name or a Variant, not <built-in function len>"),
        (None, "variant: a variant is a name or a Variant, not None"),
    ],
)
def test_what_is_no_variant_is_refused_in_one_line(variant: Any, says: str) -> None:
    with pytest.raises(LabError, match=says):
        Lab(variant)


def use_after_close() -> list[str]:
    lab = Lab()
    lab.connect(2)
    lab.close()
    lab.close()
    texts = [repr(lab)]
    for call in (lab.connect, lab.counts, lab.table, lab.plot, lab.recording, lab.advance):
        with pytest.raises(LabError) as caught:
            call()
        texts.append(str(caught.value))
    return texts


def test_a_closed_lab_says_so(apart: Apart) -> None:
    text, *refusals = apart(use_after_close)
    assert text == "<Lab gather_all  closed>"
    assert set(refusals) == {
        "this lab is closed; make a new one with Lab(...), or run the cell that made this one again"
    }


def drive_from_within() -> Counts:
    async def drives(session: Any) -> None:
        lab.advance(seconds=1)

    lab = Lab(lab_variant(drives))
    with lab:
        return lab.connect()


def test_a_lab_cannot_be_driven_by_what_runs_in_it(apart: Apart) -> None:
    assert "a lab cannot be driven by its own sessions" in str(apart(drive_from_within))


# --- its place in a process -----------------------------------------------------------------------


def two_labs() -> tuple[Counts, Counts]:
    with Lab("gather_all") as one, Lab("supervised") as other:
        one.connect(3)
        other.connect(2)
        one.advance(minutes=5)
        other.disconnect(1)
        other.advance(minutes=1)
        one.connect(1)
        return one.counts(), other.counts()


def test_two_labs_at_once_do_not_see_each_other(apart: Apart) -> None:
    one, other = apart(two_labs)
    assert (int(one.t), one.gauge, one.tcp) == (300, 4, 4)
    assert (int(other.t), other.gauge, other.tcp) == (60, 1, 1)


async def in_a_running_loop(variant: str) -> Counts:
    await asyncio.sleep(0)
    counts = story(variant)
    await asyncio.sleep(0.01)
    return counts


def run_in_a_loop(variant: str) -> Counts:
    return asyncio.run(in_a_running_loop(variant))


def without_memory(counts: Counts) -> tuple[float, ...]:
    return counts.t, counts.gauge, counts.tcp, counts.ghosts, counts.tasks, counts.lost_bytes


def test_it_is_the_same_where_a_loop_is_running(apart: Apart) -> None:
    inside, outside = apart(run_in_a_loop, "gather_all"), apart(story, "gather_all")
    assert without_memory(inside) == without_memory(outside)


def replay_before_and_after() -> list[Recording]:
    scenario = load_scenario("late_hang").fewer(40)
    recordings = [replay(scenario, INCIDENT, measure_memory=False)]
    story("gather_all")
    recordings.append(replay(scenario, INCIDENT, measure_memory=False))

    async def replay_in_a_running_loop() -> None:
        recordings.append(replay(scenario, INCIDENT, measure_memory=False))

    asyncio.run(replay_in_a_running_loop())
    return recordings


def test_a_replay_in_the_same_process_is_the_same_afterwards(apart: Apart) -> None:
    before, *afterwards = apart(replay_before_and_after)
    assert before.last.ghosts > 0
    for recording in afterwards:
        assert recording.without_memory() == before.without_memory()


def task_classes() -> list[bool]:
    native = asyncio.Task
    seen = [asyncio.Task is native]
    with pytest.raises(LabError):
        Lab("none")
    seen.append(asyncio.Task is native)
    Lab().close()
    return [*seen, asyncio.Task is native]


def test_asyncio_is_left_alone_until_a_lab_is_made(apart: Apart) -> None:
    assert apart(task_classes) == [True, True, False]


async def holds_on(session: Any) -> None:
    """Neither ends nor lets itself be cancelled."""
    session.gauge.inc()
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


def hang_and_vanish(lab: Lab) -> None:
    lab.fault("storage", "never_answers")
    lab.connect(9)
    lab.advance(seconds=80)
    lab.disconnect(2, "silent")
    lab.disconnect(2, "vanish")
    lab.disconnect(2, "reset")
    lab.advance(minutes=1)


def leftovers(variant: Any) -> tuple[list[Any], list[Any], int]:
    process, threads = psutil.Process(), threading.enumerate()
    sockets = {each.fd for each in process.net_connections("all")}
    with Lab(lab_variant(variant)) as lab:
        hang_and_vanish(lab)
        loop = lab._bed._loop._loop
    left = [each for each in process.net_connections("all") if each.fd not in sockets]
    return left, [each for each in threading.enumerate() if each not in threads], loop.is_closed()


@pytest.mark.parametrize("variant", ["gather_all", "supervised", crashes_and_forgets, holds_on])
def test_a_closed_lab_leaves_no_socket_and_no_thread(apart: Apart, variant: Any) -> None:
    assert apart(leftovers, variant) == ([], [], True)


def pending_after_close(variant: Any) -> list[str]:
    with Lab(lab_variant(variant)) as lab:
        hang_and_vanish(lab)
        loop = lab._bed._loop._loop
    return [task.get_name() for task in asyncio.all_tasks(loop)]


@pytest.mark.parametrize("variant", ["gather_all", "supervised", crashes_and_forgets])
def test_a_closed_lab_leaves_no_task(apart: Apart, variant: Any) -> None:
    assert apart(pending_after_close, variant) == []


LEFT_OPEN = """
import gc
from ghosts.lab import Lab
from ghosts.variants import INCIDENT

def forget(how):
    lab = Lab("gather_all")
    lab.connect(4)
    lab.fault("storage", "never_answers")
    lab.advance(minutes=3)
    lab.disconnect(2, how)
    lab.advance(minutes=3)
    return lab

forget("close")
gc.collect()
kept = [forget("reset"), forget("vanish")]
async def holds_on(session):
    while True:
        try:
            await session.signals.shutdown.wait()
        except BaseException:
            pass
Lab(INCIDENT.with_lifecycle(holds_on, name="holds_on")).connect(2)
print("done")
"""


@pytest.mark.slow
def test_a_lab_left_open_ends_with_the_process_and_without_a_word() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", LEFT_OPEN],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr, run.returncode) == ("done\n", "", 0)


def sockets_of_forgotten_labs() -> list[int]:
    import gc

    counts = []
    for _ in range(3):
        lab = Lab("gather_all")
        lab.connect(5)
        lab.disconnect(2)
        lab.advance(minutes=3)
        del lab
        gc.collect()
        counts.append(len(psutil.Process().net_connections("tcp4")))
    return counts


def test_a_lab_that_nobody_refers_to_closes_itself(apart: Apart) -> None:
    assert apart(sockets_of_forgotten_labs) == [0, 0, 0]


# --- interrupts -----------------------------------------------------------------------------------


async def interrupts_after_a_minute(session: Any) -> None:
    if session.uid == "device-001":
        asyncio.get_running_loop().call_later(60, os.kill, os.getpid(), signal.SIGINT)
    await INCIDENT.pusher.lifecycle(session)


def interrupted() -> tuple[Counts, Counts, bool]:
    before = signal.default_int_handler
    signal.signal(signal.SIGINT, before)  # a shell that runs pytest in its background ignores it
    with Lab(lab_variant(interrupts_after_a_minute)) as lab:
        lab.connect(3)
        with pytest.raises(KeyboardInterrupt):
            lab.advance(minutes=10)
        then = lab.counts()
        lab.disconnect(2)
        return then, lab.advance(minutes=5), signal.getsignal(signal.SIGINT) is before


def interrupted_in_a_loop() -> tuple[Counts, Counts, bool]:
    async def main() -> tuple[Counts, Counts, bool]:
        return interrupted()

    return asyncio.run(main())


@pytest.mark.parametrize("drive", [interrupted, interrupted_in_a_loop])
def test_an_interrupt_ends_the_call_and_the_lab_goes_on(
    apart: Apart, drive: Callable[[], tuple[Counts, Counts, bool]]
) -> None:
    then, later, handler_is_back = apart(drive)
    assert (int(then.t), then.gauge, then.tcp, then.tasks) == (60, 3, 3, 18)
    assert (int(later.t), later.gauge, later.tcp, later.ghosts) == (360, 1, 1, 0)
    assert handler_is_back


# --- in a notebook --------------------------------------------------------------------------------

CELLS = [
    "from ghosts.lab import Lab\nlab = Lab('gather_all')",
    "lab.connect(20)",
    "lab.fault('storage', 'never_answers'); lab.advance(minutes=5)",
    "lab.disconnect(15); lab.advance(minutes=3)",
    "lab.disconnect(6)",
    "lab.close(); lab",
]


@pytest.mark.slow
def test_plain_cells_drive_it_and_a_mistake_is_one_line() -> None:
    import nbclient  # here: the processes of the other tests import this module
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    page = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(page, kernel_name="python3", timeout=None, allow_errors=True)
    client.execute(stderr=subprocess.DEVNULL)
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "stream"]
    (counts,) = cells[3].outputs
    assert counts.data["text/plain"].startswith("8:00  gauge 20  TCP 5  ghosts 15 ")
    assert ">ghosts<" in counts.data["text/html"]
    (mistake,) = cells[4].outputs
    assert mistake.traceback == ["LabError: disconnect(6): only 5 devices are connected"]
    assert cells[5].outputs[0].data["text/plain"] == "<Lab gather_all  closed>"
