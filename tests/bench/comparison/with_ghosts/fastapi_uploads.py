"""ghosts check: the service's name is all."""


def test_no_ghosts(ghost_check, folder, form):
    report = ghost_check(f"{form}:app", app_dir=str(folder), path="/ws")
    assert not report.findings
