"""The ledger is money: what is lost grants nothing, and what is not damaged is not touched."""

from __future__ import annotations

import sqlite3

import pytest

from kodisc_jupyter.api.models import JobStatus
from kodisc_jupyter.local.classroom.generations import (
    COPY_EVERY_S,
    HourlyCopy,
    LedgerError,
    copy_ledger,
    open_ledger,
)
from kodisc_jupyter.local.classroom.ledger import BALANCES, JobRecord
from kodisc_jupyter.local.classroom.tariff import CreditBalance

ADA = {"credits_": 500, "free": 10, "month": "2026-01"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


def record(job_id, status=JobStatus.COMPLETED):
    return JobRecord(job_id, "ada", "token", {"quality": "low"}, status, "2026-01-01T00:00:00.000Z")


LEFT = CreditBalance(6, 0)


def spend(path, *, jobs=()):
    """A ledger in which Ada has spent nearly everything, closed again."""
    ledger = open_ledger(path).ledger
    ledger.purse("ada", **ADA)
    ledger.keep(*jobs, purse=("ada", LEFT))
    ledger.close()


def damage(path):
    path.write_bytes(b"garbage" * 1000)


def remove(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


def damage_a_page(path):
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 3] = b"\xff" * (4096 * 2)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("harm", [damage, remove, empty, damage_a_page])
def test_a_lost_ledger_gives_nobody_their_credits_back(path, harm):
    spend(path)
    harm(path)
    opened = open_ledger(path)
    assert (opened.recovered, opened.balances_lost) == (True, False)
    assert opened.ledger.purse("ada", **ADA) == LEFT
    opened.ledger.close()


def test_with_the_balances_lost_too_everybody_begins_at_nothing(path):
    spend(path)
    damage(path)
    path.with_name(BALANCES).unlink()
    opened = open_ledger(path)
    assert opened.balances_lost
    opened.ledger.withhold("bob", **ADA)
    assert opened.ledger.purse("bob", **ADA) == CreditBalance(0, 0)
    assert opened.ledger.purse("bob", **{**ADA, "credits_": 520}) == CreditBalance(20, 0)
    opened.ledger.close()


def test_what_is_damaged_is_set_aside_whole(path, caplog):
    spend(path)
    damage(path)
    open_ledger(path).ledger.close()
    (aside,) = path.parent.glob("ledger.sqlite3.broken-*")
    assert aside.read_bytes().startswith(b"garbage")
    assert f"{path} was damaged" in caplog.text
    assert aside.name in caplog.text


def test_the_second_generation_knows_the_jobs(path):
    spend(path, jobs=[record("clx1"), record("clx2", JobStatus.RUNNING)])
    open_ledger(path).ledger.close()  # a start makes the copy
    damage(path)
    ledger = open_ledger(path).ledger
    assert ledger.find("clx1").status is JobStatus.COMPLETED
    open_then = ledger.find("clx2")
    assert open_then.status is JobStatus.FAILED
    assert "may have been charged" in open_then.error
    ledger.close()


def test_a_copy_of_a_damaged_ledger_replaces_nothing(path, monkeypatch):
    ledger = open_ledger(path).ledger
    before = path.with_name(path.name + ".previous").read_bytes()
    monkeypatch.setattr(ledger, "copy", lambda copy: copy.write_bytes(b"bad") < 0)
    copy_ledger(ledger, path)
    ledger.close()
    assert path.with_name(path.name + ".previous").read_bytes() == before


def test_the_second_generation_is_renewed_every_hour_while_the_server_runs(path):
    now = [1000.0]
    ledger = open_ledger(path).ledger
    hourly = HourlyCopy(ledger, path, clock=lambda: now[0])
    ledger.purse("ada", **ADA)
    ledger.keep(record("clx1"), purse=("ada", LEFT))
    start = path.with_name(path.name + ".previous").read_bytes()
    now[0] += COPY_EVERY_S - 1
    hourly.look()
    assert path.with_name(path.name + ".previous").read_bytes() == start
    now[0] += 1
    hourly.look()
    ledger.close()
    damage(path)
    again = open_ledger(path).ledger
    assert again.find("clx1").status is JobStatus.COMPLETED
    again.close()


def test_a_copy_that_cannot_be_made_is_logged_and_tried_an_hour_later(path, monkeypatch, caplog):
    now = [1000.0]
    ledger = open_ledger(path).ledger
    hourly = HourlyCopy(ledger, path, clock=lambda: now[0])
    tried = []

    def full(copy):
        tried.append(now[0])
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ledger, "copy", full)
    for _ in range(3):
        now[0] += COPY_EVERY_S / 2
        hourly.look()
    ledger.close()
    assert tried == [1000.0 + COPY_EVERY_S]
    assert "as old as before: database or disk is full" in caplog.text


def snapshot(folder):
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.suffix != "-shm"}


@pytest.mark.parametrize("words", ["database or disk is full", "unable to open database file"])
def test_any_other_trouble_refuses_to_start_and_touches_nothing(path, monkeypatch, words):
    spend(path)
    before = snapshot(path.parent)

    def connect(*_, **__):
        raise sqlite3.OperationalError(words)

    monkeypatch.setattr("kodisc_jupyter.local.classroom.ledger.sqlite3.connect", connect)
    with pytest.raises(LedgerError, match=f"{words}. Nothing was changed"):
        open_ledger(path)
    assert snapshot(path.parent) == before


def test_a_ledger_of_a_newer_version_is_left_alone(path):
    spend(path, jobs=[record("clx1")])
    with sqlite3.connect(path) as database:
        database.execute('UPDATE jobs SET record = \'{"new": 1, "reserved": null}\'')
    database.close()
    with pytest.raises(LedgerError, match="newer version"):
        open_ledger(path)
    assert not list(path.parent.glob("*.broken-*"))
