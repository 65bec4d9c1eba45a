"""The reports of `check`, each in its format, where it belongs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TextIO

from kfm_audit.audit import Audited, Run
from kfm_audit.cli.destinations import Output, write_whole
from kfm_audit.cli.parser import UsageError, terminal_width
from kfm_audit.findings.finding import Severity
from kfm_audit.inputs.find import display
from kfm_audit.reports import FORMATS
from kfm_audit.reports.report import View

PUBLIC = ("sarif", "github", "summary")
"""Formats that land where everybody can read them: names of people are replaced, unless config says no."""


def write_outputs(
    audited: Audited, outputs: tuple[Output, ...], options: argparse.Namespace, run: Run
) -> None:
    """Write every output, and what is to be said about the run.

    Raises UsageError for a file that cannot be written.
    """
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
        from kfm_audit.reports.run import render_run

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
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _width(stream: TextIO) -> int:
    if not stream.isatty():
        return 100
    return terminal_width()
