"""What the simulation says of one assertion, in the words that reports use."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from kfm_audit.alarmtests.document import StateName

Words = tuple[str, ...]
"""The names of one thing: what people may call it in a test; the first is how it is shown."""


class Evaluated(Struct, frozen=True, kw_only=True):
    """One evaluation of the asserted alarm. `time` is in seconds from time 0 on.

    `value` is the newest datapoint that it saw, None where there is none or the alarm is a composite;
    `breaching` says whether that datapoint breaches.
    """

    time: int
    state: StateName
    value: float | None = None
    breaching: bool = False
    indeterminate: bool = False


class Seen(Struct, frozen=True):
    """A datapoint that the first evaluation saw beside its newest, ending at `time`; nothing is evaluated there."""

    time: int
    value: float | None
    breaching: bool


class Taken(Struct, frozen=True, kw_only=True):
    """An action that was taken at a change to `state`."""

    time: int
    state: StateName
    target: Words


class Received(Struct, frozen=True, kw_only=True):
    """A message on its way to a subscriber.

    `arrives` None: whether it gets there could not be known. `why` says why it does not, or may not.
    `subscriber` is () where the topic stops it, or has no subscriber that the input shows.
    """

    time: int
    state: StateName
    topic: Words
    subscriber: Words
    arrives: bool | None
    why: str = ""
    body: Mapping[str, object] = {}


class Assumed(Struct, frozen=True):
    """An assumption that the result rests on: its name, what was chosen, and what AWS leaves open."""

    name: str
    choice: str
    about: str


class Observed(Struct, frozen=True, kw_only=True):
    """What became of the asserted alarm from `evaluate_from` to `eval_time`.

    `earlier` is what the first evaluation saw beside the newest datapoint, oldest first. `series` are the
    rows that are drawn above the timeline: a label and, for each of `earlier` and each evaluation, a text.
    `doubts` say why an evaluation is indeterminate, `warnings` what the result hangs on.
    """

    initial_state: StateName
    evaluations: tuple[Evaluated, ...]
    earlier: tuple[Seen, ...] = ()
    actions: tuple[Taken, ...] = ()
    received: tuple[Received, ...] = ()
    reason: str = ""
    series: tuple[tuple[str, tuple[str, ...]], ...] = ()
    threshold: str = ""
    assumed: tuple[Assumed, ...] = ()
    doubts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def state(self) -> StateName:
        """The state after the last evaluation."""
        return self.evaluations[-1].state if self.evaluations else self.initial_state

    @property
    def changes(self) -> tuple[tuple[int, StateName], ...]:
        """When the state changed, and to what."""
        before = self.initial_state
        found = []
        for one in self.evaluations:
            if one.state != before:
                found.append((one.time, one.state))
            before = one.state
        return tuple(found)
