"""The commands that a teacher types for a class: who may render, with which key and credits."""

from __future__ import annotations

import pytest

from kodisc_jupyter.local.classroom import users_file
from kodisc_jupyter.local.classroom.generations import open_ledger
from kodisc_jupyter.local.classroom.users import read_users
from kodisc_jupyter.local.classroom.users_command import main


@pytest.fixture
def users(tmp_path, capsys):
    """Run a command on a file of its own; what it printed."""

    def run(command, *arguments):
        main([command, *map(str, arguments), "--file", str(run.file)])
        return capsys.readouterr().out

    run.file = tmp_path / "class.toml"
    run.folder = tmp_path
    return run


def test_a_list_of_names_becomes_users_with_keys_of_their_own(users):
    names = users.folder / "names.txt"
    names.write_text("anna\n\nZoë O'Neil\nb.c\n", encoding="utf-8")
    said = dict(
        line.split("\t") for line in users("add", "--from", names, "--credits", 500).splitlines()
    )
    assert list(said) == ["anna", "Zoë O'Neil", "b.c"]
    assert users.file.stat().st_mode & 0o777 == 0o600
    found = read_users(users.file)
    for name, key in said.items():
        user, _ = found.who(f"Bearer {key}")
        assert (user.name, user.credits) == (name, 500)


def test_comments_stay_and_only_one_user_changes(users):
    users("add", "anna", "ben", "--credits", 5)
    users.file.write_text("# my class\n" + users.file.read_text())
    users.file.chmod(0o600)
    users("credits", "anna", "+10")
    assert {each.name: each.credits for each in read_users(users.file).users} == {
        "anna": 15,
        "ben": 5,
    }
    users("credits", "ben", "unlimited")
    users("remove", "anna")
    assert users.file.read_text().startswith("# my class\n")
    assert [(each.name, each.credits) for each in read_users(users.file).users] == [("ben", None)]


def test_a_replaced_key_ends_the_old_one(users):
    old = users("add", "anna").split()[1]
    new = users("key", "anna").split()[1]
    found = read_users(users.file)
    assert found.who(f"Bearer {old}") is None
    assert found.who(f"Bearer {new}")[0].name == "anna"


def test_the_list_says_who_used_what_and_shows_no_key(users):
    key = users("add", "anna", "--credits", 20).split()[1]
    ledger = open_ledger(users.folder / "ledger.sqlite3").ledger
    ledger.purse("anna", credits_=20, free=0, month="2026-01")
    ledger.close()
    said = users("list", "--data-dir", users.folder)
    assert said.splitlines()[1].split("\t")[2:] == ["20", "20", "0", "0"]
    assert key not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["remove", "nobody"], "there is no user 'nobody'"),
        (["credits", "nobody", "5"], "there is no user 'nobody'"),
        (["credits", "anna", "many"], "'many' is not a whole number"),
        (["add", "anna"], "anna is there already"),
        (["add"], "say who"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(users, capsys, arguments, words):
    users("add", "anna", "--credits", 5)
    before = users.file.read_text()
    with pytest.raises(SystemExit):
        users(*arguments)
    assert words in capsys.readouterr().err
    assert users.file.read_text() == before


@pytest.mark.parametrize("command", ["remove", "key"])
def test_a_mistake_in_the_file_is_told_under_the_files_own_name(users, capsys, command):
    users("add", "anna", "Zoë")
    users.file.write_text(users.file.read_text("utf-8") + "colour = 1\n", "utf-8")
    before = users.file.read_bytes()
    with pytest.raises(SystemExit):
        users(command, "anna")
    said = capsys.readouterr().err.strip()
    assert said == f"{users.file}: users.Zoë: unknown setting 'colour'"
    assert users.file.read_bytes() == before
    assert list(users.folder.iterdir()) == [users.file]


def test_a_setting_that_was_not_there_is_added_to_the_right_table():
    text = '[users.a]\nkey = "x"\n\n[users."b c"]\nkey = "y"\n'
    assert users_file.put(text, "b c", "credits", 5) == text.replace(
        '[users."b c"]\n', '[users."b c"]\ncredits = 5\n'
    )


def test_names_are_no_formulas_and_no_further_cells_of_a_list(users, capsys):
    names = ["=SUM(A1)", "@ada", "+1", "-1", r"a\tb", r"\u001b[2J"]
    users.file.write_text(
        "".join(f'[users."{name}"]\nkey = "kdsc_live_{n:048x}"\n' for n, name in enumerate(names))
    )
    users.file.chmod(0o600)
    header, *rows = users("list").splitlines()
    assert [row.count("\t") for row in rows] == [header.count("\t")] * 6
    assert [row.split("\t")[0] for row in rows] == [
        *("'=SUM(A1)", "'@ada", "'+1", "'-1", "a b", " [2J"),
    ]
    with pytest.raises(SystemExit):
        users("add", "a\tb")
    assert "control characters" in capsys.readouterr().err
