"""A file on its way in: its bytes, its first bytes, and the shape of what it holds."""

from __future__ import annotations

import io
import stat
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Raw, Struct

from kfm_audit.digest import sha256
from kfm_audit.inputs.positions import Positions
from kfm_audit.pattern import pattern

HEAD_BYTES: Final = 64 * 1024
_SMALL: Final = 16 * 1024
"""Bytes of a file that is kept once it was read: most Terraform sources are."""
SHA_LIMIT: Final = 16 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
UTF16: Final = "it is UTF-16"
"""The problem of a file that PowerShell's `>` wrote."""
_UTF16: Final = frozenset({b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{", b"[\x00", b"\x00["})
"""How UTF-16 begins: with its byte order mark, or as JSON without one."""


class Form(Enum):
    """How the content is written, as far as its beginning and, for JSON, its whole shows."""

    EMPTY = "empty"
    OBJECT = "object"
    ARRAY = "array"
    LINES = "lines"
    TEXT = "text"
    BROKEN_JSON = "broken-json"
    NOT_UTF8 = "not-utf8"
    TOO_DEEP = "too-deep"


class Shape(Struct, frozen=True):
    """The outer shape of a file.

    `keys` are the top-level keys of an object, of the first object in an array,
    or of the first line of JSON lines. `values` holds their undecoded JSON.
    `problem` says what is wrong with broken JSON, `line` where, if that is known.
    """

    form: Form
    keys: frozenset[str] = frozenset()
    values: dict[str, Raw] = {}
    problem: str = ""
    line: int = 0


class BadByte(Struct, frozen=True):
    """The first byte of a file that is not UTF-8; `offset` is 0-based, `line` 1-based."""

    value: int
    offset: int
    line: int

    def __str__(self) -> str:
        """As messages say it."""
        return f"byte 0x{self.value:02x} at offset {self.offset}"


_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ARRAY: Final = msgspec.json.Decoder(list[Raw])
_INI_OR_WRAPPER: Final = pattern(rb"\[[A-Za-z]")
"""`[section]` and `[command]/path`: text that begins like a JSON array (`[true` is no document of ours)."""
_BYTE: Final = pattern(r"\(byte (\d+)\)")


class Source:
    """One file, read at most once, and only as far as somebody asks.

    `path` is POSIX and relative to the working directory: the name under which
    the user knows the file. `file` is where it lies; it is None for standard input.
    """

    def __init__(self, path: str, file: Path | None, data: bytes | None = None, *, refused: str = "") -> None:
        """Name a file; nothing is read yet. Raises nothing: reading does.

        `refused` says why the file must not be opened; reading it then raises OSError.
        """
        self.path = path
        self.file = file
        self._data = data
        self._refused = refused

    @cached_property
    def size(self) -> int:
        """Bytes. Raises OSError."""
        if self._data is not None or self.file is None:
            return len(self._data or b"")
        return self._checked(self.file).stat().st_size

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, without a byte order mark. Raises OSError."""
        if self._data is not None or self.file is None:
            return (self._data or b"")[:HEAD_BYTES].removeprefix(_BOM)
        with self._checked(self.file).open("rb") as stream:
            data = stream.read(HEAD_BYTES + 1)
        if len(data) <= HEAD_BYTES:
            self._data = data  # that was all of it
        return data[:HEAD_BYTES].removeprefix(_BOM)

    @property
    def data(self) -> bytes:
        """The whole content, without a byte order mark. Raises OSError."""
        if self._data is None:
            assert self.file is not None
            self._data = self._checked(self.file).read_bytes()
        return self._data.removeprefix(_BOM)

    def _checked(self, file: Path) -> Path:
        """The file, where it may be opened. A pipe would be waited for, for ever. Raises OSError."""
        if self._refused:
            raise OSError(0, self._refused)
        if not stat.S_ISREG(file.stat().st_mode):
            raise OSError(0, "it is not a regular file; a pipe goes to `-` with --kind")
        return file

    def forget(self) -> None:
        """Let go of the content of a file that can be read again; of small ones that costs more than it saves."""
        if self.file is not None and self._data is not None and len(self._data) > _SMALL:
            self._data = None

    @cached_property
    def text(self) -> str:
        """The whole content as text. Raises UnicodeDecodeError."""
        return self.data.decode("utf-8")

    @property
    def bad_byte(self) -> BadByte | None:
        """The first byte that is not UTF-8; None where there is none, or the file is gone by now.

        It is asked for a message alone: a decoder does not say where in the file its fault is, as it was given a
        piece. The file is read by lines, since whoever refused the piece need not have read the whole.
        """
        offset = 0
        try:
            with self._opened() as stream:
                for number, line in enumerate(stream, start=1):
                    try:
                        line.decode("utf-8")
                    except UnicodeDecodeError as error:
                        return BadByte(line[error.start], offset + error.start, number)
                    offset += len(line)
        except OSError:
            return None
        return None

    def _opened(self) -> BinaryIO:
        if self._data is not None or self.file is None:
            return io.BytesIO(self._data or b"")
        return self._checked(self.file).open("rb")

    @cached_property
    def positions(self) -> Positions:
        """Where the values of a JSON document stand. Raises OSError."""
        return Positions(self.data)

    @cached_property
    def lines(self) -> list[bytes]:
        """The lines of the whole content, without their ends. Raises OSError."""
        return self.data.splitlines()

    @cached_property
    def sha256(self) -> str | None:
        """The digest, or None for files over 16 MB (design section 4). Raises OSError."""
        if self.size > SHA_LIMIT:
            return None
        raw = self._data if self._data is not None else self.file.read_bytes() if self.file else b""
        return sha256(raw)

    @cached_property
    def shape(self) -> Shape:
        """The outer shape. Raises OSError.

        JSON lines are told by the first two lines, so that a log of gigabytes is
        not read for it; every other JSON document is checked as a whole.
        """
        head = self.head.lstrip()
        if self.head[:2] in _UTF16:
            return Shape(Form.NOT_UTF8, problem=UTF16)
        if not head:
            return Shape(Form.EMPTY) if not self.data.strip() else Shape(Form.TEXT)
        if head[:1] == b"{":
            return self._lines_shape(head) or self._document_shape()
        if head[:1] == b"[" and not _INI_OR_WRAPPER.match(head):
            return self._document_shape()
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                return self._not_utf8(error)
        return Shape(Form.TEXT)

    @cached_property
    def listed(self) -> dict[str, Raw] | None:
        """The first entry of what the document lists; {} where it lists nothing, None where it is no list.

        A list is an object's `results` (the answer of a paged API), an array, or JSON lines. Raises OSError.
        """
        shape = self.shape
        if shape.form in (Form.ARRAY, Form.LINES):
            return shape.values
        if shape.form is not Form.OBJECT or "results" not in shape.keys:
            return None
        try:
            items = _ARRAY.decode(shape.values["results"])
            return _OBJECT.decode(items[0]) if items else {}
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None

    def _lines_shape(self, head: bytes) -> Shape | None:
        """The shape of JSON lines; None for what is one document. A log may begin with half a line."""
        lines = [line for line in head.split(b"\n")[:-1] if line.strip()][:2]
        if not lines or (len(lines) == 2 and not lines[1].lstrip().startswith(b"{")):
            return None
        for line in lines:
            try:
                values = _OBJECT.decode(line)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                if line.rstrip()[-1:] in b"[{":
                    return None  # a document with an entry on each line, not half a line of a log
                continue
            # One object on one line, and nothing after it, is a document.
            alone = self.size <= HEAD_BYTES and len(head.strip().splitlines()) == 1
            return Shape(Form.OBJECT if alone else Form.LINES, frozenset(values), values)
        return None

    def _document_shape(self) -> Shape:
        data = self.data
        try:
            if data.lstrip()[:1] == b"{":
                values = _OBJECT.decode(data)
                return Shape(Form.OBJECT, frozenset(values), values)
            items = _ARRAY.decode(data)
        except RecursionError:
            return Shape(Form.TOO_DEEP, problem="it is nested too deeply")
        except UnicodeDecodeError as error:
            return self._not_utf8(error)
        except msgspec.MsgspecError as error:
            # The first of JSON lines may be longer than the head: OTLP exporters write batches of megabytes.
            if data[:1] == b"{" and (lines := self._lines_shape(data)):
                return lines
            return _broken(data, str(error))
        try:
            first = _OBJECT.decode(items[0]) if items else {}
        except UnicodeDecodeError as error:
            return self._not_utf8(error)
        except (msgspec.MsgspecError, RecursionError):
            first = {}
        return Shape(Form.ARRAY, frozenset(first), first)

    def _not_utf8(self, error: UnicodeDecodeError) -> Shape:
        bad = self.bad_byte
        return Shape(Form.NOT_UTF8, problem=str(bad or error.reason), line=bad.line if bad else 0)


def _broken(data: bytes, problem: str) -> Shape:
    """The shape of what the decoder refused, and its complaint without the decoder's name for it."""
    if "utf-8" in problem.lower() or "utf8" in problem.lower():
        return Shape(Form.NOT_UTF8, problem=problem)
    at = _BYTE.search(problem)
    line = data.count(b"\n", 0, int(at[1])) + 1 if at else 0
    return Shape(Form.BROKEN_JSON, problem=problem.removeprefix("JSON is malformed: "), line=line)
