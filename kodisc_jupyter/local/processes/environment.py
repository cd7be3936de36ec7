"""The environment that users' code may see: this machine's, without its secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_SECRET_NAME: Final = re.compile(
    r"""^(KODISC|AWS|AZURE|GCP|GOOGLE|JUPYTERHUB|JPY|VAULT)_
      | TOKEN | SECRET | PASSW | PASSPHRASE | CREDENTIAL | API_?KEY | _KEY$ | PRIVATE | _DSN$
      | ^(SSH_AUTH_SOCK|SSH_AGENT_PID|DATABASE_URL|NETRC)$""",
    re.VERBOSE | re.IGNORECASE,
)
_URL_WITH_PASSWORD: Final = re.compile(r"://[^/\s@]*:[^/\s@]*@")

ONE_CORE: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
"""Each render keeps to one core; the cores are shared out by running several renders."""


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` without variables that look like secrets by their name or their value."""
    return {
        name: value
        for name, value in environment.items()
        if not _SECRET_NAME.search(name) and not _URL_WITH_PASSWORD.search(value)
    }


def for_renders(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the render processes."""
    return {**without_secrets(environment), **ONE_CORE, "PYTHONUNBUFFERED": "1"}


_PROGRAM: Final = (
    "import sys; sys.path[:] = [entry for entry in sys.path if entry.startswith('/')]; "
    "from kodisc_jupyter.local.processes.forker.{module} import main; main(*sys.argv[1:])"
)
"""How Python is told to run one of these modules, whatever lies in its folder: 3.10 has no -P."""


def arguments(module: str) -> list[str]:
    """Python's arguments to run ``main`` of a module of this folder; its own come after them."""
    return ["-c", _PROGRAM.format(module=module)]
