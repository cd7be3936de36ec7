"""Every ``%kodisc`` command in a real kernel, with somebody there, in the order of a lesson."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import av

WIDGET = "application/vnd.jupyter.widget-view+json"
LIMIT_S = 240

BREAKS = """\
from manim import *


class Breaks(Scene):
    def construct(self):
        1 / 0
"""
TINY = """\
from manim import *


class Tiny(Scene):
    def construct(self):
        self.wait(0.2)
"""


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def said(kernel, code: str) -> str:
    request = kernel.run(code)
    assert kernel.error(request) == ""
    shown = [m["content"]["data"] for m in kernel.of(request, "display_data")]
    return kernel.stdout(request) + "".join(data.get("text/plain", "") for data in shown)


def refused(kernel, code: str) -> str:
    error = plain(kernel.error(kernel.run(code)))
    assert error, f"{code} did not fail"
    assert "Traceback" not in error
    return error


def rendered(kernel, line: str, code: str = TINY) -> tuple[str, str]:
    """The job ID and the figure of a cell that is run to its end."""
    final = kernel.final(kernel.run(f"{line}\n{code}"))
    return re.search(r"job (\w+)", final["text/plain"])[1], final["text/html"]


def answer(kernel, code: str, *answers: str) -> tuple[str, list[dict]]:
    """Run a cell that asks; its output and the questions."""
    request = kernel.ask(code)
    asked = []
    for text in answers:
        asked.append(kernel.client.get_stdin_msg(timeout=LIMIT_S)["content"])
        kernel.client.input(text)
    kernel.until(lambda: kernel.status(request) == "idle")
    return kernel.stdout(request) + plain(kernel.error(request)), asked


def test_a_job_is_listed_shown_saved_reported_and_costs_nothing_here(
    start_kernel, fresh_journal, tmp_path
):
    kernel = start_kernel(fresh_journal)
    assert "Nothing has been rendered yet" in said(kernel, "%kodisc jobs")
    assert "Nothing has been rendered yet" in said(kernel, "%kodisc report")
    assert "nothing to wait for" in said(kernel, "%kodisc wait")
    job, _ = rendered(kernel, "%%kodisc -ql")
    listed = said(kernel, "%kodisc jobs -n 5")
    short = re.search(r"^(clx\w{5,}) +Tiny .* local +completed +0 ", listed, re.MULTILINE)[1]
    assert job.startswith(short)

    shown = kernel.final(kernel.run(f"%kodisc show {short}"))
    assert "<video " in shown["text/html"]
    assert "Rendered before, on" in shown["text/plain"]

    assert "Saved as" in said(kernel, f"%kodisc save {job} out/tiny.mp4")
    assert av.open(str(tmp_path / "out" / "tiny.mp4")).streams.video[0].height == 480
    assert "Saved as" in said(kernel, f"%kodisc save {job} out")
    assert (tmp_path / "out" / f"{job}.mp4").is_file()
    assert "could not be written" in refused(kernel, f"%kodisc save {job} /proc/x.mp4")

    report = said(kernel, "%kodisc report --csv spent.csv")
    assert "1 rendered, 1 reused, 0 credits" in report
    assert (tmp_path / "spent.csv").read_text(encoding="utf-8").count("Tiny") >= 1
    assert "Done: Tiny" in said(kernel, "%kodisc wait")
    assert "nothing to wait for" in said(kernel, "%kodisc wait")


def test_wrong_words_after_kodisc_are_answered_with_what_was_meant(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    for line, hint in {
        "%kodisc jbos": "Did you mean %kodisc jobs?",
        "%kodisc HelloKodisc": "two percent signs, at the top of a cell: %%kodisc HelloKodisc",
        "%kodisc -ql Tiny": "two percent signs",
        "%kodisc local sto": "did you mean stop?",
        "%kodisc wait --timeout soon": "must be a number",
        "%kodisc jobs -n 0": "must be a positive integer",
        "%kodisc show": "required: JOBID",
        "%kodisc save a-job": "required: PATH",
        "%kodisc show no-such-job": "There is no job 'no-such-job'",
        "%kodisc save no-such-job x.mp4": "There is no video to save",
        "%kodisc save no-such-job x.txt": ".mp4, .gif, .webm or .png, not as .txt",
        "%kodisc export nowhere.ipynb": "No such file",
        "%kodisc export": "Save it and name the file",
    }.items():
        assert hint in refused(kernel, line), line


PRESS = """\
import signal
import sys
import threading


def waits():
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame is not None:
        if frame.f_code.co_filename.endswith("renders/render.py") and frame.f_code.co_name == "wait":
            return True
        frame = frame.f_back
    return False


def press_ctrl_c_once_it_waits():
    def look():
        while not waits():
            threading.Event().wait(0.02)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    threading.Thread(target=look, daemon=True).start()
"""


def test_ctrl_c_stops_the_waiting_and_not_the_job(start_kernel, kodisc_home, gate):
    kernel = start_kernel(kodisc_home)
    said(kernel, PRESS)
    said(kernel, "press_ctrl_c_once_it_waits()")
    request = kernel.run(f"%%kodisc -ql --wait\n{gate.scene()}")
    error = plain(kernel.error(request))
    job = re.search(r"%kodisc show (\w+)", error)[1]
    assert error.startswith("Stopped waiting. The job goes on; nothing is lost.")
    assert "%kodisc wait" in error
    assert len(error.splitlines()) == 1

    short = refused(kernel, "%kodisc wait --timeout 0.1")
    assert "Gated was not finished within 0.1 s; the job goes on.\n" in short
    assert f"Come back to it with: %kodisc show {job}" in short
    said(kernel, "press_ctrl_c_once_it_waits()")
    assert "Stopped waiting" in refused(kernel, "%kodisc wait")
    gate.open()
    assert job in kernel.final(request)["text/plain"]
    assert "nothing to wait for" in said(kernel, "%kodisc wait")


def test_a_restarted_kernel_takes_up_what_was_left_open(
    start_kernel, fresh_journal, tmp_path, gate
):
    kernel = start_kernel(fresh_journal, JPY_SESSION_NAME=str(tmp_path / "lesson.ipynb"))
    cell = f"%%kodisc -ql\n{gate.scene()}"
    kernel.run(cell)
    listed = said(kernel, "%kodisc jobs")
    job = re.search(r"^(clx\w+)", listed, re.MULTILINE)[1]
    assert "lesson" in listed
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=LIMIT_S)
    said(kernel, "%load_ext kodisc_jupyter")

    assert "Left open by earlier kernels: 1" in said(kernel, "%kodisc")
    request = kernel.run(cell)
    gate.open()
    again = kernel.final(request)["text/plain"]
    assert job in again
    assert "already running" in again
    assert said(kernel, "%kodisc jobs").count("Gated") == 1


def test_wait_takes_up_an_earlier_kernels_render_of_the_same_notebook(
    start_kernel, fresh_journal, tmp_path, gate
):
    name = {"JPY_SESSION_NAME": str(tmp_path / "lesson.ipynb")}
    kernel = start_kernel(fresh_journal, **name)
    kernel.run(f"%%kodisc -ql\n{gate.scene()}")
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=LIMIT_S)
    said(kernel, "%load_ext kodisc_jupyter")
    request = kernel.run("%kodisc wait", wait=False)
    kernel.until(lambda: "Taken up from an earlier kernel: Gated" in kernel.stdout(request))
    gate.open()
    kernel.until(lambda: kernel.status(request) == "idle")
    assert "Done: Gated" in kernel.stdout(request)


def test_wait_raises_for_what_failed_and_show_tells_why(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    cell = kernel.run(f"%%kodisc -ql --force\n{BREAKS}")
    card = kernel.final(cell)
    assert 'class="kodisc-error"' in card["text/html"]
    assert "line 7" in card["text/plain"]
    assert "division by zero" in refused(kernel, "%kodisc wait")
    job = re.search(r"job (\w+)", card["text/plain"])[1]
    assert "division by zero" in kernel.final(kernel.run(f"%kodisc show {job}"))["text/plain"]
    assert "failed. There is no video" in refused(kernel, f"%kodisc save {job} x.mp4")


def test_login_asks_hidden_checks_keeps_and_logout_forgets(
    start_kernel, fresh_home, cloud, tmp_path
):
    (tmp_path / "test_ring.py").write_text(RING, encoding="utf-8")
    kernel = start_kernel(
        fresh_home, KODISC_BASE_URL=cloud.url, PYTHON_KEYRING_BACKEND="test_ring.Ring"
    )
    wrong = "kdsc_live_" + "0f" * 24
    output, (question, second) = answer(kernel, "%kodisc login", wrong, "")
    assert question["password"] is True
    assert second["password"] is True
    assert "refused the key (401)" in output
    assert "Try again, or press Enter to give up" in output
    assert "The key came from this session's login" in output
    assert wrong not in output

    output, asked = answer(kernel, "%kodisc login", f" {cloud.key} ", "y")
    assert [question["password"] for question in asked] == [True, False]
    assert f"Logged in with key {cloud.key[:14]}…" in output
    assert "Balance: 1,000 credits (1,000 paid + 0 free)" in output
    assert "Kept in the system keyring" in output
    assert cloud.key not in output
    assert "from the system keyring" in said(kernel, "%kodisc")

    assert "the system keyring" in said(kernel, "%kodisc logout")
    assert "this machine" in said(kernel, "%kodisc")
    output, _ = answer(kernel, "%kodisc login --no-keep", cloud.key)
    assert "written nowhere" in output
    assert "this session's login" in said(kernel, "%kodisc logout")
    assert "No key was kept" in said(kernel, "%kodisc logout")
    assert "must not stand on a magic line" in refused(kernel, f"%kodisc login {cloud.key}")


RING = '''
from keyring.backend import KeyringBackend

class Ring(KeyringBackend):
    """In memory."""

    priority = 1
    kept = {}

    def get_password(self, service, user):
        return self.kept.get((service, user))

    def set_password(self, service, user, password):
        self.kept[service, user] = password

    def delete_password(self, service, user):
        del self.kept[service, user]
'''


def test_status_and_doctor_tell_what_is_wrong_with_an_api_that_is_not_there(
    start_kernel, fresh_home
):
    kernel = start_kernel(
        fresh_home,
        KODISC_KEY="kdsc_live_" + "0f" * 24,
        KODISC_BASE_URL="http://127.0.0.1:9/api/v2",
    )
    request = kernel.run("%kodisc")
    assert "Open renders in this kernel: none" in kernel.stdout(request)
    assert "could not be reached" in kernel.error(request)
    doctor = said(kernel, "%kodisc doctor")
    assert re.search(r"^note  key +from KODISC_KEY, not checked$", doctor, re.MULTILINE)
    assert re.search(r"^BAD   API +127.0.0.1:9 could not be reached", doctor, re.MULTILINE)
    assert re.search(r"^ok    renders +go to Kodisc, for credits$", doctor, re.MULTILINE)


def test_doctor_says_of_each_thing_how_it_is_and_what_to_do(start_kernel, fresh_journal, cloud):
    kernel = start_kernel(fresh_journal)
    local = said(kernel, "%kodisc doctor")
    subjects = re.findall(r"^(?:ok  |note|BAD )  (.{12}) ", local, re.MULTILINE)
    assert [subject.strip() for subject in subjects] == [
        *("versions", "front end", "renders", "key", "Manim", "sandbox", "LaTeX", "codec"),
        *("journal", "disk"),
    ]
    assert "→ %kodisc login" in local
    assert "BAD" not in local
    local = re.sub(r"\n {19}(?!→)", " ", local)  # long findings go on in the next line
    for line in local.splitlines():
        if line.startswith(("note", "BAD")):
            following = local.splitlines()[local.splitlines().index(line) + 1]
            assert following.strip().startswith("→ "), line
    said(kernel, f"import os; os.environ.update({cloud.env()!r})")
    remote = said(kernel, "%kodisc doctor")
    assert f"{cloud.key[:14]}… from KODISC_KEY, accepted" in remote
    assert "1,000 credits (1,000 paid + 0 free)" in remote
    assert cloud.key not in remote


def test_unload_takes_everything_away_and_load_brings_it_back(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    rendered(kernel, "%%kodisc -ql --as tiny")
    said(kernel, "%unload_ext kodisc_jupyter")
    assert "not found" in kernel.stdout(kernel.run("%kodisc"))
    state = kernel.run("print(tiny.state.phase)")
    kernel.until(lambda: "completed" in kernel.stdout(state))  # old kernels print after they end
    said(kernel, "%load_ext kodisc_jupyter\n%reload_ext kodisc_jupyter")
    said(kernel, "%config KodiscMagics.quality = 'low'")
    _, figure = rendered(kernel, "%%kodisc")
    assert "Rendered before, on" in figure


def test_plain_ipython_has_the_commands_too(kodisc_home, tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KODISC_")}
    lines = ["load_ext kodisc_jupyter", "kodisc jobs", "kodisc doctor", "kodisc local"]
    code = "\n".join(
        f"get_ipython().run_line_magic({name!r}, {rest!r})"
        for name, _, rest in (line.partition(" ") for line in lines)
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", code],
        env={**kept, "KODISC_HOME": str(kodisc_home), "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "front end    terminal IPython" in done.stdout
    assert "ender server" in done.stdout


FOREVER = """\
from manim import *


class Forever(Scene):
    def construct(self):
        while True:
            pass
"""


def test_ctrl_c_offers_the_end_of_a_job_here_and_cancel_ends_it(start_kernel, fresh_journal):
    kernel = start_kernel(fresh_journal)
    said(kernel, PRESS)
    said(kernel, "press_ctrl_c_once_it_waits()")
    request = kernel.run(f"%%kodisc -ql --wait\n{FOREVER}")
    job = re.search(r"To end it: %kodisc cancel (\w+)", plain(kernel.error(request)))[1]
    assert f"Cancelled: job {job}. It cost nothing." in said(kernel, f"%kodisc cancel {job}")
    card = kernel.final(request)["text/plain"]
    assert "Cancelled" in card
    assert "has ended already: cancelled" in refused(kernel, f"%kodisc cancel {job}")
    assert "nothing to wait for" in said(kernel, "%kodisc wait")
    assert re.search(rf"{job[:8]}.*cancelled", said(kernel, "%kodisc jobs"))


def test_the_panels_cancel_is_offered_while_a_job_here_is_open(start_kernel, fresh_journal):
    kernel = start_kernel(fresh_journal)
    request = kernel.run(f"%%kodisc -ql\n{FOREVER}")
    panel = kernel.of(request, "display_data")[0]["content"]["data"][WIDGET]["model_id"]
    kernel.until(lambda: kernel.comms[panel].get("cancel"))
    content = {
        "comm_id": panel,
        "data": {"method": "custom", "content": {"kind": "action", "action": "cancel"}},
    }
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", content))
    assert "Cancelled" in kernel.final(request)["text/plain"]
    kernel.until(lambda: kernel.comms[panel].get("phase") == "failed")
    assert not kernel.comms[panel].get("cancel")


def test_stop_drops_what_is_open_and_the_next_cell_has_the_machine_to_itself(
    start_kernel, fresh_home
):
    kernel = start_kernel(fresh_home)
    two = FOREVER + "\n\nclass Second(Forever):\n    pass\n"
    kernel.run(f"%%kodisc Forever Second -ql\n{two}")
    stopped = said(kernel, "%kodisc local stop")
    assert "2 jobs were open and were dropped with it:" in stopped
    assert "Forever · clx" in stopped
    assert "Second · clx" in stopped
    rendered(kernel, "%%kodisc -ql")
    assert said(kernel, "%kodisc jobs").count("cancelled") == 2
    assert said(kernel, "%kodisc wait") == "Done: Tiny\n"


def test_a_job_on_kodisc_cannot_be_cancelled(start_kernel, fresh_home, cloud, gate):
    kernel = start_kernel(fresh_home, **cloud.env())
    request = kernel.run(f"%%kodisc -ql --as opened\n{gate.scene()}")
    job = kernel.stdout(kernel.run("print(opened.job.job_id)")).strip()
    error = refused(kernel, f"%kodisc cancel {job}")
    assert "on Kodisc, which has no way to cancel a job" in error
    gate.open()
    kernel.final(request)
