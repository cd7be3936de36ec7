"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *("kodisc-jupyter", "manim", "ipython", "ipykernel", "jupyter_client", "anywidget"),
    *("ipywidgets", "traitlets", "requests"),
)


def machine() -> dict[str, object]:
    """Cores, processor, memory, system, Python, versions of what takes part."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(_memory_bytes() / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "load_before": round(os.getloadavg()[0], 2),
    }


def line(about: dict[str, object]) -> str:
    """The same in a line or two."""
    packages = about["packages"]
    assert isinstance(packages, dict)
    return (
        f"{about['cores']} cores, {about['processor']}, {about['memory_gb']} GB, "
        f"{about['system']}, load {about['load_before']} before\n"
        f"Python {about['python']}, " + ", ".join(f"{k} {v}" for k, v in packages.items())
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [text.partition(":")[2].strip() for text in lines if text.startswith("model name")]
    return named[0] if named else platform.machine()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "–"
