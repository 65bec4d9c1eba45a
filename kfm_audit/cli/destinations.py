"""Where the output of a command goes: standard output, or files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from msgspec import Struct

from kfm_audit.cli.parser import UsageError
from kfm_audit.policy.strict import nearest


class Output(Struct, frozen=True):
    """A format, and the file that it goes to; None is standard output."""

    format: str
    file: Path | None


def parse_outputs(words: Iterable[str], formats: Collection[str]) -> tuple[Output, ...]:
    """Read `FORMAT[=PATH]`s of a command that writes `formats`. Raises UsageError."""
    outputs = []
    for word in words:
        name, _, path = word.partition("=")
        if name not in formats:
            raise UsageError(f"--output {word}: no format is called {name}{nearest(name, formats)}")
        outputs.append(Output(name, Path(path) if path else None))
    outputs = outputs or [Output("text", None)]
    if sum(1 for output in outputs if output.file is None) > 1:
        raise UsageError("--output: only one format can go to standard output; give the others a PATH")
    files = [output.file.resolve() for output in outputs if output.file]
    for file in files:
        if files.count(file) > 1:
            raise UsageError(f"--output: two formats cannot go to one file, {file.name}")
    return tuple(outputs)


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
