"""The file of alarm tests as people write it (design section 8).

The JSON Schema in `schemas/` is generated from these types.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

StateName = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Span = Annotated[str, Meta(examples=["90s", "9m", "1h30m", "1d"])]
Range = Literal["auto"] | Annotated[int, Meta(ge=1, le=10_000)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a file of alarm tests: unknown keys are refused."""


class Series(Section, frozen=True):
    """What a metric measured: one value for each interval, from time 0 on."""

    metric: str
    """The metric's name, with its namespace before it where `namespace` is left out: `AWS/Lambda Errors`."""
    values: str
    """The statistic of each interval, in promtool's notation: `1 2 3`, `0x9`, `1+2x5`, `_`, `_x3`."""
    stat: str
    """The statistic that the values are: `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, `p99`."""
    namespace: str = ""
    """The metric's namespace, where it does not stand before the name."""
    dimensions: dict[str, str] = {}
    """The metric's dimensions, all of them: a metric with others is another metric."""


class Change(Section, frozen=True):
    """A change of an alarm's state."""

    at: Span
    """When, from time 0 on."""
    state: StateName
    """The state that it changes to."""


class Notification(Section, frozen=True):
    """A message that reaches a subscriber. What is left out is not compared."""

    to: str
    """The subscriber: the address of the subscription, or its endpoint."""
    at: Span = ""
    """When it is sent, from time 0 on."""
    state: StateName | None = None
    """The state that it tells of: `NewStateValue`."""
    topic: str = ""
    """The topic that it came by: its address, its ARN or its name."""
    body: dict[str, str | int | float | bool | None] = {}
    """Keys of the message, and their values; `Trigger.Period` reaches into the objects of the message."""


class AlarmStateTest(Section, frozen=True):
    """One assertion: what an alarm is, and has done, at a point in time."""

    eval_time: Span
    """The time of the last evaluation."""
    alarm: str
    """The alarm, by its name or its Terraform address."""
    exp_state: StateName
    """The state after the evaluation at `eval_time`."""
    initial_state: StateName = "INSUFFICIENT_DATA"
    """The state just before the first evaluation."""
    evaluate_from: Span = ""
    """The time of the first evaluation; the alarm's whole window, where it is left out."""
    exp_actions: tuple[str, ...] | None = None
    """The actions taken from `evaluate_from` to `eval_time`, in their order: ARNs, addresses or names of topics."""
    exp_changes: tuple[Change, ...] | None = None
    """The changes of state from `evaluate_from` to `eval_time`, in their order."""
    exp_notifications: tuple[Notification, ...] | None = None
    """The messages that reach a subscriber from `evaluate_from` to `eval_time`, in their order."""
    exp_reason: str = ""
    """A part of CloudWatch's reason for the state, as `StateReason` words it; `*` stands for anything."""
    allow_indeterminate: bool = False
    """Accept that AWS's documents do not settle an evaluation: the alarm keeps its state there."""


class Test(Section, frozen=True):
    """Input series, and assertions on the alarms that read them."""

    name: str
    """What the test shows."""
    alarm_state_test: tuple[AlarmStateTest, ...]
    """The assertions."""
    interval: Span = "1m"
    """What one value stands for; the period of each alarm is a multiple of it."""
    input_series: tuple[Series, ...] = ()
    """What the metrics measured; a metric that is not named has no data."""
    starts_at: str = ""
    """The moment that is time 0, for alarms that look at the clock: `2026-01-31T09:00:00Z`."""
    initial_states: dict[str, StateName] = {}
    """The states of other alarms just before the first evaluation, for composites and suppressors."""
    evaluation_range: Range | None = None
    """As `evaluation_range` of the file, for this test."""
    assumptions: dict[str, str] = {}
    """As `assumptions` of the file, for this test."""


class TestFile(Section, frozen=True):
    """Tests of the alarms of one Terraform root module, or of one account and region."""

    alarms: str
    """A plan, a folder of `.tf` files, or what `aws cloudwatch describe-alarms` printed; relative to this file."""
    tests: tuple[Test, ...]
    """The tests."""
    variable_files: tuple[str, ...] = ()
    """Values of variables, where `alarms` is a folder of `.tf` files; relative to this file."""
    evaluation_range: Range = "auto"
    """How many periods an evaluation looks at: `auto` (N+2, or N+60/period below 60 s), or a number."""
    assumptions: dict[str, str] = {}
    """What to assume where AWS's documents say nothing, by the assumption's name."""
