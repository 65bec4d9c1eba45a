"""lakeFS audit logs: JSON lines, and the documents in which CloudWatch hands them out.

Logs are read line by line: memory holds one line and the calls that decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_json, unreadable
from kfm_audit.inputs.source import HEAD_BYTES, Form, Source
from kfm_audit.lakefs.form import PADDING, LogForm, log_form
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from kfm_audit.inputs.lakefs_tally import Tally

LONGEST_LINE: Final = 64 * 1024 * 1024
"""Bytes. A longer line is none of lakeFS's, and would cost the memory that reading by line saves."""

_NAMES: Final = (
    "*lakefs*audit*.jsonl",
    "*lakefs*audit*.ndjson",
    "*lakefs*audit*.log",
    "*lakefs*audit*.jsonl.gz",
    "*lakefs*audit*.log.gz",
    "lakefs/*audit*.jsonl",
    "lakefs/*audit*.log",
)
_EVENTS: Final = frozenset({"events", "logEvents"})
_AUDIT: Final = frozenset({"log_audit", "data_operation_id", "data_request_id"})
_MESSAGES: Final = frozenset({"msg", "message", "log"})


def recognise(source: Source) -> bool:
    """Decide by the beginning: lines of a lakeFS server, wrapped or not; packed files also by name."""
    return _form(source) is not None


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read the calls that moved branches or memberships, and what the log covers."""
    from kfm_audit.inputs.lakefs_tally import Tally

    path = PurePosixPath(source.path)
    match _form(source):
        case LogForm.GZIP:
            cause, cure = "is compressed with gzip", f"unpack it: `gzip -dk {path}`"
        case LogForm.ZSTANDARD:
            cause, cure = "is compressed with zstd", f"unpack it: `zstd -dk {path}`"
        case LogForm.PARQUET:
            copy = f"COPY (FROM '{path}') TO '{path.with_suffix('.jsonl')}' (FORMAT json)"
            cause, cure = "is Parquet", f'export it to JSON lines: `duckdb -c "{copy}"`'
        case LogForm.TEXT:
            cause = "is a lakeFS log in text format"
            cure = (
                "have lakeFS write JSON: `logging.format: json` (LAKEFS_LOGGING_FORMAT=json) and "
                "`logging.audit_log_level: INFO`; what was logged as text until then stays unread"
            )
        case LogForm.DOCUMENT:
            tally = Tally(source)
            _read_document(source, tally)
            return Reading(tally.facts())
        case LogForm.LINES | None:  # None: a file that the user says is a log
            tally = Tally(source)
            _read_lines(source, tally)
            return Reading(tally.facts())
    return Reading((unreadable(source, f"{cause}, and this version reads JSON lines only", cure),))


def _form(source: Source) -> LogForm | None:
    head = source.head
    tail = _tail(source) if head.startswith(b"PAR1") else b""
    form = log_form(head, tail, claimed="lakefs" in source.path.casefold())
    if form is LogForm.DOCUMENT:
        keys = {Form.OBJECT: _EVENTS | _AUDIT, Form.ARRAY: _AUDIT | _MESSAGES}.get(source.shape.form)
        return form if keys and source.shape.keys & keys else None
    return form


def _tail(source: Source) -> bytes:
    if source.file is None:
        return source.data[-HEAD_BYTES:]
    with source.file.open("rb") as stream:
        stream.seek(max(source.size - HEAD_BYTES, 0))
        return stream.read()


def _read_lines(source: Source, tally: Tally) -> None:
    from kfm_audit.lakefs.log import Entry, calls_in_line

    with _open(source) as stream:
        for number, line in enumerate(_lines(stream), 1):
            origin = Origin(source.path, line=number)
            if line is None:
                tally.take(Entry.BROKEN, origin)
                continue
            content = line.strip(PADDING)
            if content:
                for found in calls_in_line(content):
                    tally.take(found, origin)


def _read_document(source: Source, tally: Tally) -> None:
    from kfm_audit.lakefs.log import calls_in

    document: object = msgspec.json.decode(source.data)
    for pointer, item in _items(document):
        for found in calls_in(item):
            tally.take(found, Origin(source.path, pointer))


def _items(document: object) -> Iterator[tuple[str, object]]:
    """The elements of a document, each with its pointer."""
    if isinstance(document, dict):
        for name in sorted(_EVENTS):
            if isinstance(document.get(name), list):
                yield from ((f"/{name}/{number}", item) for number, item in enumerate(document[name]))
                return
    if isinstance(document, list):
        yield from ((f"/{number}", item) for number, item in enumerate(document))
    else:
        yield "", document


def _open(source: Source) -> BinaryIO:
    return BytesIO(source.data) if source.file is None else source.file.open("rb")


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a stream; None for one that is longer than any log's, which is passed over in pieces."""
    first = stream.read(3)
    stream.seek(0 if first != b"\xef\xbb\xbf" else 3)
    while line := stream.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield None


KIND: Final = Kind(
    name="lakefs-log",
    title="a lakeFS audit log",
    names=_NAMES,
    recognise=recognise,
    read=read,
    locate=locate_in_json,
    excerpt=False,
    marks=(b'"HTTP call ended"', rb"\"HTTP call ended\""),
)
