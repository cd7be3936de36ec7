"""How long to wait before trying again, and for how long."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.api.exchange.retry import (
    RETRY_AFTER_CAP_S,
    Retrying,
    Waits,
    delay_s,
    read_retry_after,
    repeat,
)

NEW_YEAR = "Wed, 01 Jan 2025 00:00:00 GMT"
NEW_YEAR_S = 1_735_689_600.0


def test_waits_double_from_one_second():
    assert [delay_s(n, retry_after_s=None, jitter=0.0) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]


@given(
    failures=st.integers(1, 10),
    asked=st.none() | st.floats(0, 1e9),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_jitter_never_goes_under_the_stated_wait_and_adds_at_most_a_second(failures, asked, jitter):
    wait = delay_s(failures, retry_after_s=asked, jitter=jitter)
    stated = max(2 ** (failures - 1), min(asked or 0, RETRY_AFTER_CAP_S))
    assert stated <= wait <= stated + 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("9" * 5000, 999_999_999.0),
        ("Wed, 01 Jan 2025 00:00:30 GMT", 30.0),
        ("Tue, 31 Dec 2024 00:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("-3", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Wed, 99 Jan 2025 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert read_retry_after(value, date=None, now=NEW_YEAR_S) == seconds


def test_a_date_is_compared_with_the_servers_own_clock():
    value = "Wed, 01 Jan 2025 00:00:30 GMT"
    assert read_retry_after(value, date=NEW_YEAR, now=0.0) == 30.0
    assert read_retry_after(value, date="nonsense", now=NEW_YEAR_S + 10) == 20.0


@given(st.text(max_size=40))
def test_no_header_breaks_the_reading(value):
    seconds = read_retry_after(value, date=value, now=0.0)
    assert seconds is None or seconds >= 0


def test_a_wait_is_told_in_one_line():
    told = Retrying(2, 5, 4.2, "the server answered 503")
    assert str(told) == "retrying in 4 s (2 of 5): the server answered 503"


def test_the_last_outcome_is_given_when_no_attempt_did():
    pauses, told = [], []

    outcome = repeat(
        lambda number: number * 10,
        attempts=3,
        again=lambda outcome: True,
        wait_s=lambda failures, outcome: failures + outcome / 100,
        reason=str,
        pause=pauses.append,
        on_retry=told.append,
    )

    assert outcome == 30
    assert pauses == [1.1, 2.2]
    assert told == [Retrying(2, 3, 1.1, "10"), Retrying(3, 3, 2.2, "20")]


def test_one_attempt_neither_waits_nor_tells():
    outcome = repeat(
        lambda number: number,
        attempts=1,
        again=lambda outcome: True,
        wait_s=lambda failures, outcome: 1.0,
        reason=str,
        pause=lambda seconds: pytest.fail("waited"),
        on_retry=lambda retry: pytest.fail("told"),
    )
    assert outcome == 1


def test_an_error_of_the_attempt_is_not_retried():
    with pytest.raises(KeyboardInterrupt):
        repeat(
            lambda number: (_ for _ in ()).throw(KeyboardInterrupt),
            attempts=3,
            again=lambda outcome: True,
            wait_s=lambda failures, outcome: 1.0,
            reason=str,
            pause=lambda seconds: pytest.fail("waited"),
            on_retry=None,
        )


def test_a_nap_ends_when_cancelled():
    cancel = threading.Event()
    threading.Timer(0.01, cancel.set).start()
    Waits().nap(3600, cancel)
    assert cancel.is_set()
