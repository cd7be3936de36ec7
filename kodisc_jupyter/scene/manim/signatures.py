"""What Manim's classes are built from, take and have, in every version since 0.18.

The data is written by `scripts/manim_signatures.py`; it is read when something is first asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

_DATA: Final = Path(__file__).parents[1] / "data" / "manim_signatures.json"


class Parameters(NamedTuple):
    """What one version of a function takes.

    ``positional`` are in their order; ``names`` are all that can be given by name. ``any_number``
    says that there is a ``*``, ``passed_on`` that other names go to the next class, ``open`` that
    any name may be taken.
    """

    positional: tuple[str, ...]
    required: frozenset[str]
    names: frozenset[str]
    any_number: bool
    passed_on: bool
    open: bool


class _Form:
    """A class as some versions have it; ``text`` is how the data has it."""

    def __init__(self, text: str, *, newest: bool) -> None:
        bases, init, self._methods, self._attributes = (*text.split("\n"), "", "", "")[:4]
        words = bases.split()
        self.newest = newest
        self.bases = tuple(word for word in words if word != "~")
        self.open = "~" in words
        self.init = None if init == "-" else _parameters(init)

    @cached_property
    def methods(self) -> dict[str, str]:
        """What each method takes, as the data has it."""
        return {
            method.partition("(")[0].rstrip(">"): method
            for method in self._methods.split(";")
            if method
        }

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Attributes that are no methods."""
        return frozenset(self._attributes.split())


class Signatures:
    """The data; what is asked for is worked out once.

    An unknown class has no ancestors, methods and attributes, and takes anything.
    """

    def __init__(self, data: dict[str, dict[str, dict[str, str]]]) -> None:
        self.newest = list(data["versions"])[-1]
        """The newest version of Manim that is known here."""
        self._classes = data["classes"]
        self._functions = data["functions"]
        self._forms: dict[str, tuple[_Form, ...]] = {}
        self.ancestors: Callable[[str], tuple[str, ...]] = lru_cache(maxsize=None)(self._ancestors)
        """The class and everything it is built from, itself first."""
        self.constructors = lru_cache(maxsize=None)(self._constructors)
        """The parameters of the class's own or nearest ``__init__``, one for each form of it."""
        self.method = lru_cache(maxsize=None)(self._method)
        """What a method takes, one for each form of it; empty if it is none, or not known."""
        self.options = lru_cache(maxsize=None)(self._options)
        """The names that a class can be made with, inherited ones included; ``None``: any.

        ``newest=True`` leaves out what the newest version has lost.
        """
        self._known = lru_cache(maxsize=None)(self._attributes_in_any)
        self.stray = frozenset(str(data["stray"]).split())
        """Attributes that Manim sets on objects from outside."""
        self.colours = frozenset(str(data["colours"]).split())
        """Names of colours that may stand in quotes."""

    def is_class(self, name: str) -> bool:
        """Whether some version has a class of this name."""
        return name in self._classes

    def _ancestors(self, name: str) -> tuple[str, ...]:
        ancestors: dict[str, None] = {}
        todo = [name]
        while todo:
            class_name = todo.pop(0)
            if class_name in self._classes and class_name not in ancestors:
                ancestors[class_name] = None
                todo += [base for form in self._of(class_name) for base in form.bases]
        return tuple(ancestors)

    def is_a(self, name: str, root: str) -> bool:
        """Whether the class descends from ``root``, or is it."""
        return root in self.ancestors(name)

    def _constructors(self, name: str) -> tuple[Parameters, ...]:
        forms: dict[Parameters, None] = {}
        for form in self._of(name):
            if form.init is not None:
                forms[form.init] = None
            else:
                for base in form.bases:
                    forms.update(dict.fromkeys(self.constructors(base)))
        return tuple(forms)

    def _options(self, name: str, *, newest: bool = False) -> frozenset[str] | None:
        options: set[str] = set()
        for form in self._of(name):
            if form.open:
                return None
            if newest and not form.newest:
                continue
            if form.init is not None:
                if form.init.open:
                    return None
                options |= form.init.names
            if form.init is None or form.init.passed_on:
                for base in form.bases:
                    more = self.options(base, newest=newest)
                    if more is None:
                        return None
                    options |= more
        return frozenset(options) if name in self._classes else None

    def named_options(self, name: str) -> frozenset[str]:
        """The options that the class names in some version, also where it takes any other."""
        return frozenset(
            option
            for owner in self.ancestors(name)
            for form in self._of(owner)
            if form.init is not None
            for option in form.init.names
        )

    def has(self, name: str, attribute: str) -> bool:
        """Whether the class may have the method or attribute in some version."""
        known = self._known(name)
        return known is None or attribute in known

    def _method(self, name: str, method: str) -> tuple[Parameters, ...]:
        for owner in self.ancestors(name):
            forms = {
                form.methods[method].partition("(")[2][:-1]: None
                for form in self._of(owner)
                if method in form.methods
            }
            if forms:
                return tuple(map(_parameters, forms))
        return ()

    def returns_itself(self, name: str, method: str) -> bool:
        """Whether the method gives its own object back in every form of it."""
        for owner in self.ancestors(name):
            returning = [form.methods[method] for form in self._of(owner) if method in form.methods]
            if returning:
                return all(text.startswith(f"{method}>") for text in returning)
        return False

    def attributes(self, name: str) -> frozenset[str]:
        """Methods and attributes that the newest form of the class has, inherited ones included."""
        return frozenset(
            attribute
            for owner in self.ancestors(name)
            for form in self._of(owner)
            if form.newest
            for attribute in (*form.attributes, *form.methods)
        )

    def function(self, name: str) -> tuple[Parameters, ...]:
        """What a function of Manim takes, one for each form of it."""
        return tuple(map(_parameters, self._functions.get(name, {}).values()))

    def _attributes_in_any(self, name: str) -> frozenset[str] | None:
        forms = [form for owner in self.ancestors(name) for form in self._of(owner)]
        if not forms or any(form.open for form in forms):
            return None
        return frozenset().union(*(form.attributes | set(form.methods) for form in forms))

    def _of(self, name: str) -> tuple[_Form, ...]:
        if name not in self._forms:
            forms = self._classes.get(name, {})
            newest = max(
                forms, key=lambda span: int(span.replace("-", ",").rpartition(",")[2]), default=""
            )
            self._forms[name] = tuple(
                _Form(text, newest=span == newest) for span, text in forms.items()
            )
        return self._forms[name]


@lru_cache(maxsize=512)
def _parameters(text: str) -> Parameters:
    words = text.split()
    named = [word for word in words if word[0] not in "*|"]
    end = next((index for index, word in enumerate(words) if word[0] in "*|"), len(words))
    return Parameters(
        positional=tuple(word.rstrip("=") for word in words[:end]),
        required=frozenset(word for word in named if not word.endswith("=")),
        names=frozenset(word.rstrip("=") for word in named),
        any_number="*" in words,
        passed_on="**" in words,
        open="***" in words,
    )


@lru_cache(maxsize=1)
def signatures() -> Signatures:
    """The data, read once."""
    data = json.loads(_DATA.read_text("utf-8"))
    return Signatures(data)
