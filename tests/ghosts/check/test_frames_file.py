"""The file of --send: what it may hold, and what is said of a wrong one."""

import pytest

from ghosts.check.frames_file import FramesError, read_frames
from ghosts.check.service import Frame


@pytest.fixture
def frames_of(tmp_path):
    def read(text):
        path = tmp_path / "frames.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_frames(path)

    return read


def test_each_form_of_an_entry_is_a_frame_and_a_second_is_the_usual_pause(frames_of):
    assert frames_of(
        '["hello", {"text": "ü"}, {"json": {"ü": [1]}, "pause": 0}, {"base64": "AAEC", "pause": 2}]'
    ) == (
        Frame("hello", 1.0),
        Frame("ü", 1.0),
        Frame('{"ü": [1]}', 0.0),
        Frame(b"\x00\x01\x02", 2.0),
    )


def test_an_empty_frame_and_a_null_in_json_are_frames(frames_of):
    assert frames_of('["", {"base64": ""}, {"json": null}]') == (
        Frame(""),
        Frame(b""),
        Frame("null"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON: Expecting value in line 1; write a list of frames"),
        ('["a",\n"b"', "in line 2"),
        ("[" * 100_000, "is not JSON"),
        (b'["\xff"]', "is not JSON in UTF-8"),
        ("{}", "should be a list of frames"),
        ('["a", 7]', 'entry 2: 7 is no frame; write "TEXT", {"text": "TEXT"}'),
        ('[["a"]]', 'entry 1: ["a"] is no frame'),
        ("[{}]", "entry 1: has none of text, json, base64, and should have one"),
        ('[{"pause": 1}]', "entry 1: has none of text, json, base64"),
        ('[{"text": "a", "json": 1}]', "entry 1: has text and json, and should have one"),
        ('[{"txt": "a"}]', "entry 1: no key 'txt'; did you mean 'text'?"),
        ('[{"text": 1}]', "entry 1: text is 1; write a string"),
        ('[{"base64": "a"}]', 'entry 1: base64 is "a", which is not base64'),
        ('[{"base64": "ü"}]', "which is not base64"),
        ('[{"text": "a", "pause": -1}]', "entry 1: pause is -1; write seconds, 0 to 86400"),
        ('[{"text": "a", "pause": "1"}]', 'entry 1: pause is "1"'),
        ('[{"text": "a", "pause": true}]', "entry 1: pause is true"),
        ('[{"text": "a", "pause": NaN}]', "entry 1: pause is NaN"),
        ('[{"text": "a", "pause": 1' + "0" * 400 + "}]", "entry 1: pause is 1000"),
        ("[1" + "0" * 5000 + "]", "is not JSON"),
        (r'["\ud800"]', "entry 1: "),
        ('[{"text": "a", "pause": 0}]', "the pauses add up to less than 0.01 s"),
    ],
)
def test_a_wrong_file_gets_one_line_with_the_file_the_entry_and_what_to_write(
    frames_of, text, said
):
    with pytest.raises(FramesError) as raised:
        frames_of(text)

    words = str(raised.value)
    assert "frames.json: " in words
    assert said in words
    assert "\n" not in words


def test_a_file_that_is_not_there_or_a_folder_is_named(tmp_path):
    with pytest.raises(FramesError, match=r"missing\.json: No such file"):
        read_frames(tmp_path / "missing.json")
    with pytest.raises(FramesError, match="Is a directory"):
        read_frames(tmp_path)


def test_an_empty_list_is_a_device_that_only_listens(tmp_path):
    path = tmp_path / "frames.json"
    path.write_text("[]")
    assert read_frames(path) == ()
