"""Write the golden files of `tests/unit/golden`: the HTML card of every wrong cell in the table.

    python scripts/golden_html.py [--page FILE]

Look at what changed before committing it. `--page` writes one page with all cards instead, on a
light and on a dark ground, to look at in a browser.
"""

from __future__ import annotations

import argparse
import html
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "unit"


def cards() -> dict[str, str]:
    """The HTML of each wrong cell, by the name of the cell."""
    sys.path.insert(0, str(ROOT))
    from kodisc_jupyter.scene.diagnostics import to_html
    from tests.support import wrong_cells

    return {
        wrong.name: "\n".join(map(to_html, wrong.checked().diagnostics)) + "\n"
        for wrong in wrong_cells.WRONG
    }


def page(found: dict[str, str]) -> str:
    """All cards on one page, light beside dark."""
    body = "".join(f"<h4>{html.escape(name)}</h4>{card}" for name, card in found.items())
    grounds = (
        "background: #fff; color: rgba(0, 0, 0, 0.87)",
        "background: #111; color: rgba(255, 255, 255, 0.87)",
    )
    columns = "".join(
        f'<div style="flex: 1; min-width: 0; padding: 1em; {ground}">{body}</div>'
        for ground in grounds
    )
    return (
        '<!doctype html><meta charset="utf-8"><title>Wrong cells</title>'
        '<body style="margin: 0; display: flex; font-family: system-ui, sans-serif">'
        f"{columns}</body>"
    )


def main() -> None:
    """Write the golden files, or the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--page", type=Path, help="write one page with all cards to this file")
    arguments = parser.parse_args()
    found = cards()
    if arguments.page:
        arguments.page.write_text(page(found), encoding="utf-8")
        return
    golden = TESTS / "golden"
    golden.mkdir(exist_ok=True)
    for path in golden.glob("*.html"):
        if path.stem not in found:
            path.unlink()
    for name, card in found.items():
        (golden / f"{name}.html").write_text(card, encoding="utf-8")
    print(f"{len(found)} cards in {golden}")


if __name__ == "__main__":
    main()
