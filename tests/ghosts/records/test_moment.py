"""Moments: dates without a time of day, times of any offset, and what lies between them."""

import pytest

from ghosts.records.moment import Moment, elapsed


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-03", "2026-11-03"),
        ("2026-11-03T14:05:09Z", "2026-11-03 14:05"),
        ("2026-11-03 00:30:00+02:00", "2026-11-02 22:30"),
    ],
)
def test_a_moment_is_written_in_utc_and_without_a_time_that_nobody_knows(text, written):
    assert str(Moment.parse(text)) == written


@pytest.mark.parametrize("text", ["2026-11-03T14:05:00", "14:05", "yesterday", "2026-13-01", ""])
def test_what_could_be_several_moments_or_none_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        Moment.parse(text)


@pytest.mark.parametrize(
    ("start", "end", "took"),
    [
        ("2026-01-18", "2026-04-28", "100 days"),
        ("2026-01-18", "2026-01-19", "1 day"),
        ("2026-01-18", "2026-01-18T23:00Z", "less than a day"),
        ("2026-01-18T23:00Z", "2026-01-20", "2 days"),
        ("2026-01-18T23:00Z", "2026-01-19T00:01Z", "1 hour 1 minute"),
        ("2026-01-18T23:00Z", "2026-01-20T23:20Z", "2 days 20 minutes"),
        ("2026-01-18T23:00Z", "2026-01-18T23:00Z", "less than a minute"),
    ],
)
def test_the_time_between_two_is_no_more_exact_than_they_are(start, end, took):
    assert elapsed(Moment.parse(start), Moment.parse(end)) == took


def test_a_time_is_not_before_a_date_of_the_same_day():
    assert not Moment.parse("2026-01-18T01:00Z").is_before(Moment.parse("2026-01-18"))
    assert Moment.parse("2026-01-18T01:00Z").is_before(Moment.parse("2026-01-18T01:01Z"))
    assert Moment.parse("2026-01-17").is_before(Moment.parse("2026-01-18T01:00Z"))
