"""What to do about the mistakes that Manim scenes fail with most often."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final

from kodisc_jupyter.scene.manim.manimgl import manimgl_hint
from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.manim.suggestions import (
    RENAMED,
    attribute_hint,
    closest,
    option_meant,
    scene_attribute_hint,
)
from kodisc_jupyter.scene.other_languages import other_language_hint

_MISSING_ENGINE: Final = (
    "{a} is missing there: on Debian and Ubuntu install texlive-xetex or texlive-luatex, and the "
    "language's own package, such as texlive-lang-chinese. Or use Text, or render on Kodisc."
)

_LATEX: Final = (
    (r"(?P<a>xelatex|lualatex) is not installed", _MISSING_ENGINE),
    (r"is not installed", "LaTeX is missing there: use Text instead, or render on Kodisc."),
    (
        r"File [`'](?P<a>[^']+)\.(?:sty|cls)' not found",
        "The LaTeX package {a} is not installed there; do without it, or use Text.",
    ),
    (
        r"Undefined control sequence: (?P<a>\\\w+)",
        'Check the spelling of {a}, and write LaTeX in raw strings: r"\\frac{{1}}{{2}}".',
    ),
    (
        r"Undefined control sequence",
        "Check the spelling of the command; does it need a package?",
    ),
    (
        r"Missing \$ inserted",
        "In Tex, write formulas between dollar signs: $x^2$. MathTex needs none.",
    ),
    (
        r"Extra \}, or forgotten",
        "There is one }} too many, or a {{ or $ is missing before it.",
    ),
    (
        r"Missing [{}] inserted|File ended while scanning|Runaway",
        "Count the {{ and }}: one is missing.",
    ),
    (
        r"Double (?:superscript|subscript)",
        "Put braces around the first one: {{x^2}}^3 or x^{{2^3}}.",
    ),
    (r"Misplaced alignment tab|Extra alignment tab", r"Write \& for an ampersand."),
    (
        r"Unicode character|Invalid UTF-8",
        "LaTeX does not know this character; write it with Text, or choose a TexTemplate for it.",
    ),
    (
        r"Environment (?P<a>\w+\*?) undefined",
        "LaTeX has no environment {a}; check its spelling or add its package to a TexTemplate.",
    ),
    (r"Bad math environment delimiter", "MathTex is already a formula; leave out $ and \\[."),
    (
        r"not set|could not be typeset",
        'Check the LaTeX of this line; write it in a raw string, r"…".',
    ),
)

_PYTHON: Final = (
    (
        r"Consider updating dvisvgm",
        r"Look for %, _, & and # in the text: in LaTeX write \%, \_, \& and \#.",
    ),
    (
        r"No module named '(?P<a>manimlib|manim_imports_ext)",
        "That is from ManimGL; write `from manim import *`.",
    ),
    (
        r"No module named '(?P<a>[^']+)'",
        "{a} is not installed where the scene was rendered; do without it.",
    ),
    (
        r"takes 0 positional arguments but 1 was given",
        "Give the method its first parameter: def construct(self):",
    ),
    (
        r"missing \d+ required positional arguments?: (?P<a>.+)",
        "Give a value for {a} too.",
    ),
    (
        r"takes (?:from )?\d+.* positional arguments? but \d+ (?:were|was) given",
        "Too many values in the brackets; name the options, as in radius=2.",
    ),
    (
        r"Only values of type \w+ can be added|submobjects must be|no attribute '_iter_family'",
        "Only mobjects can be added: text as Text(…), a point as Dot(…), a list as *list.",
    ),
    (
        r"Unexpected argument|cannot be converted to an animation|is not an? [Aa]nimation",
        "self.play takes animations: FadeIn(mobject), Create(mobject), mobject.animate.shift(UP).",
    ),
    (
        r"Called Scene.play with no animations",
        "Give self.play an animation, or use self.wait().",
    ),
    (
        r"Color (?P<a>\S+) not found|not a valid color|ManimColor only accepts",
        'Use one of Manim\'s colours (RED, BLUE_D, …) or a hex code such as "#58c4dd".',
    ),
    (
        r"could not find (?P<a>\S+)|No such file or directory: '(?P<b>[^']+)'",
        "Your own files are not where the scene is rendered; send them along with --file.",
    ),
    (
        r"could not be broadcast|inhomogeneous shape|setting an array element with a sequence",
        "Points in Manim have three coordinates: [x, y, 0].",
    ),
    (
        r"unsupported operand type.*'(?:list|tuple)'|can't multiply sequence by non-int",
        "Python does not calculate with lists and tuples: write np.array([x, y, 0]).",
    ),
    (
        r"unsupported operand type\(s\) for /: '\w+' and '(?:ndarray|Vector)'|division by zero",
        "Divide by a number other than 0; for a vector, use its length: np.linalg.norm(v).",
    ),
    (
        r"truth value of an array",
        "Compare vectors with np.allclose(a, b), or one coordinate at a time.",
    ),
    (
        r"object is not callable",
        "What is called here is not a function. Is a name used twice, or is a comma missing?",
    ),
    (
        r"'(?P<a>\w+)' object is not subscriptable",
        "A value of type {a} has no items, so [ ] does not work on it.",
    ),
    (r"object is not iterable", "Write a list here: [value]."),
    (
        r"index (?:\d+ is )?out of (?:range|bounds)",
        "The list is shorter than that; counting starts at 0.",
    ),
    (r"with no points", "This mobject is empty: give it something to show first."),
    (
        r"maximum recursion depth",
        "A function calls itself again and again: give it a case in which it stops.",
    ),
    (
        r"timed? ?out|time limit|SIGKILL|Killed|[Oo]ut of memory|MemoryError",
        "Render less at a time: a shorter scene, fewer mobjects or a lower quality.",
    ),
)

_MISSING_NAME: Final = re.compile(r"name '(\w+)' is not defined")
_MISSING_IMPORT: Final = re.compile(r"cannot import name '(\w+)' from '(?:manim\b)")
_OPTION: Final = re.compile(
    r"(?:(?P<class>\w+)\.(?P<method>\w+)\(\) got an )?unexpected keyword argument '(?P<name>\w+)'"
)
_ATTRIBUTE: Final = re.compile(
    r"(?:'(?P<class>\w+)' object|\b(?P<bare>\w+) object|module '(?P<module>[\w.]+)') "
    r"has no attribute '(?P<name>\w+)'"
)


def failure_hint(
    kind: str, message: str, latex: str, text: str, bases: Callable[[str], Collection[str]]
) -> str:
    """What can be done about a failure, or ``""``.

    ``bases`` gives Manim's classes that a class of the source is built from, as far as is known.
    """
    if latex:
        return _first(_LATEX, latex)
    missing = _MISSING_NAME.search(message) or _MISSING_IMPORT.search(message)
    if missing:
        return _missing_name(missing[1])
    option = _OPTION.search(message)
    if option:
        meant = _option_meant(option["class"] or "", option["method"] or "", option["name"])
        return f"There is no option {option['name']} here." + (
            f" Did you mean {meant}?" if meant else ""
        )
    attribute = None if "_iter_family" in message else _ATTRIBUTE.search(message)
    if attribute:
        return _attribute(attribute, bases)
    return _first(_PYTHON, f"{kind}: {message}" if kind else text[:2000])


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    for pattern, hint in table:
        match = re.search(pattern, text)
        if match:
            return hint.format(**match.groupdict())
    return ""


def _missing_name(name: str) -> str:
    known = names()
    if name in known.newer:
        return f"{name} came with Manim {known.since[name]}; use something older."
    replaced = manimgl_hint(name) or other_language_hint(name)
    if replaced:
        return replaced
    close = closest(name, known.manim)
    return f"Did you mean {close}?" if close and close != name else "Define it before this line."


def _option_meant(class_name: str, method: str, option: str) -> str:
    if method == "__init__":
        return option_meant(class_name, option)
    forms = signatures().method(class_name, method)
    return closest(option, frozenset().union(*(form.names for form in forms)))


def _attribute(match: re.Match[str], bases: Callable[[str], Collection[str]]) -> str:
    name = match["name"]
    if match["module"]:
        return manimgl_hint(name) or f"{match['module']} has nothing called {name}."
    owner = match["class"] or match["bare"]
    if owner == "NoneType":
        return "The value is None: does the line that made it return something?"
    known = signatures()
    origins = (owner,) if known.is_class(owner) else tuple(bases(owner))
    if not origins and owner.endswith("Scene"):
        origins = ("Scene",)
    if origins and all(known.is_a(origin, "Scene") for origin in origins):
        hint = scene_attribute_hint(origins, name)
    else:
        hint = next(filter(None, (attribute_hint(origin, name) for origin in origins)), "")
        if not hint and name in RENAMED:
            hint = attribute_hint("Mobject", name)
    return hint or f"{owner} has nothing called {name}."
