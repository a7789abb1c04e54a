"""The spool alone: order, the identity of a delivery, its bound, and who may have the file."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from disk import files_of_at_most
from hypothesis import given, settings
from hypothesis import strategies as st

from ghosts.config import MAX_FRAME_BYTES, SPOOL_DISK_RESERVE
from ghosts.pusher.spool import Delivery, Key, Spool, SpoolError, SpoolFullError

HOME, AWAY = Key("ada", "home"), Key("ada", "away")
BOB = Key("bob", "home")
PLENTY = 64 * 2**20
NOBODY = 65_534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def fill(spool: Spool, key: Key, *pieces: bytes) -> None:
    for second, pcm in enumerate(pieces):
        spool.append(key, float(second), pcm)


def deliver_all(spool: Spool, key: Key) -> list[Delivery]:
    deliveries = []
    while (delivery := spool.next_delivery(key)) is not None:
        deliveries.append(delivery)
        spool.delivered(delivery)
    return deliveries


def audio_of(spool: Spool, key: Key) -> list[bytes]:
    return [delivery.audio for delivery in deliver_all(spool, key)]


def files_of(path: Path) -> list[Path]:
    """The files with audio, by age."""
    return sorted(file for file in path.iterdir() if file.name != "lock")


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write everywhere; be somebody else."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@contextmanager
def folder_for_all() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def test_audio_is_delivered_in_the_order_in_which_it_came_across_deliveries(path):
    pieces = [bytes([n]) * 3 for n in range(100)]
    with Spool(path, PLENTY, batch_bytes=10) as spool:
        fill(spool, HOME, *pieces)
        assert b"".join(audio_of(spool, HOME)) == b"".join(pieces)


@pytest.mark.parametrize(
    ("sizes", "deliveries"),
    [
        ([4], [4]),
        ([1, 1, 1], [3]),
        ([2, 2, 1], [4, 1]),
        ([3, 2, 2], [3, 4]),
        ([5], [5]),
        ([9, 1, 9], [9, 1, 9]),
        ([1, 9, 1], [1, 9, 1]),
    ],
)
def test_a_delivery_is_as_many_whole_pieces_as_it_may_hold_and_one_at_least(
    path, sizes, deliveries
):
    with Spool(path, PLENTY, batch_bytes=4) as spool:
        fill(spool, HOME, *(b"x" * size for size in sizes))
        assert [len(audio) for audio in audio_of(spool, HOME)] == deliveries


def test_a_delivery_starts_when_its_first_piece_did_and_names_its_user_and_conversation(path):
    with Spool(path, PLENTY, batch_bytes=4) as spool:
        fill(spool, HOME, b"ab", b"cd", b"ef")
        first, second = deliver_all(spool, HOME)
        assert (first.key, first.started_at, first.audio) == (HOME, 0.0, b"abcd")
        assert (second.key, second.started_at, second.audio) == (HOME, 2.0, b"ef")
        assert first.id != second.id


def test_conversations_and_users_do_not_mix_though_their_audio_comes_in_turns(path):
    with Spool(path, PLENTY, batch_bytes=4) as spool:
        for n in range(6):
            spool.append(HOME, n, b"h%d" % n)
            spool.append(AWAY, n, b"a%d" % n)
            spool.append(BOB, n, b"b%d" % n)
        assert audio_of(spool, AWAY) == [b"a0a1", b"a2a3", b"a4a5"]
        assert audio_of(spool, BOB) == [b"b0b1", b"b2b3", b"b4b5"]
        assert audio_of(spool, HOME) == [b"h0h1", b"h2h3", b"h4h5"]


@pytest.mark.parametrize("part", ["ada/../..", "", "\n\0", "x" * 5000, "\u00e4\u2603"])
def test_users_and_conversations_may_have_any_name(path, part):
    key = Key(part, part)
    with Spool(path, PLENTY) as spool:
        fill(spool, key, b"ab")
    with Spool(path, PLENTY) as spool:
        assert spool.conversations() == {key: 2}
        (delivery,) = deliver_all(spool, key)
        assert (delivery.key, delivery.audio) == (key, b"ab")


def test_there_is_no_delivery_where_there_is_no_audio(path):
    with Spool(path, PLENTY) as spool:
        assert spool.next_delivery(HOME) is None
        assert spool.conversations() == {}


def test_a_delivery_that_was_begun_is_the_same_audio_whatever_is_appended_meanwhile(path):
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, b"a", b"b")
        begun = spool.next_delivery(HOME)
        fill(spool, HOME, b"c")
        assert spool.next_delivery(HOME) == begun
        assert audio_of(spool, HOME) == [b"ab", b"c"]


def test_a_delivery_that_was_begun_is_the_same_audio_in_the_next_process(path):
    with Spool(path, PLENTY, batch_bytes=2) as spool:
        fill(spool, HOME, b"a", b"b", b"c")
        begun = spool.next_delivery(HOME)
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, b"d")
        assert spool.next_delivery(HOME) == begun
        assert audio_of(spool, HOME) == [b"ab", b"c", b"d"]


def test_delivered_forgets_that_delivery_and_nothing_else(path):
    with Spool(path, PLENTY) as spool:
        fill(spool, AWAY, b"away")
        fill(spool, HOME, b"a")
        delivery = spool.next_delivery(HOME)
        fill(spool, BOB, b"bob")
        fill(spool, HOME, b"b", b"c")
        spool.delivered(delivery)
        assert spool.conversations() == {AWAY: 4, HOME: 2, BOB: 3}
        assert [audio_of(spool, key) for key in (HOME, AWAY, BOB)] == [[b"bc"], [b"away"], [b"bob"]]
    assert files_of(path) == []


def test_delivered_said_twice_is_said_once(path):
    with Spool(path, PLENTY, batch_bytes=1) as spool:
        fill(spool, HOME, b"a", b"b")
        delivery = spool.next_delivery(HOME)
        spool.delivered(delivery)
        spool.delivered(delivery)
        assert spool.size == 1
        assert audio_of(spool, HOME) == [b"b"]
        spool.delivered(delivery)
        assert spool.size == 0


def test_sizes_are_those_of_the_audio_also_in_the_next_process(path):
    with Spool(path, PLENTY, batch_bytes=3) as spool:
        fill(spool, HOME, b"abc", b"de")
        fill(spool, BOB, b"f")
        assert (spool.size, spool.conversations()) == (6, {HOME: 5, BOB: 1})
        spool.delivered(spool.next_delivery(HOME))
        assert (spool.size, spool.conversations()) == (3, {HOME: 2, BOB: 1})
    with Spool(path, PLENTY) as spool:
        assert (spool.size, spool.conversations()) == (3, {HOME: 2, BOB: 1})
        deliver_all(spool, HOME)
        deliver_all(spool, BOB)
        assert (spool.size, spool.conversations()) == (0, {})


def test_conversations_come_in_the_order_of_their_oldest_audio(path):
    with Spool(path, PLENTY, batch_bytes=2) as spool:
        for key in (HOME, BOB, AWAY, HOME):
            fill(spool, key, b"ab")
        assert list(spool.conversations()) == [HOME, BOB, AWAY]
        spool.delivered(spool.next_delivery(HOME))
        assert list(spool.conversations()) == [BOB, AWAY, HOME]


def test_what_does_not_fit_is_refused_and_nothing_of_it_is_kept(path):
    with Spool(path, max_bytes=10) as spool:
        fill(spool, HOME, b"12345678")
        with pytest.raises(SpoolFullError, match="full: 8 bytes of audio are unsent"):
            spool.append(HOME, 1.0, b"abc")
        with pytest.raises(SpoolFullError):
            spool.append(BOB, 1.0, b"abc")
        assert (spool.size, spool.conversations()) == (8, {HOME: 8})
        spool.append(HOME, 1.0, b"90")
        assert spool.size == 10
        assert audio_of(spool, HOME) == [b"1234567890"]
        spool.append(HOME, 2.0, b"there is")


def test_the_bound_holds_for_what_the_process_before_has_left(path):
    with Spool(path, max_bytes=10) as spool:
        fill(spool, HOME, b"12345678")
    with Spool(path, max_bytes=10) as spool, pytest.raises(SpoolFullError):
        spool.append(HOME, 1.0, b"abc")


def test_it_is_full_when_the_largest_frame_would_not_fit_and_not_before(path):
    with Spool(path, max_bytes=MAX_FRAME_BYTES + 4) as spool:
        fill(spool, HOME, b"1234")
        assert not spool.full
        fill(spool, HOME, b"5")
        assert spool.full
        deliver_all(spool, HOME)
        assert not spool.full


def test_it_is_full_when_its_disk_is_but_for_a_reserve(path, monkeypatch):
    usage = shutil.disk_usage(path.parent)

    def disk_has_room_for(size: int) -> None:
        left = usage._replace(free=SPOOL_DISK_RESERVE + size)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: left)

    with Spool(path, PLENTY) as spool:
        disk_has_room_for(4)
        assert spool.full
        with pytest.raises(SpoolFullError):
            spool.append(HOME, 0.0, b"12345")
        spool.append(HOME, 0.0, b"1234")
        disk_has_room_for(MAX_FRAME_BYTES)
        assert not spool.full
        assert audio_of(spool, HOME) == [b"1234"]


def test_the_folder_grows_with_what_is_unsent_and_not_with_what_was_delivered(path):
    second = b"\0" * 16_000
    with Spool(path, PLENTY) as spool:
        for _ in range(3):
            fill(spool, HOME, *[second] * 300)
            on_disk = sum(file.stat().st_size for file in files_of(path))
            assert 300 * len(second) < on_disk < 300 * len(second) * 1.01
            assert len(b"".join(audio_of(spool, HOME))) == 300 * len(second)
            assert files_of(path) == []


def test_a_second_one_in_the_same_process_is_refused_in_one_line(path):
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, b"ab")
        with pytest.raises(SpoolError) as refusal:
            Spool(path, PLENTY)
        assert str(refusal.value) == "spool: another process has it"
        fill(spool, HOME, b"cd")
        assert audio_of(spool, HOME) == [b"abcd"]


def test_another_process_is_refused_in_one_line_from_the_first_moment_on(path):
    code = (
        "import pathlib, sys; from ghosts.pusher import Spool, SpoolError\n"
        "try: Spool(pathlib.Path(sys.argv[1]), 1)\n"
        "except SpoolError as error: print(error)"
    )
    Spool(path, PLENTY).close()
    with Spool(path, PLENTY):  # it has only been opened
        said = subprocess.check_output([sys.executable, "-c", code, str(path)], text=True)
    assert said == "spool: another process has it\n"


@pytest.mark.parametrize("name", ["notes.txt", f"{7:012d}-{'0' * 32}"])
def test_a_file_that_is_no_part_of_a_spool_is_refused_and_left_as_it_was(path, name):
    path.mkdir()
    (path / name).write_text("These are somebody's notes, and no audio at all.\n" * 100)
    before = (path / name).read_bytes()
    with pytest.raises(SpoolError, match=rf"^spool: {name} is no file of a spool$"):
        Spool(path, PLENTY)
    assert (path / name).read_bytes() == before
    with pytest.raises(SpoolError):  # the first one has given the folder up
        Spool(path, PLENTY)


def test_a_damaged_file_is_refused_and_left_as_it_was(path):
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, *[b"x" * 1000] * 100)
    (file,) = files_of(path)
    damaged = file.read_bytes()[:4096] + b"\xff" * 90_000
    file.write_bytes(damaged)
    with pytest.raises(SpoolError, match=rf"^spool: {file.name} is damaged$"):
        Spool(path, PLENTY)
    assert file.read_bytes() == damaged


def test_a_file_that_is_damaged_while_it_waits_is_not_delivered(path):
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, *[b"x" * 1000] * 3)
        (file,) = files_of(path)
        whole = file.read_bytes()
        file.write_bytes(whole[:1500])
        with pytest.raises(SpoolError, match=r"is damaged at byte"):
            spool.next_delivery(HOME)
        for end in range(len(whole)):
            file.write_bytes(whole[:end])
            with pytest.raises(SpoolError, match=r"is damaged at byte"):
                spool.next_delivery(HOME)
        file.unlink()
        with pytest.raises(SpoolError, match=r"^spool: No such file or directory$"):
            spool.next_delivery(HOME)


def test_what_a_process_or_a_machine_that_died_had_not_written_as_a_whole_is_cut_off(path, caplog):
    """Each length at which the last piece can end, or with zeros in its place."""
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, b"first", b"second")
    (file,) = files_of(path)
    whole = file.read_bytes()
    start = whole.index(b"pcm ", whole.index(b"first"))
    for end in range(start, len(whole)):
        for rest in (b"", b"\0" * (len(whole) - end)):
            file.write_bytes(whole[:end] + (rest if end == start else b""))
            with Spool(path, PLENTY) as spool:
                assert spool.conversations() == {HOME: 5}
                assert spool.next_delivery(HOME).audio == b"first"
                fill(spool, HOME, b"later")
                spool.delivered(spool.next_delivery(HOME))
                assert audio_of(spool, HOME) == [b"later"]
    assert "bytes at the end were not written as a whole, and are cut off" in caplog.text


def test_a_file_of_which_nothing_was_written_as_a_whole_is_removed(path):
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, b"first")
    (file,) = files_of(path)
    whole = file.read_bytes()
    for content in (*(whole[:end] for end in range(len(whole))), bytes(len(whole))):
        file.write_bytes(content)
        with Spool(path, PLENTY) as spool:
            assert (spool.size, spool.conversations()) == (0, {})
        assert not file.exists()


def test_a_place_that_is_not_there_is_refused(path):
    with pytest.raises(SpoolError, match=r"^spool: No such file or directory$"):
        Spool(path.parent / "missing" / path.name, PLENTY)
    path.write_text("a file")
    with pytest.raises(SpoolError, match=r"^spool: Not a directory$"):
        Spool(path, PLENTY)


def test_a_folder_that_is_read_only_is_refused():
    with folder_for_all() as folder:
        folder.chmod(0o555)
        with without_privileges(), pytest.raises(SpoolError, match="Permission denied"):
            Spool(folder / "spool", PLENTY)
        folder.chmod(0o777)


def test_a_spool_that_is_read_only_is_refused_when_it_is_opened_and_not_at_the_first_audio():
    with folder_for_all() as folder:
        path = folder / "spool"
        Spool(path, PLENTY).close()
        (path / "lock").chmod(0o666)
        path.chmod(0o555)
        with without_privileges(), pytest.raises(SpoolError, match=r"^spool: Permission denied$"):
            Spool(path, PLENTY)


def test_a_disk_without_room_is_refused_when_the_spool_is_opened(path):
    with files_of_at_most(0), pytest.raises(SpoolError, match=r"^spool: "):
        Spool(path, PLENTY)


def test_a_disk_that_fills_up_refuses_a_piece_as_a_whole_and_keeps_what_is_there(path):
    pieces = [bytes([n]) * 100_000 for n in range(9)]
    with Spool(path, PLENTY) as spool:
        with files_of_at_most(550_000), pytest.raises(SpoolError, match=r"^spool: "):
            fill(spool, HOME, *pieces)
        assert spool.size == 500_000
        with files_of_at_most(50_000), pytest.raises(SpoolError, match=r"^spool: "):
            spool.append(BOB, 0.0, pieces[0])
        assert spool.conversations() == {HOME: 500_000}
        fill(spool, HOME, pieces[5])
    with Spool(path, PLENTY) as spool:
        assert audio_of(spool, HOME) == [b"".join(pieces[:6])]
        assert audio_of(spool, BOB) == []


def test_what_was_appended_survives_the_process_at_once(path, tmp_path):
    """As a process that is killed leaves it: the files, copied as they are."""
    with Spool(path, PLENTY) as spool:
        for number, key in enumerate((HOME, BOB, HOME)):
            spool.append(key, 0.0, b"ab")
            killed = shutil.copytree(path, tmp_path / str(number))
            with Spool(killed, PLENTY) as found:
                assert found.conversations() == spool.conversations()


def test_a_spool_that_was_closed_says_so(path):
    spool = Spool(path, PLENTY)
    fill(spool, HOME, b"ab")
    delivery = spool.next_delivery(HOME)
    spool.close()
    spool.close()
    for use in (
        lambda: spool.append(HOME, 0.0, b"ab"),
        lambda: spool.append(BOB, 0.0, b"ab"),
        lambda: spool.next_delivery(HOME),
        lambda: spool.delivered(delivery),
        lambda: spool.full,
    ):
        with pytest.raises(SpoolError, match=r"^spool: the spool is closed$"):
            use()
    assert spool.size == 2
    Spool(path, PLENTY).close()


def test_delivery_ids_of_two_spools_never_collide(tmp_path):
    ids = []
    for name in ("one", "other"):
        with Spool(tmp_path / name, PLENTY, batch_bytes=4) as spool:
            fill(spool, HOME, *[b"same"] * 10)
            ids += [delivery.id for delivery in deliver_all(spool, HOME)]
    assert len(set(ids)) == 20


def test_an_id_is_not_given_again_for_other_audio_by_a_spool_that_was_emptied(path):
    ids = []
    for _ in range(3):
        with Spool(path, PLENTY, batch_bytes=4) as spool:
            fill(spool, HOME, b"same", b"same")
            ids += [delivery.id for delivery in deliver_all(spool, HOME)]
    assert len(set(ids)) == 6


def test_an_id_is_not_given_again_though_a_machine_that_died_took_the_last_writes_with_it(path):
    """Storage would take other audio for what it has already, and it would be lost."""
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, b"then")
        lost = spool.next_delivery(HOME)
    for file in files_of(path):
        file.unlink()
    with Spool(path, PLENTY) as spool:
        fill(spool, HOME, b"now!")
        (later,) = deliver_all(spool, HOME)
    assert later.id != lost.id


STEPS = st.one_of(
    st.tuples(st.just("append"), st.sampled_from([HOME, AWAY, BOB]), st.integers(1, 6)),
    st.tuples(st.just("begin"), st.sampled_from([HOME, AWAY, BOB]), st.none()),
    st.tuples(st.just("deliver"), st.sampled_from([HOME, AWAY, BOB]), st.none()),
    st.tuples(st.just("reopen"), st.none(), st.integers(1, 8)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_it_does_as_a_list_would_in_any_order_of_calls_and_whoever_reopens_it(steps):
    said = dict.fromkeys((HOME, AWAY, BOB), b"")
    stored = dict(said)
    by_id: dict[str, bytes] = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spool"
        spool = Spool(path, PLENTY, batch_bytes=4)
        for number, (step, key, size) in enumerate(steps):
            if step == "append":
                pcm = bytes([number]) * size
                spool.append(key, float(number), pcm)
                said[key] += pcm
            elif step == "reopen":
                spool.close()
                spool = Spool(path, PLENTY, batch_bytes=size)
            elif (delivery := spool.next_delivery(key)) is not None:
                assert by_id.setdefault(delivery.id, delivery.audio) == delivery.audio
                if step == "deliver":
                    spool.delivered(delivery)
                    stored[key] += delivery.audio
            left = {each: len(said[each]) - len(stored[each]) for each in said}
            assert spool.size == sum(left.values())
            assert spool.conversations() == {each: left[each] for each in left if left[each]}
        for key in said:
            assert stored[key] + b"".join(audio_of(spool, key)) == said[key]
        spool.close()
