"""Loading the extension starts the render server, in a notebook that somebody looks at."""

from __future__ import annotations

import psutil

from kodisc_jupyter.notebook.rehearsal.warm_start import NICENESS
from kodisc_jupyter.renders import local_server

WARM = {"KODISC_WARM_START": "1"}


def test_loading_in_a_notebook_starts_a_server_that_yields_to_others(start_kernel, fresh_home):
    kernel = start_kernel(fresh_home, **WARM)
    found = kernel_until(kernel, lambda: local_server.find(fresh_home))
    assert psutil.Process(found.pid).nice() == NICENESS


def kernel_until(kernel, done):
    """Ask again with each cell's end, so that nothing here sleeps."""
    for _ in range(2000):
        value = done()
        if value:
            return value
        kernel.run("import time; time.sleep(0.05)")
    raise AssertionError("it was not started")


def test_an_unattended_run_that_renders_nothing_starts_none(run_notebook, tmp_path):
    home = tmp_path / "home"
    run_notebook("import time; time.sleep(1)", "print('done')", home=home, **WARM)
    assert not (home / "local").exists()
