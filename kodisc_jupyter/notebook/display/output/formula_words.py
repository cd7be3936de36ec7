"""A formula read out: LaTeX as words, as far as a simple reader gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NAMED: Final = {
    "cdot": "times",
    "times": "times",
    "div": "divided by",
    "pm": "plus or minus",
    "mp": "minus or plus",
    "leq": "is at most",
    "le": "is at most",
    "geq": "is at least",
    "ge": "is at least",
    "neq": "is not equal to",
    "ne": "is not equal to",
    "approx": "is about",
    "equiv": "is equivalent to",
    "sim": "is similar to",
    "propto": "is proportional to",
    "to": "to",
    "rightarrow": "to",
    "longrightarrow": "to",
    "mapsto": "maps to",
    "Rightarrow": "implies",
    "implies": "implies",
    "iff": "if and only if",
    "Leftrightarrow": "if and only if",
    "in": "in",
    "notin": "not in",
    "subset": "is a subset of",
    "subseteq": "is a subset of",
    "cup": "union",
    "cap": "intersection",
    "forall": "for all",
    "exists": "there is",
    "infty": "infinity",
    "partial": "partial",
    "nabla": "nabla",
    "int": "the integral",
    "oint": "the closed integral",
    "sum": "the sum",
    "prod": "the product",
    "lim": "the limit",
    "dots": "and so on",
    "ldots": "and so on",
    "cdots": "and so on",
    "circ": "degrees",
    "prime": "prime",
    "mid": "given",
    "varepsilon": "epsilon",
    "varphi": "phi",
    "vartheta": "theta",
    "hbar": "h bar",
    "ell": "l",
}
_SIGNS: Final = {
    "+": "plus",
    "-": "minus",
    "=": "equals",
    "<": "is less than",
    ">": "is greater than",
    "*": "times",
    "/": "over",
    "!": "factorial",
    "'": "prime",
    "|": "bar",
    "~": "",
    "&": "",
    "$": "",
    "(": "(",
    ")": ")",
}
_WITHOUT_WORDS: Final = frozenset(
    {
        *("left", "right", "big", "Big", "bigg", "Bigg", "quad", "qquad", "hline", "hspace"),
        *("displaystyle", "textstyle", "limits", "nolimits", "begin", "end", "vspace"),
        *("mathrm", "mathbf", "mathit", "mathsf", "mathcal", "mathbb", "boldsymbol"),
        *("operatorname", "text", "textbf", "textit", "textrm", "mbox"),
    }
)
_MARKS: Final = {"vec": "vector", "hat": "hat", "bar": "bar", "overline": "bar", "dot": "dot"}
_LARGE: Final = frozenset({"int", "oint", "sum", "prod", "lim"})
_PIECE: Final = re.compile(r"\\([A-Za-z]+)|\\(.)|([{}^_])|([0-9]+(?:\.[0-9]+)?)|([^\s])", re.DOTALL)
_TEXT: Final = re.compile(
    r"\\(?:text|mathrm|operatorname|mbox|textrm|textbf|textit)\*?\{([^{}]*)\}"
)

_DEPTH_LIMIT: Final = 12


def read_formula(tex: str) -> str:
    r"""``\frac{a^2}{b}`` as ``a squared over b``. What is not known is read by its name."""
    texts: dict[str, str] = {}

    def keep(match: re.Match[str]) -> str:
        number = str(len(texts))
        texts[number] = match[1]
        return f"\\keptwords{{{number}}}"

    pieces = [match[0] for match in _PIECE.finditer(_TEXT.sub(keep, tex))]
    words = " ".join(_Reader(pieces, texts).read(0))
    return re.sub(r"\( | \)", lambda match: match[0].strip(), " ".join(words.split()))


def read_text(tex: str) -> str:
    r"""A text with formulas between dollars, as ``Area $= \pi r^2$``, in words."""
    parts = re.split(r"\$\$?", tex)
    read = [read_formula(part) if at % 2 else _bare(part) for at, part in enumerate(parts)]
    return " ".join(" ".join(read).split())


def _bare(text: str) -> str:
    return re.sub(r"\\[A-Za-z]+\*?|[{}]", " ", text).replace("\\", "")


class _Reader:
    def __init__(self, pieces: list[str], texts: dict[str, str]) -> None:
        self._pieces = pieces
        self._texts = texts
        self._at = 0
        self._large = False

    def read(self, depth: int) -> Iterator[str]:
        """Words up to the end, or to the brace that closes what has been begun."""
        while self._at < len(self._pieces):
            piece = self._next()
            if piece == "}":
                return
            yield from self._word(piece, depth)

    def _next(self) -> str:
        self._at += 1
        return self._pieces[self._at - 1]

    def _argument(self, depth: int) -> str:
        """The next group in braces, or the next piece, in words."""
        if self._at >= len(self._pieces) or depth > _DEPTH_LIMIT:
            return ""
        piece = self._next()
        words = self.read(depth + 1) if piece == "{" else self._word(piece, depth + 1)
        return " ".join(" ".join(words).split())

    def _word(self, piece: str, depth: int) -> Iterator[str]:
        if piece == "{":
            if depth <= _DEPTH_LIMIT:  # what lies deeper is read as if it had no braces
                yield from self.read(depth + 1)
        elif piece == "^":
            large = self._large
            yield _power(self._argument(depth), large=large)
            self._large = False
        elif piece == "_":
            large = self._large
            low = self._argument(depth)
            self._large = large
            yield f"from {low}" if large else f"sub {low}"
        elif piece.startswith("\\"):
            yield from self._command(piece[1:], depth)
        else:
            yield _SIGNS.get(piece, piece)
            self._large = False

    def _command(self, name: str, depth: int) -> Iterator[str]:
        if name == "keptwords":
            yield self._texts.get(self._argument(depth), "")
            return
        if name in ("frac", "dfrac", "tfrac"):
            top, bottom = self._argument(depth), self._argument(depth)
            yield f"{_group(top)} over {_group(bottom)}"
        elif name == "sqrt":
            yield f"the square root of {self._argument(depth)}"
        elif name == "binom":
            yield f"{self._argument(depth)} choose {self._argument(depth)}"
        elif name in _MARKS:
            inner = self._argument(depth)
            yield f"vector {inner}" if name == "vec" else f"{inner} {_MARKS[name]}"
        elif name not in _WITHOUT_WORDS:
            yield _NAMED.get(name, name if name.isalpha() else "")
        self._large = name in _LARGE


def _power(power: str, *, large: bool) -> str:
    if large:
        return f"to {power} of"
    return {"2": "squared", "3": "cubed", "prime": "prime", "degrees": "degrees"}.get(
        power, f"to the power of {power}"
    )


def _group(words: str) -> str:
    """Several words below or above a line are kept together by brackets."""
    return f"({words})" if re.search(r"\b(?:plus|minus|over|times|equals)\b", words) else words
