"""ghosts check: the service's name, and what clients send: long messages, which fill buffers."""

from ghosts.check.frames_file import read_frames


def test_no_ghosts(ghost_check, folder, form):
    long = read_frames(folder.parent / "long_messages.json")
    report = ghost_check(f"{form}:app", app_dir=str(folder), path="/ws", frames=long)
    assert not report.findings
