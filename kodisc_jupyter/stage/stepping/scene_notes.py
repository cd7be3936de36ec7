"""What a video shows, noted while its scene is stepped: its words, and what happens in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from kodisc_jupyter.stage.stepping.acts import Act, acts_of
from kodisc_jupyter.stage.stepping.nouns import Noun, noun_of
from kodisc_jupyter.stage.stepping.stepped_scene import SteppedAnimation, SteppedScene
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher

TEXT_LIMIT: Final = 500
"""Characters kept of one text."""

TEXTS_KEPT: Final = 200

TOLD_KEPT: Final = 300
"""Things that happen, at most, in one account."""


class SceneNotes(Watcher):
    """Takes notes of every scene alike: a mobject of somebody's own may be anything."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self.told: list[dict[str, Any]] = []
        """Each ``at`` a time, ``did`` a word of :class:`Act`, ``what`` and ``into`` nouns."""
        self._roots: list[Any] = []
        self._looks: dict[int, tuple[Any, Noun | None]] = {}

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """Note what has been put there or taken away since, and what the animation does."""
        with contextlib.suppress(Exception):  # somebody's own mobject may be anything: no note
            scene = stepping.scene
            acts = [act for each in scene.animations for act in acts_of(each)]
            at_s = animation.start_s
            if not animation.skipped:
                self._note_silent_changes(scene, acts, at_s)
            for act in acts:
                if not animation.skipped:
                    self._note(act, scene, at_s)
                if act.into is not None:
                    look = noun_of(act.into)
                    if act.did == "recoloured" and look:
                        look = {**(self._noun(act.mobject) or look), "colour": look["colour"]}
                    self._looks[id(act.mobject)] = (act.mobject, look)

    def animation_ended(self, stepping: Stepping, animation: SteppedAnimation) -> None:  # noqa: ARG002
        """Note the words that are on screen, and what is."""
        scene = stepping.scene
        for text in _words(scene):
            if len(self.texts) >= TEXTS_KEPT:
                break
            self.texts.setdefault(text[:TEXT_LIMIT])
        self._roots = list(scene.mobjects)

    def to_json(self, record: SteppedScene) -> dict[str, Any]:
        """The notes and what the stepping itself has recorded, as a report has them."""
        return {
            "seconds": round(record.frames / record.fps, 3),
            "frames": record.frames,
            "animations": [
                {
                    "start": round(animation.start_s, 3),
                    "seconds": round(animation.seconds, 3),
                    "line": animation.line,
                    "what": ", ".join(animation.animations)[:200],
                }
                for animation in record.animations
                if not animation.is_wait
            ],
            "sections": [
                {"name": section.name, "start": round(section.start_s, 3)}
                for section in record.sections
                if not section.skipped
            ],
            "captions": [
                {"start": cue.start_s, "end": cue.end_s, "text": cue.text[:TEXT_LIMIT]}
                for cue in record.subcaptions
            ],
            "texts": list(self.texts),
            "told": self.told,
        }

    def _note_silent_changes(self, scene: Any, acts: Iterable[Act], at_s: float) -> None:
        """What ``add`` and ``remove`` have done since the last animation."""
        before, now = set(map(id, self._roots)), set(map(id, scene.mobjects))
        went = [root for root in self._roots if id(root) not in now]
        came = [root for root in scene.mobjects if id(root) not in before]
        if went:  # a group that was only taken apart is still there
            there = _families(scene.mobjects)
            for root in went:
                if there.keys().isdisjoint(_families([root])):
                    self._tell("gone", self._noun(root), at_s)
        if came:
            known = {**_families(self._roots), **_families(_of_animations(scene, acts))}
            for root in came:
                if known.keys().isdisjoint(_families([root])):
                    self._tell("shown", self._noun(root), at_s)

    def _note(self, act: Act, scene: Any, at_s: float) -> None:
        if act.mobject is getattr(scene.renderer.camera, "frame", None) and act.mobject is not None:
            self._tell("camera " + act.did, None, at_s, always=True)
        elif act.mobject is None:
            self._tell(act.did, None, at_s, always=True)
        else:
            into = noun_of(act.into) if act.into is not None else None
            self._tell(act.did, self._noun(act.mobject), at_s, into)

    def _tell(
        self,
        did: str,
        noun: Noun | None,
        at_s: float,
        into: Noun | None = None,
        *,
        always: bool = False,
    ) -> None:
        if (noun is None and not always) or len(self.told) >= TOLD_KEPT:
            return
        entry = {"at": round(at_s, 3), "did": did, "what": noun, "into": into}
        self.told.append({name: value for name, value in entry.items() if value is not None})

    def _noun(self, mobject: Any) -> Noun | None:
        """What it looks like now: a Transform leaves the mobject itself as it was called."""
        return noun_of(mobject, self._looks)


def _families(mobjects: Iterable[Any]) -> dict[int, Any]:
    """All mobjects and their parts, by their identity, held so that none is given twice."""
    return {id(part): part for each in mobjects for part in each.get_family()}


def _of_animations(scene: Any, acts: Iterable[Act]) -> Iterator[Any]:
    """All that the animations that have begun have to do with."""
    for act in acts:
        yield from (each for each in (act.mobject, act.into) if each is not None)
    for animation in scene.animations:
        yield from _animated(animation)


def _animated(animation: Any) -> Iterator[Any]:
    """The mobjects of an animation and of those that it holds."""
    mobject = getattr(animation, "mobject", None)
    if mobject is not None:
        yield mobject
    for part in getattr(animation, "animations", ()):
        yield from _animated(part)


def _words(scene: Any) -> Iterator[str]:
    """The texts on screen, as they were given: of Text, Paragraph, MarkupText, Tex and MathTex."""
    for mobject in scene.mobjects:
        with contextlib.suppress(Exception):  # a mobject of somebody's own may be anything
            yield from _texts_of(mobject)


def _texts_of(mobject: Any) -> Iterator[str]:
    text = getattr(mobject, "original_text", None) or getattr(mobject, "tex_string", None)
    if isinstance(text, str):
        if text.strip():
            yield text.strip()
        return
    for part in mobject.submobjects:
        yield from _texts_of(part)
