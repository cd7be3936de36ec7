"""``render()``: from Python what the magic does in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kodisc_jupyter.notebook.line.options import OptionError, from_python
from kodisc_jupyter.notebook.prepare import option_diagnostic, refused

if TYPE_CHECKING:
    from kodisc_jupyter.renders.render import Render


def render(code: str, scene: str | None = None, **options: Any) -> Render:
    """Render a scene from Python, just as ``%%kodisc`` does, panel included.

    Args:
        code: Manim source that defines the scene.
        scene: the Scene class; may be left out when ``code`` defines exactly one.
        options: ``%%kodisc``'s options by name: ``quality``, ``aspect``, ``fps``, ``values``
            (a dict of what ``--with`` sends), ``metadata``, ``webhook`` (``None`` for none),
            ``wait``, ``timeout``, ``force``, ``max_credits``, ``embed``, ``save``, ``width``,
            ``loop``, ``autoplay``, ``alt``, ``backend``.

    Returns:
        The render's handle: ``.job``, ``.wait()``, ``.video``, ``.cancel_watch()``.

    Raises:
        TypeError: an unknown option.
        KodiscError: as a cell raises it.
    """
    from kodisc_jupyter.notebook.magics import current_runner

    values = options.pop("values", None)
    try:
        wanted = from_python(scene, tuple(values or ()), options)
    except OptionError as problem:
        raise refused([option_diagnostic(problem.message, problem.hint, "")]) from None
    return current_runner().run(code, wanted, values=values)[0]
