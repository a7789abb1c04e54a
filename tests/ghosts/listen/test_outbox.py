"""Acknowledgements of type 202: what the pusher will not lose, and who waits to hear of it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from bed import now
from both import SECOND, Both, serve_both
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ghosts import config, protocol
from ghosts.backends import Backend
from ghosts.clients import Features
from ghosts.listen.metrics import ListenMetrics
from ghosts.listen.outbound.acknowledged import AcknowledgedQueue
from ghosts.listen.outbound.queue import QueueFullError
from ghosts.records.fault import FaultMode
from ghosts.simulation import podcast

NOW = 1_000_000_000.0
PIECE = config.MAX_FRAME_BYTES // 4
FIVE_PIECES = 5 * PIECE
"""A spool that takes a session on, which takes room for a frame, and is full soon."""
SEGMENTS = [{"id": "s", "text": "hello there"}]


class Peer:
    """One that talks to the pusher as listen does, and notes with their times its answers."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.answers: list[tuple[float, protocol.Answer]] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                answer = protocol.decode_answer(await self.connection.recv())
                self.answers.append((now(), answer))
        except ConnectionClosed:
            pass

    async def send(self, *messages: protocol.Message) -> None:
        for message in messages:
            await self.connection.send(protocol.encode(message))
        await asyncio.sleep(0.01)

    @property
    def confirmed(self) -> list[float | str | None]:
        answers = [one for _, one in self.answers if isinstance(one, protocol.Acknowledged)]
        return [one.delivery_id or one.audio_until for one in answers]


@asynccontextmanager
async def peer_of_the_pusher(
    features: Features | None = None, *, acks: str = "&acks=1", spool_bytes: int | None = None
) -> AsyncIterator[tuple[Both, Peer]]:
    async with serve_both("shipped", features, spool_bytes=spool_bytes) as both:
        url = f"ws://127.0.0.1:{both.bed.pusher.port}/v1/trigger/listen?uid=ada{acks}"
        peer = Peer(await connect(url, proxy=None, compression=None, ping_interval=None))
        await asyncio.sleep(0.1)
        yield both, peer


def test_audio_is_acknowledged_when_it_is_in_the_spool_and_not_before(run, caplog):
    async def scenario():
        async with peer_of_the_pusher(spool_bytes=FIVE_PIECES) as (both, peer):
            spool = both.bed.spool
            await peer.send(protocol.Conversation("c"))
            for second in range(5):
                await peer.send(protocol.Audio(NOW + second, bytes(PIECE)))
                assert peer.confirmed == [NOW + earlier for earlier in range(second + 1)]
                assert spool.size == (second + 1) * PIECE
            await peer.send(protocol.Audio(NOW + 5, bytes(PIECE)))
            await peer.connection.wait_closed()
            assert peer.connection.close_code == 1013
            assert peer.confirmed[-1] == NOW + 4
            assert both.bed.pusher.metrics.dropped_bytes == {"spool_full": PIECE}

    run(scenario)


def test_a_transcript_is_acknowledged_once_the_webhook_has_it(run):
    async def scenario():
        async with peer_of_the_pusher() as (both, peer):
            await both.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.SLOW, seconds=5)
            await peer.send(protocol.Transcript(SEGMENTS, "c", "delivery"))
            await asyncio.sleep(5)
            assert (peer.confirmed, both.received(Backend.TRANSCRIPT_WEBHOOK)) == ([], [])
            await asyncio.sleep(config.TRANSCRIPTS_POLL_INTERVAL + 0.1)
            assert peer.confirmed == ["delivery"]
            assert len(both.received(Backend.TRANSCRIPT_WEBHOOK)) == 1

    run(scenario)


def test_what_nobody_wants_is_acknowledged_at_once(run):
    async def scenario():
        features = Features(transcript_webhook=False, private_cloud=False)
        async with peer_of_the_pusher(features) as (both, peer):
            await peer.send(
                protocol.Transcript(SEGMENTS, "c", "delivery"),
                protocol.SpeakerSample("p", "c", ["s"], "sample"),
                protocol.Audio(NOW, bytes(SECOND)),
            )
            assert peer.confirmed == ["delivery", "sample", NOW]
            assert both.received(Backend.TRANSCRIPT_WEBHOOK) == []

    run(scenario)


def test_who_does_not_ask_for_acknowledgements_of_audio_gets_none(run):
    async def scenario():
        async with peer_of_the_pusher(acks="") as (_, peer):
            await peer.send(
                protocol.Conversation("c"),
                protocol.Audio(NOW, bytes(SECOND)),
                protocol.Transcript(SEGMENTS, "c"),
                protocol.SpeakerSample("p", "c", ["s"]),
            )
            await asyncio.sleep(2)
            assert peer.answers == []

    run(scenario)


def test_a_pusher_that_is_told_to_stop_acknowledges_what_it_has_read_and_closes_with_1001(run):
    async def scenario():
        async with peer_of_the_pusher() as (both, peer):
            await both.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.SLOW, seconds=5)
            await peer.send(
                protocol.Conversation("c"),
                protocol.Audio(NOW, bytes(SECOND)),
                protocol.Transcript(SEGMENTS, "c", "first"),
                protocol.Transcript(SEGMENTS, "c", "second"),
            )
            await both.bed.pusher.stop(grace=config.TERMINATION_GRACE)
            await peer.connection.wait_closed()
            assert peer.connection.close_code == 1001
            assert peer.confirmed == [NOW, "first", "second"]
            assert (both.stored, both.bed.spool.size) == (SECOND, 0)
            assert len(both.received(Backend.TRANSCRIPT_WEBHOOK)) == 2

    run(scenario)


def test_what_a_stopping_pusher_has_not_read_it_does_not_acknowledge(run):
    async def scenario():
        async with peer_of_the_pusher() as (both, peer):
            await both.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.SLOW, seconds=5)
            await peer.send(protocol.Conversation("c"), protocol.Transcript(SEGMENTS, "c", "first"))
            stopping = asyncio.create_task(both.bed.pusher.stop(grace=config.TERMINATION_GRACE))
            await asyncio.sleep(1)
            await peer.send(protocol.Audio(NOW, bytes(SECOND)))
            await stopping
            assert peer.confirmed == ["first"]
            assert (both.stored, both.bed.spool.size) == (0, 0)

    run(scenario)


def spy_on_transcripts(both: Both, monkeypatch) -> list[str]:
    """The ids of the deliveries that the webhook's client was given; it is called as ever."""
    given = []
    send = both.bed.clients.send_transcript

    async def spied(uid: str, segments: object, delivery_id: str) -> None:
        given.append(delivery_id)
        await send(uid, segments, delivery_id)

    monkeypatch.setattr(both.bed.clients, "send_transcript", spied)
    return given


def test_a_transcript_sent_again_after_a_lost_link_arrives_at_the_webhook_once(run, monkeypatch):
    async def scenario():
        async with serve_both("shipped") as both:
            given = spy_on_transcripts(both, monkeypatch)
            await both.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.SLOW, seconds=3)
            device = await both.connect()
            await device.play(2)
            await device.stay(2.5)
            assert given
            assert both.session().outbound.held_segments > 0
            both.break_links()
            await device.stay(20)
            assert both.session().outbound.held_segments == 0
            assert len(given) > len(set(given))
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 2)

    run(scenario)


def test_a_webhook_whose_answer_is_lost_has_each_transcript_once(run, monkeypatch):
    async def scenario():
        async with serve_both("shipped") as both:
            await both.fail(Backend.TRANSCRIPT_WEBHOOK, FaultMode.ANSWER_LOST)
            device = await both.connect()
            await device.play(10)
            both.break_links()
            await device.play(10)
            await both.bed.recover(Backend.TRANSCRIPT_WEBHOOK)
            await device.stay(5)
            assert both.words_at(Backend.TRANSCRIPT_WEBHOOK) == podcast.words_in(0, 20)

    run(scenario)


def test_a_device_beyond_ten_mebibytes_is_turned_away_and_what_was_taken_is_not_lost(run, caplog):
    async def scenario():
        async with serve_both("shipped") as both:
            await both.bed.stop_pusher()
            device = await both.connect()
            frame = bytes(config.MAX_FRAME_BYTES)
            for number in count():
                if device.close_code is not None:
                    break
                assert number * len(frame) <= config.AUDIO_BUFFER_MAX
                await device.connection.send(frame)
                await asyncio.sleep(0.5)
            assert device.close_code == 1013
            taken = both.listen.metrics.received_bytes
            assert config.AUDIO_BUFFER_MAX - len(frame) < taken <= config.AUDIO_BUFFER_MAX
            assert both.session().outbound.held_bytes == taken
            await both.bed.start_pusher()
            await asyncio.sleep(config.BG_DRAIN_TIMEOUT)
            both.assert_at_rest()
            assert both.stored == taken
            assert both.lost("listen_audio_lost_bytes", reason="session_ended") == 0

    run(scenario)
    lines = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert any(line.startswith("ada: closed with 1013: ") for line in lines)


def test_what_is_never_confirmed_is_counted_as_lost_when_the_session_ends(run):
    async def scenario():
        async with serve_both("shipped") as both:
            await both.bed.stop_pusher()
            device = await both.connect()
            await device.play(10)
            await device.leave()
            await asyncio.sleep(config.LISTEN_DRAIN_TIMEOUT + config.CANCEL_ACK_TIMEOUT)
            assert (both.gauge, both.tcp()) == (0, 0)
            assert both.lost("listen_audio_lost_bytes", reason="session_ended") == 10 * SECOND
            assert both.lost("listen_segments_lost", reason="session_ended") > 0
            assert both.listen.unprocessed.of("ada") != []

    run(scenario)


def outbox() -> AcknowledgedQueue:
    return AcknowledgedQueue("ada", ListenMetrics(), (asyncio.Event(), asyncio.Event()))


class Link:
    """One that takes so many frames, and then is closed."""

    def __init__(self, takes: int = 1000) -> None:
        self.sent: list[protocol.Message] = []
        self._takes = takes

    async def send(self, message: protocol.Message) -> None:
        if len(self.sent) == self._takes:
            raise ConnectionClosed(None, None)
        self.sent.append(message)

    @property
    def audio(self) -> bytes:
        return b"".join(one.pcm for one in self.sent if isinstance(one, protocol.Audio))


@pytest.mark.parametrize("step", [1.0, 0.0, -1.0], ids=["in turn", "at once", "backwards"])
def test_audio_is_confirmed_in_its_order_whatever_times_it_bears(run, step):
    """A burst begins at one moment; a long frame after a short one even before it."""

    async def scenario():
        box = outbox()
        for number in range(4):
            box.add_audio("c", NOW + number * step, bytes([number]) * 32_000)
        dead = Link(takes=3)  # the conversation, and two frames
        await box.link_up(dead.send)
        first = next(one for one in dead.sent if isinstance(one, protocol.Audio))
        box.acknowledged(protocol.Acknowledged(audio_until=first.started_at))
        assert box.held_bytes == 3 * 32_000
        box.link_down()
        link = Link()
        await box.link_up(link.send)
        assert link.audio == b"".join(bytes([number]) * 32_000 for number in (1, 2, 3))
        for number in (1, 2, 3):
            box.acknowledged(protocol.Acknowledged(audio_until=NOW + number * step))
        assert box.held_bytes == 0

    run(scenario)


def test_an_acknowledgement_of_what_was_not_sent_on_this_link_confirms_nothing(run):
    async def scenario():
        box = outbox()
        box.add_audio("c", NOW, bytes(SECOND))
        box.add_segments("c", SEGMENTS)
        box.acknowledged(protocol.Acknowledged(audio_until=NOW + 1))
        box.acknowledged(protocol.Acknowledged(audio_until=NOW))
        box.acknowledged(protocol.Acknowledged("another delivery"))
        assert (box.held_bytes, box.held_segments) == (SECOND, 1)

    run(scenario)


def test_a_new_link_is_told_the_conversation_before_each_change_of_it(run):
    async def scenario():
        box = outbox()
        for conversation in ("a", "b"):
            box.add_audio(conversation, NOW, bytes(SECOND))
            box.add_audio(conversation, NOW + 1, bytes(SECOND))
        for _ in range(2):
            link = Link()
            await box.link_up(link.send)
            kinds = [type(one) for one in link.sent]
            assert kinds == [protocol.Conversation, protocol.Audio] * 2
            assert link.audio == bytes(4 * SECOND)
            box.link_down()

    run(scenario)


def test_a_full_outbox_takes_nothing_of_what_does_not_fit_and_room_once_something_is_confirmed(run):
    async def scenario():
        box = outbox()
        half = config.AUDIO_BUFFER_MAX // 2
        box.add_audio("c", NOW, bytes(half))
        box.add_audio("c", NOW + 1, bytes(half))
        with pytest.raises(QueueFullError):
            box.check_room(2)
        assert box.held_bytes == config.AUDIO_BUFFER_MAX
        await box.link_up(Link().send)
        box.acknowledged(protocol.Acknowledged(audio_until=NOW))
        box.check_room(2)
        box.add_audio("c", NOW + 2, bytes(2))
        assert box.held_bytes == half + 2

    run(scenario)
