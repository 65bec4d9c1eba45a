"""The engine that needs nothing: a log's lines as they stream by, in as many processes as help.

Small logs are parsed line by line. Of larger ones only the lines are parsed that hold a
needle or are no whole lines; the others are counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO, Final, cast

from kfm_audit.inputs.engines.ahead import AT_ONCE, read_ahead
from kfm_audit.inputs.engines.forked import can_fork, forked
from kfm_audit.inputs.engines.look import Look, learn
from kfm_audit.inputs.engines.packed import PACKED, unpacked
from kfm_audit.inputs.engines.scan import Line, Scanned, Scanner, every_line, joined
from kfm_audit.inputs.engines.stream import BLOCK, Fill, blocks, ranges
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.form import LogForm
from kfm_audit.lakefs.needles import Needles

PARSED_WHOLE: Final = 4 * 1024 * 1024
"""Bytes of a log, packed or not, up to which every line of it is parsed: less than a tenth of a second."""

_RANGE: Final = 16 * 1024 * 1024
_LEARNT_FROM: Final = 256 * 1024
MOST_WORKERS: Final = 4
"""Memory hands out no more bytes to more of them."""
_BOM: Final = b"\xef\xbb\xbf"

Open = Callable[[], BinaryIO]


def scanned(
    source: Source, form: LogForm | None, needles: Needles, *, parsed_whole: int | None = None
) -> Iterator[Scanned]:
    """The blocks of a log in their order. Raises OSError and PackError where it cannot be read further.

    Of logs up to `parsed_whole` bytes every line is worth parsing; of others those that may decide.
    """

    def opened() -> BinaryIO:
        return BytesIO(source.data) if source.file is None else source.file.open("rb", buffering=0)

    with opened() as raw:
        small = PARSED_WHOLE if parsed_whole is None else parsed_whole
        fill = unpacked(form, raw) if form in PACKED else _reads(raw)
        if source.size <= (small // 8 if form in PACKED else small):
            yield from (_scanned_whole(buffer, size) for buffer, size in blocks(_without_mark(fill), BLOCK))
        elif form in PACKED:
            with read_ahead(fill) as ahead:
                yield from _in_turn(_without_mark(ahead), needles)
        elif source.file is None:
            yield from _in_turn(_without_mark(fill), needles)
        else:
            yield from _side_by_side(opened, raw, source.size, needles)


def _reads(raw: BinaryIO) -> Fill:
    return cast("Fill", raw.readinto)  # type: ignore[attr-defined]  # every binary stream that is opened here has it


def _without_mark(fill: Fill) -> Fill:
    """Pass over a byte order mark."""
    begun = False

    def passing(view: memoryview) -> int:
        nonlocal begun
        filled = fill(view)
        if not begun and filled:
            begun = True
            if bytes(view[:3]) == _BOM and filled > len(_BOM):
                view[: filled - 3] = bytes(view[3:filled])
                return filled - 3
        return filled

    return passing


def _scanned_whole(buffer: bytearray, size: int) -> Scanned:
    return _too_long() if size < 0 else every_line(buffer, size)


def _too_long() -> Scanned:
    return Scanned(0, 1, [Line(1, None)])


def _in_turn(fill: Fill, needles: Needles) -> Iterator[Scanned]:
    """Scan block after block. Blocks are parsed line by line until one shows what the log's lines look like."""
    scanner: Scanner | None = None
    unchecked = 0
    for buffer, size in blocks(fill, min(BLOCK, AT_ONCE)):
        if size < 0:
            yield _too_long()
            continue
        if scanner is None:
            look = learnt(bytes(buffer[:size]))
            scanner = Scanner(needles, look, bytes(buffer[:size])) if look is not None else None
        check = unchecked <= 0
        unchecked = (_RANGE if check else unchecked) - size
        yield scanner.scan(buffer, size, check=check) if scanner else every_line(buffer, size)


def learnt(head: bytes) -> Look | None:
    """The look of a log that begins so, with whole lines as far as they go."""
    return learn(head[:_LEARNT_FROM].split(b"\n")[:-1])


def _side_by_side(opened: Open, raw: BinaryIO, size: int, needles: Needles) -> Iterator[Scanned]:
    """Scan ranges of a file in several processes where that can be, and give them in their order."""
    head = raw.read(_LEARNT_FROM)
    scanner = Scanner(needles, learnt(head.removeprefix(_BOM)), head)
    if scanner.look is None:
        raw.seek(0)
        yield from _in_turn(_without_mark(_reads(raw)), needles)
        return

    def fill_at(at: int) -> Fill:
        raw.seek(at)
        return _reads(raw)

    def work(low: int, high: int) -> Scanned:
        with opened() as stream:
            stream.seek(low + (len(_BOM) if low == 0 and head.startswith(_BOM) else 0))
            return joined(_of_range(scanner, _up_to(_reads(stream), high - stream.tell())))

    spans = list(ranges(fill_at, size, _RANGE))
    workers = min(MOST_WORKERS, os.cpu_count() or 1, len(spans))
    if workers > 1 and can_fork():
        yield from forked(work, spans, workers)
    else:
        yield from (work(low, high) for low, high in spans)


def _of_range(scanner: Scanner, fill: Fill) -> Iterator[Scanned]:
    check = True
    for buffer, size in blocks(fill, BLOCK):
        yield _too_long() if size < 0 else scanner.scan(buffer, size, check=check)
        check = False


def _up_to(fill: Fill, length: int) -> Fill:
    left = length

    def limited(view: memoryview) -> int:
        nonlocal left
        with view[:left] as part:
            filled = fill(part) if left else 0
        left -= filled
        return filled

    return limited
