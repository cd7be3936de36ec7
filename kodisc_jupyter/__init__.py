"""Write ``%%kodisc`` above a cell of Manim code; the finished video appears under it.

The public names are loaded lazily, so that ``%load_ext kodisc_jupyter`` costs almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.2.0"

_ERRORS = (
    "AuthenticationError",
    "BudgetExceededError",
    "InsufficientCreditsError",
    "InvalidRequestError",
    "JobNotFoundError",
    "KodiscError",
    "NetworkError",
    "RenderFailedError",
    "SceneCheckError",
    "ServerError",
    "SubmissionUncertainError",
    "WaitTimeoutError",
    "WebhookSignatureError",
)
_HOME = {
    **dict.fromkeys(_ERRORS, "api.errors"),
    "Client": "api.client",
    "Account": "api.models",
    "Job": "api.models",
    "RenderRequest": "api.render_request",
    "Render": "renders.render",
    "render": "notebook.python",
    "studio": "notebook.commands.studio",
    "verify_webhook": "api.webhooks",
}
__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension", *sorted(_HOME)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%%kodisc``, ``%%kodisc_prelude`` and ``%kodisc``: ``%load_ext kodisc_jupyter``."""
    from kodisc_jupyter.notebook.magics import register

    register(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Stop watching and forget the magics: ``%unload_ext kodisc_jupyter``. Jobs go on."""
    from kodisc_jupyter.notebook.magics import unregister

    unregister(shell)
