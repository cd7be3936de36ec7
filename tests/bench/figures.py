"""A row of the table: what was measured, beside what, and whether its goal is met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Series:
    """One quantity, measured several times."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Series:
        return cls(tuple(float(value) for value in values))

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest."""
        return min(self.values), max(self.values)


@dataclass(frozen=True)
class Figure:
    """A row. ``met`` is ``None`` for a row that only explains another one.

    ``unit`` belongs to ``ours`` and ``peer``; ``ratio`` is the median of the one over the other's.
    """

    name: str
    what: str
    unit: str
    ours: Series
    goal: str
    met: bool | None
    peer_name: str = ""
    peer: Series | None = None
    note: str = ""
    details: dict[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        if self.peer is None or not self.peer.median:
            return None
        return self.ours.median / self.peer.median

    def to_json(self) -> dict[str, object]:
        peer = self.peer
        return {
            "name": self.name,
            "figure": self.what,
            "unit": self.unit,
            "median": self.ours.median,
            "spread": self.ours.spread,
            "repetitions": len(self.ours.values),
            "values": self.ours.values,
            "peer": peer
            and {
                "name": self.peer_name,
                "median": peer.median,
                "spread": peer.spread,
                "repetitions": len(peer.values),
                "values": peer.values,
            },
            "ratio": self.ratio,
            "goal": self.goal,
            "met": self.met,
            "note": self.note,
            "details": self.details,
        }


HEADINGS = ("figure", "median", "spread", "n", "peer", "its median", "ratio", "goal", "met")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, columns aligned."""
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {figure.what}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, "", *notes])


def _cells(figure: Figure) -> tuple[str, ...]:
    ours, peer = figure.ours, figure.peer
    return (
        figure.what,
        f"{_short(ours.median)} {figure.unit}",
        _range(ours),
        str(len(ours.values)),
        figure.peer_name,
        f"{_short(peer.median)} ({_range(peer)})" if peer else "",
        f"{figure.ratio:.2f}" if figure.ratio is not None else "",
        figure.goal,
        {True: "yes", False: "NO", None: "–"}[figure.met],
    )


def _range(series: Series) -> str:
    low, high = series.spread
    return f"{_short(low)}–{_short(high)}" if len(series.values) > 1 else ""


def _short(value: float) -> str:
    if value and abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"
