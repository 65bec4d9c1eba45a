"""Compressed logs as streams: gzip in the core, faster with the extra `fast`; zstd with it."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from io import BytesIO
from typing import Any, BinaryIO, Final, cast

from kfm_audit.inputs.engines.stream import BLOCK, Fill, blocks
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.form import LogForm

_AHEAD: Final = 2
"""Buffers that are unpacked while another is read."""
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a document, which is held as a whole: a few thousand packed ones may stand for more than there is memory."""
_PIECE: Final = 8192
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


@contextlib.contextmanager
def unpacked(form: LogForm, raw: BinaryIO) -> Iterator[Fill]:
    """What unpacks `raw`, in a thread of its own. Reading raises PackError at the place that is damaged."""

    def opened() -> Any:  # as `_gzip`
        raw.seek(0)
        return _gzip(raw) if form is LogForm.GZIP else _zstandard(raw)

    ahead = _ReadAhead(opened)
    try:
        yield ahead.fill
        if form is LogForm.ZSTANDARD:
            _check_frames(raw)
    finally:
        ahead.stop()


def whole(form: LogForm, source: Source) -> bytes:
    """All of a document that is packed. Raises OSError, and PackError where it is damaged or larger than is held."""
    with source.file.open("rb") if source.file is not None else BytesIO(source.data) as raw:
        parts, size = [], 0
        with unpacked(form, raw) as fill:
            for buffer, length in blocks(fill):
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
    return library.ZstdDecompressor().stream_reader(raw, read_across_frames=True, read_size=BLOCK)


class _ReadAhead:
    """Unpacks in a thread while the buffer before is searched: both leave Python's lock to others."""

    def __init__(self, opened: Callable[[], Any]) -> None:  # as `_gzip`
        self._opened = opened
        self._fill = cast("Fill", opened().readinto)
        self._free: queue.Queue[bytearray | None] = queue.Queue()
        self._full: queue.Queue[tuple[bytearray, int] | BaseException] = queue.Queue()
        for _ in range(_AHEAD):
            self._free.put(bytearray(BLOCK))
        self._current: tuple[bytearray, int] = (bytearray(), 0)
        self._taken = 0
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def fill(self, view: memoryview) -> int:
        """Copy what was unpacked. Raises PackError."""
        buffer, size = self._current
        if self._taken == size:
            if self._failed is not None:
                raise _pack_error(self._failed)
            if buffer:
                self._free.put(buffer)
            item = self._full.get()
            if isinstance(item, BaseException):
                self._failed = item
                raise _pack_error(item)
            self._current, self._taken = item, 0
            buffer, size = item
        length = min(size - self._taken, len(view))
        with memoryview(buffer) as held:
            view[:length] = held[self._taken : self._taken + length]
        self._taken += length
        return length

    def stop(self) -> None:
        """End the thread."""
        self._free.put(None)
        self._thread.join()

    def _run(self) -> None:
        given = 0
        try:
            while (buffer := self._free.get()) is not None:
                with memoryview(buffer) as view:
                    size = self._fill(view)
                self._full.put((buffer, size))
                given += size
                if not size:
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised again where the stream is read
            for rest in _up_to_damage(self._opened(), given):
                self._full.put((bytearray(rest), len(rest)))
            self._full.put(error)


def _up_to_damage(stream: Any, given: int) -> Iterator[bytes]:  # as `_gzip`
    """What comes before the damage and was lost with the buffer that it fell into, in small pieces."""
    read = 0
    with contextlib.suppress(Exception):  # the damage, once more
        while data := stream.read1(_PIECE):
            read += len(data)
            if read > given:
                yield data[-(read - given) :] if read - given < len(data) else data


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
