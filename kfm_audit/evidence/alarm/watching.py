"""What an alarm watches: by which name AWS publishes it, and which resource of the input it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.facts import Function, MetricAlarm, Queue, Topic
from kfm_audit.values import Known, ReferenceKind, Unknown, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_NAMED_BY: Final[Mapping[str, Mapping[str, str]]] = {
    "AWS/ApplicationELB": {"LoadBalancer": "arn_suffix", "TargetGroup": "arn_suffix"},
    "AWS/DynamoDB": {"TableName": "name"},
    "AWS/ECS": {"ClusterName": "name", "ServiceName": "name"},
    "AWS/Events": {"RuleName": "name"},
    "AWS/Firehose": {"DeliveryStreamName": "name"},
    "AWS/Kinesis": {"StreamName": "name"},
    "AWS/Lambda": {"FunctionName": "function_name"},
    "AWS/NetworkELB": {"LoadBalancer": "arn_suffix", "TargetGroup": "arn_suffix"},
    "AWS/RDS": {"DBClusterIdentifier": "cluster_identifier", "DBInstanceIdentifier": "identifier"},
    "AWS/S3": {"BucketName": "bucket"},
    "AWS/SNS": {"TopicName": "name"},
    "AWS/SQS": {"QueueName": "name"},
}
"""Dimensions that hold a name and never an ARN or URL, and the attribute of the resource that is that name."""


class OtherName(Struct, frozen=True):
    """A dimension whose value is an ARN or URL, and the attribute of the resource that it should be."""

    key: str
    value: str
    attribute: str


def not_by_name(namespace: str, dimensions: Mapping[str, str]) -> OtherName | None:
    """The first dimension that holds an ARN or URL where AWS publishes a name."""
    named_by = _NAMED_BY.get(namespace)
    for key, value in dimensions.items() if named_by else ():
        if named_by and key in named_by and value.startswith(("arn:", "https://")):
            return OtherName(key, value, named_by[key])
    return None


def only_by_name(
    alarm: MetricAlarm, namespace: str, unknown: Unknown, evidence: Evidence
) -> tuple[str, str, str] | None:
    """Address, what it is named by instead, and the dimension, of a queue or topic that is not named by its name.

    So it is where dimensions are known only after apply and come from one resource alone, whose name is
    known: `id` of a queue is its URL, and that of a topic its ARN. A function's `id` is its name, so that
    nothing can be told of functions.
    """
    if namespace not in ("AWS/SQS", "AWS/SNS") or len(unknown.references) != 1:
        return None
    reference = unknown.references[0]
    if reference.kind is not ReferenceKind.RESOURCE:
        return None
    facts: tuple[Queue | Topic, ...]
    if namespace == "AWS/SQS":
        facts = evidence.contract.dead_letters.queues.of_reference(reference, alarm).facts
    else:
        facts = evidence.alarms.topics.leads.of_reference(reference, alarm).facts
    if not facts or any(fact.indefinite or not isinstance(fact.name, Known) for fact in facts):
        return None
    ways, key = ("ARN or URL", "QueueName") if namespace == "AWS/SQS" else ("ARN", "TopicName")
    return reference.name, ways, key


def watched_by(
    alarm: MetricAlarm, namespace: str, dimensions: Mapping[str, str], evidence: Evidence
) -> tuple[Queue | Function, ...]:
    """The queues or functions of the alarm's stack that its dimensions name."""
    if namespace == "AWS/SQS" and "QueueName" in dimensions and evidence.named("Queue"):
        return evidence.contract.dead_letters.queues.of_text(dimensions["QueueName"], alarm).facts
    if namespace == "AWS/Lambda" and "FunctionName" in dimensions and evidence.named("Function"):
        return evidence.contract.dead_letters.functions.of_text(dimensions["FunctionName"], alarm).facts
    return ()


def namesake(fact: Queue | Function, evidence: Evidence) -> Queue | Function | None:
    """A resource of another stack of the run that bears the same name."""
    return next((item for item in evidence.of(type(fact)) if _is_namesake(item, fact)), None)


def _is_namesake(one: Queue | Function, other: Queue | Function) -> bool:
    """Whether a resource of another stack bears the same name."""
    return one.stack != other.stack and _name(one) is not None and _name(one) == _name(other)


def _name(fact: Queue | Function) -> str | None:
    return known(fact.name if isinstance(fact, Queue) else fact.function_name)
