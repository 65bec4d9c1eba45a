"""Run again when files change, by their times of change: no service of an operating system is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kfm_audit.alarmtests.find import files_below

Snapshot = dict[Path, tuple[int, int]]
"""When each file was changed last, and its size."""

INTERVAL = 0.5
"""Seconds between two looks."""


def snapshot(paths: Iterable[Path]) -> Snapshot:
    """The files that are there, folders with all below them that a test can hang on."""
    found: Snapshot = {}
    for path in paths:
        for file in files_below(path) if path.is_dir() else (path,):
            try:
                status = file.stat()
            except OSError:
                continue
            found[file] = (status.st_mtime_ns, status.st_size)
    return found


def changed(before: Snapshot, after: Snapshot) -> tuple[Path, ...]:
    """The files that are new, gone or different, by name."""
    return tuple(sorted(file for file in {*before, *after} if before.get(file) != after.get(file)))


def watch(
    run: Callable[[], Iterable[Path]],
    say: Callable[[tuple[Path, ...]], None],
    sleep: Callable[[float], object],
) -> None:
    """Run, and run again for ever when something changes of what the last run hung on.

    `run` gives the paths that it hung on, `say` is told what changed. Ends with what `sleep` raises.
    """
    while True:
        paths = tuple(run())
        before = snapshot(paths)
        while True:
            sleep(INTERVAL)
            different = changed(before, snapshot(paths))
            if different:
                say(different)
                break
