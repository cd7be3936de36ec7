"""Files that are sent inside the code: packed, written again, refused where they cannot be sent."""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import sys

import pytest
from PIL import Image

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.notebook.line.cell_line import from_python, parse
from kodisc_jupyter.notebook.line.completion import Around, complete
from kodisc_jupyter.notebook.line.options import Options
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.prepare import CellContext, prepare
from kodisc_jupyter.notebook.source.file_reader import FileRefusedError, read_files
from kodisc_jupyter.renders.start.identity import identify
from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.sent_files import SentFile

CELL = """\
from manim import *

class Hello(Scene):
    def construct(self):
        rows = open("data.csv").read()
        self.add(SVGMobject("img/logo"), Text(rows))
"""
FILES = [
    SentFile("data.csv", b"a,b\n1,2\n" * 50),
    SentFile("img/logo.svg", b"<svg/>"),
    SentFile("leer/größe.bin", bytes(range(256)) * 10),
    SentFile("empty.txt", b""),
]
READ = "import sys; print(*(open(path, 'rb').read().hex() for path in sys.argv[1:]), sep='\\n')"


def unpacked(source, folder, *paths):
    """What the code finds in its files, when it is run in ``folder``."""
    script = folder.parent / "script.py"
    script.write_text(f"{source.code}\nif True:\n    {READ}", encoding="utf-8")
    found = subprocess.run(
        [sys.executable, script, *paths],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not found.stderr
    return [bytes.fromhex(line) for line in found.stdout.split("\n")[:-1]]


def test_the_code_writes_the_files_where_it_is_run(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    found = unpacked(assemble("", files=FILES), empty, *(file.path for file in FILES))
    assert found == [file.content for file in FILES]
    again = unpacked(assemble("", files=FILES), empty, *(file.path for file in FILES))
    assert again == found


def test_a_file_of_that_name_that_is_there_already_stays_as_it_is(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "data.csv").write_text("my own")
    assert unpacked(assemble("", files=FILES), folder, "data.csv") == [FILES[0].content]
    assert (folder / "data.csv").read_text() == "my own"


def test_a_sent_module_can_be_imported(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "of.txt").write_bytes(b"")
    helpers = SentFile("helpers.py", b"ANSWER = 42\n")
    unpacked(assemble("from helpers import ANSWER\nassert ANSWER == 42", files=[helpers]), folder)


def test_lines_stay_the_cells_own_and_files_come_before_prelude_and_values():
    cell = f"from __future__ import annotations\n{CELL}"
    source = assemble(cell, prelude="import math", values={"n": 1}, first_line=2, files=FILES)
    compile(source.code, "scene.py", "exec")
    origins = [source.locate(line) for line in range(1, len(source.lines) + 1)]
    assert origins[0] == ("cell", 2)
    assert [origin for origin, _ in origins if origin != "file"][1:3] == ["prelude", "with"]
    for number, line in enumerate(source.lines, 1):
        if "self.add" in line:
            assert source.locate(number) == ("cell", 8)
    assert max(map(len, source.lines)) < 200  # a traceback shows some of them


def checked(cell, *paths, **around):
    """The warnings about a cell that is sent with files of these paths."""
    options = Options(file=paths)
    return prepare(cell, options, KodiscMagics(), CellContext(**around)).warnings


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "img" / ".hidden").mkdir(parents=True)
    (tmp_path / "img" / ".hidden" / "secret.svg").write_text("<svg/>")
    (tmp_path / "img" / "logo.svg").write_text("<svg/>")
    (tmp_path / "data.csv").write_text("1,2\n")
    (tmp_path / "helpers.py").write_text("ANSWER = 42\n")
    Image.new("RGB", (64, 32), "red").save(tmp_path / "img" / "photo.png")
    return tmp_path


def test_the_warning_of_a_relative_file_goes_when_it_is_sent(folder):
    first, second = checked(CELL)
    assert first.message == "The scene opens 'data.csv', but only the code is sent."
    assert first.hint == "Add --file data.csv to the %%kodisc line to send it along."
    assert second.hint == "Add --file img/logo to the %%kodisc line to send it along."
    assert checked(CELL, "data.csv", "img") == ()


def test_an_own_module_may_be_imported_when_it_is_sent(folder):
    cell = f"import helpers\n{CELL}"
    with pytest.raises(SceneCheckError) as caught:
        checked(cell, "data.csv", "img", local_modules=["helpers"])
    assert "--file helpers.py" in caught.value.hint
    assert checked(cell, "data.csv", "img", "helpers.py", local_modules=["helpers"]) == ()


def test_a_folder_is_sent_with_what_is_below_it_but_nothing_hidden(folder):
    found = read_files(["img", "data.csv"], folder)
    assert [file.path for file in found] == ["data.csv", "img/logo.svg", "img/photo.png"]


def test_a_folder_of_too_many_is_refused_before_all_of_it_is_looked_through(folder, monkeypatch):
    for number in range(300):
        (folder / "home" / f"{number}").mkdir(parents=True)
        (folder / "home" / f"{number}" / "a.txt").write_text("")
    looked, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (looked.append(path), scandir(path))[1])
    with pytest.raises(FileRefusedError):
        read_files(["home"], folder)
    assert len(looked) < 210


def test_a_hidden_folder_is_not_looked_into(folder, monkeypatch):
    looked, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (looked.append(str(path)), scandir(path))[1])
    read_files(["img"], folder)
    assert looked == [str(folder / "img")]


def test_a_picture_is_scaled_down_when_asked_for(folder):
    (scaled,) = read_files(["img/photo.png:16"], folder)
    assert scaled.path == "img/photo.png"
    assert Image.open(io.BytesIO(scaled.content)).size == (16, 8)
    whole = (folder / "img/photo.png").read_bytes()
    assert read_files(["img/photo.png:64"], folder) == (SentFile("img/photo.png", whole),)
    assert [file.path for file in read_files(["img:16"], folder)][1] == "img/photo.png"


REFUSED = {
    "missing": ("dat.csv", "there is no such file in .*", "Did you mean data.csv?"),
    "above the folder": ("../data.csv", "outside of the notebook's folder", "Copy it beside"),
    "absolute": ("/etc/hostname", "outside of the notebook's folder", "Copy it beside"),
    "home": ("~/data.csv", "outside of the notebook's folder", "Copy it beside"),
    "a link that leads out": ("link", "outside of the notebook's folder", "Copy it beside"),
    "a folder with one": ("links", "is a link that leads out", "Put the file itself"),
    "too much": ("large.bin", "large.bin is 5,000,000 bytes", "Send a smaller file"),
    "too many": ("many", "more than 200 files", "each with its own --file"),
    "a table scaled": ("data.csv:512", "only PNG, JPEG, GIF and WebP", "--file data.csv"),
    "no picture": ("broken.png:512", "cannot be read as a picture", "--file broken.png"),
    "the scene's name": ("scene.py", "the scene's own code", "another name"),
    "a key": ("env.txt", "there is an API key in env.txt", "Take it out"),
}


@pytest.mark.parametrize("word, message, hint", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_sent_is_refused_before_sending(folder, word, message, hint):
    (folder / "link").symlink_to("/etc/hostname")
    (folder / "links").mkdir()
    (folder / "links" / "one").symlink_to("/etc/hostname")
    (folder / "large.bin").write_bytes(bytes(5_000_000))
    (folder / "many").mkdir()
    for number in range(201):
        (folder / "many" / f"{number}.txt").write_text("")
    (folder / "broken.png").write_text("no picture")
    (folder / "scene.py").write_text("")
    (folder / "env.txt").write_text(f"KODISC_KEY=kdsc_live_{'ab' * 24}")
    with pytest.raises(FileRefusedError) as caught:
        read_files([word], folder)
    assert re.search(message, caught.value.message)
    assert hint in caught.value.hint


def test_the_refusal_points_at_the_word_on_the_line(folder):
    with pytest.raises(SceneCheckError) as caught:
        checked(CELL, "nothing.svg", line="%%kodisc Hello --file nothing.svg")
    (problem,) = caught.value.diagnostics
    assert (problem.origin, problem.column) == ("options", 22)
    assert problem.charged == "Nothing was sent, so nothing was charged."


def test_files_that_exceed_a_request_are_named_with_their_sizes(folder):
    (folder / "noise.wav").write_bytes(random.Random(7).randbytes(210_000))
    with pytest.raises(SceneCheckError) as caught:
        checked(CELL, "data.csv", "noise.wav", "img", line="%%kodisc --file noise.wav")
    (problem,) = [one for one in caught.value.diagnostics if one.check == "too-large"]
    assert "the API takes at most 200,000" in problem.message
    assert "noise.wav 210,000 bytes" in problem.message
    assert "--file picture.png:512" in problem.hint
    assert (problem.column, problem.end_column) == (9, 15)


def test_the_same_bytes_are_the_same_render_and_others_another():
    def key(files):
        return identify(RenderRequest(assemble(CELL, files=files).code, "Hello"), "here").reuse_key

    assert key(FILES) == key(list(FILES))
    assert key(FILES) != key([*FILES[:-1], SentFile("empty.txt", b"no longer")])


def test_it_is_given_on_the_line_and_in_python_and_completed():
    assert parse("A --file a.svg --file 'b c.csv'").file == ("a.svg", "b c.csv")
    assert from_python(None, (), {"file": "a.svg"}).file == ("a.svg",)
    assert from_python(None, (), {"file": ["a.svg", "b.csv"]}).file == ("a.svg", "b.csv")
    around = Around(files=lambda begun: [f"{begun}logo.svg"])
    assert complete("%%kodisc A --file img/", around) == ["img/logo.svg"]
