"""Formulas of a page as MathML, which browsers show without a network and without a script."""

from __future__ import annotations

import re
from html import escape, unescape
from importlib.util import find_spec
from typing import Final
from xml.etree import ElementTree as ET

_FORMULA: Final = re.compile(
    r"\$\$(?P<display>.+?)\$\$|"
    r"\\\[(?P<bracket>.+?)\\\]|"
    r"(?P<environment>\\begin\{(?P<name>[a-zA-Z]+\*?)\}.+?\\end\{(?P=name)\})|"
    r"(?<![\\\w])\$(?P<inline>[^\s$](?:[^$]*?[^\s$\\])?)\$(?!\d)|"
    r"\\\((?P<paren>.+?)\\\)",
    re.DOTALL,
)
_TAGS: Final = re.compile(r"math|m[a-z]+|semantics|none")
_ATTRIBUTE_WORDS: Final = (
    "accent columnalign columnlines columnspacing depth display displaystyle fence form frame "
    "height linethickness lspace mathsize mathvariant maxsize minsize movablelimits notation "
    "rowlines rowspacing rspace scriptlevel separator stretchy symmetric width xmlns"
)
_ATTRIBUTES: Final = frozenset(_ATTRIBUTE_WORDS.split())


class MathSetter:
    """Sets the formulas of a page's texts; ``unset`` says whether some had to stay as text."""

    def __init__(self) -> None:
        self._can = find_spec("latex2mathml") is not None
        self.unset = False

    def __call__(self, text: str) -> str:
        """The text as HTML, with MathML where a formula stands between dollars."""
        out, at = [], 0
        for formula in _FORMULA.finditer(text):
            out += [escape(text[at : formula.start()]), self._formula(formula)]
            at = formula.end()
        return "".join([*out, escape(text[at:])])

    def _formula(self, formula: re.Match[str]) -> str:
        groups = formula.groupdict()
        inline = groups["inline"] or groups["paren"]
        latex = inline or groups["display"] or groups["bracket"] or groups["environment"]
        html = self._mathml(latex, "inline" if inline else "block") if self._can else ""
        if html:
            return html
        self.unset = True
        return f'<span class="formula">{escape(formula[0])}</span>'

    def _mathml(self, latex: str, display: str) -> str:
        """MathML of a formula; empty where the library cannot read it."""
        from latex2mathml.converter import convert_to_element

        try:
            tree = convert_to_element(latex, display=display)
        except Exception:  # whatever it stumbles over, the formula stays readable as text
            return ""
        for element in tree.iter():
            if not _TAGS.fullmatch(element.tag):
                return ""
            element.text = unescape(element.text) if element.text else None
            for name in set(element.attrib) - _ATTRIBUTES:
                del element.attrib[name]
        return ET.tostring(tree, encoding="unicode")
