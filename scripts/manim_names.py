"""Write `kodisc_jupyter/scene/data/manim_names.json`: which names Manim's versions make public.

    python scripts/manim_names.py WHEEL [WHEEL ...]

takes wheels of `manim` (several versions), `manimgl` and `manim_kodisc`, as `pip download
--no-deps` fetches them, and reads them without importing or installing anything: every
`from … import *` of the package's own is followed in the syntax tree.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from collections import defaultdict
from importlib import import_module
from pathlib import Path

DATA = Path(__file__).parents[1] / "kodisc_jupyter" / "scene" / "data" / "manim_names.json"

# Modules that a scene may star-import beside Manim, and that are the same everywhere.
STARS = (
    *("cmath", "colorsys", "collections", "copy", "dataclasses", "datetime", "decimal", "enum"),
    *("fractions", "functools", "itertools", "math", "operator", "os", "pathlib", "random", "re"),
    *("statistics", "string", "sys", "time", "typing", "numpy", "numpy.linalg", "numpy.random"),
)


class Package:
    """The modules of one package inside a wheel, and the names each of them makes public."""

    def __init__(self, wheel: Path, name: str) -> None:
        self.name = name
        self.trees: dict[str, ast.Module] = {}
        self.packages: set[str] = set()
        with zipfile.ZipFile(wheel) as archive:
            for path in archive.namelist():
                if path.startswith(f"{name}/") and path.endswith(".py"):
                    module = path[:-3].replace("/", ".")
                    if module.endswith(".__init__"):
                        module = module[: -len(".__init__")]
                        self.packages.add(module)
                    self.trees[module] = ast.parse(archive.read(path))
        self._names: dict[str, dict[str, tuple[str, ast.AST | None]]] = {}
        self._all: dict[str, list[str] | None] = {}

    def names(self, module: str) -> dict[str, tuple[str, ast.AST | None]]:
        """Every name bound at the top of `module`: where it is defined, and by which node."""
        if module not in self._names:
            self._names[module] = found = {}
            self._all[module] = None
            self._walk(self.trees[module].body, module, found)
        return self._names[module]

    def star(self, module: str) -> dict[str, tuple[str, ast.AST | None]]:
        """What `from module import *` binds."""
        names = self.names(module)
        public = self._all[module]
        if public is None:
            return {name: at for name, at in names.items() if not name.startswith("_")}
        return {name: names.get(name, (module, None)) for name in public}

    def _walk(self, body: list[ast.stmt], module: str, found: dict) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found[node.name] = (module, node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (module, None)
            elif isinstance(node, ast.ImportFrom):
                self._import(node, module, found)
            elif isinstance(node, ast.If):
                if "TYPE_CHECKING" not in ast.unparse(node.test):
                    self._walk(node.body, module, found)
                self._walk(node.orelse, module, found)
            elif isinstance(node, ast.Try):
                for part in (node.body, node.orelse, node.finalbody):
                    self._walk(part, module, found)
                for handler in node.handlers:
                    self._walk(handler.body, module, found)
            elif isinstance(node, (ast.With, ast.For, ast.While)):
                self._targets(node, module, found)
                self._walk(node.body, module, found)
            else:
                self._targets(node, module, found)
                self._public(node, module)

    def _targets(self, node: ast.AST, module: str, found: dict) -> None:
        value = getattr(node, "value", None)
        targets = getattr(node, "targets", None) or [
            getattr(node, "target", None),
            *(item.optional_vars for item in getattr(node, "items", ())),
        ]
        for target in filter(None, targets):
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    found[part.id] = (module, value)

    def _public(self, node: ast.stmt, module: str) -> None:
        """Keep track of `__all__ = […]` and `__all__ += […]`."""
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return
        value = node.value
        more = [
            part.value
            for part in ast.walk(value)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        for part in ast.walk(value):  # `__all__ = other.__all__ + […]`
            if isinstance(part, ast.Attribute) and part.attr == "__all__":
                raise SystemExit(f"{module}: __all__ is built from another module's")
        before = self._all[module] if isinstance(node, ast.AugAssign) else None
        self._all[module] = [*(before or []), *more]

    def _import(self, node: ast.ImportFrom, module: str, found: dict) -> None:
        source = node.module or ""
        if node.level:
            base = module.split(".")
            if module not in self.packages:
                base.pop()
            base = base[: len(base) - node.level + 1]
            source = ".".join([*base, *([source] if source else [])])
        if source != self.name and not source.startswith(f"{self.name}."):
            for alias in node.names:
                if alias.name != "*":
                    found[alias.asname or alias.name] = (source, None)
                elif source in STARS:
                    found.update(dict.fromkeys(outside(source), (source, None)))
            return
        self._submodule(source, found, module)
        for alias in node.names:
            if alias.name == "*":
                found.update(self.star(source))
            elif f"{source}.{alias.name}" in self.trees and alias.name not in self.names(source):
                found[alias.asname or alias.name] = (f"{source}.{alias.name}", None)
            else:
                found[alias.asname or alias.name] = self.names(source).get(
                    alias.name, (source, None)
                )

    def _submodule(self, source: str, found: dict, module: str) -> None:
        """Importing `pkg.sub` inside `pkg` itself binds `sub` there."""
        if module in self.packages and source.startswith(f"{module}."):
            found.setdefault(source[len(module) + 1 :].partition(".")[0], (source, None))

    def ancestors(self, module: str, node: ast.ClassDef, seen: frozenset = frozenset()) -> list:
        """The classes that `node` is built from, itself first, as (module, node) pairs."""
        line = [(module, node)]
        for base in node.bases:
            name = base.id if isinstance(base, ast.Name) else None
            where, found = self.names(module).get(name, ("", None))
            if isinstance(found, ast.ClassDef) and found not in seen:
                line += self.ancestors(where, found, seen | {node})
        return line


def outside(module: str) -> list[str]:
    """The public names of a module of Python's own, or of NumPy."""
    loaded = import_module(module)
    return sorted(
        getattr(loaded, "__all__", None) or [n for n in vars(loaded) if not n.startswith("_")]
    )


def attributes(line: list) -> set[str]:
    """Methods and `self.x` attributes of a line of classes."""
    found = set()
    for _, node in line:
        for part in ast.walk(node):
            if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                found.add(part.name)
            elif (
                isinstance(part, ast.Attribute)
                and isinstance(part.ctx, ast.Store)
                and isinstance(part.value, ast.Name)
                and part.value.id == "self"
                and not part.attr.startswith("_")
            ):
                found.add(part.attr)
    return found


def options(line: list) -> set[str]:
    """The parameters that a line of classes can be made with."""
    return {
        arg.arg
        for _, node in line
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name == "__init__"
        for arg in [*part.args.args[1:], *part.args.kwonlyargs]
    }


def classes(package: Package, root: str) -> dict[str, list]:
    """Public classes of the package that descend from the class called `root`."""
    found = {}
    for name, (module, node) in package.star(package.name).items():
        if isinstance(node, ast.ClassDef):
            line = package.ancestors(module, node)
            if any(ancestor.name == root for _, ancestor in line):
                found[name] = line
    return found


def words(names: object) -> str:
    """Names as one string: smaller and faster to read than a list."""
    return " ".join(sorted(names))


def version_key(version: str) -> tuple[int, ...]:
    """A version as numbers that sort."""
    return tuple(map(int, re.findall(r"\d+", version)))


def main(paths: list[str]) -> None:
    """Read the wheels and write the data."""
    versions: dict[str, set[str]] = {}
    scenes: set[str] = set()
    scene_attributes: set[str] = set()
    class_attributes: set[str] = set()
    class_options: set[str] = set()
    modules: set[str] = set()
    manimgl: set[str] = set()
    stars = {name: words(outside(name)) for name in STARS}
    for path in map(Path, paths):
        name, version = path.name.split("-")[:2]
        package = Package(path, name)
        if name == "manim":
            inside = {module.partition(".")[2] for module in package.trees} - {""}
            modules |= inside
            # Importing the package imports its parts, and `import *` brings those too.
            parts = {module.partition(".")[0] for module in inside}
            versions[version] = set(package.star("manim")) | {
                part for part in parts if not part.startswith("_")
            }
            found = classes(package, "Scene")
            scenes |= set(found)
            scene_attributes |= set().union(*map(attributes, found.values()))
            for root in ("Mobject", "Animation", "Camera"):
                lines = classes(package, root).values()
                class_attributes |= set().union(*map(attributes, lines))
                class_options |= set().union(*map(options, lines))
        elif name == "manimgl":
            own = Package(path, "manimlib").star("manimlib").items()
            manimgl |= {name for name, (_, node) in own if node is not None}
        else:
            stars[name] = words(package.star(name))
    ordered = sorted(versions, key=version_key)
    groups = defaultdict(set)
    for public in set().union(*versions.values()):
        having = [str(index) for index, one in enumerate(ordered) if public in versions[one]]
        groups[",".join(having)].add(public)
    known = set().union(*versions.values())
    DATA.parent.mkdir(exist_ok=True)
    document = {
        "versions": ordered,
        "names": {having: words(names) for having, names in sorted(groups.items())},
        "modules": words(modules),
        "scenes": words(scenes),
        "scene_attributes": words(scene_attributes),
        "class_attributes": words(class_attributes),
        "class_options": words(class_options),
        "manimgl": words(manimgl - known),
        "stars": stars,
    }
    DATA.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{DATA}: {len(known)} names of Manim {', '.join(ordered)}")


if __name__ == "__main__":
    main(sys.argv[1:])
