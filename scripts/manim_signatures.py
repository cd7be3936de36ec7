"""Write `kodisc_jupyter/scene/data/manim_signatures.json`: what Manim's classes take and have.

    python scripts/manim_signatures.py WHEEL [WHEEL ...]

takes wheels of `manim` (several versions), as `pip download --no-deps` fetches them, and reads them
without importing or installing anything. For each public class and every class it is built from,
the file has the bases, the parameters of `__init__`, the methods with theirs and the attributes, in
each form that some version has. Inherited ones are put together when the file is read.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from manim_names import Package, version_key

DATA = Path(__file__).parents[1] / "kodisc_jupyter" / "scene" / "data" / "manim_signatures.json"

PLAIN_DECORATORS = {
    *("abstractmethod", "override_animate", "override", "final", "deprecated", "staticmethod"),
    *(
        "classmethod",
        "overload",
        "property",
        "cached_property",
        "setter",
        "assert_is_mobject_method",
    ),
}
"""Decorators that leave the parameters as they are written."""

PLAIN_BASES = {"object", "ABC", "Generic", "Protocol"}


def decorator_name(node: ast.expr) -> str:
    """The last word of a decorator: `setter` of `@width.setter`."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "?")


def parameters(node: ast.FunctionDef, *, bound: bool) -> str:
    """The parameters as words; `bound` leaves out the first one.

    `name` (required), `name=`, `*`, `|` (by name only from here), `**` (passed on to the next
    class) or `***` (anything is taken).
    """
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    required = len(positional) - len(args.defaults)
    words = [arg.arg + "=" * (index >= required) for index, arg in enumerate(positional)]
    words = words[1:] if bound else words
    if args.vararg or args.kwonlyargs:
        words.append("*" if args.vararg else "|")
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        words.append(arg.arg + "=" * (default is not None))
    if any(decorator_name(one) not in PLAIN_DECORATORS for one in node.decorator_list):
        return "* ***"
    if args.kwarg:
        taken, open_ = passed_on(node, args.kwarg.arg)
        words += [f"{name}=" for name in sorted(taken) if f"{name}=" not in words]
        words.append("***" if open_ else "**")
    return " ".join(words)


def passed_on(node: ast.FunctionDef, name: str) -> tuple[set[str], bool]:
    """What a function reads from its `**name` itself, and whether it may take anything."""
    parents = {child: parent for parent in ast.walk(node) for child in ast.iter_child_nodes(parent)}
    taken: set[str] = set()
    used = open_ = False
    for part in ast.walk(node):
        if not (isinstance(part, ast.Name) and part.id == name):
            continue
        used = True
        parent = parents[part]
        if isinstance(parent, ast.keyword) and parent.arg is None:
            func = parents[parent].func
            open_ |= not (isinstance(func, ast.Attribute) and func.attr == "__init__")
            continue
        key = None
        if isinstance(parent, ast.Subscript):
            key = parent.slice
        elif isinstance(parent, ast.Compare):
            key = parent.left
        elif isinstance(parent, ast.Attribute) and isinstance(parents[parent], ast.Call):
            key = next(iter(parents[parent].args), None)
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            taken.add(key.value)
        else:
            open_ = True
    return taken, open_ or not used


def returns_itself(node: ast.FunctionDef) -> bool:
    """Whether a method gives its own object (or a copy of it) back."""
    if node.returns is not None and ast.unparse(node.returns) == "Self":
        return True
    returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
    return bool(returned) and all(isinstance(v, ast.Name) and v.id == "self" for v in returned)


def own(node: ast.ClassDef, bases: list[str], *, opened: bool) -> str:
    """A class as one text: bases, `__init__`, methods and attributes, in lines."""
    methods: dict[str, str] = {}
    attributes: set[str] = set()
    init = "-"
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            decorators = {decorator_name(one) for one in part.decorator_list}
            if part.name == "__init__":
                if "overload" not in decorators:
                    init = parameters(part, bound=True)
            elif part.name == "__getattr__":
                opened |= node.name != "Mobject"  # its own gives get_… and set_… only
            elif not part.name.startswith("_"):
                if decorators & {"property", "cached_property", "setter"}:
                    attributes.add(part.name)
                elif "overload" not in decorators:
                    mark = ">" if returns_itself(part) else ""
                    taken = parameters(part, bound="staticmethod" not in decorators)
                    methods[part.name] = f"{part.name}{mark}({taken})"
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            attributes.add(part.target.id)
        elif isinstance(part, ast.Assign):
            attributes |= {t.id for t in part.targets if isinstance(t, ast.Name)}
    for part in ast.walk(node):
        if (
            isinstance(part, ast.Attribute)
            and isinstance(part.ctx, ast.Store)
            and isinstance(part.value, ast.Name)
            and part.value.id == "self"
        ):
            attributes.add(part.attr)
    shown = sorted(name for name in attributes - set(methods) if not name.startswith("_"))
    lines = [" ".join(bases) + " ~" * opened, init, ";".join(methods.values()), " ".join(shown)]
    return "\n".join(lines).rstrip("\n")


def bases_of(package: Package, module: str, node: ast.ClassDef) -> Iterator[tuple[str, tuple]]:
    """The bases by name, each with the place of its class (or `("", None)` outside of Manim)."""
    for base in node.bases:
        inner = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(inner, ast.Name):
            yield inner.id, package.names(module).get(inner.id, ("", None))
        else:
            yield ast.unparse(inner).rpartition(".")[2], ("", None)


def classes(package: Package) -> dict[str, str]:
    """Every public class and what it is built from, each as one text."""
    found: dict[str, str] = {}
    todo = [
        (module, node)
        for name, (module, node) in package.star("manim").items()
        if isinstance(node, ast.ClassDef) and not name.startswith("OpenGL")
    ]
    while todo:
        module, node = todo.pop()
        if node.name in found:
            continue
        names, opened = [], False
        for name, (where, base) in bases_of(package, module, node):
            if isinstance(base, ast.ClassDef):
                names.append(base.name)
                todo.append((where, base))
            else:
                opened |= name not in PLAIN_BASES
        found[node.name] = own(node, names, opened=opened)
    return found


def functions(package: Package) -> dict[str, str]:
    """Every public function with its parameters."""
    return {
        name: parameters(node, bound=False)
        for name, (_, node) in package.star("manim").items()
        if isinstance(node, ast.FunctionDef)
    }


def stray_attributes(package: Package) -> set[str]:
    """Attributes that Manim sets on something else than `self`."""
    return {
        part.attr
        for tree in package.trees.values()
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute)
        and isinstance(part.ctx, ast.Store)
        and not (isinstance(part.value, ast.Name) and part.value.id == "self")
        and not part.attr.startswith("_")
    }


def colours(package: Package) -> set[str]:
    """Names that stand for a colour in quotes."""
    return {
        name
        for name, (_, node) in package.names("manim.utils.color.manim_colors").items()
        if name.isupper() and isinstance(node, (ast.Call, ast.Name))
    }


def grouped(by_version: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """Each text once, under the versions (by index) that have it: `{"Circle": {"0-9": …}}`."""
    found: dict[str, dict[str, str]] = {}
    for name in sorted(set().union(*by_version)):
        having: dict[str, list[int]] = {}
        for index, one in enumerate(by_version):
            if name in one:
                having.setdefault(one[name], []).append(index)
        found[name] = {spans(indices): text for text, indices in having.items()}
    return found


def spans(indices: list[int]) -> str:
    """`[0, 1, 2, 5]` as `0-2,5`."""
    parts: list[list[int]] = []
    for index in indices:
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ",".join(f"{a}-{b}" if a < b else str(a) for a, b in parts)


def main(paths: list[str]) -> None:
    """Read the wheels and write the data."""
    wheels = {path.name.split("-")[1]: path for path in map(Path, paths)}
    versions = sorted(wheels, key=version_key)
    packages = [Package(wheels[version], "manim") for version in versions]
    document = {
        "versions": versions,
        "classes": grouped([classes(package) for package in packages]),
        "functions": grouped([functions(package) for package in packages]),
        "stray": " ".join(sorted(set().union(*map(stray_attributes, packages)))),
        "colours": " ".join(sorted(set().union(*map(colours, packages)))),
    }
    DATA.write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n")
    print(f"{DATA}: {len(document['classes'])} classes of Manim {', '.join(versions)}")


if __name__ == "__main__":
    main(sys.argv[1:])
