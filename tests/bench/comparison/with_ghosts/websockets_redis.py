"""ghosts check: the service's name, and the stand-in for Redis that the example has."""


def test_no_ghosts(ghost_check, folder, form):
    stubs = {"localhost:6379": "redis_stub:redis"}
    report = ghost_check(f"{form}:handler", app_dir=str(folder), path="/lobby", stubs=stubs)
    assert not report.findings
