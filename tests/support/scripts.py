"""The scripts of this repository, as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

SCRIPTS: Final = Path(__file__).parents[2] / "scripts"
MANIM_DOC_EXAMPLES: Final = SCRIPTS / "manim_doc_examples.py"


def load(path: Path) -> ModuleType:
    """A module from a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def manim_doc_examples() -> ModuleType:
    """The script that renders the examples of Manim's documentation."""
    return load(MANIM_DOC_EXAMPLES)
