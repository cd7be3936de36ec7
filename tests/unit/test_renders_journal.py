"""The journal: what survives, what is set aside, and what never gets into it."""

import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import AspectRatio, Balance, Quality, RenderRequest
from kodisc_jupyter.renders.journal.file import _use_wal
from kodisc_jupyter.renders.journal.journal import SCHEMA_VERSION, Journal
from kodisc_jupyter.renders.journal.process import Owner, is_alive, this_process
from kodisc_jupyter.renders.journal.record import JobRecord, Step
from kodisc_jupyter.renders.start.identity import code_sha256, identify, program_sha256

REQUEST = RenderRequest("class Hello(Scene): ...", "Hello")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "journal.sqlite"


@pytest.fixture
def journal(path):
    journal = Journal(path)
    yield journal
    journal.close()


def record(render_id="r1", **values):
    key = values.get("reuse_key", "key")
    return JobRecord(
        **{
            "render_id": render_id,
            "reuse_key": key,
            "code_sha256": code_sha256(key),
            "scene": "Hello",
            "quality": Quality.MEDIUM,
            "aspect_ratio": AspectRatio.WIDE,
            "fps": 30,
            "backend": "cloud",
            "identity": "cloud:x",
            "unlimited": False,
            "title": "Hello",
            "notebook": "a.ipynb",
            "session": "s1",
            "owner": this_process(),
            "created_at": time.time(),
            **values,
        }
    )


def test_a_row_comes_back_as_it_was_written(journal, path):
    row = record()
    assert journal.claim(row) is row
    known = {
        "step": Step.COMPLETED,
        "job_id": "j1",
        "phase": "completed",
        "credits": 51,
        "balance_before": Balance(900, 100, 1000),
        "video": path.parent / "video.mp4",
    }
    journal.update(row, "settled", **known)
    again = Journal(path)
    assert again.by_job("j1") == replace(row, **known)
    assert isinstance(again.by_job("j1").credits, int)
    again.close()


def test_many_threads_and_kernels_that_claim_at_once_make_one_row(tmp_path):
    for turn in range(20):  # in each, a file that is new to all of them
        path = tmp_path / str(turn) / "journal.sqlite"
        journals = [Journal(path) for _ in range(4)]
        gate = threading.Barrier(8)

        def claim(number, journals=journals, gate=gate):
            row = record(f"r{number}")
            gate.wait()
            return journals[number % 4].claim(row) is row

        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(claim, range(8)))
        assert won.count(True) == 1
        assert len(journals[0].all_records()) == 1
        for journal in journals:
            journal.close()


def test_the_file_itself_refuses_a_second_open_row(journal, path):
    journal.claim(record())
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(
            "INSERT INTO renders SELECT 99, 'r2', "
            + ", ".join(name for name in record().__dataclass_fields__ if name != "render_id")
            + " FROM renders"
        )
    db.close()


def test_a_forced_render_takes_the_place_of_an_open_one(journal):
    journal.claim(record("r1"))
    forced = record("r2")
    assert journal.claim(forced, force=True) is forced
    assert journal.same(record()).render_id == "r2"
    journal.update(forced, "failed", step=Step.FAILED)
    assert journal.same(record()) is None
    assert [row.step for row in journal.all_records()] == [Step.INTENT, Step.FAILED]


def test_a_damaged_journal_is_set_aside_with_a_warning_and_a_new_one_started(path):
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all" * 100)
    journal = Journal(path)
    with pytest.warns(RuntimeWarning, match="was damaged .* set aside as .*broken-"):
        assert journal.recent(5) == []
    row = record()
    assert journal.claim(row) is row
    (aside,) = path.parent.glob("journal.sqlite.broken-*")
    assert aside.read_bytes().startswith(b"this is no database")
    journal.close()


def test_damage_while_it_is_open_is_noticed_and_the_job_is_written_to_the_new_file(journal, path):
    row = record()
    journal.claim(row)
    journal.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.warns(RuntimeWarning, match="was damaged"):
        journal.update(row, "accepted", durable=True, step=Step.ACCEPTED, job_id="j1")
    assert journal.by_job("j1").scene == "Hello"


def test_a_journal_that_was_deleted_under_an_open_kernel_is_written_anew(journal, path):
    row = record()
    journal.claim(row)
    for file in path.parent.iterdir():
        file.unlink()
    journal.update(row, "accepted", durable=True, step=Step.ACCEPTED, job_id="j1")
    other = Journal(path)
    assert other.by_job("j1").step is Step.ACCEPTED
    other.close()


def test_a_newer_schema_is_left_alone(journal, path):
    journal.claim(record())
    journal.close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(
        KodiscError, match=r"newer kodisc-jupyter.*nothing was charged.*pip install"
    ):
        Journal(path).claim(record("r2"))
    assert path.read_bytes() == before


def test_where_wal_does_not_work_a_slower_mode_is_used_with_a_warning(path):
    class NetworkDisk:
        def __init__(self):
            self.asked = []

        def execute(self, statement):
            self.asked.append(statement)
            if "WAL" in statement:
                raise sqlite3.OperationalError("locking protocol")
            return self

        def fetchone(self):
            return ["delete"]

    disk = NetworkDisk()
    with pytest.warns(RuntimeWarning, match="cannot hold a journal in WAL mode"):
        _use_wal(disk, path)
    assert disk.asked[-1] == "PRAGMA journal_mode = DELETE"


def test_neither_the_key_nor_the_code_is_in_the_file(session, cloud, tmp_path):
    key = "kdsc_live_" + "ab" * 24
    code = "class Hello(Scene): secret_of_the_code = 'do not keep this'"
    request = RenderRequest(code, "Hello", metadata={"note": "metadata stays out"})
    cloud.client.instant = False
    render = session.start(request, backend=cloud, notebook="a.ipynb")
    cloud.client.finish(render.job.job_id, error=f"File ...\n    {code}\nNameError: x")
    with pytest.raises(KodiscError):
        render.wait(60)
    session.close()
    content = b"".join(
        file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()
    )
    assert b"Hello" in content
    for secret in (key, "secret_of_the_code", "metadata stays out"):
        assert secret.encode() not in content


# What counts as the same render


def key_of(request, backend="local"):
    return identify(request, backend).reuse_key


def test_settings_left_out_are_the_same_as_the_defaults_written_out():
    explicit = replace(REQUEST, quality=Quality.MEDIUM, aspect_ratio=AspectRatio.WIDE, fps=30)
    assert key_of(REQUEST, "local") == key_of(explicit, "local")


def test_metadata_and_webhook_do_not_make_another_render():
    other = replace(REQUEST, metadata={"a": 1}, webhook_url=None)
    assert key_of(REQUEST, "local") == key_of(other, "local")


@pytest.mark.parametrize(
    "change",
    [
        {"code": "class Hello(Scene): pass"},
        {"class_name": "Other"},
        {"quality": Quality.HIGH},
        {"aspect_ratio": AspectRatio.UPRIGHT},
        {"fps": 31},
    ],
)
def test_whatever_changes_the_video_makes_another_render(change):
    assert key_of(REQUEST, "local") != key_of(replace(REQUEST, **change), "local")
    assert key_of(REQUEST, "local") != key_of(REQUEST, "cloud:https://kodisc.com/api/v2")


CELL = """\
from manim import *

class Hello(Scene):
    def construct(self):
        title = Text('Hi', color=RED)  # a title
        self.play(Write(title), run_time=2)
"""

SAME = {
    "a comment": CELL.replace("# a title", "# another word about it"),
    "a comment line": CELL.replace("class Hello", "# here it begins\nclass Hello"),
    "blank lines": CELL.replace("\n\n", "\n\n\n\n"),
    "quotes": CELL.replace("'Hi'", '"Hi"'),
    "spaces": CELL.replace("run_time=2", "run_time = 2"),
    "line breaks": CELL.replace("Write(title), ", "\n            Write(title),\n            "),
    "a last comma": CELL.replace("run_time=2)", "run_time=2,)"),
    "parentheses": CELL.replace("run_time=2", "run_time=(2)"),
    "a text in two pieces": CELL.replace("'Hi'", "'H' 'i'"),
    "tabs": CELL.replace("    ", "\t"),
    "line ends of Windows": CELL.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("code", SAME.values(), ids=SAME)
def test_the_same_program_is_the_same_render(code):
    assert code != CELL
    first, again = (identify(RenderRequest(one, "Hello"), "local") for one in (CELL, code))
    assert first.reuse_key == again.reuse_key
    assert first.code_sha256 != again.code_sha256


DIFFERENT = {
    "another number": CELL.replace("run_time=2", "run_time=3"),
    "a whole number or not": CELL.replace("run_time=2", "run_time=2.0"),
    "another name": CELL.replace("title", "words"),
    "another order": CELL.replace("'Hi', color=RED", "color=RED, text='Hi'"),
    "another text": CELL.replace("'Hi'", "'Hi '"),
    "bytes": CELL.replace("'Hi'", "b'Hi'"),
    "none": CELL.replace("run_time=2", "run_time=None"),
    "a word in quotes": CELL.replace("color=RED", "color='RED'"),
    "an operator": CELL.replace("run_time=2", "run_time=-2"),
    "indented elsewhere": CELL + "        self.wait()\n",
    "outside of the method": CELL + "    wait = 1\n",
    "a docstring": CELL.replace("def construct(self):", "def construct(self):\n        'Doc.'"),
    "spread or not": CELL.replace("Write(title)", "*[Write(title)]"),
    "a nested import": CELL.replace("from manim import *", "from manim import *, Text"),
}


@pytest.mark.parametrize("code", DIFFERENT.values(), ids=DIFFERENT)
def test_another_program_is_another_render(code):
    assert key_of(RenderRequest(CELL, "Hello")) != key_of(RenderRequest(code, "Hello"))


READING_ITSELF = {
    "its file": "self.add(Code(__file__))",
    "inspect": "import inspect; self.add(Text(inspect.getsource(type(self))))",
    "inspect by a string": "self.add(Text(__import__('inspect').getsource(type(self))))",
    "inspect by a part of it": "from inspect import currentframe as here; print(here())",
    "the number of a line": "import sys; self.wait(sys._getframe().f_lineno)",
    "a traceback": "import traceback; self.add(Text(traceback.format_exc()))",
    "linecache": "import linecache; self.add(Text(linecache.getline('scene.py', 3)))",
    "its code": "self.add(Integer(self.construct.__code__.co_firstlineno))",
    "its folder": "from pathlib import Path; self.add(Code(next(Path('.').glob('*.py'))))",
}


@pytest.mark.parametrize("line", READING_ITSELF.values(), ids=READING_ITSELF)
def test_a_program_that_reads_itself_is_known_by_its_text(line):
    code = f"{CELL}        {line}\n"
    assert program_sha256(code) == ""
    other = f"# a comment\n{code}"
    assert key_of(RenderRequest(code, "Hello")) != key_of(RenderRequest(other, "Hello"))


@pytest.mark.parametrize("code", ["class Hello(", "x = 1\0", "(" * 5000 + ")" * 5000, "\ud800"])
def test_what_does_not_parse_is_known_by_its_text(code):
    assert key_of(RenderRequest(code, "A")) == key_of(RenderRequest(code, "A"))
    assert key_of(RenderRequest(code, "A")) != key_of(RenderRequest(f"{code} ", "A"))


def test_the_key_of_a_program_does_not_change_with_the_python_that_parses_it():
    """Reading the journal of another Python shall not cost a render: the words are held here."""
    assert program_sha256("x = f'{a!r:>3}'\ndef f(b, *, c=None): return {**b, 'd': [c]}") == (
        "b87527f3f534b7a3d9ccea576bf5c92b5eefe876759a485a9e6c5c2fb5f1fd9a"
    )


def test_a_row_of_an_earlier_version_is_found_by_its_text(journal):
    request = RenderRequest(CELL, "Hello")
    sha = code_sha256(CELL)
    old = record("r1", reuse_key="a key of version 0.1.0", code_sha256=sha)
    journal.claim(old)
    journal.update(old, "settled", step=Step.COMPLETED, job_id="j1")
    wanted = record("r2", reuse_key=key_of(request, "cloud:x"), code_sha256=sha)
    assert journal.same(wanted).job_id == "j1"
    assert journal.claim(wanted).job_id == "j1"
    for other in ({"fps": 60}, {"scene": "Bye"}, {"identity": "local"}, {"quality": Quality.LOW}):
        assert journal.same(replace(wanted, **other)) is None


def test_an_uncertain_row_of_an_earlier_version_is_found_by_its_text(journal):
    old = record("r1", reuse_key="a key of version 0.1.0")
    journal.claim(old)
    journal.update(old, "uncertain", step=Step.UNCERTAIN)
    wanted = record("r2", reuse_key="new", code_sha256=old.code_sha256)
    assert journal.in_doubt(wanted).render_id == "r1"
    assert journal.claim(wanted, force=True) is wanted
    assert journal.in_doubt(wanted) is None


def test_jobs_that_were_started_elsewhere_are_not_each_other(journal):
    nothing = code_sha256("")
    first = record("r1", reuse_key="job:cloud:x:1", code_sha256=nothing, job_id="1")
    second = record("r2", reuse_key="job:cloud:x:2", code_sha256=nothing, job_id="2")
    assert journal.claim(first) is first
    assert journal.claim(second) is second


def test_code_with_lone_surrogates_has_a_hash_too():
    assert len(code_sha256("\ud800")) == 64


# Whose row it is


def test_this_process_is_alive_and_an_earlier_one_with_its_id_is_not():
    me = this_process()
    assert is_alive(me)
    assert is_alive(replace(me, started="1")) is False


def test_a_process_that_ended_is_dead_even_before_its_parent_reaps_it():
    import subprocess
    import sys

    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from kodisc_jupyter.renders.journal.process import this_process as p;"
            "m = p(); print(m.pid, m.started, flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid, started = child.stdout.readline().split()
    owner = Owner(int(pid), started, this_process().place)
    assert is_alive(owner)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    assert is_alive(owner) is False
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert is_alive(owner) is False


def test_a_process_from_before_a_reboot_is_dead_and_one_elsewhere_is_not_known():
    me = this_process()
    host, _, boot = me.place.rpartition(" ")
    assert is_alive(replace(me, place=f"{host} {boot[::-1]}x")) is False
    assert is_alive(replace(me, place="elsewhere pid:[1] boot")) is None


def test_what_a_rehearsal_has_shown_is_kept_with_the_render(tmp_path):
    from kodisc_jupyter.renders.rehearsal import Animation, Caption, Outcome, Rehearsal, Section

    journal = Journal(tmp_path / "journal.sqlite")
    row = journal.claim(record())
    assert journal.frames() == {}
    assert journal.rehearsal(row) is None
    seen = Rehearsal(
        Outcome.OK,
        seconds=2.5,
        frames=75,
        animations=(Animation(0.0, 2.5, 4),),
        sections=(Section("one", 0.0),),
        captions=(Caption(0.0, 1.0, "hello"),),
        texts=("π",),
        printed="not kept",
    )
    journal.keep_rehearsal(row, seen)
    journal.close()
    again = Journal(tmp_path / "journal.sqlite")
    assert again.frames() == {row.render_id: 75}
    kept = again.rehearsal(row)
    assert kept["seconds"] == 2.5
    assert kept["sections"] == [["one", 0.0]]
    assert kept["texts"] == ["π"]
    assert "not kept" not in str(kept)
    again.close()
