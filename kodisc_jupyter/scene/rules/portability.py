"""Things that work in a folder of one's own and do not where a scene is rendered."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.reading.classes import Kind
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.sent_files import is_sent

# A call of one of these reads the file that its first argument (or this keyword) names.
_READERS: Final[dict[str, str]] = {
    "open": "file",
    "ImageMobject": "filename_or_array",
    "SVGMobject": "file_name",
    "OpenGLImageMobject": "filename_or_array",
    "add_sound": "sound_file",
    "read_csv": "filepath_or_buffer",
    "read_excel": "io",
    "read_json": "path_or_buf",
    "loadtxt": "fname",
    "genfromtxt": "fname",
    "imread": "fname",
    "fromfile": "file",
}
_KEYWORDS: Final[dict[str, tuple[str, ...]]] = {"Code": ("code_file", "file_name")}
_RUNNERS: Final = frozenset({"system", "run", "Popen", "check_call", "check_output", "extractall"})
"""What these write nobody can read here."""
_OWNERS: Final[dict[str, frozenset[str]]] = {
    "open": frozenset({"Image", "PIL", "io", "gzip", "codecs"}),
    "imread": frozenset({"plt", "cv2", "imageio", "iio", "mpimg"}),
}
_ABSOLUTE: Final = r"[/\\~]|[A-Za-z]:[/\\]|[a-z][a-z0-9+.-]+:"
_FILE: Final = r"[\w./ -]+\.\w{1,5}"
_WRITERS: Final = frozenset({"savefig", "save", "imsave", "imwrite", "to_csv", "savetxt"})
_PATH_READERS: Final = frozenset({"read_text", "read_bytes"})
_PATH_WRITERS: Final = frozenset({"write_text", "write_bytes"})
"""``Path("x").write_text()`` and the like."""
_OF_FILES: Final = frozenset().union(
    *(_READERS, _KEYWORDS, _PATH_READERS, _RUNNERS, _WRITERS, _PATH_WRITERS)
)
"""All other calls, which are most, are not looked at."""


def relative_files(reading: Reading) -> Iterable[Diagnostic]:
    """Files that are opened by a relative path: they are not where the scene is rendered.

    Nothing is said of a file that is sent along, or that the source itself writes or fetches: its
    name stands there too.
    """
    if reading.words.isdisjoint(_OF_FILES):
        return
    calls = [call for call in reading.scopes.calls if _called(call)[1] in _OF_FILES]
    if any(_called(call)[1] in _RUNNERS for call in calls):
        return
    unguarded = (call for call in calls if call not in reading.scopes.guarded)
    paths = [path for path in map(_read_path, unguarded) if path is not None]
    if not paths:
        return
    times = Counter(reading.scopes.strings)
    read = Counter(map(_text, paths))
    settled = set(_written(calls))  # and what is warned of below
    for path in paths:
        text = _text(path)
        if re.match(_ABSOLUTE, text) or text in settled or times[text] > read[text]:
            continue
        if is_sent(text, reading.source.files):
            continue
        settled.add(text)
        yield reading.warning(
            "relative-file",
            path,
            f"The scene opens {_shorten(text)}, but only the code is sent.",
            _way_to_send(text),
        )


def _way_to_send(path: str) -> str:
    if path.startswith(".."):
        return "Put it in the notebook's folder, then send it along with --file."
    word = f'"{path}"' if " " in path else path
    return (
        f"Add --file {word if len(path) <= 60 else 'PATH'} to the %%kodisc line to send it along."
    )


def _shorten(path: str) -> str:
    return repr(path if len(path) <= 60 else f"{path[:57]}…")


def _called(call: ast.Call) -> tuple[str, str]:
    """The owner and the name of what is called: ``("np", "loadtxt")``, ``("", "open")``."""
    if isinstance(call.func, ast.Name):
        return "", call.func.id
    if isinstance(call.func, ast.Attribute):
        owner = call.func.value
        return (owner.id if isinstance(owner, ast.Name) else "?"), call.func.attr
    return "?", ""


def _text(node: ast.expr | None) -> str:
    """The text of a string literal; ``""`` for everything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _argument(call: ast.Call, keywords: tuple[str, ...]) -> ast.expr | None:
    return next((kw.value for kw in call.keywords if kw.arg in keywords), None)


def _read_path(call: ast.Call) -> ast.expr | None:
    """The literal path that a call reads, if it is one."""
    owner, name = _called(call)
    path: ast.expr | None = None
    if name in _KEYWORDS:
        path = _argument(call, _KEYWORDS[name])
        if path is None and call.args and re.fullmatch(_FILE, _text(call.args[0])):
            path = call.args[0]  # the first argument is a file in every version of Manim
    elif name in _PATH_READERS:  # Path("x").read_text()
        value = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(value, ast.Call) and _called(value)[1] == "Path" and len(value.args) == 1:
            path = value.args[0]
    elif name in _READERS and not (owner and owner not in _OWNERS.get(name, {owner})):
        writes = name == "open" and _writes(call)
        if not writes:
            path = call.args[0] if call.args else _argument(call, (_READERS[name],))
    return path if _text(path).strip() else None


def _writes(call: ast.Call) -> bool:
    mode = call.args[1] if len(call.args) > 1 else _argument(call, ("mode",))
    return bool(set(_text(mode)) & set("wax+"))


def _written(calls: Iterable[ast.Call]) -> Iterator[str]:
    """Paths that the source itself writes before it reads them."""
    for call in calls:
        _, name = _called(call)
        path: ast.expr | None = None
        if (name == "open" and _writes(call)) or name in _WRITERS:
            path = call.args[0] if call.args else None
        elif name in _PATH_WRITERS and isinstance(call.func, ast.Attribute):
            target = call.func.value
            path = target.args[0] if isinstance(target, ast.Call) and target.args else None
        if _text(path):
            yield _text(path)


def leftover_calls(reading: Reading) -> Iterable[Diagnostic]:
    """Calls at the top of the source that render the scene a second time."""
    instances = _scene_instances(reading)
    for statement in _top(reading.tree.body):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _renders(node, reading, instances):
                yield reading.warning(
                    "leftover-call",
                    node,
                    "This line renders the scene a second time.",
                    "Delete it: %%kodisc already renders the scene.",
                )
                break


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, (ast.With, ast.For, ast.While, ast.Try)):
            yield from _top(node.body)
        elif isinstance(node, (ast.Expr, ast.Assign)):
            yield node


def _scene_instances(reading: Reading) -> set[str]:
    """Names at the top that hold an instance of a scene of this source."""
    instances = set()
    for statement in _top(reading.tree.body):
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Call)
            and _is_scene(statement.value.func, reading)
        ):
            instances |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return instances


def _is_scene(node: ast.expr, reading: Reading) -> bool:
    return (
        isinstance(node, ast.Name)
        and node.id in reading.classes.definitions
        and reading.classes.kind(node.id) is not Kind.OTHER
    )


def _renders(call: ast.Call, reading: Reading, instances: set[str]) -> bool:
    owner, name = _called(call)
    if name in {"render", "construct"} and isinstance(call.func, ast.Attribute):
        value = call.func.value
        return owner in instances or (
            isinstance(value, ast.Call) and _is_scene(value.func, reading)
        )
    if (owner, name) in {("os", "system"), ("subprocess", "run"), ("subprocess", "call")}:
        return bool(call.args) and _runs_manim(call.args[0])
    return False


def _runs_manim(argument: ast.expr) -> bool:
    words = argument.elts[0] if isinstance(argument, ast.List) and argument.elts else argument
    return _text(words).partition(" ")[0] in {"manim", "manimgl"}
