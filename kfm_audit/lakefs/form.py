"""In which form a file holds a lakeFS log, told from its first bytes."""

from __future__ import annotations

from enum import Enum
from importlib import import_module
from typing import Final

from kfm_audit.pattern import pattern


class LogForm(Enum):
    """How a log is written."""

    LINES = "lines"
    """One JSON value a line."""
    DOCUMENT = "document"
    """One JSON document: events as CloudWatch hands them out, or an array of lines."""
    TEXT = "text"
    """`key=value` pairs, the server's default."""
    GZIP = "gzip"
    ZSTANDARD = "zstandard"
    PARQUET = "parquet"


PADDING: Final = b"\x00 \t\r\n"
"""Blanks, and the NULs that truncating a log in place leaves at its new beginning."""

AUDIT: Final = pattern(rb"HTTP call ended|log_audit|data_operation_id|data_request_id")
"""What an audit line holds in every shape, however it is wrapped."""
_SERVER: Final = pattern(rb"treeverse/lakefs|performing (?:API|S3) action")
_TEXT: Final = pattern(rb"(?:^|(?<= ))time=\S++ level=\w++ ")
_PART: Final = pattern(rb"\S++ std(?:out|err) [PF] ")
"""How containerd begins each part of a line that it cut (Kubernetes, "CRI logging format")."""
_LOOKED_AT: Final = 200


def log_form(head: bytes, tail: bytes = b"", *, claimed: bool = False) -> LogForm | None:
    """The form of a lakeFS log that begins with `head`; None where it is none.

    `tail` is the file's end, where Parquet keeps the names of its columns.
    `claimed` says that the file's name says so: the only evidence where the
    content is packed, and enough where the beginning holds none of the server's lines.
    """
    packed = _packed_form(head)
    if packed is not None:
        known = claimed or bool(AUDIT.search(tail)) or log_form(unpacked_head(packed, head)) is not None
        return packed if known else None
    head = head.strip(PADDING)
    if not (AUDIT.search(head) or _SERVER.search(head)):
        return None
    lines = [without_prefix(line.strip(PADDING)) for line in head.splitlines()[:_LOOKED_AT]]
    # A page about logs quotes lines of one; in a log they are most of it.
    for form, written in (
        (LogForm.LINES, [line for line in lines if line.startswith(b"{")]),
        (LogForm.TEXT, [line for line in lines if _TEXT.search(line)]),
        (LogForm.LINES, [line for line in lines if _PART.match(line)]),
    ):
        if len(written) * 2 >= len(lines) and (claimed or any(_of_lakefs(line, form) for line in written)):
            return form
    return LogForm.DOCUMENT if head.startswith((b"{", b"[")) else None


def without_prefix(line: bytes) -> bytes:
    """A line of JSON without what a collector wrote before it.

    containerd writes time, stream and tag, Docker Compose the service, syslog
    time and host: no quotes, a blank, and one whole object behind it.
    """
    start = line.find(b"{")
    if start < 1 or line[start - 1] not in b" \t" or b'"' in line[:start] or not line.endswith(b"}"):
        return line
    return line[start:]


def _packed_form(head: bytes) -> LogForm | None:
    marks = {b"PAR1": LogForm.PARQUET, b"\x28\xb5\x2f\xfd": LogForm.ZSTANDARD, b"\x1f\x8b": LogForm.GZIP}
    return next((form for mark, form in marks.items() if head.startswith(mark)), None)


def _of_lakefs(line: bytes, form: LogForm) -> bool:
    from kfm_audit.lakefs.log import Call, calls_in_line

    # Nobody but a server writes pairs that bear its marks; JSON with them may be anything.
    if _SERVER.search(line) or (form is LogForm.TEXT and AUDIT.search(line)):
        return True
    return any(isinstance(found, Call) for found in calls_in_line(line))


def unpacked_head(form: LogForm, head: bytes, size: int = 64 * 1024) -> bytes:
    """The first bytes of what is packed, from the first of the file; "" where they cannot be had. Raises nothing."""
    try:
        if form is LogForm.GZIP:
            import zlib

            return zlib.decompressobj(wbits=31).decompress(head, size)
        if form is LogForm.ZSTANDARD:
            library = import_module("zstandard")
            return bytes(library.ZstdDecompressor().stream_reader(head).read(size))
    except Exception:  # noqa: BLE001 - not installed, or no such content: either way nothing can be told
        return b""
    return b""
