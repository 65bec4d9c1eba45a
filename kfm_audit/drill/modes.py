"""The failure modes of the contract, as what each does to the metrics of AWS. Data, with its sources.

A minute is the finest that SQS and Lambda publish. What is healthy and what
fails are round numbers of a small pipeline; what they rest on stands beside them.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from kfm_audit.policy.contract import FailureMode, ResourceKind

Role: TypeAlias = Literal["queue", "dlq", "function"]
"""What a metric is of: the queue, the queue that takes its dead letters, the function that works on it."""

HEALTHY_A_MINUTE: Final = 100.0


class Shape(Struct, frozen=True):
    """A metric from the beginning of a failure on: `start + slope * minutes`, never below 0 or above `most`.

    `start` None: the metric has no data any more.
    """

    start: float | None
    slope: float = 0.0
    most: float = 2.0**360

    def at(self, minute: int) -> float | None:
        """The value in a minute; the failure begins with minute 0."""
        if self.start is None:
            return None
        return min(max(self.start + self.slope * minute, 0.0), self.most)


class Mode(Struct, frozen=True, kw_only=True):
    """A failure mode.

    `about` completes "the drill sends ...". `into` are the kinds of resource that
    it is sent into. `shapes` are what departs from `HEALTHY`, by role and metric.
    """

    name: FailureMode
    into: tuple[ResourceKind, ...]
    about: str
    source: str
    shapes: dict[tuple[Role, str], Shape]


NAMESPACES: Final[dict[Role, tuple[str, str]]] = {
    "queue": ("AWS/SQS", "QueueName"),
    "dlq": ("AWS/SQS", "QueueName"),
    "function": ("AWS/Lambda", "FunctionName"),
}
"""The namespace of the metrics of each role, and the dimension that names the resource."""

_SQS_WORKING: Final = {
    "ApproximateNumberOfMessagesVisible": 5.0,
    "ApproximateNumberOfMessagesNotVisible": 5.0,
    "ApproximateNumberOfMessagesDelayed": 0.0,
    "ApproximateAgeOfOldestMessage": 20.0,
    "NumberOfMessagesSent": HEALTHY_A_MINUTE,
    "NumberOfMessagesReceived": HEALTHY_A_MINUTE,
    "NumberOfMessagesDeleted": HEALTHY_A_MINUTE,
    "NumberOfEmptyReceives": 0.0,
}
HEALTHY: Final[dict[Role, dict[str, float | None]]] = {
    "queue": dict(_SQS_WORKING),
    # SQS publishes nothing of a queue that nobody uses for six hours ("Monitoring with CloudWatch").
    "dlq": dict.fromkeys(_SQS_WORKING),
    "function": {
        "Invocations": HEALTHY_A_MINUTE,
        "Errors": 0.0,
        "Throttles": 0.0,
        "Duration": 1_000.0,
        "ConcurrentExecutions": 2.0,
        "DeadLetterErrors": 0.0,
        "DestinationDeliveryFailures": 0.0,
        "AsyncEventsReceived": HEALTHY_A_MINUTE,
        "AsyncEventsDropped": 0.0,
        "AsyncEventAge": 100.0,
    },
}
"""What each metric is before the failure; None has no data. A metric that is not here is not simulated."""

COUNTS: Final = frozenset(
    {"Invocations", "Errors", "Throttles", "DeadLetterErrors", "DestinationDeliveryFailures"}
    | {"AsyncEventsReceived", "AsyncEventsDropped"}
)
"""Metrics of Lambda with one sample for each invocation: their average is a share of the invocations."""

_GONE: Final = {("function", name): Shape(None) for name in HEALTHY["function"]}

MODES: Final = (
    Mode(
        name="dead-consumer",
        into=("queue",),
        about="900 messages that nobody takes: the consumer is dead, and the producer has nothing more to send",
        source="Amazon SQS guide, available CloudWatch metrics: nothing is taken, so the oldest message grows older",
        shapes={
            **_GONE,
            ("queue", "ApproximateNumberOfMessagesVisible"): Shape(900.0),
            ("queue", "ApproximateNumberOfMessagesNotVisible"): Shape(0.0),
            ("queue", "ApproximateAgeOfOldestMessage"): Shape(60.0, 60.0),
            ("queue", "NumberOfMessagesSent"): Shape(0.0),
            ("queue", "NumberOfMessagesReceived"): Shape(0.0),
            ("queue", "NumberOfMessagesDeleted"): Shape(0.0),
        },
    ),
    Mode(
        name="drip",
        into=("queue",),
        about="one message a minute more than the consumer handles: 10 come, 9 are done",
        source="Little's law: n messages wait n / 9 minutes when 9 a minute are done",
        shapes={
            ("queue", "ApproximateNumberOfMessagesVisible"): Shape(5.0, 1.0),
            ("queue", "ApproximateAgeOfOldestMessage"): Shape(20.0, 60.0 / 9.0),
            ("queue", "NumberOfMessagesSent"): Shape(10.0),
            ("queue", "NumberOfMessagesReceived"): Shape(9.0),
            ("queue", "NumberOfMessagesDeleted"): Shape(9.0),
            ("function", "Invocations"): Shape(9.0),
        },
    ),
    Mode(
        name="poison-pill",
        into=("queue", "function"),
        about="one message a minute that no attempt can process: it fails five times and becomes a dead letter",
        source=(
            "Amazon SQS guide, ApproximateAgeOfOldestMessage: a message received three times or more no longer "
            "counts as the oldest"
        ),
        shapes={
            ("queue", "ApproximateAgeOfOldestMessage"): Shape(60.0),
            ("function", "Invocations"): Shape(HEALTHY_A_MINUTE + 4.0),
            ("function", "Errors"): Shape(5.0),
            ("dlq", "ApproximateNumberOfMessagesVisible"): Shape(-2.0, 1.0),
            ("dlq", "ApproximateAgeOfOldestMessage"): Shape(-180.0, 60.0),
        },
    ),
    Mode(
        name="throttle-storm",
        into=("function",),
        about="60 of 100 invocations a minute throttled",
        source="AWS Lambda guide, types of metrics: throttled requests count neither as invocations nor as errors",
        shapes={
            ("function", "Invocations"): Shape(40.0),
            ("function", "Throttles"): Shape(60.0),
            ("function", "ConcurrentExecutions"): Shape(10.0),
            ("function", "AsyncEventAge"): Shape(1_000.0, 10_000.0),
        },
    ),
    Mode(
        name="async-drop",
        into=("function",),
        about="one asynchronous event a minute dropped after its third attempt",
        source="AWS Lambda guide, asynchronous invocation: two retries, then the event is discarded or handed on",
        shapes={
            ("function", "Invocations"): Shape(HEALTHY_A_MINUTE + 2.0),
            ("function", "Errors"): Shape(3.0),
            ("function", "AsyncEventsDropped"): Shape(1.0),
            ("dlq", "ApproximateNumberOfMessagesVisible"): Shape(-2.0, 1.0),
            ("dlq", "ApproximateAgeOfOldestMessage"): Shape(-180.0, 60.0),
        },
    ),
    Mode(
        name="dlq-trickle",
        into=("dlq",),
        about="a dead letter every two hours",
        source="Amazon SQS guide: dead letters stay visible until somebody takes them",
        shapes={
            ("dlq", "ApproximateNumberOfMessagesVisible"): Shape(1.0, 1.0 / 120.0),
            ("dlq", "ApproximateAgeOfOldestMessage"): Shape(60.0, 60.0),
        },
    ),
)
