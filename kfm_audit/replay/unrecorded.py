"""The time of a replay that no history is of: data counts as missing there, and nobody measured that it was."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.replay.document import Unrecorded
from kfm_audit.replay.history import History, Key
from kfm_audit.replay.side import instant


def unrecorded(history: History, start: int, stop: int) -> Iterator[Unrecorded]:
    """What of a replay from `start` to `stop` lies before the history begins or after it ends.

    Where it begins too late, the metrics that begin later still are named too: elsewhere such a metric may
    as well have been silent. A record without values says that there were none, and is no gap.
    """
    recorded = [item for item in history if len(item.values)]
    if not recorded:
        return
    if start < history.start:
        yield Unrecorded(instant(start), instant(history.start))
        late = [item for item in recorded if item.start > history.start]
        for item in sorted(late, key=lambda item: item.key):
            yield Unrecorded(instant(start), instant(min(item.start, stop)), described(item.key))
    if stop > history.stop:
        yield Unrecorded(instant(history.stop), instant(stop))


def described(key: Key) -> str:
    """A statistic of a metric, as people write it: `AWS/SQS NumberOfMessagesSent {QueueName=soils} Sum`."""
    namespace, name, dimensions, statistic = key
    named = ", ".join(f"{dimension}={value}" for dimension, value in dimensions)
    return f"{namespace} {name} {{{named}}} {statistic}"
