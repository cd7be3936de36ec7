"""A panel sends at most two messages a second, and a kernel no more than its server passes on."""

from __future__ import annotations

import itertools
import threading

import pytest

from kodisc_jupyter.notebook.display.sending.rate_limiter import OutputRateLimiter
from kodisc_jupyter.notebook.display.sending.throttle import Throttle


class Time:
    """A clock that stands still until it is moved, and calls what is due then."""

    def __init__(self):
        self.now = 0.0
        self.due = []

    def __call__(self):
        return self.now

    def later(self, delay_s, fn):
        one = (self.now + delay_s, fn)
        self.due.append(one)
        return lambda: self.due.remove(one)

    def move(self, seconds):
        end = self.now + seconds
        while ready := [one for one in self.due if one[0] <= end]:
            first = min(ready, key=lambda one: one[0])
            self.due.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = end


def outlet():
    time = Time()
    return time, OutputRateLimiter(clock=time, later=time.later)


def test_thirty_videos_that_are_ready_together_stay_under_the_servers_limit():
    time, door = outlet()
    sent = []
    for at in range(30):
        door.offer(at, 700_000, lambda at=at: sent.append((time.now, at)))
    time.move(60)
    assert [at for _, at in sent] == list(range(30))
    for start, _ in sent:
        assert sum(700_000 for at, _ in sent if start <= at < start + 3) <= 3_000_000


def test_small_outputs_pass_at_once():
    _, door = outlet()
    sent = []
    door.offer("big", 2_500_000, lambda: sent.append("big"))
    door.offer("bigger", 2_500_000, lambda: sent.append("bigger"))
    door.offer("small", 3_000, lambda: sent.append("small"))
    assert sent == ["big", "small"]


def test_an_output_of_any_size_passes_in_the_end():
    time, door = outlet()
    sent = []
    door.offer("a", 1_000_000, lambda: sent.append("a"))
    door.offer("huge", 40_000_000, lambda: sent.append("huge"))
    time.move(5)
    assert sent == ["a", "huge"]


def test_a_newer_output_of_the_same_display_takes_the_older_ones_place():
    time, door = outlet()
    sent = []
    door.offer("first", 2_500_000, lambda: sent.append("first"))
    door.offer("display", 2_000_000, lambda: sent.append("old"))
    door.offer("display", 1_000, lambda: sent.append("new"))
    time.move(10)
    assert sent == ["first", "new"]


def throttle():
    time, sent = Time(), []
    return (
        time,
        sent,
        Throttle(lambda value: sent.append((time.now, value)), clock=time, later=time.later),
    )


def test_the_first_state_goes_out_at_once():
    _, sent, door = throttle()
    door.offer("a")
    assert sent == [(0.0, "a")]


def test_a_burst_becomes_two_messages_a_second_and_ends_with_the_newest():
    time, sent, door = throttle()
    for at in range(100):
        door.offer(at)
        time.move(0.02)
    time.move(1)
    times = [at for at, _ in sent]
    assert sent[-1][1] == 99
    assert all(later - sooner >= 0.499 for sooner, later in itertools.pairwise(times))
    assert len(sent) <= 6


def test_the_end_does_not_wait_and_nothing_older_follows_it():
    time, sent, door = throttle()
    door.offer("a")
    door.offer("b")
    door.offer("end", at_once=True)
    time.move(5)
    assert sent == [(0.0, "a"), (0.0, "end")]


def test_after_an_end_that_did_not_wait_the_gap_still_holds():
    time, sent, door = throttle()
    door.offer("a")
    door.offer("b")
    time.move(0.4)
    door.offer("end", at_once=True)
    door.offer("again")
    time.move(5)
    assert sent == [(0.0, "a"), (0.4, "end"), (0.9, "again")]


def test_states_offered_by_several_threads_end_with_one_of_the_last():
    sent = []
    door = Throttle(sent.append, clock=lambda: 0.0, later=Time().later, gap_s=0.0)
    threads = [
        threading.Thread(target=lambda k=k: [door.offer((k, at)) for at in range(200)])
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 800
    for k in range(4):
        assert [at for who, at in sent if who == k] == list(range(200))


def test_what_may_be_over_soon_waits_a_whole_gap():
    time, sent, door = throttle()
    door.offer("a")
    time.move(3)
    door.offer("fetching", patient=True)
    time.move(0.4)
    door.offer("end", at_once=True)
    time.move(5)
    assert sent == [(0.0, "a"), (3.4, "end")]
    door.offer("fetching", patient=True)
    time.move(0.6)
    assert sent[-1][1] == "fetching"


def test_a_display_that_was_just_made_counts_as_the_first_message():
    time, sent = Time(), []
    door = Throttle(
        lambda value: sent.append((time.now, value)), clock=time, later=time.later, sent_at=0.0
    )
    door.offer("checking")
    time.move(0.1)
    door.offer("queued")
    time.move(2)
    assert sent == [(0.5, "queued")]


def test_after_closing_nothing_is_sent_and_nothing_waits():
    time, sent, door = throttle()
    door.offer("a")
    door.offer("b")
    door.close()
    assert time.due == []
    door.close()
    time.move(5)
    assert sent == [(0.0, "a")]


# Nothing is sent while a lock is held


def in_another_thread(fn):
    """Call ``fn`` from another thread; whether it came back."""
    thread = threading.Thread(target=fn, daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


def test_a_send_that_leads_to_another_value_does_not_wait_for_itself():
    time, sent = Time(), []

    def send(value):
        sent.append(value)
        if value == "first":
            throttle.offer("second", at_once=True)

    throttle = Throttle(send, clock=time, later=time.later)
    assert in_another_thread(lambda: throttle.offer("first", at_once=True))
    assert sent == ["first", "second"]


def test_an_output_that_leads_to_another_does_not_wait_for_itself():
    _, door = outlet()
    sent = []
    first = lambda: (sent.append("first"), door.offer("b", 100, lambda: sent.append("second")))  # noqa: E731
    assert in_another_thread(lambda: door.offer("a", 100, first))
    assert sent == ["first", "second"]


def test_a_send_that_hangs_holds_up_nobody_else_and_the_order_stays():
    time, sent = Time(), []
    sending, may_go = threading.Event(), threading.Event()

    def send(value):
        if value == 0:
            sending.set()
            assert may_go.wait(30)
        sent.append(value)

    throttle = Throttle(send, clock=time, later=time.later)
    slow = threading.Thread(target=lambda: throttle.offer(0, at_once=True))
    slow.start()
    assert sending.wait(30)
    assert in_another_thread(lambda: [throttle.offer(n, at_once=True) for n in (1, 2, 3)])
    assert sent == []
    may_go.set()
    slow.join(30)
    assert sent == [0, 1, 2, 3]


def test_a_closed_panel_sends_nothing_that_was_still_waiting_its_turn():
    time, sent = Time(), []
    throttle = Throttle(sent.append, clock=time, later=time.later)
    throttle.offer(1)
    throttle.offer(2)
    throttle.close()
    time.move(10)
    assert sent == [1]


def test_one_send_that_fails_does_not_keep_the_next_ones():
    time, sent = Time(), []

    def send(value):
        if value == "bad":
            raise ValueError(value)
        sent.append(value)

    throttle = Throttle(send, clock=time, later=time.later)
    with pytest.raises(ValueError, match="bad"):
        throttle.offer("bad", at_once=True)
    throttle.offer("good", at_once=True)
    assert sent == ["good"]
