"""Whether a cell's scene is rehearsed before it is sent, and how that goes.

What a rehearsal needs is imported when there is one: not for renders that cost no credits, nor
where Manim is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.notebook.backends import has_manim
from kodisc_jupyter.notebook.display import notices, words
from kodisc_jupyter.notebook.front_end import BEHAVIOUR
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED

if TYPE_CHECKING:
    from kodisc_jupyter.api.render_request import RenderRequest
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.renders.backend import Backend
    from kodisc_jupyter.renders.rehearsal import Rehearsal
    from kodisc_jupyter.scene.cell import Source

NOT_THIS_ONE: Final = "{scene} was not sent, so nothing was charged for it."


def is_wanted(setting: str, *, unlimited: bool, possible: Callable[[], bool]) -> bool:
    """Whether a render is rehearsed first: ``auto`` does it where it saves credits."""
    if setting == "never" or (unlimited and setting != "always"):
        return False
    return possible()


def rehearsal_before(
    request: RenderRequest,
    source: Source | None,
    kernel: KernelState,
    *,
    later: Sequence[RenderRequest],
    played: dict[str, Rehearsal],
    backend: Backend,
    setting: str,
    force: bool,
    alongside: int,
) -> Callable[[], Rehearsal] | None:
    """What plays the scene before it is sent; None where it is sent without.

    The ``later`` scenes of the same cell are played then, too, unless they will not be sent:
    a mistake in one of them is found before the first is paid for. ``played`` keeps what was
    seen, by scene. ``setting`` is ``auto``, ``always`` or ``never``; ``alongside`` is how many
    renders of the same cell were sent already.
    """
    unlimited = backend.unlimited
    settings = kernel.settings
    off = settings.disabled_checks()

    def possible() -> bool:
        from kodisc_jupyter.renders.rehearsal_request import can_rehearse

        return source is not None and can_rehearse() and has_manim() and "rehearsal" not in off

    if not is_wanted(setting, unlimited=unlimited, possible=possible):
        return None
    assert source is not None
    from kodisc_jupyter.notebook.rehearsal.playing import passed_rehearsal, play_scene, warnings_of

    def rehearse_one(scene: RenderRequest) -> Rehearsal:
        charged = NOT_THIS_ONE.format(scene=scene.class_name) if alongside else NOTHING_CHARGED
        limit_s = settings.rehearsal_limit
        rehearsal = play_scene(scene, kernel.home, limit_s=limit_s, charged=charged)
        return passed_rehearsal(rehearsal, source, charged)

    def play() -> Rehearsal:
        unsent = [scene for scene in later if force or not kernel.session.is_there(scene, backend)]
        for scene in (request, *unsent):
            if scene.class_name not in played:
                played[scene.class_name] = rehearse_one(scene)
        rehearsal = played[request.class_name]
        warnings = warnings_of(rehearsal, source, cloud=not unlimited)
        enabled = [warning for warning in warnings if warning.check not in off]
        notices.show_warnings(enabled, kernel.front_end())
        if rehearsal.why and not BEHAVIOUR[kernel.front_end()].live:
            notices.say(words.unrehearsed(rehearsal.why))
        return rehearsal

    return play
