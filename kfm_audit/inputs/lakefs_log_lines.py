"""Logs that come as lines: each line that decides becomes a call, and the others are counted."""

from __future__ import annotations

from datetime import UTC, datetime

from kfm_audit.inputs.engines.core import scanned
from kfm_audit.inputs.engines.packed import PACKED, PackError
from kfm_audit.inputs.engines.scan import Counted, Scanned
from kfm_audit.inputs.kind import ReadContext, unreadable
from kfm_audit.inputs.lakefs_tally import Tally
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.form import PADDING, LogForm
from kfm_audit.lakefs.log import Entry, calls_in_line
from kfm_audit.lakefs.needles import Needles
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.values import Origin


def read_lines(source: Source, form: LogForm | None, tally: Tally, context: ReadContext) -> None:
    """Let `tally` take what a log holds. Raises OSError.

    What is packed and damaged is read up to the damage.
    """
    before = done = 0
    told = context.progress or _nobody
    total = 0 if form in PACKED else source.size
    try:
        for block in scanned(source, form, needles_of(context.policy.lakefs)):
            _take(block, before, source.path, tally)
            before += block.newlines
            done += block.size
            told(source.path, min(done, total - 1) if total else done, total)
    except PackError as error:
        tally.lose(
            unreadable(source, str(error), error.cure, part=f"what follows line {before}" if before else "")
        )
    finally:
        told(source.path, done, done)


def _nobody(path: str, done: int, total: int) -> None:
    """Nobody looks."""


def needles_of(policy: LakeFS) -> Needles:
    """The needles of a policy's environment branches."""
    return Needles(glob for globs in policy.environment_branches.values() for glob in globs)


def _take(block: Scanned, before: int, path: str, tally: Tally) -> None:
    """Take a block that comes after so many lines."""
    for line in block.worth:
        origin = Origin(path, line=before + line.number)
        if line.text is None:
            tally.take(Entry.BROKEN, origin)
            continue
        for found in calls_in_line(line.text.strip(PADDING)):
            tally.take(found, origin)
    if block.counted is not None:
        _pass_over(block.counted, tally)


def _pass_over(counted: Counted, tally: Tally) -> None:
    hours = {_utc(hour + b":00:00"): number for hour, number in counted.hours.items() if number}
    tally.pass_over(counted.lines, counted.audit, counted.without_user, hours)
    tally.reach(_utc(counted.first))
    tally.reach(_utc(counted.last))


def _utc(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode()).replace(tzinfo=UTC)
