"""What an error on this machine says about Kodisc, and what it does not."""

from __future__ import annotations

import pytest

from kodisc_jupyter.scene.evidence import SceneFailure, unproven


def failed(kind, message, *bases, **more):
    return SceneFailure((kind, *bases, "Exception"), message, **more)


def why(failure, there=()):
    return unproven(failure, exists=lambda path: path in there)


PROVES_NOTHING = [
    (failed("ModuleNotFoundError", "No module named 'x'", "ImportError", name="x"), "module x"),
    (failed("SystemExit", "0"), "ended its process"),
    (failed("MemoryError", ""), "memory"),
    (failed("PermissionError", "not here", "OSError"), "refused"),
    (failed("OSError", "[Errno 30] Read-only file system: '/x'"), "refused"),
    (failed("RuntimeError", "can't start new thread"), "refused"),
    (failed("URLError", "<urlopen error>", "OSError"), "network"),
    (failed("ConnectionRefusedError", "no", "ConnectionError", "OSError"), "network"),
    (failed("ValueError", "LaTeX error: File `x.sty' not found.", latex=("! File",)), "LaTeX"),
    (failed("FileNotFoundError", "LaTeX is not complete: 'xelatex'", "OSError"), "not complete"),
    (failed("FileNotFoundError", "No such file or directory: 'sox'", "OSError", path="sox",
            text='File "/usr/lib/python3/subprocess.py"'), "program sox"),
    (failed("FileNotFoundError", "No such file or directory: '/opt/x'", "OSError", path="/opt/x"),
     "/opt/x is not on this machine"),
    (failed("NameError", "name 'LabeledPolygram' is not defined", name="LabeledPolygram"),
     "another version"),
    (failed("ImportError", "cannot import name 'LabeledPolygram' from 'manim' (x)"), "installed"),
    (failed("ImportError", "cannot import name 'simps' from 'scipy.integrate' (x)"), "installed"),
    (failed("AttributeError", "module 'scipy' has no attribute 'simps'", name="simps"), "version"),
    (failed("AttributeError", "module 'numpy' has no attribute 'float'.\n`np.float` was a "
            "deprecated alias for the builtin", name="float"), "NumPy"),
    (failed("AttributeError", "`np.float_` was removed in the NumPy 2.0 release.", name="float_"),
     "NumPy"),
    (failed("AttributeError", "Code object has no attribute 'line_numbers_from'",
            name="line_no_from", classes=("Code",)), "another version"),
    (failed("TypeError", "Code.__init__() got an unexpected keyword argument 'code'", known=False),
     "another version"),
]  # fmt: skip

PROVES_IT = [
    failed("ZeroDivisionError", "division by zero", "ArithmeticError"),
    failed("NameError", "name 'undefined_here' is not defined", name="undefined_here"),
    failed("AttributeError", "'Circle' object has no attribute 'shfit'", name="shfit", known=False),
    failed("AttributeError", "'Camera' object has no attribute 'frame'", name="frame",
           classes=("Camera",), known=False),
    failed("TypeError", "Mobject.__init__() got an unexpected keyword argument 'size'",
           classes=("Text", "SVGMobject"), known=False),
    failed("AttributeError", "module 'numpy' has no attribute 'sinn'", name="sinn"),
    failed("AttributeError", "module 'math' has no attribute 'sine'", name="sine"),
    failed("AttributeError", "module 'manim' has no attribute 'Circel'", name="Circel"),
    failed("ImportError", "cannot import name 'Circel' from 'manim' (x)"),
    failed("TypeError", "Mobject.__init__() got an unexpected keyword argument 'colr'", known=False),
    failed("TypeError", "Mobject.__init__() got an unexpected keyword argument 'size'"),
    failed("FileNotFoundError", "No such file or directory: 'data.csv'", "OSError", path="data.csv"),
    failed("OSError", "From: /x, could not find logo.png at either of these locations: ['a']"),
    failed("ValueError", "LaTeX error: Undefined control sequence.",
           latex=("! Undefined control sequence.",)),
    failed("ValueError", "LaTeX error: Double superscript.", latex=("! Double superscript.",)),
    failed("RecursionError", "maximum recursion depth exceeded", "RuntimeError"),
]  # fmt: skip


@pytest.mark.parametrize(("failure", "says"), PROVES_NOTHING)
def test_what_may_be_different_there_proves_nothing(failure, says):
    assert says in why(failure)


@pytest.mark.parametrize("failure", PROVES_IT)
def test_what_is_wrong_everywhere_is_proved(failure):
    assert why(failure) == ""


def test_a_file_of_this_machine_that_a_scene_may_not_see_is_missing_there_too():
    hidden = failed("FileNotFoundError", "no", "OSError", path="/home/ann/data.csv")
    assert why(hidden, there={"/home/ann/data.csv"}) == ""
    assert "is not on this machine" in why(hidden)
