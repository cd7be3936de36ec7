"""What Manim would refuse, by reading alone: names on objects, arguments, what is played.

Values are followed through simple assignments only (:mod:`~kodisc_jupyter.scene.reading.values`).
What another Manim since 0.18 takes is never an error, and where something is not sure nothing is
said: a base that is not known, ``setattr``, a ``try`` around it, a question for Manim's version.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.manim.suggestions import (
    attribute_hint,
    closest,
    scene_attribute_hint,
)
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.reading.scopes import Scope
from kodisc_jupyter.scene.reading.values import Value, Values
from kodisc_jupyter.scene.rules.arguments import Callee, argument_problem
from kodisc_jupyter.scene.rules.literals import literal_problems, may_be_literal
from kodisc_jupyter.scene.rules.played import added_problems, play_problems

_FITS_MANY_VERSIONS: Final = frozenset({"__version__", "version"})
_OF_BUILDERS: Final = frozenset({"build", "mobject", "methods", "anim_args", "is_chaining"})
"""What ``.animate`` has of its own."""
_TAKES_ANIMATIONS: Final = frozenset({"AnimationGroup", "LaggedStart", "Succession"})


def semantic_problems(reading: Reading, values: Values) -> Iterator[Diagnostic]:
    """Every call and attribute that Manim would refuse, in the order of the text."""
    scopes = reading.scopes
    if scopes.unreadable or "opengl" in reading.source.code.lower():
        return
    if any(node.attr in _FITS_MANY_VERSIONS for node in scopes.attributes):
        return
    if _FITS_MANY_VERSIONS & scopes.own:
        return
    attributes = _Attributes(reading, values)
    for call in scopes.calls:
        if call not in scopes.guarded:
            owner, called = _callee_of(values, call, scopes.scope_of[call])
            if owner is not None or called is not None:
                yield from _call_problems(reading, values, call, owner, called, attributes)
    for node in scopes.attributes:
        if node not in scopes.guarded and isinstance(node.ctx, ast.Load):
            yield from attributes.problems(node)


def _callee_of(values: Values, call: ast.Call, scope: Scope) -> tuple[Value | None, Value | None]:
    """The object whose method is called, and what is called otherwise."""
    func = call.func
    if not isinstance(func, ast.Attribute):
        return None, values.of(func, scope)
    owner = values.of(func.value, scope)
    if owner is not None and owner.form == "module":
        return None, values.of(func, scope)
    return owner, None


def _call_problems(
    reading: Reading,
    values: Values,
    call: ast.Call,
    owner: Value | None,
    called: Value | None,
    attributes: _Attributes,
) -> Iterator[Diagnostic]:
    known = signatures()
    func = call.func
    callee = None
    if called is not None and called.form == "class":
        callee = Callee.of_class(called.name)
        if called.name in _TAKES_ANIMATIONS:
            yield from play_problems(reading, values, call, called.name)
    elif called is not None and called.form == "function":
        callee = Callee(called.name, known.function(called.name))
    elif owner is not None and isinstance(func, ast.Attribute):
        if owner.form in {"object", "animate"}:
            callee = Callee(func.attr, known.method(owner.name, func.attr))
        elif owner.form == "self" and func.attr not in attributes.given:
            bases = values.bases(owner.name)
            if bases:
                methods = (known.method(base, func.attr) for base in bases)
                callee = Callee(f"self.{func.attr}", next(filter(None, methods), ()))
                if func.attr == "play" and known.is_a(bases[0], "Scene"):
                    yield from play_problems(reading, values, call, "self.play")
                    return
                if func.attr == "add" and known.is_a(bases[0], "Scene"):
                    yield from added_problems(reading, values, call)
    if callee is not None:
        problem = argument_problem(reading, call, callee)
        if problem is not None:
            yield problem
        if may_be_literal(call, callee.class_name):
            yield from literal_problems(reading, values, call, called)


class _Attributes:
    """Names asked of objects of Manim and of ``self``, each missing one told once."""

    def __init__(self, reading: Reading, values: Values) -> None:
        scopes = reading.scopes
        self._reading = reading
        self._values = values
        self._told: set[tuple[str, str]] = set()
        self.stored = {
            node.attr for node in scopes.attributes if not isinstance(node.ctx, ast.Load)
        } | {
            keyword.arg or ""
            for call in scopes.calls
            if isinstance(call.func, ast.Attribute) and call.func.attr == "set"
            for keyword in call.keywords
        }
        self.given = self.stored | scopes.class_names | set(scopes.strings)
        """Names that the source itself may give to an object."""
        self._silent = "__getattr__" in scopes.class_names or any(
            use.id in {"setattr", "delattr", "hasattr"} for use in scopes.loads
        )

    def problems(self, node: ast.Attribute) -> Iterator[Diagnostic]:
        """Whether an object has the attribute that is asked of it."""
        name = node.attr
        if self._silent or name in self.given or name.startswith("_"):
            return
        scope = self._reading.scopes.scope_of[node]
        owner = self._values.of(node.value, scope)
        if owner is None:
            yield from self._camera(node)
        elif owner.form == "animate" and name in _OF_BUILDERS:
            return
        elif owner.form == "self":
            yield from self._of_self(node, owner)
        elif owner.form in {"object", "animate"} and not self._has(owner.name, name):
            hint = attribute_hint(owner.name, name)
            yield from self._once(owner.name, node, f"{owner.name} has no {name}.", hint)
        elif owner.form in {"object", "animate"} and name.startswith("set_"):
            yield from self._setter(node, owner.name)

    def _setter(self, node: ast.Attribute, class_name: str) -> Iterator[Diagnostic]:
        """``set_valu(3)``: Manim makes a new attribute of it, without a word."""
        known = signatures()
        rest = node.attr.removeprefix("set_")
        if known.has(class_name, node.attr) or known.has(class_name, rest):
            return
        meant = closest(node.attr, known.attributes(class_name))
        if meant and node.attr not in known.stray:
            yield self._reading.warning(
                "semantics",
                node,
                f"{class_name} has no {node.attr}: setting it changes nothing in the video.",
                f"Did you mean {meant}?",
            )

    def _once(
        self, class_name: str, node: ast.Attribute, message: str, hint: str
    ) -> Iterator[Diagnostic]:
        if (class_name, node.attr) not in self._told:
            self._told.add((class_name, node.attr))
            yield self._reading.error("semantics", node, message, hint)

    def _has(self, class_name: str, name: str) -> bool:
        known = signatures()
        if known.has(class_name, name) or name in known.stray:
            return True
        if not known.is_a(class_name, "Mobject"):
            return False
        # Mobject gives `get_x()` for every attribute x, and `set_x()` for any name at all.
        if name.startswith("get_"):
            rest = name.removeprefix("get_")
            return known.has(class_name, rest) or rest in known.stray or rest in self.stored
        return name.startswith("set_")

    def _of_self(self, node: ast.Attribute, owner: Value) -> Iterator[Diagnostic]:
        bases = self._values.bases(owner.name)
        if not bases or any(self._has(base, node.attr) for base in bases):
            return
        is_scene = all(signatures().is_a(base, "Scene") for base in bases)
        kind = bases[0] if len(bases) == 1 else owner.name
        yield from self._once(
            owner.name,
            node,
            f"self.{node.attr}: {kind} has no {node.attr}.",
            scene_attribute_hint(bases, node.attr)
            if is_scene
            else attribute_hint(bases[0], node.attr),
        )

    def _camera(self, node: ast.Attribute) -> Iterator[Diagnostic]:
        """``self.camera.frame`` in a scene whose camera does not move."""
        camera = node.value
        if node.attr != "frame" or not isinstance(camera, ast.Attribute) or camera.attr != "camera":
            return
        owner = self._values.of(camera.value, self._reading.scopes.scope_of[node])
        if owner is None or owner.form != "self" or "camera_class" in self._reading.source.code:
            return
        known = signatures()
        bases = self._values.bases(owner.name)
        if not bases or any(
            not known.is_a(base, "Scene") or known.is_a(base, "MovingCameraScene") for base in bases
        ):
            return
        in_space = known.is_a(bases[0], "ThreeDScene")
        yield from self._once(
            f"the camera of {owner.name}",
            node,
            f"self.camera.frame: the camera of {bases[0]} has no frame.",
            "In a 3D scene, write self.move_camera(…)."
            if in_space
            else f"Write `class {owner.name}(MovingCameraScene):`.",
        )
