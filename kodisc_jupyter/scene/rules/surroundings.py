"""What a scene asks of its surroundings in vain: somebody at a keyboard, a size of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.reading.reading import Reading

_TYPED: Final = frozenset({"input", "breakpoint"})
_SCENE_METHODS: Final = frozenset({"embed", "interactive_embed"})
_DEBUGGERS: Final = frozenset({"pdb", "ipdb", "pudb"})


def waits_for_somebody(reading: Reading) -> Iterator[Diagnostic]:
    """``input()``, ``breakpoint()``, ``self.embed()``: nobody is there to type."""
    if reading.words.isdisjoint(_TYPED | _SCENE_METHODS | _DEBUGGERS):
        return
    for call in reading.scopes.calls:
        func = call.func
        scope = reading.scopes.scope_of[call]
        if call in reading.scopes.guarded:
            continue
        name = ""
        if isinstance(func, ast.Name) and func.id in _TYPED and scope.finds(func.id) is None:
            name = func.id
        elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            owner = func.value.id
            if (owner == "self" and func.attr in _SCENE_METHODS) or (
                owner in _DEBUGGERS and func.attr == "set_trace"
            ):
                name = f"{owner}.{func.attr}"
        if name and name.rpartition(".")[2] not in reading.scopes.class_names:
            yield reading.error(
                "waits-for-input",
                func,
                f"{name}() waits for someone to type, but no one can type during a render.",
                "Delete this line."
                if name != "input"
                else "Write the value in the cell, or send it along with --with.",
            )


_IGNORED: Final = frozenset(
    {
        *("pixel_width", "pixel_height", "frame_rate", "quality", "format", "transparent"),
        *("frame_width", "frame_height", "frame_size", "save_last_frame", "write_to_movie"),
        *("movie_file_extension", "output_file", "media_dir", "video_dir", "save_as_gif"),
    }
)


def ignored_settings(reading: Reading) -> Iterator[Diagnostic]:
    """``config.pixel_width = 960`` and the like: one warning that names them all."""
    if reading.words.isdisjoint(("config", "tempconfig")):
        return
    places: dict[str, ast.AST] = {}
    scopes = reading.scopes
    for node in ast.walk(reading.tree):
        # A `with tempconfig(…)` at the top is there to render; another check speaks of that.
        if (
            isinstance(node, ast.Call)
            and _last_word(node.func) == "tempconfig"
            and scopes.scope_of[node].kind == "module"
        ):
            continue
        for name, at in _settings(node):
            if name in _IGNORED:
                places.setdefault(name, at)
    if places:
        names = list(places)
        listed = ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
        yield reading.warning(
            "ignored-setting",
            places[names[0]],
            f"Setting {listed} in the cell has no effect.",
            "Set the size with --quality and --aspect, the frame rate with --fps. "
            "Videos are MP4 files.",
        )


def _settings(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The names that a node sets in Manim's config, with the place of each."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        if _is_config(node.value):
            yield node.attr, node
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        if _is_config(node.value) and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value), node
    elif isinstance(node, ast.Call):
        func = node.func
        updates = (
            isinstance(func, ast.Attribute) and func.attr == "update" and _is_config(func.value)
        )
        if updates or _last_word(func) == "tempconfig":
            for argument in node.args:
                for key in getattr(argument, "keys", ()):
                    if isinstance(key, ast.Constant):
                        yield str(key.value), key
            for keyword in node.keywords:
                yield keyword.arg or "", node


def _is_config(node: ast.expr) -> bool:
    return _last_word(node) == "config"


def _last_word(node: ast.expr) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))
