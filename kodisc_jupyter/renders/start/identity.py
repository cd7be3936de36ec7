"""What counts as the same render: pure functions of the request.

The same program is the same render, however it is laid out: comments, blank lines, quotes and line
breaks do not change the video, so they do not change the key.
"""

from __future__ import annotations

import ast
import hashlib
import json
import warnings
from typing import Final, NamedTuple

from kodisc_jupyter.api.models import (
    DEFAULT_ASPECT_RATIO,
    DEFAULT_QUALITY,
    PRESETS,
    AspectRatio,
    Quality,
    RenderRequest,
)


def effective(request: RenderRequest) -> tuple[Quality, AspectRatio, int]:
    """Quality, aspect ratio and frames per second that the API will use for ``request``."""
    quality = request.quality or DEFAULT_QUALITY
    return (
        quality,
        request.aspect_ratio or DEFAULT_ASPECT_RATIO,
        request.fps if request.fps is not None else PRESETS[quality][2],
    )


class Identity(NamedTuple):
    """What a render is known by: ``reuse_key`` of its program, ``code_sha256`` of its text."""

    reuse_key: str
    code_sha256: str


def identify(request: RenderRequest, backend_identity: str) -> Identity:
    """Two requests with the same reuse key are the same render.

    Program, scene, quality, aspect ratio, frames per second and backend count; metadata and webhook
    do not change the video and so do not.
    """
    quality, aspect_ratio, fps = effective(request)
    text = code_sha256(request.code)
    parts = [
        program_sha256(request.code) or text,
        request.class_name,
        str(quality),
        str(aspect_ratio),
        fps,
        backend_identity,
    ]
    # A field that is not known here may change the video: with it, it is another render.
    more = {name: value for name, value in request.to_json().items() if name not in _KNOWN}
    if more:
        parts.append(json.dumps(more, sort_keys=True))
    return Identity(hashlib.sha256(json.dumps(parts).encode()).hexdigest(), text)


_KNOWN: Final = frozenset(
    {"code", "className", "quality", "aspectRatio", "fps", "metadata", "webhookUrl"}
)


def code_sha256(code: str) -> str:
    """The hash that stands for a scene's code in the journal."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def program_sha256(code: str) -> str:
    """The hash of the parsed program; ``""`` where the text itself has to count.

    That is a text that does not parse, and a program that could read its own source or the numbers
    of its lines: its video may show them.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" and the like are Python's to tell
            tree = ast.parse(code)
        pieces: list[str] = []
        _write(tree, pieces)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    if not _READS_ITSELF.isdisjoint(pieces):
        return ""
    return hashlib.sha256("\0".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()


_READS_ITSELF: Final = frozenset(
    spelt
    for name in (
        *("inspect", "linecache", "traceback", "tokenize", "dis", "pdb", "trace", "runpy", "ast"),
        *("__file__", "__loader__", "__spec__", "__code__", "__traceback__", "_getframe", "argv"),
        *("currentframe", "getsource", "getsourcelines", "findsource", "exc_info", "settrace"),
        *("f_lineno", "tb_lineno", "co_firstlineno", "co_positions", "format_exc", "print_exc"),
        *("f_back", "f_code", "tb_frame", "extract_stack", "format_stack", "stack_info", "lineno"),
        *("listdir", "scandir", "walk", "glob", "rglob", "iglob", "iterdir"),
    )
    for spelt in (name, repr(name))
)
"""Names through which a program gets at its own text or its lines, also in quotes."""

_WITHOUT_MEANING: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def _write(node: ast.AST, pieces: list[str]) -> None:
    """The tree as words, without its places.

    Empty fields are left out, so that those a later Python adds do not change what is written.
    """
    pieces.append(node.__class__.__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if value is None and not (name == "value" and isinstance(node, ast.Constant)):
            continue
        if name in _WITHOUT_MEANING or value == []:
            continue
        pieces.append(f".{name}")
        if isinstance(value, ast.AST):
            _write(value, pieces)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST):
                    _write(item, pieces)
                else:
                    pieces.append("-" if item is None else item)
        elif isinstance(node, ast.Constant):
            pieces.append(repr(value))
        else:
            _words(value, pieces)
    pieces.append(")")


def _words(value: object, pieces: list[str]) -> None:
    """An identifier or number of the tree; a dotted name as its parts too."""
    text = str(value)
    pieces.append(text)
    if "." in text:
        pieces.extend(text.split("."))
