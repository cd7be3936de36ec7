"""A real Dask cluster on this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.support.render_server import until

PAGE = Path(__file__).parents[2] / "docs" / "class-server.md"


class Cluster:
    """Workers of so many ``threads``; with ``tls``, as docs/class-server.md sets it up.

    ``path`` comes before ``PATH``.
    """

    def __init__(
        self, folder: Path, *, workers: int = 2, threads: int = 1, tls: bool = False, path: str = ""
    ) -> None:
        self.folder = folder
        self._threads = threads
        self._processes: list[subprocess.Popen] = []
        self.environment = tls_of_the_page(folder) if tls else {}
        self._path = path
        told = folder / "scheduler.json"
        protocol = ("--protocol", "tls") if tls else ()
        self._start(
            *("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", told), *protocol
        )
        until(lambda: told.exists() and told.read_text())
        self.address = json.loads(told.read_text())["address"]
        self.workers = [self._worker(n) for n in range(workers)]

    def folder_of(self, number: int) -> Path:
        """Where a worker keeps its files."""
        return self.folder / f"worker{number}"

    def _worker(self, number: int) -> subprocess.Popen:
        place = self.folder_of(number)
        options = (
            "--nthreads",
            self._threads,
            "--no-nanny",
            "--no-dashboard",
            "--local-directory",
            place,
        )
        return self._start("worker", self.address, *options)

    def _start(self, *command) -> subprocess.Popen:
        host = ("--host", "127.0.0.1")
        quiet = {"DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__DISK": "false"}
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *map(str, command), *host],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={
                    **os.environ,
                    **quiet,
                    **self.environment,
                    "PATH": self._path + os.environ["PATH"],
                },
            )
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


def tls_of_the_page(folder: Path) -> dict[str, str]:
    """Make the certificate as the page says, and Dask's settings; the environment that has them."""
    page = PAGE.read_text(encoding="utf-8")
    (command,) = re.findall(r"^openssl .*$", page, re.MULTILINE)
    subprocess.run(shlex.split(command), cwd=folder, check=True, capture_output=True)
    (settings,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    config = folder / "dask.yaml"
    config.write_text(settings.replace("/home/teacher/kodisc", str(folder)), encoding="utf-8")
    return {"DASK_CONFIG": str(config)}
