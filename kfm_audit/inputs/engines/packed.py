"""Compressed logs as streams: gzip in the core, faster with the extra `fast`; zstd with it."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import Any, BinaryIO, Final

from kfm_audit.inputs.engines.stream import Fill, blocks
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.form import LogForm

PACKED: Final = frozenset({LogForm.GZIP, LogForm.ZSTANDARD})
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a document, which is held as a whole: a few thousand packed ones may stand for more than there is memory."""
_PIECE: Final = 8192
_RAW: Final = 128 * 1024
"""Bytes of a packed file that are read at once."""
_CHECKSUM: Final = 4
_LAST_BLOCK: Final = 1


class PackError(Exception):
    """What is packed is damaged or cut off, or nothing that unpacks it is installed.

    `cure` says what to do about it.
    """

    def __init__(self, cause: str, cure: str) -> None:
        """Say what is wrong, and how to mend it."""
        super().__init__(cause)
        self.cure = cure


def unpacked(form: LogForm, raw: BinaryIO) -> Fill:
    """What unpacks `raw` from its beginning. It raises PackError at the place that is damaged, and at a cut end."""
    return _Unpacked(form, raw).fill


def whole(form: LogForm, source: Source) -> bytes:
    """All of a document that is packed. Raises OSError, and PackError where it is damaged or larger than is held."""
    with source.file.open("rb") if source.file is not None else BytesIO(source.data) as raw:
        parts, size = [], 0
        for buffer, length in blocks(unpacked(form, raw)):
            parts.append(bytes(buffer[: max(length, 0)]))
            size += length
            if length < 0 or size > _LARGEST:
                raise PackError(
                    f"is one JSON document of more than {_LARGEST >> 20} MB when unpacked",
                    "export the log as lines, or in parts",
                )
    return b"".join(parts)


def _gzip(raw: BinaryIO) -> Any:  # the two libraries have the same methods and no type in common
    try:
        return import_module("isal.igzip").IGzipFile(fileobj=raw, mode="rb")
    except ImportError:
        return import_module("gzip").GzipFile(fileobj=raw, mode="rb")


def _zstandard(raw: BinaryIO) -> Any:  # as `_gzip`
    try:
        library = import_module("zstandard")
    except ImportError:
        raise PackError(
            "is compressed with zstd, and nothing that unpacks it is installed",
            "pip install 'kfm-audit[fast]'; or unpack it with `zstd -d`",
        ) from None
    return library.ZstdDecompressor().stream_reader(raw, read_across_frames=True, read_size=_RAW)


class _Unpacked:
    """A packed file as far as it can be unpacked.

    What comes before a damage is lost with the buffer that it fell into: then all is unpacked once more, and in
    small pieces.
    """

    def __init__(self, form: LogForm, raw: BinaryIO) -> None:
        self._form = form
        self._raw = raw
        self._given = 0
        self._stream = self._opened()
        self._failed: Exception | None = None

    def fill(self, view: memoryview) -> int:
        """Unpack into a buffer. Raises PackError."""
        if self._failed is None:
            try:
                size: int = self._stream.readinto(view)
            except Exception as error:  # noqa: BLE001 - the two libraries raise many; it is raised below
                self._failed = error
                self._stream = self._opened()
                _pass_over(self._stream, self._given)
            else:
                self._given += size
                if not size and self._form is LogForm.ZSTANDARD:
                    _check_frames(self._raw)
                return size
        try:
            data: bytes = self._stream.read1(min(_PIECE, len(view)))
        except Exception:  # noqa: BLE001 - the same damage
            data = b""
        if not data:
            raise _pack_error(self._failed)
        view[: len(data)] = data
        return len(data)

    def _opened(self) -> Any:  # as `_gzip`
        self._raw.seek(0)
        return _gzip(self._raw) if self._form is LogForm.GZIP else _zstandard(self._raw)


def _pass_over(stream: Any, left: int) -> None:  # as `_gzip`
    while left and (data := stream.read1(min(_PIECE, left))):
        left -= len(data)


def _pack_error(error: BaseException) -> PackError:
    if isinstance(error, PackError):
        return error
    if isinstance(error, EOFError):
        return PackError(
            "is cut off: what is packed does not end", "fetch it again: calls may be in what is lost"
        )
    return PackError(f"is damaged: {error}", "fetch it again: calls may be in what is lost")


def _check_frames(raw: BinaryIO) -> None:
    """Hold a zstd file to its own headers: the library takes one that is cut off for one that ends. Raises PackError.

    A frame is a header, blocks that say how long they are and whether another follows, and a checksum
    where the header says so (RFC 8878, 3.1.1).
    """
    library = import_module("zstandard")
    raw.seek(0, 2)
    at, size = 0, raw.tell()
    while at < size:
        raw.seek(at)
        head = raw.read(18)
        if head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50:  # a frame to be skipped
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        try:
            at += library.frame_header_size(head)
            checksum = _CHECKSUM if library.get_frame_parameters(head).has_checksum else 0
        except library.ZstdError as error:
            raise _pack_error(error) from None
        last = False
        while not last and at < size:
            raw.seek(at)
            header = int.from_bytes(raw.read(3), "little")
            last = bool(header & _LAST_BLOCK)
            at += 3 + (1 if header >> 1 & 3 == 1 else header >> 3)  # a block of one byte repeated holds one
        at += checksum
        if not last:
            raise _pack_error(EOFError())
    if at > size:
        raise _pack_error(EOFError())
