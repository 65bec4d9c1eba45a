"""Where reports go: standard output, or files that appear whole or not at all."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from kfm_audit.audit import Audited, Run
from kfm_audit.cli.parser import UsageError, terminal_width
from kfm_audit.findings.finding import Severity
from kfm_audit.inputs.find import display
from kfm_audit.policy.strict import nearest
from kfm_audit.reports import FORMATS
from kfm_audit.reports.report import View

PUBLIC = ("sarif", "github", "summary")
"""Formats that land where everybody can read them: names of people are replaced, unless config says no."""


class Output(Struct, frozen=True):
    """A format, and the file that it goes to; None is standard output."""

    format: str
    file: Path | None


def parse_outputs(words: Iterable[str]) -> tuple[Output, ...]:
    """Read `FORMAT[=PATH]`s. Raises UsageError."""
    outputs = []
    for word in words:
        name, _, path = word.partition("=")
        if name not in FORMATS:
            raise UsageError(f"--output {word}: no format is called {name}{nearest(name, FORMATS)}")
        outputs.append(Output(name, Path(path) if path else None))
    outputs = outputs or [Output("text", None)]
    if sum(1 for output in outputs if output.file is None) > 1:
        raise UsageError("--output: only one format can go to standard output; give the others a PATH")
    files = [output.file.resolve() for output in outputs if output.file]
    for file in files:
        if files.count(file) > 1:
            raise UsageError(f"--output: two formats cannot go to one file, {file.name}")
    return tuple(outputs)


def write_outputs(
    audited: Audited, outputs: tuple[Output, ...], options: argparse.Namespace, run: Run
) -> None:
    """Write every output, and what is to be said about the run.

    Raises UsageError for a file that cannot be written.
    """
    from kfm_audit.reports.text import render_run

    for output in outputs:
        text = FORMATS[output.format].render(audited.report, _view(audited, output, options, run))
        if output.file and audited.library.holds(output.file):
            raise UsageError(f"{output.file}: is an input of this run, and is not written over")
        if output.file is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            write_whole(output.file, text)
    if not options.quiet:
        view = _view(audited, Output("text", None), options, run, stream=sys.stderr)
        sys.stderr.write(render_run(audited.report, view))


def _view(
    audited: Audited, output: Output, options: argparse.Namespace, run: Run, stream: TextIO | None = None
) -> View:
    stream = stream or sys.stdout
    config = run.config.config
    severity = (
        options.min_severity or (run.profile.min_severity if run.profile else None) or config.min_severity
    )
    return View(
        min_severity=Severity(severity or "note"),
        show_suppressed=options.show_suppressed,
        color=output.file is None and _wants_color(options, stream),
        width=_width(stream),
        people=output.format not in PUBLIC or config.publish_names,
        excerpt=audited.library.excerpt,
        relative_to_repository=lambda path: _in_repository(run, path),
    )


def _in_repository(run: Run, path: str) -> str:
    if run.search.repository is None or not path or path == "-":
        return path
    return display(Path(os.path.normpath(run.search.base / path)), run.search.repository)


def _wants_color(options: argparse.Namespace, stream: TextIO) -> bool:
    if options.no_color or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _width(stream: TextIO) -> int:
    if not stream.isatty():
        return 100
    return terminal_width()


def write_whole(file: Path, text: str) -> None:
    """Write a file that appears whole or not at all. Raises UsageError."""
    import tempfile

    try:
        if file.exists() and not file.is_file():
            file.write_text(text, encoding="utf-8", newline="\n")  # /dev/stdout, a pipe: never to be replaced
            return
        place = file.resolve()  # what a link leads to is written, the link stays
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None
