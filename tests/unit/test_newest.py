"""Pictures that follow a slider: the newest soon and last, few at once, none that is out of date."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from kodisc_jupyter.notebook.pictures.newest import AT_ONCE, Newest

PATIENCE_S = 60


class Moves:
    """Works that end when they are told to, and what was shown of them."""

    def __init__(self) -> None:
        self.begun: queue.Queue[str] = queue.Queue()
        self.shown: queue.Queue[str] = queue.Queue()
        self._ends = {}
        self.newest = Newest(self.shown.put)

    def ask(self, name: str) -> None:
        self._ends[name] = threading.Event()

        def work() -> str:
            self.begun.put(name)
            assert self._ends[name].wait(PATIENCE_S)
            return name

        self.newest.ask(work)

    @property
    def names(self) -> list[str]:
        return list(self._ends)

    def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()


@pytest.fixture
def moves() -> Iterator[Moves]:
    made = Moves()
    yield made
    made.end(*made.names)  # no thread outlives its test


def test_the_first_move_is_begun_at_once_and_shown(moves):
    moves.ask("first")
    assert moves.begun.get(timeout=PATIENCE_S) == "first"
    moves.end("first")
    assert moves.shown.get(timeout=PATIENCE_S) == "first"


def test_of_many_moves_while_one_is_drawn_only_the_newest_is_drawn(moves):
    moves.ask("first")
    moves.begun.get(timeout=PATIENCE_S)
    for number in range(20):
        moves.ask(f"move {number}")
    begun = moves.begun.get(timeout=PATIENCE_S)  # beside the first one, which has not ended
    moves.end("first", *(f"move {number}" for number in range(20)))
    last = begun
    while last != "move 19":
        last = moves.begun.get(timeout=PATIENCE_S)
    seen = [moves.shown.get(timeout=PATIENCE_S)]
    while seen[-1] != "move 19":
        seen.append(moves.shown.get(timeout=PATIENCE_S))
    assert len(seen) < 10


def test_an_older_one_that_ends_later_is_not_shown(moves):
    moves.ask("slow")
    moves.begun.get(timeout=PATIENCE_S)
    moves.ask("quick")
    assert moves.begun.get(timeout=PATIENCE_S) == "quick"
    moves.end("quick")
    assert moves.shown.get(timeout=PATIENCE_S) == "quick"
    moves.end("slow")
    moves.ask("next")
    moves.end("next")
    assert moves.shown.get(timeout=PATIENCE_S) == "next"


def test_no_more_than_a_few_are_drawn_at_once(moves):
    for number in range(AT_ONCE):
        moves.ask(f"move {number}")
        moves.begun.get(timeout=PATIENCE_S)
    moves.ask("waits")
    assert moves.begun.empty()
    moves.end("move 0")
    assert moves.begun.get(timeout=PATIENCE_S) == "waits"


def test_what_was_dropped_is_not_shown(moves):
    moves.ask("under way")
    moves.begun.get(timeout=PATIENCE_S)
    moves.newest.drop()
    moves.end("under way")
    moves.ask("after")
    moves.end("after")
    assert moves.shown.get(timeout=PATIENCE_S) == "after"


def test_what_fails_is_said_and_what_is_asked_after_it_is_still_shown(monkeypatch):
    said: queue.Queue[BaseException] = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda told: said.put(told.exc_value))
    shown: queue.Queue[str] = queue.Queue()
    newest = Newest(shown.put)
    for number in range(2 * AT_ONCE):
        newest.ask(lambda: 1 / 0)
        assert isinstance(said.get(timeout=PATIENCE_S), ZeroDivisionError), number
    newest.ask(lambda: "after")
    assert shown.get(timeout=PATIENCE_S) == "after"
