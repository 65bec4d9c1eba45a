"""Suppressions beside the code: `# kfm-audit: ignore[ALM001] reason="..." owner="..." expires=2027-01-31`.

One holds for the line or block that it stands on or above.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.findings.finding import AcceptedBy
from kfm_audit.findings.suppression import Lines, Suppression
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.hcl import Block, Span, blocks, comments
from kfm_audit.pattern import pattern
from kfm_audit.values import Origin

MARK: Final = b"kfm-audit:"
_COMMENT: Final = pattern(r"(?:#|//)\s*kfm-audit:\s*ignore\[([^\]]*)\](.*)")
_SETTING: Final = pattern(r'(reason|owner|expires)\s*=\s*("(?:[^"\\]|\\.)*"|\S+)')
_NO_CODE: Final = pattern(rb"\s*(?:#.*|//.*)?")


def inline_suppressions(source: Source) -> Iterator[Suppression]:
    """The suppressions in a file, in their order; none in a file that does not parse."""
    if MARK not in source.data:
        return
    spans = tuple(_spans(blocks(source.path, source.data)))
    for comment in comments(source.path, source.data):
        said = _COMMENT.match(comment.text)
        if said is None:
            continue
        settings = {key: value.strip('"') for key, value in _SETTING.findall(said[2])}
        row = comment.row
        first, last = _covered(row, comment.column, source.lines, spans)
        for rule in said[1].split(","):
            yield Suppression(
                rule=rule.strip(),
                subject="*",
                reason=settings.get("reason", ""),
                owner=settings.get("owner", ""),
                expires=settings.get("expires", ""),
                by=AcceptedBy.INLINE,
                origin=Origin(source.path, line=row + 1),
                lines=Lines(source.path, first + 1, last + 1),
            )


def _covered(row: int, column: int, lines: list[bytes], spans: tuple[Span, ...]) -> tuple[int, int]:
    """First and last row that a comment at `row` speaks of.

    Its own line, or the next with code, to the end of the block that begins there.
    """
    target = row
    if not lines[row][:column].strip():
        target = next(
            (later for later in range(row + 1, len(lines)) if not _NO_CODE.fullmatch(lines[later])), row
        )
    ends = [span.end[0] for span in spans if span.start[0] == target]
    return target, max(ends, default=target)


def _spans(found: tuple[Block, ...]) -> Iterator[Span]:
    """The extents of all blocks and arguments, at every depth."""
    pending = list(found)
    while pending:
        block = pending.pop()
        yield block.span
        yield from (argument.span for argument in block.arguments.values())
        pending.extend(block.blocks)
