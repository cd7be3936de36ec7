"""From a cell and its options to the requests that would be sent: everything that is free.

No request is made here and nothing is shown. A mistake raises
:class:`~kodisc_jupyter.api.errors.SceneCheckError` with its diagnostics.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.api.exchange.request import json_text
from kodisc_jupyter.api.render_request import UNSET, RenderRequest
from kodisc_jupyter.api.rules import BODY_LIMIT_BYTES, FIELD_OF, broken_rule
from kodisc_jupyter.api.values import AspectRatio, Quality
from kodisc_jupyter.notebook.garbage_collection import collections_put_off
from kodisc_jupyter.notebook.line.options import Options, option_of
from kodisc_jupyter.notebook.line.values import LEFT_OUT
from kodisc_jupyter.notebook.settings import KodiscSettings
from kodisc_jupyter.scene.cell import Source, assemble
from kodisc_jupyter.scene.checks import check
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity, to_ansi
from kodisc_jupyter.scene.excerpt import excerpt
from kodisc_jupyter.scene.request import Request, word_span
from kodisc_jupyter.scene.sent_files import SentFile, sent_modules


class Wanted(NamedTuple):
    """How every render of a cell is to be made: an option, or the setting where none was given."""

    quality: Quality
    aspect_ratio: AspectRatio
    fps: int | None

    @classmethod
    def of(cls, options: Options, settings: KodiscSettings) -> Wanted:
        """The options of a line before the settings."""
        return cls(
            Quality(options.quality or settings.quality),
            AspectRatio(options.aspect or settings.aspect_ratio),
            options.fps if options.fps is not None else settings.fps,
        )


class PreparedCell(NamedTuple):
    """A checked cell: one request per scene, and the warnings that do not stop it."""

    source: Source
    requests: tuple[RenderRequest, ...]
    warnings: tuple[Diagnostic, ...]


class CellContext(NamedTuple):
    """What the cell stands in: the magic's line, the prelude, the notebook's names and modules.

    ``folder`` is where the paths of ``--file`` start. ``first_line`` is the number beside the
    cell's first line: the magic's own line is line 1.
    """

    line: str = ""
    prelude: str = ""
    namespace: Mapping[str, Any] | None = None
    local_modules: Sequence[str] = ()
    first_line: int = 1
    folder: Path = Path()


@collections_put_off()
def prepare(
    cell: str, options: Options, settings: KodiscSettings, around: CellContext
) -> PreparedCell:
    """Assemble, check, and make the requests.

    Raises:
        SceneCheckError: a free check found a mistake; nothing was sent.
    """
    namespace = around.namespace or {}
    files = _files(options.file, around)
    source = assemble(
        cell,
        prelude=around.prelude,
        values=_values(options.names, namespace, around.line),
        first_line=around.first_line,
        files=files,
    )
    wanted = Wanted.of(options, settings)
    checked = check(
        source,
        options.scenes,
        notebook_names=namespace,
        local_modules=set(around.local_modules) - sent_modules(source.files),
        request=_facts(source.code, wanted, options, around.line, files),
        limit_bytes=BODY_LIMIT_BYTES,
        disabled=settings.disabled_checks(),
    )
    if checked.errors:
        raise refused(checked.diagnostics)
    return PreparedCell(
        source,
        tuple(_request(source.code, scene, wanted, options) for scene in checked.scenes),
        checked.warnings,
    )


def _files(words: Sequence[str], around: CellContext) -> tuple[SentFile, ...]:
    if not words:
        return ()
    from kodisc_jupyter.notebook.source.file_reader import FileRefusedError, read_files

    try:
        return read_files(words, around.folder)
    except FileRefusedError as problem:
        diagnostic = option_diagnostic(
            problem.message, problem.hint, around.line, problem.word, "--file"
        )
        raise refused([diagnostic]) from None


def _facts(
    code: str, wanted: Wanted, options: Options, line: str, files: Sequence[SentFile]
) -> Request:
    """What the API's own rules and size limit say of the request."""
    body: dict[str, Any] = {}
    error = None
    for scene in options.scenes or ("Scene",):
        body = _request(code, scene, wanted, options).to_json()
        error = error or broken_rule(body)
    size = 0
    with contextlib.suppress(ValueError):  # metadata that is no JSON breaks another rule
        size = len(json_text(body).encode("utf-8", "surrogatepass"))
    return request_facts(
        line,
        field=FIELD_OF.get(error or "", ""),
        broken_rule=error,
        body_bytes=size,
        files=files,
    )


def request_facts(
    line: str,
    *,
    field: str = "",
    broken_rule: str | None = None,
    body_bytes: int = 0,
    files: Sequence[SentFile] = (),
) -> Request:
    """What the checks hear of a request, with the option that writes its ``field``."""
    option = option_of(field)
    return Request(
        broken_rule=broken_rule,
        field=field,
        body_bytes=body_bytes,
        options=line,
        words=option.words[::-1] if option else (),
        hint=option.hint if option else "",
        files=tuple((file.path, len(file.content)) for file in files),
    )


def refused(diagnostics: Sequence[Diagnostic]) -> SceneCheckError:
    """The error that stops a cell, with the frames of all that was found."""
    first = next((one for one in diagnostics if one.severity is Severity.ERROR), diagnostics[0])
    error = SceneCheckError(first.message, diagnostics=tuple(diagnostics), hint=first.hint)
    error.frames = [to_ansi(diagnostic) for diagnostic in diagnostics]
    return error


def option_diagnostic(message: str, hint: str, line: str, *words: str) -> Diagnostic:
    """A mistake on the magic's own line; the first of ``words`` that is on it is underlined."""
    spans = (word_span(line, word) for word in words if word)
    column, end = next((span for span in spans if span), (None, None))
    return Diagnostic(
        check="option",
        severity=Severity.ERROR,
        message=message,
        line=1,
        column=column,
        end_column=end,
        hint=hint,
        charged=NOTHING_CHARGED,
        excerpt=excerpt((line,), 0, 1, column, end) if line else (),
        origin="options",
    )


def _values(names: Sequence[str], namespace: Mapping[str, Any], line: str) -> dict[str, object]:
    from kodisc_jupyter.scene.literals import literal

    values: dict[str, object] = {}
    for name in names:
        if name not in namespace:
            raise refused(
                [
                    option_diagnostic(
                        f"--with {name}: this notebook has no variable {name!r}.",
                        "Run the cell that makes it first, or look at the spelling.",
                        line,
                        name,
                    )
                ]
            )
        try:
            literal(namespace[name])
        except ValueError as problem:
            raise refused(
                [
                    option_diagnostic(
                        f"--with {name}: its value cannot be sent: {problem}",
                        "Numbers, strings, colours, lists, dicts, sets and small arrays can.",
                        line,
                        name,
                    )
                ]
            ) from None
        values[name] = namespace[name]
    return values


def _request(code: str, scene: str, wanted: Wanted, options: Options) -> RenderRequest:
    return RenderRequest(
        code=code,
        class_name=scene,
        quality=wanted.quality,
        aspect_ratio=wanted.aspect_ratio,
        fps=wanted.fps,
        metadata=UNSET if options.metadata is LEFT_OUT else options.metadata,
        webhook_url=UNSET if options.webhook is LEFT_OUT else options.webhook,
    )


def read_transcripts(given: Sequence[str], scenes: Sequence[str], line: str) -> list[str]:
    """The texts of the files that ``--transcript`` names.

    Raises:
        SceneCheckError: one cannot be read, or their number is another.
    """
    texts = []
    for name in given:
        try:
            texts.append(Path(name).expanduser().read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as problem:
            why = getattr(problem, "strerror", None) or "it is no text in UTF-8"
            sentence = f"--transcript {name}: the file cannot be read: {why}."
            hint = "Write what the video shows into a plain text file, and name it here."
            raise refused([option_diagnostic(sentence, hint, line, name)]) from None
    return for_each_scene("--transcript", texts, scenes, line)


def local_modules(folder: Path) -> tuple[str, ...]:
    """The names that ``import`` would find in the notebook's own folder."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return ()
    return tuple(
        sorted(
            entry.stem if entry.is_file() else entry.name
            for entry in entries
            if (entry.suffix == ".py" and entry.stem.isidentifier())
            or (entry.name.isidentifier() and (entry / "__init__.py").is_file())
        )
    )


def for_each_scene(
    option: str, given: Sequence[str], scenes: Sequence[str], line: str
) -> list[str]:
    """The values of an option that is given once for all scenes, or once for each.

    Raises:
        SceneCheckError: their number is another.
    """
    if len(given) <= 1:
        return [*(given or [""])] * len(scenes)
    if len(given) != len(scenes):
        number = f"{len(scenes)} scene{'' if len(scenes) == 1 else 's'}"
        raise refused(
            [
                option_diagnostic(
                    f"{option} is given {len(given)} times for {number}.",
                    "Give it once for all, or once for each scene in their order.",
                    line,
                    option,
                )
            ]
        )
    return list(given)
