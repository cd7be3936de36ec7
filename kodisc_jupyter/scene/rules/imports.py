"""Imports that a render server cannot follow."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manim.manimgl import MODULES, REPLACEMENTS, manimgl_hint
from kodisc_jupyter.scene.manim.names import KODISC_MANIM, names
from kodisc_jupyter.scene.manim.suggestions import closest
from kodisc_jupyter.scene.reading.reading import Reading

# What Manim itself depends on is there even if the user's folder has a module of the same name.
_SERVED: Final = frozenset(
    {
        *("manim", "manim_kodisc", "numpy", "scipy", "PIL", "networkx", "pygments", "rich"),
        *("click", "cloup", "decorator", "skia", "moderngl", "moderngl_window", "screeninfo"),
        *("srt", "svgelements", "tqdm", "watchdog", "cairo", "manimpango", "mapbox_earcut"),
        *("isosurfaces", "pydub", "av", "IPython"),
    }
)
_NOTEBOOK_HOSTS: Final = frozenset({"google.colab", "kodisc_jupyter", "jupyterlite"})


def import_problems(reading: Reading, local_modules: Collection[str]) -> Iterable[Diagnostic]:
    """Imports of the user's own files, of ManimGL, and of what Manim does not have."""
    found = {node: [*_import(reading, node, local_modules)] for node in reading.scopes.imports}
    if any(found.values()):
        for node, guarded in _imports(reading.tree.body, False):
            if not guarded:
                yield from found.get(node, ())


def _imports(
    body: list[ast.stmt], guarded: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import, and whether a failure of it is caught."""
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, guarded
        caught = guarded or bool(getattr(node, "handlers", None))
        for name in ("body", "orelse", "finalbody"):
            yield from _imports(getattr(node, name, []), caught if name == "body" else guarded)
        for handler in getattr(node, "handlers", []):
            # `except ImportError: import other` stands in for what was not there
            yield from _imports(handler.body, True)
        for case in getattr(node, "cases", []):
            yield from _imports(case.body, guarded)


def _import(
    reading: Reading, node: ast.Import | ast.ImportFrom, local_modules: Collection[str]
) -> Iterator[Diagnostic]:
    if isinstance(node, ast.ImportFrom):
        if node.level:
            dots = "." * node.level
            yield reading.error(
                "local-import",
                node,
                f"`from {dots}{node.module or ''} import` reads a file in your folder, "
                "and it is not sent.",
                _OWN_FILE,
            )
            return
        modules = [node.module or ""]
    else:
        modules = [alias.name for alias in node.names]
    for module in modules:
        top = module.partition(".")[0]
        if top in MODULES:
            yield _manimgl_import(reading, node, module)
        elif module in _NOTEBOOK_HOSTS or top in _NOTEBOOK_HOSTS:
            yield reading.error(
                "local-import",
                node,
                f"{module} exists only in the notebook, not where the scene is rendered.",
                "Delete this import.",
            )
        elif top in local_modules and top not in _SERVED and top not in sys.stdlib_module_names:
            yield reading.error(
                "local-import",
                node,
                f"{top} is a file in your folder, and it is not sent.",
                f"Send it along with --file {top if '.' in module else f'{top}.py'}, or put what "
                "you need from it in the cell.",
            )
    if isinstance(node, ast.ImportFrom) and node.module == "manim":
        yield from _from_manim(reading, node)


_OWN_FILE: Final = "Put what you need from it in the cell, or in a %%kodisc_prelude cell."


def _manimgl_import(reading: Reading, node: ast.stmt, module: str) -> Diagnostic:
    used = sorted({use.id for use in reading.scopes.loads if use.id in REPLACEMENTS})
    also = ", ".join(f"{REPLACEMENTS[name]} instead of {name}" for name in used[:4])
    return reading.error(
        "manimgl",
        node,
        f"{module} belongs to ManimGL; Kodisc renders with Manim Community.",
        "Write `from manim import *`" + (f", and {also}." if also else "."),
    )


def _from_manim(reading: Reading, node: ast.ImportFrom) -> Iterator[Diagnostic]:
    known = names()
    for alias in node.names:
        name = alias.name
        if name == "*" or name in known.manim or name in known.modules or name.startswith("_"):
            continue
        yield reading.error(
            "manimgl" if manimgl_hint(name) else "undefined-name",
            alias,
            f"Manim has no {name}.",
            manimgl_hint(name) or _meant(name),
        )


def _meant(name: str) -> str:
    close = closest(name, names().manim)
    return f"Did you mean {close}?" if close else "Look it up in Manim's reference manual."


def manim_attributes(reading: Reading) -> Iterable[Diagnostic]:
    """`manim.Name` (or `mn.Name`) where Manim has no such name."""
    aliases = {
        alias.asname or "manim"
        for node in reading.tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "manim"
    }
    if not aliases:
        return
    known = names()
    tops = {module.partition(".")[0] for module in known.modules}
    for node in reading.scopes.attributes:
        if (
            isinstance(node.value, ast.Name)
            and node.value.id in aliases
            and isinstance(node.ctx, ast.Load)
            and node.attr not in known.manim
            and node.attr not in tops
            and not node.attr.startswith("_")
        ):
            yield reading.error(
                "manimgl" if manimgl_hint(node.attr) else "undefined-name",
                node,
                f"Manim has no {node.attr}.",
                manimgl_hint(node.attr) or _meant(node.attr),
            )


def newer_names(reading: Reading) -> Iterable[Diagnostic]:
    """Names of Manim that Kodisc's renderer may not have yet."""
    known = names()
    scopes = reading.scopes
    imported: dict[str, str] = {}
    if "manim" in scopes.stars:  # unless the source itself has something of that name
        imported = {name: name for name in (known.newer & reading.words) - scopes.own}
    for node in scopes.imports:
        if isinstance(node, ast.ImportFrom) and node.module == "manim":
            imported.update(
                {
                    alias.asname or alias.name: alias.name
                    for alias in node.names
                    if alias.name in known.newer
                }
            )
    for use in scopes.loads if imported else ():
        name = imported.pop(use.id, None)  # each is told once
        if name is not None:
            yield reading.warning(
                "newer-manim",
                use,
                f"{name} came with Manim {known.since[name]}, "
                f"but Kodisc may still use Manim {KODISC_MANIM}.",
                f"If it fails on Kodisc, use something that Manim {KODISC_MANIM} has.",
            )
