"""LaTeX: what it says when it fails, and formulas that were typeset before."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from pathlib import Path
from typing import Any

from kodisc_jupyter.atomic_file import atomic_file
from kodisc_jupyter.stage import failure


def explain_latex(latex: list[str]) -> None:
    """Have LaTeX's own error lines kept, and a missing LaTeX explained."""
    from manim.utils import tex_file_writing

    compile_tex, to_svg = tex_file_writing.compile_tex, tex_file_writing.convert_to_svg

    def explain(function: Any) -> Any:
        def call(tex_file: Path, *args: Any, **kwargs: Any) -> Any:
            try:
                return function(tex_file, *args, **kwargs)
            except FileNotFoundError as problem:
                if problem.filename not in failure.TEX_PROGRAMS:
                    raise
                raise FileNotFoundError(
                    f"LaTeX is not complete on the machine that renders: there is no program "
                    f"{problem.filename!r}. {failure.TEX_PACKAGES}"
                ) from None
            except (ValueError, RuntimeError):
                log = Path(tex_file).with_suffix(".log")
                with contextlib.suppress(OSError):
                    latex[:] = failure.latex_errors(log.read_text("utf-8", "replace"))
                if not latex:
                    raise
                raise ValueError(f"LaTeX error: {latex[0].lstrip('! ')}") from None

        return call

    tex_file_writing.compile_tex = explain(compile_tex)
    tex_file_writing.convert_to_svg = explain(to_svg)


def share_formulas(folder: Path) -> None:
    """Typeset no formula twice: the SVG of a LaTeX text is taken from ``folder`` or added to it.

    Named by a hash of the whole LaTeX text, and put there whole, so that renders may share it.
    """
    from manim.utils import tex_file_writing

    compile_tex, to_svg = tex_file_writing.compile_tex, tex_file_writing.convert_to_svg

    kept_as: dict[Path, Path] = {}

    def compile_unless_known(tex_file: Path, compiler: Any, output_format: str) -> Any:
        text = Path(tex_file).read_bytes() + repr((compiler, output_format)).encode()
        kept = folder / (hashlib.sha256(text).hexdigest() + ".svg")
        typeset = Path(tex_file).with_suffix(output_format)
        try:
            shutil.copyfile(kept, typeset.with_suffix(".svg"))
        except OSError:
            kept_as[typeset] = kept
            return compile_tex(tex_file, compiler, output_format)
        return typeset  # its SVG is there: Manim has nothing left to convert

    def convert_and_keep(typeset: Path, *args: Any, **kwargs: Any) -> Any:
        svg = to_svg(typeset, *args, **kwargs)
        kept = kept_as.pop(Path(typeset), None)
        if kept is not None:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                with atomic_file(kept) as part:
                    shutil.copyfile(svg, part)
        return svg

    tex_file_writing.compile_tex = compile_unless_known
    tex_file_writing.convert_to_svg = convert_and_keep
