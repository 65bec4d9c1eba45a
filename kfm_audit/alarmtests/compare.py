"""What was expected beside what was observed: the mismatches of one assertion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice

from kfm_audit.alarmtests.document import Notification
from kfm_audit.alarmtests.durations import shown_duration
from kfm_audit.alarmtests.model import Assertion
from kfm_audit.alarmtests.observed import Observed, Received, Taken
from kfm_audit.alarmtests.results import Mismatch


def mismatches(assertion: Assertion, observed: Observed) -> tuple[Mismatch, ...]:
    """All that is not as expected, in the order of the keys of an assertion."""
    return tuple(
        Mismatch(key, assertion.at(key), message) for key, message in _differences(assertion, observed)
    )


def _differences(assertion: Assertion, observed: Observed) -> Iterator[tuple[str, str]]:
    written = assertion.written
    if observed.state != written.exp_state:
        yield "exp_state", f"is {observed.state} at {written.eval_time}, expected {written.exp_state}"
    if assertion.changes is not None and assertion.changes != observed.changes:
        got, expected = _changes(observed.changes), _changes(assertion.changes)
        yield "exp_changes", f"{got or 'does not change its state'}, expected {expected or 'no change'}"
    if written.exp_actions is not None and not _same_actions(written.exp_actions, observed.actions):
        yield (
            "exp_actions",
            f"{_actions(observed.actions)}, expected {', '.join(written.exp_actions) or 'none'}",
        )
    if written.exp_notifications is not None:
        yield from (
            ("exp_notifications", message)
            for message in _notification_differences(assertion, observed.received)
        )
    if written.exp_reason and not contains(observed.reason, written.exp_reason):
        yield "exp_reason", f"gives as its reason: {observed.reason or 'nothing'}"
    if not written.allow_indeterminate:
        yield from (("allow_indeterminate", doubt) for doubt in _doubts(assertion, observed))


def _doubts(assertion: Assertion, observed: Observed) -> Iterator[str]:
    """What AWS's documents leave open, where what is asserted hangs on it."""
    written = assertion.written
    whole_span = (written.exp_actions, written.exp_changes, written.exp_notifications) != (None, None, None)
    looked_at = observed.evaluations if whole_span else observed.evaluations[-1:]
    times = [one.time for one in looked_at if one.indeterminate]
    if times:
        why = f": {'; '.join(observed.doubts)}" if observed.doubts else ""
        yield (
            f"is not settled by AWS's documents at {shown_duration(times[0])}{why}; "
            "`allow_indeterminate: true` accepts what is assumed there"
        )


def _changes(changes: Sequence[tuple[int, str]]) -> str:
    return ", ".join(f"changes to {state} at {shown_duration(time)}" for time, state in changes)


def _actions(taken: Sequence[Taken]) -> str:
    if not taken:
        return "takes no action"
    return "takes " + ", ".join(
        f"{one.target[0]} at {shown_duration(one.time)} ({one.state})" for one in taken
    )


def _same_actions(expected: Sequence[str], taken: Sequence[Taken]) -> bool:
    """Whether the actions are those expected, in the order of their times; those of one time in any order."""
    if len(expected) != len(taken):
        return False
    words = iter(expected)
    for _, group in groupby(taken, key=lambda one: one.time):
        together = list(group)
        for word in islice(words, len(together)):
            found = next((one for one in together if word in one.target), None)
            if found is None:
                return False
            together.remove(found)
    return True


def _notification_differences(assertion: Assertion, received: Sequence[Received]) -> Iterator[str]:
    """A message of which it cannot be told whether it arrives may be expected, and is none that must be."""
    left = [one for one in received if one.arrives is not False]
    for expected, at in zip(assertion.expected_notifications, assertion.notified, strict=True):
        found = next((one for one in left if not _why_not(expected, at, one)), None)
        if found is not None:
            left.remove(found)
            continue
        yield f"sends {expected.to} no such message: {_nearest(expected, at, received, left)}"
    for one in left:
        may = "sends" if one.arrives else f"may send (it {one.why})"
        yield (
            f"{may} {_subscriber(one)} a message at {shown_duration(one.time)} ({one.state}) that is not expected"
        )


def _nearest(
    expected: Notification, at: int | None, received: Sequence[Received], left: Sequence[Received]
) -> str:
    """Why the expected message is none of those that there are."""
    for one in left:
        if expected.to in one.subscriber:
            return _why_not(expected, at, one)
    for one in received:
        if one.arrives is False and (expected.to in one.subscriber or not one.subscriber):
            return f"{_subscriber(one)} {one.why}"
    return _why_not(expected, at, left[0]) if left else "nobody gets any"


def _subscriber(one: Received) -> str:
    return one.subscriber[0] if one.subscriber else f"the topic {one.topic[0]}"


def _why_not(expected: Notification, at: int | None, one: Received) -> str:
    """In what a message is not the one that is expected; "" where it is."""
    if expected.to not in one.subscriber:
        return f"{_subscriber(one)} gets one at {shown_duration(one.time)}"
    if at is not None and at != one.time:
        return f"it is sent at {shown_duration(one.time)}"
    if expected.state is not None and expected.state != one.state:
        return f"it tells of {one.state}"
    if expected.topic and expected.topic not in one.topic:
        return f"it came by {one.topic[0]}"
    for key, value in expected.body.items():
        there, found = _at(one.body, key)
        if not there:
            return f"its body has no {key}"
        if found != value or isinstance(found, bool) is not isinstance(value, bool):
            return f"its {key} is {found!r}" if isinstance(found, str) else f"its {key} is {found}"
    return ""


def _at(body: Mapping[str, object], key: str) -> tuple[bool, object]:
    """Whether a message has a key, and its value; a dot leads into an object."""
    value: object = body
    for step in key.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return False, None
        value = value[step]
    return True, value


def contains(text: str, part: str) -> bool:
    """Whether a text contains a part in which `*` stands for anything."""
    at = 0
    for piece in part.split("*"):
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True
