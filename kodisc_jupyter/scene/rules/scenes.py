"""The scenes of a cell: which there are, which to render, and whether Manim can."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity, one_line
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.manim.suggestions import closest
from kodisc_jupyter.scene.reading.classes import Kind, bound_in
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.request import Request, at_scene_name


def scene_problems(reading: Reading, request: Request) -> Iterator[Diagnostic]:
    """What is wrong with the scenes that were asked for, and with which there are."""
    if not reading.scenes:
        yield _cannot_choose(reading)
    for name in dict.fromkeys(reading.scenes):
        yield from _problems_of(reading, name, request)


def _cannot_choose(reading: Reading) -> Diagnostic:
    candidates = reading.renderable()
    if candidates:
        return reading.error(
            "which-scene",
            _name_of(reading.classes.definitions[candidates[1]][-1]),
            f"The cell defines {len(candidates)} scenes: {', '.join(candidates)}.",
            f"Name the one to render: %%kodisc {candidates[0]}, or all: "
            f"%%kodisc {' '.join(candidates)}.",
        )
    classes = reading.classes
    others = list(classes.definitions)
    if others:
        # The one with a construct was probably meant to be a scene.
        meant = next((n for n in others if classes.method(n, "construct")), others[-1])
        node = classes.definitions[meant][-1]
        return reading.error(
            "no-scene",
            _name_of(node),
            f"The cell defines no scene: {meant} is not a Scene.",
            f"Write `class {meant if not node.bases else 'MyScene'}(Scene):`.",
        )
    return reading.error(
        "no-scene",
        None,
        "The cell defines no scene.",
        "Write `class MyScene(Scene):` with a `construct` method.",
    )


def _problems_of(reading: Reading, name: str, request: Request) -> Iterable[Diagnostic]:
    classes = reading.classes
    nodes = classes.definitions.get(name)
    if nodes is None:
        if name not in reading.scopes.defined or name in reading.scopes.stars:
            yield _no_such_scene(reading, name, request)
        return
    node = nodes[-1]
    if classes.kind(name) is Kind.OTHER:
        yield reading.error(
            "not-a-scene",
            _name_of(node),
            f"{name} is not a Scene.",
            f"Write `class {name}(Scene):`."
            if not node.bases
            else f"Make it a kind of scene, as in `class {name}(Scene):`.",
        )
    elif classes.kind(name) is Kind.SCENE and classes.surely_no_construct(name):
        close = closest("construct", bound_in(node))
        yield reading.error(
            "no-construct",
            _name_of(node),
            f"{name} has no construct method, so there is nothing to render.",
            f"Rename {close} to construct."
            if close
            else "Put the animations into `def construct(self):`.",
        )
    yield from _construct_problems(reading, node)
    yield from _hidden_names(reading, node)
    for repeated in classes.repeated:
        if repeated.name == name:
            yield _repeated(reading, repeated, nodes[0])


def _no_such_scene(reading: Reading, name: str, request: Request) -> Diagnostic:
    there = reading.classes.scenes()
    close = closest(name, there)
    hint = f"Did you mean {close}? " if close else ""
    hint += f"Scenes: {', '.join(there)}." if there else "No scene is defined here."
    return Diagnostic(
        "no-such-scene",
        Severity.ERROR,
        one_line(f"There is no scene called {name}."),
        hint=one_line(hint),
        charged=NOTHING_CHARGED,
        **at_scene_name(request, name),
    )


def _repeated(reading: Reading, second: ast.ClassDef, first: ast.ClassDef) -> Diagnostic:
    origin, line = reading.source.locate(first.lineno)
    if origin == "cell":
        return reading.warning(
            "duplicate-scene",
            _name_of(second),
            f"{second.name} is defined twice (first on line {line}); this one is rendered.",
            "Delete one of them, or give it another name.",
        )
    return reading.warning(
        "duplicate-scene",
        _name_of(second),
        f"{second.name} is also defined in the prelude; this one is rendered.",
        "Give it another name if that is not what you mean.",
    )


_CALLED_BY_MANIM: Final = frozenset({"setup", "construct", "tear_down"})


def _construct_problems(reading: Reading, node: ast.ClassDef) -> Iterator[Diagnostic]:
    """A construct that Manim cannot call, or calls in vain; setup and tear_down, if async."""
    for method in node.body:
        name = getattr(method, "name", "")
        if isinstance(method, ast.AsyncFunctionDef) and name in _CALLED_BY_MANIM:
            black = ", and the video would be black" if name == "construct" else ""
            yield reading.error(
                "no-construct",
                _head(method, f"async def {name}"),
                f"{name} is async: Manim would not run it{black}.",
                f"Write `def {name}(self):` without async.",
            )
        elif (
            name == "construct"
            and isinstance(method, ast.FunctionDef)
            and not method.decorator_list
        ):
            yield from _parameter_problems(reading, method)


def _parameter_problems(reading: Reading, method: ast.FunctionDef) -> Iterator[Diagnostic]:
    args = method.args
    positional = [*args.posonlyargs, *args.args]
    if not positional and not args.vararg:
        yield reading.error(
            "no-construct",
            _head(method, "def construct"),
            "construct needs self in its brackets.",
            "Write `def construct(self):`.",
        )
        return
    surplus = positional[1 : len(positional) - len(args.defaults)]
    surplus += [
        arg for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if not default
    ]
    if surplus:
        yield reading.error(
            "no-construct",
            surplus[0],
            f"Manim calls construct with self only, so {surplus[0].arg} gets no value.",
            f"Write `def construct(self):`, and set {surplus[0].arg} inside it.",
        )


def _hidden_names(reading: Reading, node: ast.ClassDef) -> Iterator[Diagnostic]:
    """Uses of Manim's class of the same name, which the scene has hidden."""
    name = node.name
    if not ("manim" in reading.scopes.stars and signatures().is_class(name)):
        return
    if any(isinstance(base, ast.Name) and base.id == name for base in node.bases):
        yield reading.warning(
            "hidden-name",
            _name_of(node),
            f"This {name} hides Manim's {name} from here on.",
            f"Give the scene another name, such as My{name}.",
        )
        return
    for call in reading.scopes.calls:
        scope = reading.scopes.scope_of[call]
        if (
            isinstance(call.func, ast.Name)
            and call.func.id == name
            and scope.kind != "module"
            and scope.finds(name) is reading.scopes.module
        ):
            yield reading.error(
                "hidden-name",
                call.func,
                f"{name} is your own scene here, not Manim's {name}.",
                f"Give the scene another name, such as {name}Scene.",
            )
            return


def _head(node: ast.FunctionDef | ast.AsyncFunctionDef, text: str) -> ast.AST:
    """The beginning of a method's first line."""
    return _marked(node.lineno, node.col_offset, text, node.name)


def _name_of(node: ast.ClassDef) -> ast.AST:
    """The line `class Name(…):` alone, without decorators and body."""
    return _marked(node.lineno, node.col_offset, f"class {node.name}", node.name)


def _marked(line: int, column: int, text: str, name: str) -> ast.AST:
    head = ast.Name(id=name)
    head.lineno = head.end_lineno = line
    head.col_offset = column
    head.end_col_offset = column + len(text.encode())
    return head
