"""Journals of other versions: an older file is brought up to date, a newer one is left alone."""

import sqlite3
import threading
from pathlib import Path

import pytest

from kodisc_jupyter.api.errors import KodiscError, SubmissionUncertainError
from kodisc_jupyter.api.models import Job, JobStatus, Quality, RenderRequest, RenderResult
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.renders.job_list import jobs_table
from kodisc_jupyter.renders.journal.file import JournalError
from kodisc_jupyter.renders.journal.journal import MIGRATIONS, SCHEMA_VERSION, Journal
from kodisc_jupyter.renders.journal.record import Step

OLDER = sorted((Path(__file__).parent / "journals").glob("version_*.sql"))
DEADLINE_S = 60.0


def file_of(script: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    db.executescript(script.read_text(encoding="utf-8"))
    db.close()
    return path


def layout(path: Path) -> tuple[int, set[tuple[str, str]]]:
    db = sqlite3.connect(path)
    columns = {(row[1], row[2]) for row in db.execute("PRAGMA table_info(renders)")}
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    return version, columns


def write(path: Path, **values) -> None:
    """Change the only row of a journal, as another version might have written it."""
    db = sqlite3.connect(path)
    for name, value in values.items():
        db.execute(f"UPDATE renders SET {name} = ?", (value,))
    db.commit()
    db.close()


def test_there_is_a_file_of_every_older_version():
    assert [path.stem for path in OLDER] == [f"version_{n}" for n in range(1, SCHEMA_VERSION)]
    assert len(MIGRATIONS) == SCHEMA_VERSION - 1


@pytest.mark.parametrize("script", OLDER, ids=[path.stem for path in OLDER])
def test_an_older_file_is_brought_up_to_date_with_all_its_rows(script, tmp_path):
    path = file_of(script, tmp_path / "journal.sqlite")
    journal = Journal(path)
    rows = {row.scene: row for row in journal.all_records()}
    assert [(row.step, row.credits) for row in rows.values()] == [
        (Step.COMPLETED, 51),
        (Step.ACCEPTED, None),
        (Step.UNCERTAIN, None),
    ]
    assert rows["Done"].balance_before.total == 2040
    assert rows["Done"].video_sha256 is None
    assert len(journal.showings()) == 1
    journal.close()
    new = tmp_path / "new.sqlite"
    fresh = Journal(new)
    assert fresh.all_records() == []
    fresh.close()
    assert layout(path) == layout(new)


@pytest.mark.parametrize("script", OLDER, ids=[path.stem for path in OLDER])
def test_kernels_that_open_an_older_file_at_once_bring_it_up_once(script, tmp_path):
    path = file_of(script, tmp_path / "journal.sqlite")
    gate, found = threading.Barrier(6), []

    def look():
        journal = Journal(path)
        gate.wait(DEADLINE_S)
        found.append(len(journal.all_records()))
        journal.close()

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert found == [3] * 6
    assert layout(path)[0] == SCHEMA_VERSION


@pytest.mark.parametrize("script", OLDER, ids=[path.stem for path in OLDER])
def test_an_older_journals_renders_are_shown_and_attached_to(
    script, tmp_path, make_session, cloud, service
):
    file_of(script, tmp_path / "home" / "journal.sqlite")
    result = RenderResult(
        *(f"https://cdn.example/r/job00001/{n}" for n in ("video.mp4", "thumb.jpg", "captions.vtt"))
    )
    service.files[result.video] = b"job00001 video.mp4"
    service.jobs["job00002"] = Job("job00002", JobStatus.RUNNING)
    session = make_session()
    done = session.start(
        RenderRequest("class Done(Scene): ...", "Done", Quality.LOW), backend=cloud
    )
    assert done.state.reused
    still = session.start(
        RenderRequest("class Open(Scene): ...", "Open", Quality.LOW), backend=cloud
    )
    assert still.job.job_id == "job00002"
    assert service.posts == []


@pytest.mark.parametrize("ahead", [1, 7])
def test_a_newer_file_is_left_alone_and_nothing_is_sent(
    ahead, tmp_path, make_session, cloud, service
):
    path = file_of(OLDER[-1], tmp_path / "home" / "journal.sqlite")
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + ahead}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"newer kodisc-jupyter") as caught:
        make_session().start(RenderRequest("x", "A"), backend=cloud)
    assert str(caught.value).lower().count("nothing was sent") == 1
    assert path.read_bytes() == before
    assert service.requests == 0


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = file_of(OLDER[0], tmp_path / "journal.sqlite")
    before = layout(path)
    broken = (("ALTER TABLE renders ADD COLUMN half TEXT", "ALTER TABLE no_such DROP x"),)
    monkeypatch.setattr("kodisc_jupyter.renders.journal.journal.MIGRATIONS", broken)
    with pytest.raises(JournalError):
        Journal(path).all_records()
    assert layout(path) == before


# Rows that a later version has written into a file of this version


REQUEST = RenderRequest("class Hello(Scene): ...", "Hello")
LATER = {
    "a quality": {"quality": "eightk"},
    "a shape": {"aspect_ratio": "1:1"},
    "a step": {"step": "archived"},
    "a status": {"phase": "uploading"},
    "more of a balance": {"balance_before": '{"paid": 1, "free": 2, "total": 3, "gift": 4}'},
    "more of its process": {
        "owner": '{"pid": 1, "started": "", "place": "elsewhere - -", "user": "ann"}'
    },
}


@pytest.mark.parametrize("values", LATER.values(), ids=LATER.keys())
def test_what_a_later_version_wrote_is_shown_as_it_is_and_not_paid_again(
    values, make_session, cloud, service, tmp_path
):
    first = make_session()
    job_id = first.start(REQUEST, backend=cloud).wait(DEADLINE_S).job_id
    first.close()
    write(tmp_path / "home" / "journal.sqlite", **values)
    session = make_session()

    table = jobs_table(session.jobs(), now=1.8e9)
    for name in ("quality", "aspect_ratio", "step"):
        assert values.get(name, "") in table
    assert str(session.report(everything=True))
    shown = session.show(job_id, cloud)
    assert shown.wait(DEADLINE_S).job_id == job_id
    assert values.get("quality", "medium") in words.settings(shown.state)
    again = session.start(REQUEST, backend=cloud)
    assert again.wait(DEADLINE_S).job_id == job_id
    assert len(service.posts) == 1


def test_a_render_that_a_later_version_is_doing_something_with_is_not_sent_again(
    make_session, cloud, service, tmp_path
):
    first = make_session()
    first.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    first.close()
    write(tmp_path / "home" / "journal.sqlite", step="negotiating", job_id=None)
    with pytest.raises(SubmissionUncertainError, match=r"'negotiating'.*Nothing was sent.*Update"):
        make_session().start(REQUEST, backend=cloud)
    assert len(service.posts) == 1


# A journal that cannot be written


def test_a_home_that_cannot_be_made_is_one_sentence_and_nothing_is_sent(
    make_session, cloud, service, tmp_path
):
    (tmp_path / "file").write_text("")
    session = make_session(home=tmp_path / "file" / "home")
    with pytest.raises(JournalError, match=r"cannot be made.*Nothing was sent.*KODISC_HOME"):
        session.start(REQUEST, backend=cloud)
    assert service.requests == 0


def test_a_journal_that_cannot_be_written_says_that_nothing_was_sent(
    make_session, cloud, service, tmp_path
):
    (tmp_path / "home" / "journal.sqlite").mkdir(parents=True)
    with pytest.raises(
        JournalError, match=r"cannot be used.*Nothing was sent.*nothing was charged"
    ):
        make_session().start(REQUEST, backend=cloud)
    assert service.requests == 0


def test_a_local_server_without_a_folder_says_the_same(tmp_path):
    from kodisc_jupyter.renders import local_server

    (tmp_path / "file").write_text("")
    with pytest.raises(KodiscError, match=r"cannot be used.*Nothing was sent.*KODISC_HOME"):
        local_server.ensure(tmp_path / "file" / "home")
