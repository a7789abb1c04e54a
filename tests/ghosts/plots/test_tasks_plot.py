"""What is drawn of a session's tasks is how they wait, and that is read from a live replay."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from pictures import assert_legible

from ghosts import plots
from ghosts.backends import Backend
from ghosts.observation.tracker import State
from ghosts.observation.waits import SessionWaits, session_waits
from ghosts.plots import style
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault
from ghosts.records.scenario import Scenario, Through
from ghosts.replay.run import replay
from ghosts.simulation.test_bed import TestBed

Sessions: TypeAlias = dict[str, SessionWaits]

ELEVEN = {
    "receive",
    "heartbeat",
    "stream_transcript",
    "speaker_identification",
    "lifecycle_manager",
    "record_usage",
    "pending_conversations",
    "transcript_consume",
    "audio_bytes_consume",
    "pusher_receive",
    "pusher_heartbeat",
}
FINITE = {"speaker_identification", "pending_conversations"}
SERVICES = {"speech to text", "apps", "people", "usage"}


def scenario(fault: Backend | None = None, *, start: int = 100, duration: int = 120) -> Scenario:
    faults = () if fault is None else (Fault(backend=fault, mode="never_answers", start=start),)
    stay = None if fault is None else (200, 200)
    return Scenario(
        name="one_device",
        summary="",
        seed=1,
        duration=duration,
        sample_every=5,
        through=Through.LISTEN,
        apps=("one", "two"),
        speaker_identification=True,
        devices=(DeviceGroup(name="ada", count=1, stay=stay),),
        faults=faults,
    )


def at_the_end_of(scenario: Scenario, variant: str = "gather_all") -> SessionWaits:
    seen: Sessions = {}
    replay(
        scenario,
        variant,
        measure_memory=False,
        at_end=lambda pod: seen.update(session_waits(pod.observer)),
    )
    (session,) = seen.values()
    return session


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    healthy = at_the_end_of(scenario())
    ghost = at_the_end_of(scenario(Backend.SPEECH_TO_TEXT, duration=380))
    crowd = replace(ghost, awaited=tuple(task.name for task in healthy.tasks if task.alive))
    return {
        "healthy": healthy,
        "ghost": ghost,
        "supervised": at_the_end_of(scenario(), "supervised"),
        "draining": at_the_end_of(scenario(Backend.SPEECH_TO_TEXT, duration=240)),
        "orphans": replace(
            ghost, state=State.ORPHANED, awaited=(), linked=False, handler="has ended"
        ),
        "ghost of many": replace(crowd, tasks=healthy.tasks, handler=healthy.handler),
    }


KINDS = ["healthy", "ghost", "supervised", "draining", "orphans", "ghost of many"]


def axes(session: SessionWaits) -> Axes:
    (ax,) = plots.tasks(session).axes
    return ax


def boxes(ax: Axes) -> dict[str, FancyBboxPatch]:
    patches = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    return {str(patch.get_gid()): patch for patch in patches}


def arrows(ax: Axes) -> dict[str, str]:
    """The colour of each line, by whom it leads from and to."""
    return {str(line.get_gid()): str(line.get_color()) for line in ax.lines}


def solid(ax: Axes) -> set[str]:
    return {str(line.get_gid()) for line in ax.lines if line.get_linestyle() == "-"}


def said(figure: style.Figure) -> str:
    return figure.get_suptitle().replace("\n", " ")


def key(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_is_large_enough_clear_of_the_others_and_within_its_box(
    sessions: Sessions, kind: str
) -> None:
    figure = plots.tasks(sessions[kind])
    assert_legible(figure)
    (ax,) = figure.axes
    outlines = [box.get_window_extent() for box in boxes(ax).values()]
    inside = 0
    for text in ax.texts:
        words = Text.get_window_extent(text)
        around = [box for box in outlines if box.overlaps(words)]
        if around:
            (box,) = around
            assert box.x0 < words.x0
            assert words.x1 < box.x1
            assert box.y0 <= words.y0
            assert words.y1 <= box.y1
            inside += 1
    assert inside == 2 * len(ELEVEN) + len(SERVICES) + len({"device", "handler", "pusher"})


@pytest.mark.slow
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(sessions: Sessions) -> None:
    first, second = (plots.tasks(sessions["ghost"]) for _ in range(2))
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


def test_every_node_has_a_box_and_only_finite_tasks_a_dashed_one(sessions: Sessions) -> None:
    drawn = boxes(axes(sessions["healthy"]))
    assert set(drawn) == ELEVEN | SERVICES | {"device", "handler", "pusher"}
    assert {name for name, box in drawn.items() if box.get_linestyle() == "--"} == FINITE


def test_a_healthy_handler_waits_for_every_task_that_is_alive(sessions: Sessions) -> None:
    drawn = arrows(axes(sessions["healthy"]))
    assert {name for name in drawn if name.startswith("handler")} == {
        f"handler -> {name}" for name in ELEVEN - FINITE
    }
    assert style.GAUGE.color not in drawn.values()


def test_solid_is_what_a_task_waits_for_now_and_dotted_whom_it_asks_later(
    sessions: Sessions,
) -> None:
    ax = axes(sessions["healthy"])
    now = {name for name in solid(ax) if not name.startswith("handler")}
    assert now == {"receive -> device", "pusher_receive -> pusher", "pusher -> handler"}
    assert set(arrows(ax)) - solid(ax) == {
        "heartbeat -> device",
        "stream_transcript -> speech to text",
        "stream_transcript -> apps",
        "stream_transcript -> people",
        "lifecycle_manager -> people",
        "record_usage -> usage",
        "transcript_consume -> pusher",
        "audio_bytes_consume -> pusher",
        "pusher_heartbeat -> pusher",
    }
    assert key(ax) == [
        "waits for it now",
        "asks it at a later poll",
        "lasts as long as the session",
        "is meant to end",
    ]


def test_an_arrow_leads_from_the_edge_of_one_box_to_that_of_another(sessions: Sessions) -> None:
    ax = axes(sessions["healthy"])
    drawn = boxes(ax)
    for line in ax.lines:
        names = str(line.get_gid()).split(" -> ")
        points = np.asarray(line.get_xydata())[[0, -1]]
        for name, (x, y) in zip(names, points, strict=True):
            box = drawn[name].get_bbox()
            assert min(abs(x - box.x0), abs(x - box.x1)) < 1e-9 or y == pytest.approx(box.y1)
            assert box.x0 - 1e-9 <= x <= box.x1 + 1e-9
            assert box.y0 - 1e-9 <= y <= box.y1 + 1e-9


def test_of_a_ghost_only_the_chain_that_keeps_it_alive_is_left_and_is_thick(
    sessions: Sessions,
) -> None:
    ax = axes(sessions["ghost"])
    assert arrows(ax) == dict.fromkeys(
        [
            "stream_transcript -> speech to text",
            "handler -> stream_transcript",
            "pusher -> handler",
        ],
        style.GAUGE.color,
    )
    thick = {name for name, box in boxes(ax).items() if box.get_linewidth() > 3}
    assert thick == {"stream_transcript", "speech to text", "handler", "pusher"}
    bold = {text.get_text() for text in ax.texts if text.get_fontweight() == "bold"}
    assert {"stream_transcript", "speech to text", "speech to\ntext", "pusher"} < bold
    assert key(ax)[0] == "keeps the ghost alive"


def test_what_has_ended_is_pale(sessions: Sessions) -> None:
    ax = axes(sessions["ghost"])
    pale = {text.get_text() for text in ax.texts if text.get_color() == style.FAINT}
    assert (ELEVEN - {"stream_transcript"}) | {"device\nhas gone", "nothing: ended"} <= pale
    assert {"apps", "people", "usage"} <= pale


def test_a_draining_session_is_not_called_a_ghost(sessions: Sessions) -> None:
    session = sessions["draining"]
    assert session.state is State.DRAINING
    figure = plots.tasks(session)
    (ax,) = figure.axes
    assert "ghost" not in said(figure)
    assert style.GAUGE.color not in arrows(ax).values()
    assert "device\nhas gone" in {text.get_text() for text in ax.texts}


def test_the_title_states_the_finding(sessions: Sessions) -> None:
    assert {kind: said(plots.tasks(sessions[kind])) for kind in KINDS if kind != "draining"} == {
        "healthy": "gather_all, connected: the handler waits until all 11 tasks have ended: 2 have",
        "ghost": "gather_all, a ghost: the device has gone, 10 of 11 tasks have ended, and the "
        "handler waits for stream_transcript, which waits for speech to text",
        "ghost of many": "gather_all, a ghost: the device has gone, 2 of 11 tasks have ended, and "
        "the handler waits for the other 9",
        "supervised": "supervised, connected: the handler waits until the first of its tasks ends",
        "orphans": "Orphans: the handler has ended, and 1 of 11 tasks has not",
    }


def test_one_task_that_has_ended_takes_a_verb_in_the_singular(sessions: Sessions) -> None:
    early = at_the_end_of(replace(scenario(duration=6), speaker_identification=False))
    assert sum(not task.alive for task in early.tasks) == 1
    assert said(plots.tasks(early)).endswith("waits until all 11 tasks have ended: 1 has")
    tasks = tuple(replace(task, alive=task.name != "receive") for task in early.tasks)
    ghost = replace(early, state=State.GHOST, tasks=tasks)
    assert ", 1 of 11 tasks has ended, " in said(plots.tasks(ghost))


def test_a_session_without_tasks_is_not_drawn(sessions: Sessions) -> None:
    with pytest.raises(ValueError, match="ada-000 has no tasks to draw"):
        plots.tasks(replace(sessions["healthy"], tasks=()))


def test_there_is_nothing_to_read_without_listen() -> None:
    straight = replace(
        scenario(), through=Through.PUSHER, apps=(), speaker_identification=False, duration=30
    )

    def look(pod: TestBed) -> None:
        with pytest.raises(ValueError, match="no listen"):
            session_waits(pod.observer)

    replay(straight, "gather_all", measure_memory=False, at_end=look)


def test_the_eleven_are_read_whether_they_live_or_have_ended(sessions: Sessions) -> None:
    healthy, ghost = sessions["healthy"], sessions["ghost"]
    assert {task.name for task in healthy.tasks} == ELEVEN
    assert {task.name for task in healthy.tasks if task.finite} == FINITE
    assert {task.name for task in healthy.tasks if task.alive} == ELEVEN - FINITE
    assert {task.name for task in ghost.tasks if task.alive} == {"stream_transcript"}
    assert all(task.waits_for for task in healthy.tasks if task.alive)
    assert not any(task.waits_for or task.asking for task in ghost.tasks if not task.alive)
    assert set(healthy.awaited) == set(sessions["supervised"].awaited) == ELEVEN - FINITE


@pytest.mark.parametrize(
    ("fault", "start", "second", "task", "asking"),
    [
        (Backend.SPEECH_TO_TEXT, 100, 108, "stream_transcript", "speech to text"),
        (Backend.APPS, 100, 108, "stream_transcript", "apps"),
        (Backend.PEOPLE, 0, 5, "speaker_identification", "people"),
        (Backend.PEOPLE, 195, 205, "stream_transcript", "people"),
        (Backend.USAGE, 100, 120, "record_usage", "usage"),
    ],
)
def test_whom_a_stuck_task_waits_for_is_read_from_where_it_waits(
    fault: Backend, start: int, second: int, task: str, asking: str
) -> None:
    session = at_the_end_of(scenario(fault, start=start, duration=second))
    (stuck,) = (one for one in session.tasks if one.name == task)
    assert (stuck.asking, stuck.waits_for) == (asking, asking)
    assert task in session.awaited
