"""ghosts check: the service's name, the stand-in for Redis that the example has, long messages."""

from ghosts.check.frames_file import read_frames


def test_no_ghosts(ghost_check, folder, form):
    options = {
        "stubs": {"localhost:6379": "redis_stub:redis"},
        "frames": read_frames(folder.parent / "long_messages.json"),
    }
    report = ghost_check(f"{form}:handler", app_dir=str(folder), path="/lobby", **options)
    assert not report.findings
