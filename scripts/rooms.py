"""Draw the rooms of kodisc_jupyter and who imports whom, from the code, as a mermaid picture.

    python scripts/rooms.py              print it
    python scripts/rooms.py --write      put it into docs/architecture.md

An import inside a function counts; one for type checkers only does not.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "kodisc_jupyter"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms:start -->", "<!-- rooms:end -->"


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def imports() -> dict[str, set[str]]:
    """Which of our modules each of them imports."""
    known = modules()
    return {
        name: {target for target in _imported(path, known) if target != name}
        for name, path in known.items()
    }


def _imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    for node in _nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                target = f"{node.module}.{alias.name}"
                yield from [name for name in (target, str(node.module)) if name in known][:1]


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, without what stands below ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(tree):
        test = getattr(child, "test", None)
        if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from _nodes(child)


def circles() -> list[list[str]]:
    """Groups of modules that import each other; packages as such are left out."""
    edges = {
        name: {target for target in targets if not _is_above(target, name)}
        for name, targets in imports().items()
    }
    reach: dict[str, set[str]] = {}
    for name in edges:
        seen: set[str] = set()
        to_see = [name]
        while to_see:
            for target in edges[to_see.pop()] - seen:
                seen.add(target)
                to_see.append(target)
        reach[name] = seen
    groups = {
        tuple(sorted(other for other in reach[name] if name in reach[other]))
        for name in edges
        if name in reach[name]
    }
    return [list(group) for group in sorted(groups)]


def _is_above(target: str, name: str) -> bool:
    """Whether ``target`` is a package that ``name`` is in: importing it says nothing."""
    return name.startswith(f"{target}.")


def room_of(name: str) -> str:
    """The room, or sub-room, that a module is in."""
    parts = name.split(".")[1:]
    is_package = modules()[name].name == "__init__.py"
    return "/".join(parts if is_package else parts[:-1])


def picture() -> str:
    """The rooms and their arrows, in mermaid's words."""
    arrows: set[tuple[str, str]] = set()
    for name, targets in imports().items():
        arrows |= {(room_of(name), room_of(target)) for target in targets}
    rooms = sorted({room_of(name) for name in modules()} - {""})
    lines = ["```mermaid", "graph TD"]
    for room in sorted({each.partition("/")[0] for each in rooms}):
        inside = [each for each in rooms if each.partition("/")[0] == room]
        lines.append(f"  subgraph {room}_room [{room}/]")
        lines += [f"    {_id(each)}[{each.rpartition('/')[2]}]" for each in inside]
        lines.append("  end")
    lines += [
        f"  {_id(source)} --> {_id(target)}"
        for source, target in sorted(arrows)
        if source != target and source and target and not _is_inside(source, target)
    ]
    return "\n".join([*lines, "```"])


def _is_inside(source: str, target: str) -> bool:
    return target.startswith(f"{source}/") or source.startswith(f"{target}/")


def _id(room: str) -> str:
    return room.replace("/", "_")


def written(page: str) -> str:
    """The page with the picture as it is now between its marks."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{picture()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(picture())
