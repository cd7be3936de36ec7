"""The server's decisions that need no server: captions, credits, turns, texts, secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.api.models import Quality
from kodisc_jupyter.local.classroom.tariff import RATE, RESERVE, CreditBalance, cost
from kodisc_jupyter.local.classroom.users import Key, User, Users, new_key
from kodisc_jupyter.local.fair_queue import FairQueue
from kodisc_jupyter.local.processes.environment import for_renders, without_secrets
from kodisc_jupyter.local.render_request import task_of
from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.captions import Cue, to_vtt
from kodisc_jupyter.stage.task import Limits, RenderTask


def test_no_captions_are_just_the_header():
    assert to_vtt([]) == "WEBVTT\n"


def test_captions_are_ordered_escaped_and_kept_in_one_block():
    cues = [Cue(3661.5, 3662, "later"), Cue(-0.25, 1.0005, "a & b\n\n--> <c>"), Cue(2, 2, "empty")]

    assert to_vtt(cues) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na &amp; b\n--&gt; &lt;c&gt;\n\n"
        "01:01:01.500 --> 01:01:02.000\nlater\n"
    )


def test_a_cost_is_rounded_up_and_at_least_one():
    assert cost(Quality.LOW, 0) == 1
    assert cost(Quality.MEDIUM, 6000) == 48
    assert cost(Quality.MEDIUM, 6001) == 49


def test_dearer_qualities_reserve_and_cost_more():
    assert sorted(RESERVE.values()) == [RESERVE[quality] for quality in Quality]
    assert sorted(RATE.values()) == [RATE[quality] for quality in Quality]


def test_the_free_part_is_spent_first_and_comes_back_where_it_came_from():
    purse = CreditBalance(paid=10, free=4)
    split = purse.take(6)

    assert split == (CreditBalance(8, 0), CreditBalance(2, 4))
    assert split[0].put_back(split[1]) == purse
    assert purse.take(15) is None
    assert purse.take(14) == (CreditBalance(0, 0), CreditBalance(10, 4))


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 3000))
def test_no_credit_is_made_or_lost(paid, free, amount):
    purse = CreditBalance(paid, free)
    split = purse.take(amount)

    if split is None:
        assert amount > purse.total
    else:
        left, taken = split
        assert taken.total == amount
        assert left.total == purse.total - amount
        assert min(left.paid, left.free, taken.paid, taken.free) >= 0


def test_users_take_turns_and_keep_their_own_order():
    line = FairQueue()
    for user, job in (("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")):
        line.join(user, job)

    assert len(line) == 6
    assert [line.next() for _ in range(7)] == ["a1", "b1", "c1", "a2", "b2", "a3", None]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_every_job_that_joins_the_line_leaves_it_once_and_in_its_users_order(steps):
    line, joined, left = FairQueue(), [], []
    for number, (user, leave) in enumerate(steps):
        line.join(user, f"{user}{number}")
        joined.append(f"{user}{number}")
        if leave:
            left.append(line.next())
    while (job := line.next()) is not None:
        left.append(job)

    assert sorted(left) == sorted(joined)
    for user in "abc":
        assert [j for j in left if j[0] == user] == [j for j in joined if j[0] == user]


def test_secrets_do_not_reach_the_renders():
    secret = {
        "KODISC_KEY": "x",
        "GITHUB_TOKEN": "x",
        "db_password": "x",
        "CLIENT_SECRET": "x",
        "OPENAI_API_KEY": "x",
        "STRIPE_KEY": "x",
        "AWS_REGION": "x",
        "GOOGLE_APPLICATION_CREDENTIALS": "x",
        "SSH_AUTH_SOCK": "x",
        "INDEX": "https://me:secret@example.org/simple",
    }
    kept = {"PATH": "/bin", "HOME": "/home/me", "LANG": "C.UTF-8", "URL": "https://example.org/a:b"}

    assert without_secrets(secret | kept) == kept
    assert for_renders(kept)["OMP_NUM_THREADS"] == "1"


LOG = r"""This is pdfTeX
! Undefined control sequence.
l.8 $\displaystyle \nosuch
                          x$
No pages of output.
"""


def test_latex_errors_are_found_in_its_log():
    assert failure.latex_errors(LOG) == [
        "! Undefined control sequence.",
        r"l.8 $\displaystyle \nosuch",
        "                          x$",
    ]
    assert failure.latex_errors("all is well\n") == []


def test_a_missing_latex_file_is_told_with_what_installs_it():
    (error, hint) = failure.latex_errors("! LaTeX Error: File `physics.sty' not found.\n")

    assert error == "! LaTeX Error: File `physics.sty' not found."
    assert hint.startswith("physics.sty is missing on the machine that renders.")
    assert "texlive-latex-extra" in hint


def test_a_process_that_ended_is_told_with_its_last_lines():
    assert failure.process_ended(3, "") == (
        "The scene's process ended by itself (exit code 3) before the video was finished."
    )
    killed = failure.process_ended(-9, "".join(f"line {n}\n" for n in range(50)))
    assert "(SIGKILL)" in killed
    assert "line 49" in killed
    assert "line 29\n" not in killed
    assert "(signal 99)" in failure.process_ended(-99, "")


def test_long_texts_keep_their_beginning_and_their_end():
    text = failure.shorten("a" * 500 + "b" * 500, 300)

    assert text.startswith("a" * 100)
    assert text.endswith("b" * 200)
    assert "700 characters left out" in text
    assert failure.shorten("short") == "short"


@pytest.mark.parametrize(
    ("body", "frame"),
    [
        ({}, (1280, 720, 30)),
        ({"quality": "low", "aspectRatio": "9:16"}, (480, 854, 15)),
        ({"quality": "fourk", "fps": 60}, (3840, 2160, 60)),
        ({"fps": 30.0}, (1280, 720, 30)),
    ],
)
def test_a_request_becomes_a_frame(body, frame):
    request = {"code": "x", "className": "A", **body}
    task = task_of("job", request, Limits(1, 2, 3), owner="me")

    assert (task.width, task.height, task.fps) == frame
    assert isinstance(task.fps, int)
    assert RenderTask.from_json(task.to_json()) == task


def test_a_key_opens_its_own_user_only_and_is_kept_by_its_hash():
    one, other = new_key(), new_key()
    users = Users((User("ada", (Key.of(one),)), User("bob", (Key.of(other),))))

    assert users.who(f"Bearer {other}") == (users.users[1], users.users[1].keys[0])
    assert users.who(f"bearer  {one} ") == (users.users[0], users.users[0].keys[0])
    for wrong in (
        None,
        "",
        "Bearer",
        one,
        f"Basic {one}",
        f"Bearer {one}0",
        "Bearer é",
        f"Bearer {one[:-1]}",
    ):
        assert users.who(wrong) is None
    assert one not in repr(users)
    assert one.removeprefix("kdsc_live_")[8:] not in repr(users)
