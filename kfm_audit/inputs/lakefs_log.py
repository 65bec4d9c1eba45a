"""lakeFS audit logs: lines of JSON or text, packed or not, Parquet, and the documents of CloudWatch.

Logs of any size are read: memory holds some blocks of lines and the calls that decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kfm_audit.facts import Fact
from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_json, unreadable
from kfm_audit.inputs.source import HEAD_BYTES, Form, Source
from kfm_audit.lakefs.form import PADDING, LogForm, log_form, unpacked_head
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from kfm_audit.inputs.engines.engine import Engine
    from kfm_audit.inputs.lakefs_tally import Tally

_NAMES: Final = (
    *(
        f"{start}audit*{ending}"
        for start in ("*lakefs*", "lakefs/*")
        for ending in (
            *(".jsonl", ".ndjson", ".log", ".jsonl.gz", ".log.gz", ".jsonl.zst", ".log.zst"),
            ".parquet",
        )
    ),
    "year=*/month=*/day=*/hour=*/*.parquet",
)
_EVENTS: Final = frozenset({"events", "logEvents"})
_AUDIT: Final = frozenset({"log_audit", "data_operation_id", "data_request_id"})
_MESSAGES: Final = frozenset({"msg", "message", "log"})


def recognise(source: Source) -> bool:
    """Decide by the beginning: lines of a lakeFS server, wrapped or not; packed files also by name."""
    return _form(source) is not None


def read(source: Source, context: ReadContext) -> Reading:
    """Read the calls that decide, and what the log covers."""
    from kfm_audit.inputs.lakefs_tally import Tally

    form = _form(source)
    if _for_engine(source, form, context):
        return Reading(())  # they are read together, when all inputs are known
    tally = Tally(source, context.policy.lakefs)
    if form is LogForm.DOCUMENT:
        _read_document(source.path, source.data, tally)
    elif form is not None and log_form(unpacked_head(form, source.head)) is LogForm.DOCUMENT:
        from kfm_audit.inputs.engines.packed import PackError, whole

        try:
            return read(Source(source.path, None, whole(form, source)), context)
        except PackError as error:
            return Reading((unreadable(source, str(error), error.cure),))
    else:  # None is a file that the user says is a log
        from kfm_audit.inputs.lakefs_log_lines import read_lines

        read_lines(source, form, tally, context)
    return Reading(tally.facts())


def read_together(sources: Sequence[Source], context: ReadContext) -> Mapping[str, tuple[Fact, ...]]:
    """The facts of the logs that an engine reads, by path. Raises nothing that content could cause."""
    from kfm_audit.inputs.engines.engine import EngineError, engine_named
    from kfm_audit.inputs.lakefs_log_tables import read_lines, read_rows

    found: dict[str, tuple[Fact, ...]] = {}
    try:
        engine = engine_named(context.engine)
    except EngineError as error:
        return {source.path: (unreadable(source, str(error), error.cure),) for source in sources}
    here = [source for source in sources if not is_url(source.path)]
    rows = [source for source in here if _form(source) is LogForm.PARQUET]
    lines = [source for source in here if _form(source) is not LogForm.PARQUET]
    if rows:
        found.update(read_rows(engine, rows, context.policy.lakefs))
    if lines:
        found.update(read_lines(engine, lines, context.policy.lakefs))
    for source in sources:
        if is_url(source.path):
            found.update(_read_url(engine, source, context))
    return found


def _read_url(engine: Engine, source: Source, context: ReadContext) -> Mapping[str, tuple[Fact, ...]]:
    """A URL may name many files, of which the partitions that are judged are read."""
    from kfm_audit.inputs.engines.engine import EngineError
    from kfm_audit.inputs.lakefs_log_tables import read_lines, read_rows
    from kfm_audit.inputs.partitions import outside

    try:
        named = engine.files_of(source.path)
    except EngineError as error:
        return {source.path: (unreadable(source, str(error), error.cure),)}
    files = [file for file in named if not outside(file, context.since, context.until)]
    if not files:
        return {}
    read_all = read_rows if _form(source) is LogForm.PARQUET else read_lines
    return read_all(engine, (source,), context.policy.lakefs, files)


def is_url(path: str) -> bool:
    """Whether a path is the URL of a log that lies in a store: `s3://bucket/prefix/`, `s3://bucket/2026/*.jsonl.gz`."""
    return path.startswith("s3://")


def _for_engine(source: Source, form: LogForm | None, context: ReadContext) -> bool:
    if source.file is None:
        return is_url(source.path)
    if form is LogForm.PARQUET:
        return True
    named = context.engine.partition("=")[0]
    return named in ("duckdb", "spark") and form in (LogForm.LINES, LogForm.TEXT, LogForm.GZIP)


def _form(source: Source) -> LogForm | None:
    if is_url(source.path):
        lines = any(ending in source.path for ending in (".json", ".ndjson", ".log", ".txt", ".gz"))
        return LogForm.LINES if lines else LogForm.PARQUET
    head = source.head
    if source.file is not None and head and not head.strip(PADDING):
        head = _behind_padding(source.file)
    tail = _tail(source) if head.startswith(b"PAR1") else b""
    form = log_form(head, tail, claimed="lakefs" in source.path.casefold())
    if form is LogForm.DOCUMENT:
        keys = {Form.OBJECT: _EVENTS | _AUDIT, Form.ARRAY: _AUDIT | _MESSAGES}.get(source.shape.form)
        return form if (keys and source.shape.keys & keys) or _is_of_loki(source) else None
    return form


def _is_of_loki(source: Source) -> bool:
    """Whether a document is an answer of Loki's query API with lines in it."""
    return source.shape.form is Form.OBJECT and b'"streams"' in bytes(source.shape.values.get("data", b""))


def _behind_padding(file: Path) -> bytes:
    """The head of what follows the NULs that truncating a log in place left, however many."""
    with file.open("rb") as stream:
        while block := stream.read(1024 * 1024):
            if block.strip(PADDING):
                return block.lstrip(PADDING)[:HEAD_BYTES]
    return b""


def _tail(source: Source) -> bytes:
    if source.file is None:
        return source.data[-HEAD_BYTES:]
    with source.file.open("rb") as stream:
        stream.seek(max(source.size - HEAD_BYTES, 0))
        return stream.read()


def _read_document(path: str, data: bytes, tally: Tally) -> None:
    from kfm_audit.lakefs.log import Entry, calls_in

    try:
        document: object = msgspec.json.decode(data)
    except msgspec.MsgspecError:  # a number that no machine holds: the form of JSON was checked before
        tally.take(Entry.BROKEN, Origin(path))
        return
    for pointer, item in _items(document):
        for found in calls_in(item):
            tally.take(found, Origin(path, pointer))


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
