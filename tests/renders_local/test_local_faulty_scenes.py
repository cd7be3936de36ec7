"""Scenes that go wrong: each fails with the truth, leaves nothing behind, and the next one runs."""

from __future__ import annotations

import os
import signal
import textwrap

import pytest

pytestmark = pytest.mark.render

GOOD = """from manim import *
class Good(Scene):
    def construct(self):
        self.add(Dot())
"""


def scene(body: str, top: str = "") -> str:
    """Code with the scene ``Bad``, whose ``construct`` begins in line 4."""
    return (
        f"from manim import *{top}\nclass Bad(Scene):\n    def construct(self):\n"
        + textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
        + "\n"
    )


@pytest.fixture(scope="module")
def bad(server):
    return lambda body, **options: server.failed(scene(body), "Bad", **options)


@pytest.fixture(autouse=True)
def the_next_job_runs_and_nothing_is_left_behind(request, processes, wait_until):
    yield
    if {"start_server", "elsewhere"} & {*request.fixturenames}:  # which look after their own
        return
    server = request.getfixturevalue("server")
    server.completed(GOOD, "Good")
    wait_until(lambda: processes.children(server.forker) == [])


def test_an_exception_is_told_with_its_lines_and_no_frames_of_ours(bad):
    error = bad("""
        def half(x):
            return x / 0
        half(1)
    """)

    lines = [line for line in error.splitlines() if line.strip(" ~^")]  # Python 3.10 has no marks
    assert lines == [
        "Traceback (most recent call last):",
        '  File "scene.py", line 6, in construct',
        "    half(1)",
        '  File "scene.py", line 5, in half',
        "    return x / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_an_exception_within_manim_is_told_from_the_scenes_own_line_on(bad):
    error = bad("self.play(Create(None))")

    assert error.splitlines()[1] == '  File "scene.py", line 4, in construct'
    assert "site-packages" in error or "manim" in error
    assert "kodisc_jupyter" not in error


def test_a_chained_exception_keeps_its_cause(bad):
    error = bad("""
        try:
            {}["key"]
        except KeyError as problem:
            raise RuntimeError("no such key") from problem
    """)

    assert error.startswith('Traceback (most recent call last):\n  File "scene.py", line 5')
    assert "The above exception was the direct cause" in error
    assert error.endswith("RuntimeError: no such key")


def test_a_syntax_error_is_pythons_own(server):
    error = server.failed("from manim import *\nclass Bad(Scene:\n    pass\n", "Bad")

    assert '  File "scene.py", line 2\n    class Bad(Scene:\n' in error
    assert error.splitlines()[-1].startswith("SyntaxError: ")


def test_a_scene_that_is_not_there_is_told_with_those_that_are(server):
    assert server.failed(GOOD, "Goood") == (
        "The code defines no scene called Goood. It defines Good."
    )


def test_a_name_that_is_no_scene_is_told_as_what_it_is(server):
    code = GOOD + "answer = 42\nclass Other: pass\n"

    assert server.failed(code, "answer") == (
        "answer is of type int, not a subclass of Scene. It defines Good."
    )
    assert server.failed(code, "Other") == (
        "Other is a class, not a subclass of Scene. It defines Good."
    )


def test_latex_errors_hold_latexs_own_lines(bad):
    error = bad(r'self.add(MathTex(r"\frac{1}{2} + \undefinedthing"))')

    assert "! Undefined control sequence." in error
    assert "\\undefinedthing" in error
    assert 'File "scene.py", line 4, in construct' in error
    assert error.splitlines()[-1] == "ValueError: LaTeX error: Undefined control sequence."


def test_a_missing_latex_package_is_told_with_what_installs_it(server):
    code = scene("""
        template = TexTemplate()
        template.add_to_preamble(r"\\usepackage{nosuchpackage}")
        self.add(Tex("x", tex_template=template))
    """)
    error = server.failed(code, "Bad")

    assert "nosuchpackage.sty" in error
    assert "texlive-latex-extra" in error
    assert "MacTeX" in error


SECRET = "kdsc_live_" + "5e" * 24


@pytest.fixture(scope="module")
def elsewhere(start_for_module, tmp_path_factory):
    """A server on whose PATH there is nothing, and in whose environment there are secrets."""
    return start_for_module(
        *("--workers", 1),
        environment={
            "PATH": str(tmp_path_factory.mktemp("path")),
            "KODISC_KEY": SECRET,
            "MY_API_TOKEN": SECRET,
            "AWS_PROFILE": SECRET,
            "SOME_INDEX": f"https://user:{SECRET}@example.org/",
            "HARMLESS": "kept",
        },
    )


def test_without_latex_the_error_names_what_to_install(elsewhere):
    error = elsewhere.failed(scene('self.add(MathTex("x"))'), "Bad")

    assert "'latex'" in error.splitlines()[-1]
    assert "sudo apt install texlive" in error
    assert "MacTeX" in error
    elsewhere.completed(GOOD, "Good")


def test_kodiscs_own_plugin_is_asked_for_where_it_is_missing(server):
    error = server.failed("import manim_kodisc_not_here\n" + GOOD, "Good")
    assert error.endswith("(on the machine that renders)")

    code = "import sys\nsys.modules.pop('manim_kodisc', None)\n"
    hidden = (
        code
        + "sys.meta_path.insert(0, type('F', (), {'find_spec': staticmethod("
        + (
            "lambda name, *_: (_ for _ in ()).throw(ModuleNotFoundError(f'No module named {name!r}', "
            "name=name)) if name == 'manim_kodisc' else None)})())\nimport manim_kodisc\n"
        )
    )
    error = server.failed(hidden + GOOD, "Good")
    assert "pip install --no-deps manim-kodisc" in error


def test_a_scene_that_loops_for_ever_is_stopped(start_server):
    server = start_server("--workers", 1, "--render-timeout", 4)
    error = server.failed(scene("while True: pass"), "Bad")

    assert error == "The render took longer than 4 seconds and was stopped."
    assert server.failed(scene("1 / 0"), "Bad").endswith("ZeroDivisionError: division by zero")


def test_a_scene_that_eats_memory_fails_at_the_line_that_asked(bad):
    error = bad("""
        eaten = []
        while True:
            eaten.append(bytearray(20_000_000))
    """)

    assert "eaten.append(bytearray(20_000_000))" in error
    assert error.endswith("MemoryError: the scene needed more than 1024 MB of memory")


def test_a_scene_whose_programs_eat_memory_is_stopped(bad):
    error = bad("""
        import subprocess, sys
        eat = "import signal; eaten = bytearray(300_000_000); eaten[::1000] = eaten[::1000]; signal.pause()"
        eaters = [subprocess.Popen([sys.executable, "-c", eat]) for _ in range(4)]
        eaters[0].wait()
    """)

    assert error.endswith("The scene needed more than 1024 MB of memory and was stopped.")


def test_a_scene_that_forks_fails_at_that_line(bad):
    error = bad("""
        import os
        while True:
            os.fork()
    """)

    assert "os.fork()" in error
    assert error.splitlines()[-1].startswith("PermissionError: a scene may not fork")


def test_a_scene_that_forks_behind_pythons_back_is_stopped(bad):
    error = bad("""
        import ctypes, signal
        libc = ctypes.PyDLL(None)
        while True:
            if libc.fork() == 0:
                signal.pause()
    """)

    assert error.endswith("was stopped.")
    assert "64 processes" in error or "1024 MB" in error  # copies count for memory, too


def test_processes_that_a_scene_leaves_behind_are_ended(server, processes, wait_until, tmp_path):
    stay = "import os, signal, sys; open(sys.argv[1] + str(os.getpid()), 'w'); signal.pause()"
    leave = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', *sys.argv[1:]], "
        "start_new_session=True)"
    )
    code = scene(f"""
        import subprocess, sys, time
        from pathlib import Path
        subprocess.run([sys.executable, "-c", {leave!r}, {stay!r}, {f"{tmp_path}/"!r}], check=True)
        while not list(Path({str(tmp_path)!r}).iterdir()): time.sleep(0.01)
        self.add(Dot())
    """)
    server.completed(code, "Bad")

    (left,) = (int(file.name) for file in tmp_path.iterdir())
    wait_until(lambda: not processes.is_alive(left))


def test_a_scene_that_prints_a_hundred_megabytes_is_stopped(bad):
    error = bad("""
        for _ in range(100):
            print("x" * 1_000_000)
    """)

    assert error.endswith("The scene printed over 50,000,000 bytes and was stopped.")
    assert len(error) < 20_000


def test_a_scene_that_kills_its_own_process_fails_with_what_it_printed(bad):
    error = bad("""
        import os
        print("last words")
        os.kill(os.getpid(), 9)
    """)

    assert error == (
        "The last lines that the scene printed:\nlast words\n\n"
        "The scene's process was killed (SIGKILL) before the video was finished."
    )


def test_a_scene_that_crashes_python_fails_with_the_signal(bad):
    error = bad("""
        import ctypes
        ctypes.string_at(0)
    """)

    assert error.endswith("(SIGSEGV) before the video was finished.")


@pytest.mark.parametrize("leave", ["import sys; sys.exit(3)", "raise SystemExit(3)"])
def test_a_scene_that_exits_fails_at_that_line(bad, leave):
    assert bad(leave).endswith("SystemExit: 3")


def test_a_scene_that_ends_its_process_quietly_fails_with_the_code(bad):
    assert bad("import os; os._exit(0)") == (
        "The scene's process ended by itself (exit code 0) before the video was finished."
    )


def test_a_scene_that_deletes_its_folder_fails(bad):
    error = bad("""
        import os, shutil
        shutil.rmtree(os.getcwd())
        self.play(Create(Circle()), run_time=0.2)
    """)

    assert "deleted the folder" in error or "FileNotFoundError" in error


def test_a_scene_that_kills_the_process_that_renders_fails_and_others_are_rendered_again(
    start_server, processes, wait_until, tmp_path
):
    server = start_server("--workers", 2)
    go_on = tmp_path / "go on"
    waiting = server.post(
        scene(f"""
            import time
            from pathlib import Path
            while not Path({str(go_on)!r}).exists(): time.sleep(0.01)
            self.add(Dot())
        """),
        "Bad",
    )
    server.wait(waiting, statuses=("running",))
    forker = server.forker
    error = server.failed(
        scene("import os, signal; os.kill(os.getppid(), 9); signal.pause()"), "Bad"
    )
    go_on.touch()

    assert error == "The render was stopped: the process that renders was killed."
    assert server.wait(waiting)["status"] in ("completed", "failed")
    server.completed(GOOD, "Good")
    assert not processes.is_alive(forker)


def test_a_process_that_renders_and_does_not_answer_is_replaced(
    start_server, processes, wait_until, gate
):
    server = start_server("--workers", 2, "--render-timeout", 200)
    beside = server.post(gate.scene(), "Gated")
    server.wait(beside, statuses=("running",))
    forker = server.forker
    bad = server.post(
        scene("import os, signal; os.kill(os.getppid(), signal.SIGSTOP); signal.pause()"),
        "Bad",
    )
    wait_until(lambda: "it did not answer for 6 s" in server.log.read_text())
    gate.open()

    assert server.wait(bad)["error"] == (
        "The render was stopped: the process that renders was killed."
    )
    assert server.wait(beside)["status"] == "completed"
    assert not processes.is_alive(forker)


def test_a_module_planted_for_the_process_that_renders_is_not_taken(start_server, tmp_path):
    server = start_server("--workers", 1, "--data-dir", tmp_path / "data")
    server.completed(
        scene(
            """
            from pathlib import Path
            for folder in Path.cwd().parents:
                for name in ("json", "selectors", "sitecustomize"):
                    if folder.is_relative_to(Path({!r})):
                        (folder / (name + ".py")).write_text("raise SystemExit('planted')")
            (folder := Path({!r}) / "work" / "empty").mkdir(exist_ok=True)
            (folder / "json.py").write_text("raise SystemExit('planted')")
            self.add(Dot())
        """.format(str(tmp_path), str(tmp_path / "data"))
        ),
        "Bad",
    )
    os.kill(server.forker, signal.SIGKILL)
    server.completed(GOOD, "Good")


def test_a_scene_sees_no_secrets(elsewhere):
    error = elsewhere.failed(scene("import os; raise ValueError(str(dict(os.environ)))"), "Bad")

    assert "'HARMLESS': 'kept'" in error
    assert SECRET not in error
    assert elsewhere.key not in error


def test_code_that_is_no_text_fails_cleanly(server):
    assert "surrogates" in server.failed('x = "\ud800"\n' + GOOD, "Good")


def test_an_error_of_any_length_is_told_within_bounds(bad):
    error = bad('raise ValueError("x" * 10_000_000)')

    assert len(error) < 70_000
    assert error.startswith("Traceback")
    assert "characters left out" in error


def test_an_exception_that_cannot_be_printed_is_still_told(bad):
    error = bad("""
        class Rude(Exception):
            def __str__(self):
                raise RuntimeError
        raise Rude
    """)

    assert "Rude: <exception str() failed>" in error


def test_a_scene_cannot_write_to_the_servers_own_streams(bad):
    error = bad("""
        import os
        for fd in range(3, 60):
            try:
                os.write(fd, b'{"error": null}\\n')
            except OSError:
                pass
        raise ValueError("told")
    """)

    assert "ValueError: told" in error or "ended by itself" in error


def test_what_a_scene_printed_stands_above_its_error(server):
    code = (
        "from manim import *\n\n\nclass Prints(Scene):\n    def construct(self):\n"
        "        print('so far', flush=True)\n        self.play([][0])\n"
    )
    said = server.failed(code, "Prints")
    assert said.startswith("The last lines that the scene printed:\nso far\n\nTraceback")
    assert said.endswith("IndexError: list index out of range")
