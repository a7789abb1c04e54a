"""`ghosts report --postmortem`, driven as from a shell."""

import pytest
from made_up_incident import INCIDENT, write_in

from ghosts.cli.main import main
from ghosts.paths import DATA

STORED = DATA / "recordings" / "production_full_gather_all.json"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with an incident, its scenario and its recordings."""
    monkeypatch.chdir(tmp_path)
    write_in(tmp_path)
    return tmp_path


def _own(*more):
    return ["report", "--postmortem", "--incident", "incident.toml", *more]


def test_it_writes_both_files_and_says_where_they_are_and_what_is_to_be_filled(here, capsys):
    assert main(_own("gather_all.json", "shipped.json")) == 0

    first, second, third, *parts = capsys.readouterr().out.splitlines()
    assert first == "Postmortem: build/postmortem.html"
    assert second == "Markdown: build/postmortem.md, with its pictures in build/postmortem"
    assert third == f"To be filled: {len(parts)}"
    assert "- Trigger: what started it" in parts
    pictures = sorted(path.name for path in (here / "build/postmortem").iterdir())
    assert pictures == ["replays.png", "timeline.png"]
    for name in ("postmortem.html", "postmortem.md"):
        text = (here / "build" / name).read_text(encoding="utf-8")
        assert "Uploads that hang" in text
        assert text.count("To be filled: ") == len(parts)


def test_a_file_that_names_its_recordings_needs_none_on_the_command_line(here, capsys):
    names = 'recordings = ["gather_all.json", "shipped.json"]'
    (here / "incident.toml").write_text(f"{names}\n{INCIDENT}")
    assert main(_own()) == 0
    assert "Postmortem: build/postmortem.html" in capsys.readouterr().out


def test_without_a_file_it_is_this_incident_with_its_stored_recordings(here, monkeypatch, capsys):
    composed = []

    def compose(incident, recordings):
        composed.append((incident.title, [one.variant for one in recordings]))
        raise KeyboardInterrupt

    monkeypatch.setattr("ghosts.postmortem.compose", compose)
    assert main(["report", "--postmortem"]) == 130
    (one,) = composed
    assert one[0].startswith("Ghost connections")
    assert one[1] == ["gather_all", "supervised", "shipped"]


def test_a_new_file_is_one_that_it_takes(here, capsys):
    assert main(["report", "--postmortem", "--new", "new.toml"]) == 0
    assert "--incident new.toml" in capsys.readouterr().out
    assert main(["report", "--postmortem", "--incident", "new.toml", "gather_all.json"]) == 0
    assert "- the title" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--postmortem --incident no.toml", "no.toml: cannot be read: No such file or directory"),
        ("--postmortem --incident .", "cannot be read: Is a directory"),
        ("--postmortem --incident gather_all.json", "gather_all.json: is no incident: not TOML"),
        ("--postmortem --incident wrong.toml", "wrong.toml: sumary: unknown key"),
        ("--postmortem --incident late.toml", "late.toml: timeline.0.at: should be a date"),
        ("--postmortem --incident incident.toml", "no recordings: make them with `ghosts replay"),
        ("--postmortem --incident incident.toml no.json", "no.json: No such file"),
        ("--postmortem --incident incident.toml mine.toml", "mine.toml: is no recording"),
        (f"--postmortem --incident incident.toml {STORED}", "is of another scenario, 'production'"),
        ("--postmortem gather_all.json", "is of another scenario, 'mine'"),
        ("--postmortem --new incident.toml", "incident.toml: exists"),
        ("--postmortem --new no/new.toml", "no/new.toml: cannot be written"),
        ("--postmortem --new new.toml gather_all.json", "--new writes a file to fill"),
        ("--incident incident.toml", "--incident is of a postmortem: add --postmortem"),
        ("--new new.toml", "--new is of a postmortem: add --postmortem"),
    ],
)
def test_wrong_use_gets_one_line_that_says_what_to_do(here, capsys, arguments, said):
    (here / "wrong.toml").write_text('sumary = "x"')
    (here / "late.toml").write_text('[[timeline]]\nevent = "x"\nat = "noon"')

    assert main(["report", *arguments.split()]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert not (here / "build").exists()


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_replayed(here, capsys):
    (here / "build").write_text("a file where the folder should be")
    assert main(_own("gather_all.json", "shipped.json")) == 2
    assert "cannot write build/postmortem" in capsys.readouterr().err
