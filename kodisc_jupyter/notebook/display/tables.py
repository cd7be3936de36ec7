"""Tables as HTML, for ``%kodisc jobs`` and ``%kodisc report``.

The front ends have rules of their own for tables in outputs (fixed columns, centred, striped): each
cell says itself how it looks. What a sanitiser keeps of it is enough to read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kodisc_jupyter.renders.job_list import JobRow
    from kodisc_jupyter.renders.report import Report

_TABLE: Final = (
    "border-collapse:collapse;table-layout:auto;width:auto;margin:0 0 4px;font-size:13px;"
    "line-height:1.4;border:none"
)
_CELL: Final = (
    "text-align:left;vertical-align:top;padding:4px 14px 4px 0;white-space:nowrap;max-width:none;"
    "border:none;border-bottom:1px solid rgba(128,128,128,0.35);background:transparent"
)
_NUMBER: Final = _CELL.replace("text-align:left", "text-align:right")
_LINE: Final = '<div style="font-size:13px;line-height:1.5;padding:2px 0;overflow-wrap:anywhere">'
_NUMBERS: Final = frozenset({"credits", "seconds"})
_JOB_COLUMNS: Final = ("job", "scene", "state", "credits", "age", "settings")


def jobs_html(rows: Sequence[JobRow], doubts: Sequence[str]) -> str:
    """The list of jobs; a button for each is there for a page that can press it."""
    cells = [
        (
            _job(row),
            escape(row.scene) + _small(row.notebook),
            escape(row.state),
            escape(row.credits),
            escape(row.age),
            escape(row.settings) + _small(row.where),
        )
        for row in rows
    ]
    shown = next((row.short_id for row in rows if row.can_be_shown), "")
    way = f"Show one here, with its ID: %kodisc show {shown}" if shown else ""
    return table_html(_JOB_COLUMNS, cells) + _lines([*doubts, *([way] if way else [])])


def report_html(report: Report, lines: Sequence[str]) -> str:
    """A report: a table for each session, its sums, and ``lines`` below all of them."""
    from kodisc_jupyter.renders.report import COLUMNS

    parts = report.parts()
    html = "".join(
        f"{_LINE}<strong>{escape(part.heading)}</strong></div>"
        + table_html(COLUMNS, [tuple(map(escape, row)) for row in part.cells()])
        + f"{_LINE}{escape(str(part.totals))}</div><br>"
        for part in parts
    )
    if len(parts) > 1:
        html += f"{_LINE}<strong>In all:</strong> {escape(str(report.totals))}</div>"
    return html + _lines(lines)


def table_html(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already; it scrolls where the page is too narrow."""
    numbers = [name in _NUMBERS for name in head]
    heads = "".join(
        f'<th style="{_NUMBER if number else _CELL};font-weight:600">{escape(name)}</th>'
        for name, number in zip(head, numbers, strict=True)
    )
    body = "".join(
        '<tr style="background:transparent">'
        + "".join(
            f'<td style="{_NUMBER if number else _CELL}">{cell}</td>'
            for cell, number in zip(row, numbers, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        '<div class="kodisc-table" tabindex="0" style="overflow-x:auto;max-width:100%">'
        f'<table style="{_TABLE}"><thead><tr style="background:transparent">{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _lines(sentences: Sequence[str]) -> str:
    return "".join(f"{_LINE}{escape(sentence)}</div>" for sentence in sentences)


def _small(text: str) -> str:
    return f'<br><span style="opacity:0.75;font-size:12px">{escape(text)}</span>' if text else ""


_BUTTON: Final = (  # its script shows it: a saved list has nobody to answer
    "display:none;font:inherit;font-size:12px;color:inherit;background:none;cursor:pointer;"
    "padding:1px 8px;border:1px solid;border-radius:4px"
)


def _job(row: JobRow) -> str:
    """The ID, marked as a whole with one click; and a button, for a page that can answer it."""
    if not row.job_id:
        return "–"
    code = (
        f'<code title="{escape(row.job_id)}" style="user-select:all">{escape(row.short_id)}</code>'
    )
    if not row.can_be_shown:
        return code
    button = f'<button type="button" data-kodisc-job="{escape(row.job_id)}" style="{_BUTTON}">'
    return f"{code} {button}Show</button>"
