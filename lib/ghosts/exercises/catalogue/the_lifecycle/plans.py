"""The pods that an answer is judged by: who connects, who leaves, and what fails, and when."""

from dataclasses import dataclass
from typing import Final

from ghosts.backends import Backend
from ghosts.config import GHOST_AFTER, WS_PING_INTERVAL, WS_PING_TIMEOUT
from ghosts.records.device_group import DeviceGroup, Leave
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.scenario import DevicePlan, Scenario

LEFT_AT: Final = 362
"""The second at which most devices leave: 2 s after the upload of a minute of audio has begun."""
UPLOAD_SECONDS: Final = 28
"""What an upload takes that begins while storage is slow."""
DRAIN_SECONDS: Final = UPLOAD_SECONDS - 2
"""What a session then needs after the departure: its last audio is queued behind that upload."""
OTHERS_SECONDS: Final = {"transcripts": 5, "speaker_samples": 2}
"""What the backend of a loop takes for a request in the run in which storage works."""
CRASH_AT: Final = 245
"""The second at which loops raise an exception: 5 s after their call of a backend began."""
STOP_AT: Final = 111
DAY: Final = 86_400
DAY_LEFT_AT: Final = DAY - 238
"""When a device leaves that has been connected for nearly a day: 2 s after an upload has begun."""
STAYS_A_DAY: Final = "stays-a-day"
LEAVES_AFTER_A_DAY: Final = "leaves-after-a-day"
BYTES_PER_SECOND: Final = 1600
"""Of the audio of a device, at a tenth of production's scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run: what happens, in words and as a scenario, and what a scenario has no key for.

    Attributes:
        crashing: The groups of devices of which a loop raises an exception at `CRASH_AT`. It is the
            loop with which the name of the group begins.
        stopped: Whether the pod is stopped, without grace, by the session that begins at `STOP_AT`:
            its lifecycle is cancelled at its first await.
        slow_to_cancel: Whether the transcripts loop takes a second to end once it is cancelled.
        day: Whether two more devices connect, for a day.
    """

    words: str
    scenario: Scenario
    crashing: tuple[str, ...] = ()
    stopped: bool = False
    slow_to_cancel: bool = False
    day: bool = False

    def must_have_ended(self) -> dict[float, list[str]]:
        """Return the seconds by which sessions have to have ended, each with the uids."""
        due: dict[float, list[str]] = {}
        for device in self.scenario.plans():
            second = self._must_have_ended(device)
            if second is not None:
                due.setdefault(second, []).append(device.uid)
        if self.day:
            due[DAY_LEFT_AT + GHOST_AFTER] = [LEAVES_AFTER_A_DAY]
        return due

    def _must_have_ended(self, device: DevicePlan) -> float | None:
        if self.stopped:
            return STOP_AT + GHOST_AFTER
        if device.leaves_at is None or device.group.leave is Leave.SILENT:
            return None
        unnoticed = WS_PING_INTERVAL + WS_PING_TIMEOUT  # no ping of a vanished one is answered
        late = unnoticed if device.group.leave is Leave.VANISH else 0.0
        return device.leaves_at + late + GHOST_AFTER

    def may_end(self, uid: str, at: float) -> bool:
        """Return whether a session may end at that second although its device is connected."""
        crashed = self.is_crashing(uid) and at >= CRASH_AT
        return crashed or (self.stopped and at >= STOP_AT)

    def is_crashing(self, uid: str) -> bool:
        """Return whether a loop of this device's session raises an exception."""
        return bool(self.loop_that_raises(uid))

    def loop_that_raises(self, uid: str) -> str:
        """Return the loop of this device's session that raises an exception; empty if none."""
        group = uid.rpartition("-")[0]
        return group.partition("-")[0] if group in self.crashing else ""


def _scenario(
    name: str,
    duration: int,
    *devices: DeviceGroup,
    faults: tuple[Fault, ...] = (),
    sample_every: int = 10,
    webhook: float | None = None,
) -> Scenario:
    return Scenario(
        name=name,
        summary=name,
        seed=0,
        duration=duration,
        devices=devices,
        faults=faults,
        sample_every=sample_every,
        audio_webhook_seconds=webhook,
    )


def _slow(around: int) -> Fault:
    return Fault(
        backend=Backend.STORAGE,
        mode=FaultMode.SLOW,
        seconds=UPLOAD_SECONDS,
        start=around - 10,
        end=around + 10,
    )


_HANGS: Final = Fault(backend=Backend.STORAGE, mode=FaultMode.NEVER_ANSWERS)
_TRICKLES: Final = Fault(backend=Backend.TRANSCRIPT_WEBHOOK, mode=FaultMode.TRICKLES)
_ALL_HANG: Final = (
    _HANGS,
    _TRICKLES,
    Fault(backend=Backend.SPEAKER_SAMPLES, mode=FaultMode.NEVER_ANSWERS),
    Fault(backend=Backend.AUDIO_WEBHOOK, mode=FaultMode.TRICKLES),
)
# What is queued for them is sent after the audio is stored.
_A_LITTLE_SLOW: Final = (
    Fault(
        backend=Backend.SPEAKER_SAMPLES,
        mode=FaultMode.SLOW,
        seconds=OTHERS_SECONDS["speaker_samples"],
    ),
    Fault(
        backend=Backend.TRANSCRIPT_WEBHOOK,
        mode=FaultMode.SLOW,
        seconds=OTHERS_SECONDS["transcripts"],
    ),
)
# They arrive at different seconds: a limit of the lifecycle cuts them off at the same age, and
# what another session does at the same second.
_STAY: Final = DeviceGroup(
    name="stays",
    count=3,
    arrive=(0, 89),
    evenly=True,
    transcript_every=60,
    speaker_sample_every=60,
)
_LEAVE: Final = DeviceGroup(
    name="leaves",
    count=4,
    stay=(LEFT_AT, LEFT_AT),
    transcript_every=60,
    speaker_sample_every=120,
)
_MINUTE: Final = 62
_ARRIVE: Final = (LEFT_AT - _MINUTE, LEFT_AT - _MINUTE)

WORKING: Final = Plan(
    words="storage works",
    scenario=_scenario(
        "storage_works",
        720,
        _STAY,
        _LEAVE,
        # Of these only one loop has something left to send.
        DeviceGroup(name="talks", count=1, stay=(LEFT_AT, LEFT_AT), transcript_every=60),
        DeviceGroup(name="asks", count=1, stay=(LEFT_AT, LEFT_AT), speaker_sample_every=120),
        DeviceGroup(name="resets", count=1, stay=(LEFT_AT, LEFT_AT), leave=Leave.RESET),
        DeviceGroup(name="vanishes", count=1, stay=(LEFT_AT, LEFT_AT), leave=Leave.VANISH),
        DeviceGroup(name="falls-silent", count=1, stay=(180, 180), leave=Leave.SILENT),
        DeviceGroup(name="crowd", count=30, arrive=_ARRIVE, stay=(_MINUTE, _MINUTE)),
        faults=_A_LITTLE_SLOW,
    ),
)
HANGING: Final = Plan(
    words="storage never answers",
    scenario=_scenario("storage_hangs", LEFT_AT + 200, _STAY, _LEAVE, faults=(_HANGS,)),
)
SLOW: Final = Plan(
    words=f"an upload takes {UPLOAD_SECONDS} s",
    scenario=_scenario(
        "storage_slow",
        LEFT_AT + 200,
        _LEAVE,
        DeviceGroup(name="minute", count=2, arrive=_ARRIVE, stay=(_MINUTE, _MINUTE)),
        DeviceGroup(name="short", count=2, arrive=(LEFT_AT - 22, LEFT_AT - 22), stay=(22, 22)),
        faults=(_slow(LEFT_AT),),
    ),
)
NOTHING_ANSWERS: Final = Plan(
    words="no backend answers",
    scenario=_scenario(
        "no_backend_answers",
        LEFT_AT + 300,
        DeviceGroup(name="stays", count=1),
        DeviceGroup(
            name="leaves",
            count=12,
            arrive=_ARRIVE,
            stay=(_MINUTE, _MINUTE),
            transcript_every=20,
            speaker_sample_every=20,
        ),
        faults=_ALL_HANG,
        webhook=20,
    ),
    slow_to_cancel=True,
)
_CRASHES: Final = (
    DeviceGroup(name="transcripts", count=1, stay=(LEFT_AT, LEFT_AT), transcript_every=60),
    DeviceGroup(name="speaker_samples", count=1, stay=(LEFT_AT, LEFT_AT), speaker_sample_every=120),
    DeviceGroup(name="audio_bytes", count=1, stay=(LEFT_AT, LEFT_AT)),
)
_WEBHOOK: Final = 39
"""Seconds, so that a piece of audio is sent to the webhook at second 240."""
CRASHING: Final = Plan(
    words="a loop raises an exception",
    scenario=_scenario(
        "loop_crashes",
        LEFT_AT + 200,
        _STAY,
        *_CRASHES,
        DeviceGroup(
            name="transcripts-vanish",
            count=1,
            stay=(CRASH_AT - 3, CRASH_AT - 3),
            leave=Leave.VANISH,
            transcript_every=60,
        ),
        faults=(_slow(CRASH_AT - 5), _slow(LEFT_AT)),
        webhook=_WEBHOOK,
    ),
    crashing=(*(each.name for each in _CRASHES), "transcripts-vanish"),
)
CRASHING_HANGING: Final = Plan(
    words="a loop raises an exception while storage never answers",
    scenario=_scenario(
        "loop_crashes_storage_hangs",
        LEFT_AT + 200,
        *_CRASHES,
        faults=(_HANGS,),
        webhook=_WEBHOOK,
    ),
    crashing=tuple(each.name for each in _CRASHES),
)
STOPPING: Final = Plan(
    words="the pod is stopped while storage never answers",
    scenario=_scenario(
        "pod_stops",
        STOP_AT + 190,
        DeviceGroup(name="stays", count=4, transcript_every=60),
        DeviceGroup(name="leaves", count=2, stay=(STOP_AT - 11, STOP_AT - 11)),
        DeviceGroup(name="vanishes", count=1, stay=(STOP_AT - 5, STOP_AT - 5), leave=Leave.VANISH),
        DeviceGroup(name="has-just-come", count=1, arrive=(STOP_AT - 1, STOP_AT - 1)),
        DeviceGroup(name="comes-last", count=1, arrive=(STOP_AT, STOP_AT)),
        faults=(_HANGS, _TRICKLES),
    ),
    stopped=True,
    slow_to_cancel=True,
)
LONG: Final = Plan(
    words="a device stays for a day",
    scenario=_scenario(
        "a_day",
        DAY,
        DeviceGroup(name="minute", count=1, stay=(_MINUTE, _MINUTE)),
        faults=(_slow(DAY_LEFT_AT),),
        sample_every=1200,
    ),
    day=True,
)
PLANS: Final = (
    WORKING,
    HANGING,
    SLOW,
    NOTHING_ANSWERS,
    CRASHING,
    CRASHING_HANGING,
    STOPPING,
    LONG,
)
