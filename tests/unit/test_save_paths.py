"""Where a video may be saved, and what is refused before anything is sent."""

from __future__ import annotations

import argparse
import importlib.util
from types import SimpleNamespace

import pytest

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.notebook.commands import save as save_command
from kodisc_jupyter.notebook.line.values import OptionError
from kodisc_jupyter.notebook.save_paths import save_path, save_paths

FOUR = ".mp4, .gif, .webm or .png"
ONE = [RenderRequest("", "One")]
TWO = [*ONE, RenderRequest("", "Two")]


@pytest.mark.parametrize("path", ["o1.txt", "o1.mov", "out/o1.gif.zip", "o1.jpeg"])
def test_save_refuses_any_other_ending_with_the_four_and_marks_the_option(path):
    line = f"%%kodisc One -ql --save {path}"
    with pytest.raises(SceneCheckError) as caught:
        save_paths(path, ONE, line)
    (diagnostic,) = caught.value.diagnostics
    assert FOUR in diagnostic.message
    assert line[diagnostic.column : diagnostic.end_column] == "--save"


def test_the_command_refuses_any_other_ending_before_a_session_is_asked():
    asked = argparse.Namespace(command="save", job_id="clx1", path="o1.txt")
    kernel = SimpleNamespace(full_job_id=lambda given: given)  # no session: none is asked
    with pytest.raises(OptionError, match=FOUR) as caught:
        save_command.run(kernel, asked)
    assert caught.value.words == ("o1.txt",)


def test_without_pyav_other_kinds_are_refused_with_the_way_out(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for ending in (".gif", ".webm", ".png"):
        with pytest.raises(SceneCheckError, match=f"A {ending} file is made with PyAV") as caught:
            save_paths(f"o1{ending}", ONE, f"%%kodisc --save o1{ending}")
        assert 'pip install "kodisc-jupyter[local]"' in caught.value.hint
        with pytest.raises(OptionError, match="PyAV"):
            save_path(f"o1{ending}", "clx1")
    assert save_path(str(tmp_path / "o1.mp4"), "clx1") == tmp_path / "o1.mp4"


def test_several_scenes_go_into_a_folder_as_mp4(tmp_path):
    made = save_paths(f"{tmp_path}/new/", TWO, "")
    assert made == [tmp_path / "new" / "One.mp4", tmp_path / "new" / "Two.mp4"]
    assert save_paths(str(tmp_path), ONE, "") == [tmp_path / "One.mp4"]
    with pytest.raises(SceneCheckError, match="one file for several scenes"):
        save_paths("both.gif", TWO, "%%kodisc One Two --save both.gif")


def test_without_an_ending_it_is_an_mp4(tmp_path):
    assert save_path(str(tmp_path / "o1"), "clx1") == tmp_path / "o1.mp4"
    assert save_path(str(tmp_path), "clx1") == tmp_path / "clx1.mp4"
