"""Texts of a report that do not depend on the machine or the run."""

from pathlib import Path

import pytest

from ghosts.check.report.portable import portable


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("<Session object at 0x7f3a5c0d1e50>", "<Session object at 0x...>"),
        ("Connect call failed ('127.0.0.1', 43127)", "Connect call failed ('127.0.0.1', PORT)"),
        ("cannot connect to 127.83.0.1:54321 now", "cannot connect to 127.83.0.1:PORT now"),
        ("Redis at localhost:6379 is down", "Redis at localhost:6379 is down"),
        ("http://localhost:51234/", "http://localhost:PORT/"),
        ("status 0x1f, 12 bytes", "status 0x1f, 12 bytes"),
        (f"no file '{Path.cwd()}/a.py'", "no file 'a.py'"),
        (f"no file '{Path.home()}/b/a.py'", "no file 'b/a.py'"),
    ],
)
def test_addresses_chosen_ports_and_folders_are_taken_out(text, same):
    assert portable(text) == same
