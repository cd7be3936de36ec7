"""Many open jobs in one kernel: one watching thread, a bounded rate, every completion shown."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

FULL = os.environ.get("KODISC_SOAK") == "1"
PATIENCE_S = 600.0
KERNEL = Path(__file__).with_name("renders_many_kernel.py")


class Service:
    """Speaks the API from memory: jobs stay open until they are released, all at once."""

    def __init__(self):
        self.jobs = 0
        self.released = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                service.jobs += 1
                body = {"jobId": f"many{service.jobs:04d}", "status": "queued"}
                self.send(202, json.dumps(body).encode())

            def do_GET(self):
                if self.path.startswith("/files/"):
                    self.send(200, self.path.encode())
                    return
                job_id = self.path.rpartition("/")[2]
                self.send(200, json.dumps(service.job(job_id)).encode())

            def send(self, status, content):
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def job(self, job_id):
        done = self.released.is_set()
        files = f"{self.origin}/files/{job_id}"
        return {
            "jobId": job_id,
            "status": "completed" if done else "running",
            "creditsCost": 1 if done else 0,
            "durationMs": 1000 if done else None,
            "result": {"video": f"{files}/video.mp4", "thumbnail": None, "captions": None}
            if done
            else None,
        }

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def service():
    service = Service()
    yield service
    service.close()


@pytest.fixture
def kernel():
    process = subprocess.Popen(
        [sys.executable, str(KERNEL)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


def test_hundreds_of_open_jobs_need_one_thread_and_little_else(service, kernel, tmp_path):
    jobs = 500 if FULL else 40
    orders = {
        "url": f"{service.origin}/api/v2",
        "key": "kdsc_live_" + "ab" * 24,
        "home": str(tmp_path / "home"),
        "jobs": jobs,
        "watch_s": 60 if FULL else 5,
        "patience_s": PATIENCE_S,
    }
    kernel.stdin.write(json.dumps(orders) + "\n")
    kernel.stdin.flush()
    line = kernel.stdout.readline()
    assert line, kernel.stderr.read()
    assert json.loads(line)["open"] == jobs
    service.released.set()
    kernel.stdin.write("go\n")
    kernel.stdin.flush()
    line = kernel.stdout.readline()
    assert line, kernel.stderr.read()
    figures = json.loads(line)
    print(f"\n{jobs} open jobs:", line)
    assert figures["shown"] == jobs
    assert figures["threads"].count("kodisc-watcher") == 1
    assert figures["most_in_a_second"] <= 10
    assert figures["memory_mb"] < 40
    if FULL:  # a share of the time only means something over a while
        assert figures["cpu_percent"] < 5
    assert kernel.wait(PATIENCE_S) == 0
