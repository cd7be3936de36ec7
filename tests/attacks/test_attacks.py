"""What a student's scene may try against everyone else, each tried for real."""

from __future__ import annotations

import os
import re
import textwrap
import time

import pytest
import requests

from tests.attacks.conftest import ADA, GOOD, MALLORY, scene_folder
from tests.support.render_server import children, until

pytestmark = pytest.mark.render

ERROR = r"(FileNotFound|Permission|ProcessLookup|NotADirectory|OS|ConnectionRefused)Error"
TRY = """
def tried(what):
    try:
        return what()
    except Exception as problem:
        return type(problem).__name__
"""


MEMORY = """
def chunks():
    with open('/proc/self/mem', 'rb', 0) as memory:
        for line in open('/proc/self/maps'):
            where, rights = line.split()[:2]
            low, high = (int(each, 16) for each in where.split('-'))
            if rights.startswith('r') and '[v' not in line:
                memory.seek(low)
                try:
                    yield memory.read(min(high - low, 1 << 28)).replace(b'RET_OF_ADA_', b'')
                except OSError:
                    pass
"""


def refused(class_, expression):
    """The expression raises inside the sandbox, because what it names is not there."""
    said = class_.tells(f"tried(lambda: {expression})", head=TRY)
    assert re.fullmatch(rf"'{ERROR}'", said), said


# Files of the server and of others.


def test_the_users_file_cannot_be_read(class_):
    refused(class_, f"Path({str(class_.users)!r}).read_text()")


@pytest.mark.parametrize("name", ["ledger.sqlite3", "credits.json", "results", "webhook-secret"])
def test_the_servers_folder_is_not_there(class_, name):
    assert (class_.data / name).exists()
    refused(class_, f"os.stat({str(class_.data / name)!r})")


def test_the_ledger_cannot_be_changed_or_deleted(class_):
    refused(class_, f"os.unlink({str(class_.data / 'ledger.sqlite3')!r})")


def test_a_hard_link_to_the_users_file_does_not_become_a_video(class_):
    refused(class_, f"os.link({str(class_.users)!r}, '../results/video.mp4')")


@pytest.mark.parametrize(
    "plant",
    [
        "os.symlink('/etc/passwd', out / 'video.mp4')",
        "os.mkfifo(out / 'video.mp4')",
        "os.mkdir(out / 'video.mp4')",
        "(out / 'a').write_bytes(b'x'); os.link(out / 'a', out / 'video.mp4')",
        "os.rename(out, '../elsewhere'); os.symlink('../elsewhere', out)",
        "os.rename(out, '../elsewhere'); os.symlink('/etc', out)",
    ],
)
def test_no_link_pipe_or_folder_is_served_as_a_video(class_, plant):
    job = class_.attack(f"""
        import atexit
        out = Path('../results').absolute()
        out.mkdir(exist_ok=True)
        for name in ('video.mp4', 'thumb.jpg', 'captions.vtt'):
            (out / name).write_bytes(b'mine')
        (out / 'video.mp4').unlink()
        {plant}
        os.write(3, b'{{"error": null}}')
        os._exit(0)
    """)
    assert job["status"] == "failed"
    assert "something else than a video" in job["error"] or "without a video" in job["error"]


def beside_the_api(class_, method, path):
    """Ask the server, as Mallory, for what it offers beside the API."""
    headers = {"Authorization": f"Bearer {MALLORY}"}
    return requests.request(
        method, f"{class_.server.origin}/local/{path}", headers=headers, timeout=60
    )


def test_no_link_is_followed_where_the_server_looks_at_a_scene_that_runs(class_):
    """Its progress, its newest picture and the drawn pieces of its user's videos."""
    class_.ada_renders(GOOD)
    hers = class_.neighbour.scene.parents[2] / "segments"
    kept = sorted(path for path in hers.rglob("*") if path.is_file())
    assert kept
    code = textwrap.dedent(f"""
        import os, shutil, time
        from pathlib import Path
        from manim import *
        class Attack(Scene):
            def construct(self):
                shutil.rmtree("/kodisc/segments", ignore_errors=True)
                os.symlink({str(hers)!r}, "/kodisc/segments")
                shutil.rmtree(".kodisc", ignore_errors=True)
                os.mkdir(".kodisc")
                os.symlink({str(class_.users)!r}, ".kodisc/preview.jpg")
                os.symlink({str(class_.users)!r}, ".kodisc/drawn")
                os.mkfifo(".kodisc/total")
                Path("planted").touch()
                while not Path("gate").exists(): time.sleep(0.02)
                shutil.rmtree(".kodisc")
                os.symlink({str(class_.folder)!r}, ".kodisc")
                Path("again").touch()
                while not Path("end").exists(): time.sleep(0.02)
        """)
    job_id = class_.server.post(code, "Attack", key=MALLORY)
    class_.server.wait(job_id, key=MALLORY, statuses=("running",))
    scene = scene_folder(class_.rooms, job_id)
    for marker, onwards in (("planted", "gate"), ("again", "end")):
        until((scene / marker).exists)
        said = beside_the_api(class_, "GET", f"jobs/{job_id}/progress").json()
        assert said == {"frames": 0, "total": None, "percent": None, "preview": None}
        assert beside_the_api(class_, "GET", f"jobs/{job_id}/preview.jpg").status_code == 404
        (scene / onwards).touch()
    assert beside_the_api(class_, "GET", "segments").json() == {"bytes": 0, "segments": 0}
    assert beside_the_api(class_, "POST", "segments").json() == {"removed": 0}
    class_.server.wait(job_id, key=MALLORY)
    assert sorted(path for path in hers.rglob("*") if path.is_file()) == kept


def test_a_report_that_is_none_is_not_there(class_):
    job = class_.attack("""
        out = Path('../results').absolute()
        out.mkdir(exist_ok=True)
        for name in ('video.mp4', 'thumb.jpg', 'captions.vtt'):
            (out / name).write_bytes(b'mine')
        (out / 'report.json').write_bytes(b'[' * 1_900_000)
        os.write(3, b'{"error": null}')
        os._exit(0)
    """)
    assert job["status"] == "completed", job["error"]
    answer = beside_the_api(class_, "GET", f"jobs/{job['jobId']}/report")
    assert answer.status_code == 404
    assert class_.server.call("GET", "/me", key=ADA).status_code == 200


def test_formulas_of_others_are_out_of_reach(class_):
    assert class_.tells("sorted(os.listdir('/kodisc'))") == repr(
        ["empty", "formulas", "home", "jobs", "segments"]
    ) or "ada" not in class_.tells("sorted(os.listdir('/kodisc'))")
    refused(class_, f"os.listdir({str(class_.data / 'formulas')!r})")


def test_latex_cannot_input_the_users_file(class_):
    job = class_.attack(f"self.add(Tex(r'\\input{{{class_.users}}}'))")
    assert job["status"] == "failed"
    assert ADA not in str(job)


def test_the_home_folder_is_the_jobs_own(class_):
    class_.attack("""
        home = Path.home()
        (home / '.config' / 'manim').mkdir(parents=True)
        (home / '.config' / 'manim' / 'manim.cfg').write_text('[CLI]\\nbackground_color = RED\\n')
        (home / '.bashrc').write_text('echo owned')
    """)
    assert class_.tells("sorted(os.listdir(Path.home()))") == "[]"


@pytest.mark.parametrize("folder", ["/kodisc/empty", "/kodisc", "."])
def test_a_planted_module_never_runs_in_the_forker(class_, folder):
    class_.attack(f"""
        for name in ('json', 'selectors', 'kodisc_jupyter', 'sitecustomize'):
            Path({folder!r}, name + '.py').write_text('raise SystemExit("owned")')
        os.kill(os.getpid(), 9)
    """)


@pytest.mark.parametrize(
    "folder", ["/usr", "/etc", "/bin", "/", "/dev", os.path.dirname(os.__file__)]
)
def test_nothing_of_the_system_can_be_written(class_, folder):
    refused(class_, f"open({folder + '/owned'!r}, 'w')")


# Processes and memory.


def test_no_process_of_others_is_seen(class_):
    seen = class_.tells(
        "[open(f'/proc/{n}/cmdline').read()[:300] for n in os.listdir('/proc') if n.isdigit()]"
    )
    assert str(class_.users) not in seen
    assert str(class_.server.process.pid) not in class_.tells("os.listdir('/proc')")


@pytest.mark.parametrize(
    "part", ["mem", "environ", "fd/0", "fd/1", "fd/4", "maps", "root", "ns/net"]
)
def test_the_forkers_memory_and_pipes_are_shut(class_, part):
    refused(class_, f"os.stat('/proc/1/{part}') and open('/proc/1/{part}', 'rb').read(1)")


def test_a_scene_has_only_its_own_descriptors(class_):
    links = "[os.readlink(f'/proc/self/fd/{n}') for n in range(4, 4096) if os.path.exists(f'/proc/self/fd/{n}')]"
    opened = class_.tells(links)
    assert "pipe:" not in opened
    assert "socket:" not in opened


@pytest.mark.parametrize("number", ["SIGSTOP", "SIGKILL", "SIGTERM", "SIGUSR1"])
def test_the_forker_cannot_be_stopped_or_killed(class_, number):
    class_.attack(f"os.kill(1, signal.{number}); os.kill(os.getppid(), signal.{number})")


TRACE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def traced(pid):
    attached = libc.ptrace(16, pid, None, None), ctypes.get_errno()
    here, word = (ctypes.c_void_p * 2)(), ctypes.create_string_buffer(8)
    here[0], here[1] = ctypes.addressof(word), 8
    there = (ctypes.c_void_p * 2)(id(pid), 8)
    read = libc.process_vm_readv(pid, here, 1, there, 1, 0), ctypes.get_errno()
    return [attached, read]
"""


def test_neither_forker_nor_server_nor_neighbour_can_be_traced(class_):
    """Neither attached to nor read: EPERM for the own forker, ESRCH for who is not there."""
    beside = class_.neighbour.forker
    others = [class_.server.process.pid, beside, *children(beside)]
    assert class_.tells("traced(1)", head=TRACE) == "[(-1, 1), (-1, 1)]"
    seen = class_.tells(f"[traced(pid) for pid in {others}]", head=TRACE)
    assert seen == str([[(-1, 3), (-1, 3)]] * len(others))


def test_killing_everything_kills_only_ones_own(class_):
    job = class_.attack("os.kill(-1, signal.SIGKILL); signal.pause()")
    assert job["status"] == "failed"


def test_forged_reports_are_not_believed(class_):
    job = class_.attack("""
        line = json.dumps({"id": Path.cwd().parent.name, "error": None, "durationMs": 1}).encode()
        for fd in range(3, 64):
            try:
                os.write(fd, line + b"\\n" + b"garbage\\n" * 10)
            except OSError:
                pass
        raise SystemExit("not done")
    """)
    assert job["status"] == "failed"


def test_a_fork_bomb_is_stopped(class_):
    job = class_.attack("""
        import ctypes
        libc = ctypes.CDLL(None)
        for _ in range(8):
            libc.fork()
        signal.pause()
    """)
    assert job["error"] == "The scene started more than 64 processes and was stopped."


def test_a_daemon_does_not_outlive_its_job(class_):
    class_.attack("subprocess.Popen(['/bin/sh', '-c', 'exec sleep 12345'], start_new_session=True)")
    assert "12345" not in class_.tells(
        "[open(f'/proc/{n}/cmdline').read() for n in os.listdir('/proc') if n.isdigit()]"
    )


def test_nothing_of_anothers_scene_is_in_memory(class_):
    marker = "THE_SECRET_OF_ADA"
    scene = GOOD.replace("Circle()", f"Circle(color=RED).set(note='{marker}')")
    class_.ada_renders(scene)
    found = class_.tells(
        "sum(b'TE_OF_ADA'.replace(b'TE', b'RET') in chunk for chunk in chunks())", head=MEMORY
    )
    assert found == "0"


# More rights.


def test_no_further_namespaces(class_):
    assert (
        class_.tells("subprocess.run(['unshare', '-Urm', 'true'], capture_output=True).returncode")
        != "0"
    )


def test_no_capabilities_and_no_way_to_them(class_):
    status = class_.tells("open('/proc/self/status').read()")
    assert "CapEff:\\t0000000000000000" in status
    assert "NoNewPrivs:\\t1" in status


@pytest.mark.parametrize("path", ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"])
def test_the_kernels_switches_are_out_of_reach(class_, path):
    refused(class_, f"open({path!r}, 'w').write('')")


# The network.


def test_neither_the_servers_port_nor_any_other_is_reached(class_):
    port = int(class_.server.url.rsplit(":", 1)[1].split("/")[0])
    refused(class_, f"socket.create_connection(('127.0.0.1', {port}), 2)")
    refused(class_, "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))")


# What a machine has only once.


@pytest.mark.parametrize(
    "write",
    [
        "for n in range(400): Path(f'{n}').write_bytes(bytes(1 << 20)); time.sleep(0.01)",
        """
        f = open('gone', 'wb', 0); os.unlink('gone')
        for n in range(63): f.write(bytes(1 << 20))
        g = open('gone', 'wb', 0); os.unlink('gone')
        for n in range(63): g.write(bytes(1 << 20))
        signal.pause()
        """,
    ],
    ids=["files", "files without a name"],
)
def test_the_disk_is_not_filled(class_, write):
    job = class_.attack(write)
    assert "wrote more than 64 MB" in job["error"], job["error"]


def test_a_folder_outside_of_the_job_is_no_place_for_more(class_):
    """Many jobs could fill it bit by bit; who has filled it gets an empty one."""
    job = class_.attack("""
        for n in range(100):
            Path('/kodisc/home', str(n)).write_bytes(bytes(1 << 20))
        signal.pause()
    """)
    assert "wrote more than 64 MB" in job["error"], job["error"]
    assert class_.tells("os.listdir('/kodisc/home')") == "[]"


def test_a_hundred_thousand_files_are_stopped_and_stall_nobody(class_):
    job_id = class_.server.post(
        "from manim import *\nclass A(Scene):\n    def construct(self):\n"
        "        import os\n        for n in range(10**6): os.close(os.open(str(n), 65))\n",
        "A",
        key=MALLORY,
    )
    slowest = 0.0
    while class_.server.job(job_id, key=MALLORY)["status"] in ("queued", "running"):
        began = time.monotonic()
        class_.server.call("GET", "/me", key=ADA)
        slowest = max(slowest, time.monotonic() - began)
    assert "files" in class_.server.job(job_id, key=MALLORY)["error"]
    assert slowest < 10


def test_shared_memory_has_an_end(class_):
    refused(class_, "Path('/dev/shm/x').write_bytes(bytes(100 << 20))")


def test_memory_files_count(class_):
    job = class_.attack("""
        files = [os.memfd_create(str(n)) for n in range(60)]
        for file in files:
            for _ in range(30):
                os.write(file, bytes(1 << 20))
        signal.pause()
    """)
    assert "more than 1024 MB of memory" in job["error"]


def test_folders_however_deep_and_shut_are_removed(class_):
    class_.attack("""
        for _ in range(2000):
            os.mkdir('d')
            os.chdir('d')
        Path('shut').mkdir()
        os.chmod('shut', 0)
        os.chmod('.', 0)
        raise SystemExit(1)
    """)
