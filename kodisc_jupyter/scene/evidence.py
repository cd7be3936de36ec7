"""Whether a mistake that was seen on this machine would be one on Kodisc, too.

A rehearsal runs here: with another version of Manim perhaps, without a module, a font or a LaTeX
package that is there, under limits that are not there. What is different here proves nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures


class SceneFailure(NamedTuple):
    """What came out of a scene on this machine.

    ``kinds`` are the exception's classes, from its own to its bases; ``name`` and ``path`` what it
    names; ``classes`` those that lack an attribute or were being made, their bases too. ``known``
    says that some class of the Manim here has an attribute or option of that name.
    """

    kinds: Sequence[str]
    message: str
    text: str = ""
    name: str = ""
    path: str = ""
    classes: Sequence[str] = ()
    latex: Sequence[str] = ()
    known: bool = True


_NETWORK: Final = frozenset(
    {"URLError", "HTTPError", "ConnectionError", "gaierror", "timeout", "TimeoutError", "SSLError"}
    | {"RequestException", "HTTPException", "TransportError"}
)
_LIMITS: Final = frozenset({"MemoryError", "PermissionError", "BlockingIOError"})
_REFUSED: Final = re.compile(
    r"Read-only file system|Operation not permitted|Permission denied|No space left|Disk quota|"
    r"Too many open files|can't start new thread|Cannot allocate memory|Resource temporarily",
)
_OPTION: Final = re.compile(r"unexpected keyword argument '(\w+)'")
_CALLED: Final = re.compile(r"(\w+)\.__init__\(\)")
_IMPORTED: Final = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_MODULE: Final = re.compile(r"[Mm]odule '([\w.]+)' has no attribute '(\w+)'")
_MISSING_FILE: Final = re.compile(
    r"could not find (\S+) at either|No such file or directory: '(.+)'"
)
_OLD_NUMPY: Final = re.compile(r"was removed in the NumPy|was a deprecated alias")

# LaTeX's words for a mistake in what was written; anything else may be the installation's.
_LATEX_MISTAKE: Final = re.compile(
    r"Undefined control sequence|Missing [$}{]|Missing (?:number|control sequence|delimiter|\\)|"
    r"Extra [}\\]|Extra alignment|Misplaced|Double (?:super|sub)script|Illegal (?:unit|parameter)|"
    r"Runaway argument|ended by \\end|File ended while|Paragraph ended before|Too many }|"
    r"Environment \S+ undefined|Bad math environment|You can't use|Argument of|Use of .* doesn't|"
    r"only in preamble|no line here|Something's wrong--perhaps",
)


def unproven(failure: SceneFailure, *, exists: Callable[[str], bool]) -> str:
    """Why this failure says nothing about Kodisc, as part of a sentence; ``""`` when it does.

    ``exists`` says whether a path is there on this machine, outside of what a scene may see.
    """
    kinds = set(failure.kinds)
    if "ModuleNotFoundError" in kinds:
        return f"the module {failure.name or '?'} is not installed here"
    if "SystemExit" in kinds:
        return "the scene ended its process by itself"
    if kinds & _NETWORK:
        return f"the network was needed ({_first(failure)})"
    if "MemoryError" in kinds:
        return "it needed more memory than a scene gets here"
    if kinds & _LIMITS or _REFUSED.search(failure.message):
        return f"this machine refused something ({_first(failure)})"
    if failure.latex or "LaTeX" in failure.message or "dvisvgm" in failure.message:
        return _about_latex(failure)
    if "OSError" in kinds:
        return _about_files(failure, exists)
    return _about_versions(failure, kinds)


def _first(failure: SceneFailure) -> str:
    words = failure.message.strip().splitlines() or [failure.kinds[0] if failure.kinds else "?"]
    return words[0][:160]


def _about_latex(failure: SceneFailure) -> str:
    if "FileNotFoundError" in failure.kinds:
        return "LaTeX is not complete here"
    log = "\n".join(failure.latex) or failure.message
    if _LATEX_MISTAKE.search(log):
        return ""
    return f"LaTeX here may differ ({_first(failure)[:120]})"


def _about_files(failure: SceneFailure, exists: Callable[[str], bool]) -> str:
    match = _MISSING_FILE.search(failure.message)
    path = failure.path or (next(filter(None, match.groups())) if match else "")
    if "subprocess.py" in failure.text:
        return f"the program {path or '?'} is missing here"
    if not match and "FileNotFoundError" not in failure.kinds:
        return "" if failure.kinds[0] not in {"OSError", "IOError"} else _first(failure)
    if path and PurePosixPath(path).is_absolute() and not exists(path):
        return f"{path} is not on this machine"
    return ""


def _about_versions(failure: SceneFailure, kinds: set[str]) -> str:
    known = names()
    imported = _IMPORTED.search(failure.message)
    if imported:
        if imported[2].split(".")[0] != "manim" or imported[1] in known.manim:
            return f"{imported[1]} is not in the {imported[2]} that is installed here"
        return ""
    if "NameError" in kinds:
        return _of_another_version(failure.name) if failure.name in known.manim else ""
    if "AttributeError" in kinds:
        return _about_attribute(failure)
    option = _OPTION.search(failure.message)
    if option and _takes_elsewhere(failure, option[1]):
        return _of_another_version(option[1])
    return ""


def _takes_elsewhere(failure: SceneFailure, option: str) -> bool:
    """Whether the class that refused the option takes it in another version of Manim.

    It is refused by all of its versions if the newest that is known takes it no more than others.
    """
    known = signatures()
    called = _CALLED.match(failure.message)
    made = [name for name in (*failure.classes, *([called[1]] if called else ())) if name]
    own = next((name for name in made if known.is_class(name)), None)
    if own is None:
        return not failure.known and option in names().class_options
    return option in known.named_options(own)


def _about_attribute(failure: SceneFailure) -> str:
    known = names()
    module = _MODULE.search(failure.message)
    if module:
        top = module[1].split(".")[0]
        if top == "manim" and module[2] in known.manim:
            return _of_another_version(module[2])
        if top in {"manim", "numpy"} and not _OLD_NUMPY.search(failure.message):
            return ""
        if top == "numpy":
            return f"np.{module[2]} is not in the NumPy that is installed here"
        return (
            "" if top in sys.stdlib_module_names else f"{module[1]} may be of another version there"
        )
    if _OLD_NUMPY.search(failure.message):
        return "the NumPy that is installed here is newer"
    own = [name for name in failure.classes if signatures().is_class(name)]
    if any(signatures().has(name, failure.name) for name in own):
        return _of_another_version(failure.name)
    return ""


def _of_another_version(name: str) -> str:
    return f"{name} is of another version of Manim than the one that is installed here"
