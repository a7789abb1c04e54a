"""Progress is kept in a file: never downgraded, never lost, and a damaged file is kept aside."""

import errno
import threading
from pathlib import Path

import pytest

from ghosts.exercises import certificate, overview
from ghosts.exercises.progress import Record, change, record_of, records


def test_there_is_no_progress_and_no_file_before_something_was_done(progress_file: Path) -> None:
    assert records() == {}
    overview()
    assert not progress_file.exists()


def test_a_wrong_answer_does_not_undo_a_right_one() -> None:
    change("a", lambda record: record.checked(correct=False))
    assert record_of("a").state == "attempted"
    change("a", lambda record: record.checked(correct=True))
    solved_at = record_of("a").solved_at
    change("a", lambda record: record.checked(correct=False))
    assert record_of("a").state == "solved"
    assert record_of("a").checks == 3
    assert record_of("a").solved_at == solved_at is not None


def test_kernels_that_write_at_the_same_time_lose_nothing() -> None:
    def solve(slug: str) -> None:
        for _ in range(20):
            change(slug, lambda record: record.checked(correct=True))

    threads = [threading.Thread(target=solve, args=(slug,)) for slug in "aabc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {slug: record.checks for slug, record in records().items()} == {
        "a": 40,
        "b": 20,
        "c": 20,
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": {"state": "won"}}', "\0" * 100])
def test_a_damaged_file_is_kept_aside_and_said_in_one_line(
    progress_file: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    progress_file.write_text(text)
    assert records() == {}
    change("a", lambda record: record.checked(correct=True))
    assert record_of("a").state == "solved"
    assert progress_file.with_name("progress.damaged.json").read_text() == text
    assert capsys.readouterr().out.count("\n") == 1


def test_where_it_cannot_be_kept_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GHOSTS_PROGRESS", str(tmp_path / "file" / "progress.json"))
    change("a", lambda record: record.checked(correct=True))
    assert capsys.readouterr().out.startswith("your progress is not kept: ")


@pytest.mark.parametrize("failing", ["read_bytes", "replace"])
def test_a_file_that_cannot_be_read_or_renamed_is_left_as_it_is(
    progress_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: str,
) -> None:
    change("a", lambda record: record.checked(correct=True))
    if failing == "replace":
        progress_file.write_text("damaged")
    kept = progress_file.read_text()

    def fail(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, failing, fail)
        assert records() == {}
        change("b", lambda record: record.checked(correct=True))
    assert progress_file.read_text() == kept
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert all("Permission denied" in line for line in said)


def test_the_overview_and_the_certificate_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = repr(overview())
    assert "0 of" in before
    assert "not attempted" in before
    change("the_lifecycle", lambda record: Record(hints=2).checked(correct=True))
    assert "1 of" in repr(overview())
    certificate("Ada")
    text = capsys.readouterr().out
    assert text.startswith("Ghost connections: Ada has solved 1 of")
    assert "4. Write the lifecycle (with 2 hints)" in text
