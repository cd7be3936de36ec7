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


def semantic_problems(reading: Reading, values: Values) -> Iterator[Diagnostic]:
    """Every call and attribute that Manim would refuse, in the order of the text."""
    scopes = reading.scopes
    if scopes.unreadable or "opengl" in reading.source.code.lower():
        return
    if _FITS_MANY_VERSIONS & (reading.words | scopes.own):
        return
    attributes = _Attributes(reading, values)
    callees: dict[tuple[Value, str], Callee | None] = {}
    for call in scopes.calls:
        if call in scopes.guarded:
            continue
        value, method = _called(values, call, scopes.scope_of[call])
        if value is None:
            continue
        if (value, method) not in callees:
            callees[value, method] = _callee(values, value, method, attributes)
        callee = callees[value, method]
        if callee is not None:
            yield from _call_problems(reading, values, call, callee)
    for node in scopes.attributes:
        if node not in scopes.guarded and node.ctx.__class__ is ast.Load:
            problem = attributes.problem(node)
            if problem is not None:
                yield problem


def _called(values: Values, call: ast.Call, scope: Scope) -> tuple[Value | None, str]:
    """The object whose method is called, with the method's name; or what is called otherwise."""
    func = call.func
    if func.__class__ is ast.Attribute:
        owner = values.of(func.value, scope)
        if owner is None or owner.form != "module":
            return owner, func.attr
    return values.of(func, scope), ""


def _callee(values: Values, value: Value, method: str, attributes: _Attributes) -> Callee | None:
    """What is called, as Manim defines it."""
    if not method:
        if value.form == "class":
            return Callee.of_class(value.name)
        return Callee.of_function(value.name) if value.form == "function" else None
    if value.form in {"object", "animate"}:
        return Callee.of_method(value.name, method)
    if value.form == "self" and method not in attributes.given:
        bases = values.bases(value.name)
        return Callee.of_self(bases, method) if bases else None
    return None


def _call_problems(
    reading: Reading, values: Values, call: ast.Call, callee: Callee
) -> Iterator[Diagnostic]:
    if callee.takes == "animations":
        yield from play_problems(reading, values, call, callee.name)
        if not callee.class_name:  # self.play takes what it is given
            return
    elif callee.takes == "mobjects":
        yield from added_problems(reading, values, call)
    problem = argument_problem(reading, call, callee)
    if problem is not None:
        yield problem
    if may_be_literal(call, callee.class_name):
        yield from literal_problems(reading, values, call, callee.class_name)


class _Attributes:
    """Names asked of objects of Manim and of ``self``, each missing one told once."""

    def __init__(self, reading: Reading, values: Values) -> None:
        scopes = reading.scopes
        self._reading = reading
        self._values = values
        self._told: set[tuple[str, str]] = set()
        self._right: set[tuple[Value, str]] = set()
        self.stored = {
            node.attr for node in scopes.attributes if node.ctx.__class__ is not ast.Load
        }
        if "set" in reading.words:
            self.stored |= {
                keyword.arg or ""
                for call in scopes.calls
                if isinstance(call.func, ast.Attribute) and call.func.attr == "set"
                for keyword in call.keywords
            }
        self.given = self.stored | scopes.class_names | set(scopes.strings)
        """Names that the source itself may give to an object."""
        self._silent = "__getattr__" in scopes.class_names or not reading.words.isdisjoint(
            ("setattr", "delattr", "hasattr")
        )

    def problem(self, node: ast.Attribute) -> Diagnostic | None:
        """Whether an object has the attribute that is asked of it."""
        name = node.attr
        if self._silent or name in self.given or name.startswith("_"):
            return None
        owner = self._values.of(node.value, self._reading.scopes.scope_of[node])
        if owner is None:
            return self._camera(node)
        if (owner, name) in self._right:
            return None
        problem = self._of_owner(node, owner)
        if problem is None:
            self._right.add((owner, name))
        return problem

    def _of_owner(self, node: ast.Attribute, owner: Value) -> Diagnostic | None:
        name = node.attr
        if owner.form == "self":
            return self._of_self(node, owner)
        if owner.form not in {"object", "animate"}:
            return None
        if owner.form == "animate" and name in _OF_BUILDERS:
            return None
        if not self._has(owner.name, name):
            hint = attribute_hint(owner.name, name)
            return self._once(owner.name, node, f"{owner.name} has no {name}.", hint)
        return self._setter(node, owner.name) if name.startswith("set_") else None

    def _setter(self, node: ast.Attribute, class_name: str) -> Diagnostic | None:
        """``set_valu(3)``: Manim makes a new attribute of it, without a word."""
        known = signatures()
        rest = node.attr.removeprefix("set_")
        if known.has(class_name, node.attr) or known.has(class_name, rest):
            return None
        meant = closest(node.attr, known.attributes(class_name))
        if not meant or node.attr in known.stray:
            return None
        return self._reading.warning(
            "semantics",
            node,
            f"{class_name} has no {node.attr}: setting it changes nothing in the video.",
            f"Did you mean {meant}?",
        )

    def _once(
        self, class_name: str, node: ast.Attribute, message: str, hint: str
    ) -> Diagnostic | None:
        if (class_name, node.attr) in self._told:
            return None
        self._told.add((class_name, node.attr))
        return self._reading.error("semantics", node, message, hint)

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

    def _of_self(self, node: ast.Attribute, owner: Value) -> Diagnostic | None:
        bases = self._values.bases(owner.name)
        if not bases or any(self._has(base, node.attr) for base in bases):
            return None
        is_scene = all(signatures().is_a(base, "Scene") for base in bases)
        kind = bases[0] if len(bases) == 1 else owner.name
        return self._once(
            owner.name,
            node,
            f"self.{node.attr}: {kind} has no {node.attr}.",
            scene_attribute_hint(bases, node.attr)
            if is_scene
            else attribute_hint(bases[0], node.attr),
        )

    def _camera(self, node: ast.Attribute) -> Diagnostic | None:
        """``self.camera.frame`` in a scene whose camera does not move."""
        camera = node.value
        if node.attr != "frame" or not isinstance(camera, ast.Attribute) or camera.attr != "camera":
            return None
        owner = self._values.of(camera.value, self._reading.scopes.scope_of[node])
        if owner is None or owner.form != "self" or "camera_class" in self._reading.source.code:
            return None
        known = signatures()
        bases = self._values.bases(owner.name)
        if not bases or any(
            not known.is_a(base, "Scene") or known.is_a(base, "MovingCameraScene") for base in bases
        ):
            return None
        in_space = known.is_a(bases[0], "ThreeDScene")
        return self._once(
            f"the camera of {owner.name}",
            node,
            f"self.camera.frame: the camera of {bases[0]} has no frame.",
            "In a 3D scene, write self.move_camera(…)."
            if in_space
            else f"Write `class {owner.name}(MovingCameraScene):`.",
        )
