"""Help inside: ``?``, ``--help``, and Tab in a real kernel and in IPython's own completer."""

from __future__ import annotations

import re

import pytest

SCENES = (
    "\nfrom manim import *\n\n\nclass Hello(Scene):\n    pass\n\n\nclass Help(Hello):\n    pass\n"
)
TINY = "from manim import *\n\n\nclass Tiny(Scene):\n    def construct(self):\n        self.wait(0.2)\n"


def reply(kernel, request: str) -> dict:
    while True:
        message = kernel.client.get_shell_msg(timeout=240)
        if message["parent_header"].get("msg_id") == request:
            return message["content"]


def tab(kernel, line: str, below: str = "") -> list[str]:
    """The words that Tab offers at the end of a line, as they would then stand there."""
    content = reply(kernel, kernel.client.complete(line + below, len(line)))
    start = content["cursor_start"]
    assert content["cursor_end"] == len(line)
    begun = len(line) - len(line.rsplit(" ", maxsplit=1)[-1])
    return [line[begun:start] + word for word in content["matches"]]


def asked(kernel, code: str) -> str:
    """What the pager shows for ``code?``."""
    (page,) = reply(kernel, kernel.client.execute(code))["payload"]
    return re.sub(r"\x1b\[[0-9;]*m", "", page["data"]["text/plain"])


def test_tab_offers_scenes_options_values_variables_commands_and_jobs(
    start_kernel, kodisc_home, tmp_path
):
    (tmp_path / "lesson.ipynb").write_text("{}", encoding="utf-8")
    kernel = start_kernel(kodisc_home)
    kernel.run("alpha = 1\nalphabet = 'ab'")
    final = kernel.final(kernel.run(f"%%kodisc -ql\n{TINY}"))
    job = re.search(r"job (\w+)", final["text/plain"])[1]

    everything = tab(kernel, "%%kodisc ", SCENES)
    assert everything[:2] == ["Hello", "Help"]
    assert {"-q", "--with", "--check", "--help"} <= set(everything)
    assert tab(kernel, "%%kodisc Hel", SCENES) == ["Hello", "Help"]
    assert "Hello" not in tab(kernel, "%%kodisc Hello ", SCENES)
    assert tab(kernel, "%%kodisc --qu", SCENES) == ["--quality"]
    assert tab(kernel, "%%kodisc --quality ") == ["low", "medium", "high", "twok", "fourk"]
    assert tab(kernel, "%%kodisc -q f", SCENES) == ["fourk"]
    assert tab(kernel, "%%kodisc --quality=l") == ["--quality=low"]
    assert tab(kernel, "%%kodisc -a ") == ["16:9", "9:16"]
    assert tab(kernel, "%%kodisc -a 9:") == ["9:16"]
    assert tab(kernel, "%%kodisc --backend ") == ["cloud", "local"]
    assert tab(kernel, "%%kodisc --with al", SCENES) == ["alpha", "alphabet"]
    assert tab(kernel, "%%kodisc --with alpha,alphab", SCENES) == ["alpha,alphabet"]
    given = tab(kernel, "%%kodisc -ql --wait --embed --", SCENES)
    assert not {"--quality", "--wait", "--no-wait", "--embed", "--link"} & set(given)
    assert {"--with", "--save"} <= set(given)

    assert {"login", "jobs", "wait", "export", "doctor", "studio"} <= set(tab(kernel, "%kodisc "))
    assert tab(kernel, "%kodisc lo") == ["login", "logout", "local"]
    assert tab(kernel, "%kodisc local st") == ["status", "stop"]
    assert job in tab(kernel, "%kodisc show ")
    assert tab(kernel, f"%kodisc save {job[:12]}") == [job]
    assert "lesson.ipynb" in tab(kernel, "%kodisc export ")
    assert tab(kernel, "%kodisc report --c") == ["--csv"]
    assert "%%kodisc_prelude" in tab(kernel, "%%kodisc_")
    assert "alpha" in tab(kernel, "alph")  # Python's own completion is left alone


def test_help_is_the_same_wherever_it_is_asked_for(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    printed = kernel.stdout(kernel.run("%%kodisc --help"))
    assert "usage: %%kodisc" in printed
    assert "send this notebook variable along" in printed
    assert kernel.stdout(kernel.run(f"%%kodisc -h\n{TINY}")) == printed
    assert printed.strip() in asked(kernel, "%%kodisc?")
    overview = kernel.stdout(kernel.run("%kodisc --help"))
    assert overview.strip() in asked(kernel, "%kodisc?")
    assert "usage: %kodisc export" in kernel.stdout(kernel.run("%kodisc export --help"))
    prelude = kernel.stdout(kernel.run("%%kodisc_prelude --help"))
    assert "imports and helpers" in prelude
    assert "imports and helpers" in asked(kernel, "%%kodisc_prelude?")
    settings = kernel.stdout(kernel.run("%config KodiscMagics"))
    assert "KodiscMagics.max_credits" in settings
    assert "Budget of this kernel session" in settings
    wrong = kernel.run("%config KodiscMagics.quality = 'lo'")
    assert "'low', 'medium'" in kernel.stdout(wrong) + kernel.error(wrong)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """IPython in this process, as a terminal has it."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("KODISC_HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell()
    made.run_line_magic("load_ext", "kodisc_jupyter")
    yield made
    made.run_line_magic("unload_ext", "kodisc_jupyter")
    made.history_manager.enabled = False


def in_terminal(shell, line: str) -> list[str]:
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(line, len(line))]


def test_ipythons_own_completer_offers_the_same(shell):
    shell.user_ns["alpha"] = 1
    assert in_terminal(shell, "%%kodisc --qu") == ["--quality"]
    assert in_terminal(shell, "%%kodisc --with alp") == ["alpha"]
    assert in_terminal(shell, "%kodisc exp") == ["export"]
    shell.run_line_magic("unload_ext", "kodisc_jupyter")
    assert "--quality" not in in_terminal(shell, "%%kodisc --qu")
    shell.run_line_magic("load_ext", "kodisc_jupyter")


class Event:
    """What IPython before 8.6 tells a completion hook."""

    def __init__(self, line: str) -> None:
        self.text_until_cursor = line
        self.symbol = re.split(r"[ =,:]", line)[-1]


def test_an_ipython_without_context_matchers_gets_hooks(shell, monkeypatch):
    import IPython.core.completer

    from kodisc_jupyter.notebook import ipython_hooks

    monkeypatch.delattr(IPython.core.completer, "context_matcher")
    matchers = len(shell.Completer.custom_matchers)
    ipython_hooks.attach(shell)
    assert len(shell.Completer.custom_matchers) == matchers
    hooks = shell.strdispatchers["complete_command"]
    offered = {
        line: next(iter(hooks.s_matches(line.split()[0])))(Event(line))
        for line in ("%%kodisc --qu", "%%kodisc -a 9:", "%%kodisc --quality=l", "%kodisc lo")
    }
    assert offered == {
        "%%kodisc --qu": ["--quality"],
        "%%kodisc -a 9:": ["16"],
        "%%kodisc --quality=l": ["low"],
        "%kodisc lo": ["login", "logout", "local"],
    }
    ipython_hooks.detach(shell)
    assert list(hooks.s_matches("%%kodisc")) == []


def test_scenes_below_the_line_are_known_from_the_request_where_a_hook_sees_the_line_only(shell):
    from kodisc_jupyter.notebook import ipython_hooks

    line = "%%kodisc Hel"
    shell.kernel = type(
        "Kernel", (), {"get_parent": lambda _: {"content": {"code": line + SCENES}}}
    )()
    assert ipython_hooks._hook(shell)(shell, Event(line)) == ["Hello", "Help"]
    assert ipython_hooks._hook(shell)(shell, Event("%%kodisc --check Hel")) == []
    del shell.kernel
