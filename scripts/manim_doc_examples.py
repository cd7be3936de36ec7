"""Render every example in the docstrings of the installed Manim, and record which of them work.

    python scripts/manim_doc_examples.py [--jobs N] [--timeout S] [--only NAME ...]
    python scripts/manim_doc_examples.py --rates

The first writes `tests/unit/manim_examples.json`: for each `.. manim::` block of the installed
version, by the hash of its source, whether it renders, or the line and the error it fails with. The
tests hold the free checks against that record. Each example runs in a process of its own, forked
from one that has loaded Manim, at a tiny size and few frames per second. `--rates` renders nothing:
it prints how often the checks raise a false alarm, and how many of the mistakes that can be seen
they catch.
"""

from __future__ import annotations

import argparse
import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import signal
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD = Path(__file__).parents[1] / "tests" / "unit" / "manim_examples.json"

PRELUDE = "from manim import *\n"
"""What Manim's own documentation puts above each example."""

RENDERS = "renders"


@dataclass(frozen=True)
class Example:
    """One `.. manim::` block: the scene it names, its source, and where it stands."""

    scene: str
    code: str
    where: str

    @property
    def key(self) -> str:
        """A short hash of scene and source."""
        return hashlib.sha256(f"{self.scene}\n{self.code}".encode()).hexdigest()[:16]


@functools.cache
def examples() -> list[Example]:
    """All examples of the installed Manim, read from its files without importing it."""
    spec = importlib.util.find_spec("manim")
    root = Path(spec.origin).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                text = ast.get_docstring(node)
                if text:
                    where = f"{path.relative_to(root).as_posix()}:{getattr(node, 'lineno', 1)}"
                    found.extend(_blocks(text, where))
    return found


def _blocks(docstring: str, where: str) -> Iterator[Example]:
    lines = docstring.expandtabs().split("\n")
    for index, line in enumerate(lines):
        directive = re.match(r"( *)\.\. manim:: *(\w+)", line)
        if directive is None:
            continue
        indent = len(directive[1])
        body = []
        for inner in lines[index + 1 :]:
            if inner.strip() and len(inner) - len(inner.lstrip()) <= indent:
                break
            body.append(inner)
        code = textwrap.dedent("\n".join(body)).strip("\n").split("\n")
        while code and re.match(r":\w+:", code[0]):
            code.pop(0)
        while code and not code[0].strip():
            code.pop(0)
        if code and code[0].startswith(">>> "):
            code = [one[4:] for one in code if one.startswith((">>> ", "... "))]
        yield Example(directive[2], "\n".join(code).rstrip() + "\n", where)


@dataclass(frozen=True)
class Rates:
    """How the free checks do on the examples of one Manim version.

    `false_alarms` are errors on examples that render; `caught` and `missed` are the examples that
    fail for a reason that stands in their own source, found at the line where they fail, or not.
    """

    renders: int
    false_alarms: tuple[str, ...]
    caught: tuple[str, ...]
    missed: tuple[str, ...]
    elsewhere: int

    def __str__(self) -> str:
        visible = len(self.caught) + len(self.missed)
        return (
            f"{self.renders} examples render: {len(self.false_alarms)} false alarms "
            f"({len(self.false_alarms) / self.renders:.1%})\n"
            f"{visible} fail for a reason in their own source: {len(self.caught)} caught at the "
            f"right line ({len(self.caught) / visible:.1%})\n"
            f"{self.elsewhere} fail for a reason outside it (network, fonts, packages)"
        )


IN_THE_SOURCE = re.compile(r"NameError: name|could not find|SyntaxError")
"""Failures whose reason can be seen in the example: names nobody defines, files nobody sends."""


def recorded() -> dict[str, Any]:
    """What is known of the installed Manim's examples: which render, and how the others fail."""
    record: dict[str, Any] = json.loads(RECORD.read_text())[importlib.metadata.version("manim")]
    return record


def measure() -> Rates:
    """Hold the checks against the record of the installed Manim."""
    from kodisc_jupyter.scene.cell import assemble
    from kodisc_jupyter.scene.checks import check

    record = recorded()
    renders = elsewhere = 0
    alarms, caught, missed = [], [], []
    for example in examples():
        checked = check(assemble(example.code, prelude=PRELUDE), [example.scene])
        name = f"{example.where} {example.scene}"
        said = record["fails"].get(example.key)
        if said is None:
            renders += example.key in record["renders"]
            alarms.extend(f"{name}: {problem.message}" for problem in checked.errors)
        elif not IN_THE_SOURCE.search(said):
            elsewhere += 1
        elif any(said.startswith(f"line {found.line}:") for found in checked.diagnostics):
            caught.append(name)
        else:
            missed.append(f"{name}: {said}")
    return Rates(renders, tuple(alarms), tuple(caught), tuple(missed), elsewhere)


def verdict(example: Example, timeout_s: float) -> str:
    """Render one example in a forked process: `RENDERS`, or its error text."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setsid()
                report.write_text(_render(example, Path(folder)), encoding="utf-8")
                status = 0
            finally:
                os._exit(status)
        if not _ended(child, timeout_s):
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return f"line 0: TimeoutError: no end after {timeout_s:g} s"
        if not report.exists():
            return "line 0: RuntimeError: the process died"
        return report.read_text(encoding="utf-8")


def _ended(child: int, timeout_s: float) -> bool:
    """Wait until the child has ended; False if it does not within the time."""
    descriptor = os.pidfd_open(child)
    try:
        import select

        ready, _, _ = select.select([descriptor], [], [], timeout_s)
        if ready:
            os.waitpid(child, 0)
        return bool(ready)
    finally:
        os.close(descriptor)


def _render(example: Example, folder: Path) -> str:
    import manim

    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.chdir(folder)
    manim.config.update(
        {
            "media_dir": str(folder / "media"),
            "pixel_width": 96,
            "pixel_height": 54,
            "frame_rate": 4,
            "progress_bar": "none",
            "verbosity": "CRITICAL",
            "disable_caching": True,
            "preview": False,
        }
    )
    try:
        names = {"__name__": "scene"}
        exec(compile(PRELUDE + example.code, "scene.py", "exec"), names)  # noqa: S102
        names[example.scene]().render()
    except BaseException as problem:  # the example's own exit counts as a failure too
        return failure(problem, str(folder))
    return RENDERS


def failure(problem: BaseException, folder: str) -> str:
    """`line N: Type: message`, where N is the deepest line of the example itself."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(problem.__traceback__)
        if frame.filename == "scene.py"
    ]
    said = " ".join(f"{type(problem).__name__}: {problem}".replace(folder, "").split())
    line = lines[-1] - PRELUDE.count("\n") if lines else 0
    return f"line {line}: {said[:160]}"


def _fork_workers(work: list[Example], jobs: int, timeout_s: float) -> dict[str, str]:
    """Split the work over processes, each of which forks once more for every example."""
    readers = []
    for number in range(jobs):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            with os.fdopen(writer, "w", encoding="utf-8") as out:
                for example in work[number::jobs]:
                    began = time.monotonic()
                    said = verdict(example, timeout_s)
                    out.write(json.dumps([example.key, said]) + "\n")
                    out.flush()
                    last = said.strip().split("\n")[-1][:100]
                    took = time.monotonic() - began
                    print(f"{took:5.1f} s  {example.where} {example.scene}: {last}", flush=True)
            os._exit(0)
        os.close(writer)
        readers.append(os.fdopen(reader, encoding="utf-8"))
    found = {}
    for reader in readers:
        with reader:
            found.update(json.loads(line) for line in reader)
    for _ in readers:
        os.wait()
    return found


def verdicts(work: list[Example], *, jobs: int = 1, timeout_s: float = 120) -> dict[str, str]:
    """The verdict for each example, by its key."""
    import manim  # noqa: F401  # loaded once, before the processes are forked

    return _fork_workers(work, jobs, timeout_s)


def in_a_process(work: list[Example]) -> dict[str, str]:
    """As :func:`verdicts`, from a process of its own: the caller's may have threads."""
    from subprocess import run

    keys = [example.key for example in work]
    command = [sys.executable, __file__, "--keys", *keys]
    done = run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.split("\n")[-2])


def main() -> None:
    """Render what the command line asks for and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one example")
    parser.add_argument("--only", nargs="*", help="names of scenes; the record is then kept")
    parser.add_argument("--keys", nargs="*", help="hashes of sources; the verdicts are printed")
    parser.add_argument("--rates", action="store_true", help="print the checks' two rates")
    arguments = parser.parse_args()
    if arguments.rates:
        print(measure())
        return
    if arguments.keys:
        wanted = {one.key: one for one in examples() if one.key in arguments.keys}
        print(json.dumps(verdicts(list(wanted.values()), timeout_s=arguments.timeout)))
        return
    work = [one for one in examples() if not arguments.only or one.scene in arguments.only]
    found = verdicts(work, jobs=arguments.jobs, timeout_s=arguments.timeout)
    good = sum(said == RENDERS for said in found.values())
    print(f"{len(work)} examples, {len(found)} different, {good} render")
    if arguments.only:
        return
    version = importlib.metadata.version("manim")
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    record[version] = {
        "renders": sorted(key for key, said in found.items() if said == RENDERS),
        "fails": {key: said for key, said in sorted(found.items()) if said != RENDERS},
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
