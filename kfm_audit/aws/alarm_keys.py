"""The keys that the messages of each kind of alarm have: what a filter on the body can ask for at all.

The schema is that of `alarm_message`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kfm_audit.aws.alarm_message import TAG_KEYS, AlarmKind

_COMMON: Final = frozenset(
    {
        *(
            "AlarmName",
            "AlarmDescription",
            "AWSAccountId",
            "NewStateValue",
            "NewStateReason",
            "StateChangeTime",
        ),
        *("Region", "AlarmArn", "OldStateValue", "ActionExecutedAfterMuteWindow"),
        *("OKActions", "AlarmActions", "InsufficientDataActions"),
    }
)
_EVALUATED: Final = frozenset(
    {
        *("AlarmConfigurationUpdatedTimestamp", "Trigger.Period", "Trigger.EvaluationPeriods"),
        *("Trigger.DatapointsToAlarm", "Trigger.ComparisonOperator", "Trigger.Threshold"),
        *("Trigger.TreatMissingData", "Trigger.EvaluateLowSampleCountPercentile"),
    }
)
_METRIC: Final = frozenset(
    {
        *("Trigger.MetricName", "Trigger.Namespace", "Trigger.StatisticType", "Trigger.Statistic"),
        *("Trigger.ExtendedStatistic", "Trigger.Unit", "Trigger.Dimensions.name", "Trigger.Dimensions.value"),
    }
)
_QUERY: Final = "Trigger.Metrics."
_MATH: Final = frozenset(
    {
        "Trigger.ThresholdMetricId",  # of alarms on anomaly detection
        *(_QUERY + key for key in ("Id", "Label", "Expression", "ReturnData", "Period", "AccountId")),
        *(_QUERY + f"MetricStat.{key}" for key in ("Period", "Stat", "Unit")),
        *(_QUERY + f"MetricStat.Metric.{key}" for key in ("MetricName", "Namespace")),
        *(_QUERY + f"MetricStat.Metric.Dimensions.{key}" for key in ("name", "value")),
    }
)
_COMPOSITE: Final = frozenset(
    {
        *("AlarmRule", "TriggeringChildren.Arn"),
        *("TriggeringChildren.State.Value", "TriggeringChildren.State.Timestamp"),
    }
)

LEAVES: Final = {
    AlarmKind.METRIC: _COMMON | _EVALUATED | _METRIC,
    AlarmKind.METRIC_MATH: _COMMON | _EVALUATED | _MATH,
    AlarmKind.COMPOSITE: _COMMON | _COMPOSITE,
}
"""The keys that may hold a value, by kind, joined with dots through objects and arrays."""


def may_have(kind: AlarmKind, keys: Iterable[str], *, propagates_tags: bool = False) -> bool:
    """Whether the message of an alarm of this kind can have a value under these keys.

    `keys` lead through the objects; a key that is itself joined with dots is the
    same. What stands below propagated tags is not documented: all of it may.
    """
    path = ".".join(keys)
    if propagates_tags and path.partition(".")[0] in TAG_KEYS:
        return True
    return path in LEAVES[kind]


def never_of(kind: AlarmKind) -> frozenset[str]:
    """The keys that no message of this kind has, although those of other kinds do."""
    return frozenset().union(*LEAVES.values()) - LEAVES[kind]
