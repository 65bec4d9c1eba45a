"""`kfm-audit test`: from arguments to a run of alarm tests, from its results to outputs and an exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from kfm_audit.alarmtests.find import NoSuchFileError, find_tests
from kfm_audit.alarmtests.formats import FORMATS, View
from kfm_audit.alarmtests.results import TestRun
from kfm_audit.alarmtests.run import Request, run_tests
from kfm_audit.cli.destinations import Output, parse_outputs, write_whole
from kfm_audit.cli.parser import UsageError, terminal_width
from kfm_audit.inputs.find import display


def test(options: argparse.Namespace) -> int:
    """Carry out `test`. Raises UsageError."""
    outputs = parse_outputs(options.output, FORMATS)
    threshold = options.coverage_threshold
    if threshold is not None and not 0 <= threshold <= 100:
        raise UsageError(
            f"--coverage-threshold {threshold:g}: is no percentage; write a number from 0 to 100"
        )
    if threshold is not None and options.run:
        raise UsageError("--coverage-threshold counts all tests, and --run leaves some out: give one of them")
    if options.watch:
        return _watch(options, outputs)
    return _once(options, outputs).exit_code


def _watch(options: argparse.Namespace, outputs: tuple[Output, ...]) -> int:
    from kfm_audit.alarmtests.watch import watch

    hung_on: tuple[Path, ...] = ()

    def run() -> Iterable[Path]:
        nonlocal hung_on
        try:
            done = _once(options, outputs)
        except UsageError as error:
            if not hung_on:
                raise
            # Editors take a file away for a moment when they save it.
            print(f"kfm-audit: {error}", file=sys.stderr, flush=True)
            return hung_on
        sys.stdout.flush()
        named = (Path.cwd() / word for word in options.files)
        hung_on = (*named, *(Path.cwd() / file.path for file in done.files), *done.sources)
        return hung_on

    def say(changed: tuple[Path, ...]) -> None:
        shown = display(changed[0], Path.cwd())
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        print(f"\n{shown}{more} changed at {time.strftime('%H:%M:%S')}", file=sys.stderr, flush=True)

    with contextlib.suppress(KeyboardInterrupt):
        watch(run, say, time.sleep)
    return 0


def _once(options: argparse.Namespace, outputs: tuple[Output, ...]) -> TestRun:
    base = Path.cwd()
    try:
        files = find_tests(options.files, base)
    except NoSuchFileError as missing:
        raise UsageError(f"{missing}: no such file or folder") from None
    run = run_tests(
        Request(
            files=files,
            base=base,
            names=tuple(options.run),
            threshold=options.coverage_threshold,
            looked_at=tuple(options.files),
        )
    )
    for output in outputs:
        text = FORMATS[output.format].render(run, _view(options, sys.stdout, to_file=output.file is not None))
        if output.file is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            _write(output.file, text, run)
    if not options.quiet:
        from kfm_audit.alarmtests.formats.text import render_run

        sys.stderr.write(render_run(run, _view(options, sys.stderr)))
    return run


def _write(file: Path, text: str, run: TestRun) -> None:
    read = {*(Path.cwd() / item.path for item in run.files), *run.sources}
    if file.resolve() in {path.resolve() for path in read}:
        raise UsageError(f"{file}: is an input of this run, and is not written over")
    write_whole(file, text)


def _view(options: argparse.Namespace, stream: TextIO, *, to_file: bool = False) -> View:
    return View(
        color=not to_file and _wants_color(options, stream),
        width=terminal_width() if stream.isatty() and not to_file else 100,
        verbose=options.verbose,
        coverage=options.coverage,
        repository_path=_in_repository,
    )


def _wants_color(options: argparse.Namespace, stream: TextIO) -> bool:
    if options.no_color or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _in_repository(path: str) -> str:
    """A shown path, relative to the root of the repository where there is one."""
    from kfm_audit.config import repository_root

    root = repository_root(Path.cwd())
    return display(Path(os.path.normpath(Path.cwd() / path)), root) if root else path
