"""The names that AWS's answers have for what Terraform calls otherwise, and the other way round.

CloudWatch API reference, `MetricAlarm`, `CompositeAlarm`, `MetricDataQuery`; SNS API
reference, `GetTopicAttributes`, `GetSubscriptionAttributes`; SQS API reference,
`GetQueueAttributes`. The names of Terraform are those of its AWS provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.aws.arns import Arn
from kfm_audit.inputs.terraform.document import Json

_SPECIAL: Final = {
    "arn": "AlarmArn",
    "ok_actions": "OKActions",
    "evaluate_low_sample_count_percentiles": "EvaluateLowSampleCountPercentile",
    "metric_query": "Metrics",
    "metric": "MetricStat",
    "kms_master_key_id": "KmsMasterKeyId",
    "promql_criteria": "PromQLCriteria",
}
_OF_THE_STAT: Final = frozenset({"period", "stat", "unit"})
_SUPPRESSOR: Final = {
    "alarm": "ActionsSuppressor",
    "wait_period": "ActionsSuppressorWaitPeriod",
    "extension_period": "ActionsSuppressorExtensionPeriod",
}

ALARM: Final = (
    *("alarm_name", "arn", "alarm_description", "actions_enabled", "alarm_actions", "ok_actions"),
    *("insufficient_data_actions", "namespace", "metric_name", "comparison_operator", "evaluation_periods"),
    *("datapoints_to_alarm", "threshold", "threshold_metric_id", "period", "statistic", "unit"),
    *("extended_statistic", "treat_missing_data", "evaluate_low_sample_count_percentiles", "alarm_rule"),
    "evaluation_interval",
)
"""The attributes of alarms that differ from AWS's in their name alone."""


def key(name: str) -> str:
    """`TreatMissingData` for `treat_missing_data`."""
    return _SPECIAL.get(name) or "".join(word.capitalize() for word in name.split("_"))


def in_aws(attribute: str) -> str:
    """An attribute path as AWS's answers have it: `Metrics/0/MetricStat/Period` for `metric_query/0/metric/period`."""
    parts = [part for part in attribute.split("/") if part]
    if parts[:1] in (["rule"], ["mute_targets"], ["evaluation_criteria"]):
        return "/".join(key(part) for part in parts if not part.isdigit())
    if parts[:1] == ["actions_suppressor"]:
        return _SUPPRESSOR.get(parts[-1], "ActionsSuppressor")
    found: list[str] = []
    for part in parts:
        if found[-1:] == ["MetricStat"] and part not in _OF_THE_STAT and not part.isdigit():
            found.append("Metric")
        if not (part.isdigit() and found[-1:] == ["MetricStat"]):
            found.append(part if part.isdigit() else key(part))
    return "/".join(found)


def alarm_attributes(answer: dict[str, Json]) -> dict[str, Json]:
    """An alarm of `describe-alarms`, as Terraform's attributes. What has a wrong type is handed on as it is."""
    found = {name: answer[key(name)] for name in ALARM if key(name) in answer}
    if answer.get("Dimensions"):
        found["dimensions"] = pairs(answer["Dimensions"])
    if answer.get("Metrics"):
        found["metric_query"] = _queries(answer["Metrics"])
    if answer.get("EvaluationCriteria"):
        found["evaluation_criteria"] = _criteria(answer["EvaluationCriteria"])
    if answer.get("ActionsSuppressor"):
        found["actions_suppressor"] = [{name: answer.get(said) for name, said in _SUPPRESSOR.items()}]
    return found


def mute_rule_attributes(answer: dict[str, Json], arn: Arn) -> dict[str, Json]:
    """A mute rule of `get-alarm-mute-rule`, as Terraform's attributes."""
    rule, targets = answer.get("Rule"), answer.get("MuteTargets")
    schedule = rule.get("Schedule") if isinstance(rule, dict) else rule
    if isinstance(schedule, dict):
        schedule = {name: schedule.get(key(name)) for name in ("expression", "duration", "timezone")}
    return {
        "name": arn.resource.removeprefix("alarm-mute-rule:"),
        "rule": [{"schedule": [schedule]}],
        "mute_targets": [{"alarm_names": targets.get("AlarmNames")}]
        if isinstance(targets, dict)
        else targets,
        "start_date": answer.get("StartDate"),
        "expire_date": answer.get("ExpireDate"),
    }


def wrong_in_mute_rule(answer: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """The attributes of a mute rule that are not what AWS says of every rule, with what is wrong about each."""
    rule, targets = answer.get("Rule"), answer.get("MuteTargets")
    schedule = rule.get("Schedule") if isinstance(rule, dict) else None
    if not isinstance(schedule, dict) or not all(
        isinstance(schedule.get(name), str) for name in ("Expression", "Duration")
    ):
        yield "rule", "Rule should hold a Schedule with Expression and Duration"
    alarms = targets.get("AlarmNames") if isinstance(targets, dict) else None
    listed = isinstance(alarms, list) and all(isinstance(name, str) for name in alarms)
    if targets is not None and not listed:
        yield "mute_targets", "MuteTargets should hold AlarmNames, a list of names"


def topic_attributes(answer: dict[str, Json], arn: Arn) -> dict[str, Json]:
    """A topic of `get-topic-attributes`, as Terraform's attributes."""
    return {
        "name": arn.resource,
        "arn": answer["TopicArn"],
        "policy": answer.get("Policy"),
        "kms_master_key_id": answer.get("KmsMasterKeyId"),
        "fifo_topic": answer.get("FifoTopic", str(arn.resource.endswith(".fifo")).lower()),
    }


def subscription_attributes(answer: dict[str, Json], pending: Json) -> dict[str, Json]:
    """A subscription of `get-subscription-attributes` or of a list, as Terraform's attributes."""
    return {
        "topic_arn": answer["TopicArn"],
        "protocol": answer.get("Protocol"),
        "endpoint": answer.get("Endpoint"),
        "filter_policy": answer.get("FilterPolicy"),
        "filter_policy_scope": answer.get("FilterPolicyScope"),
        "raw_message_delivery": answer.get("RawMessageDelivery"),
        "pending_confirmation": pending,
        "subscription_role_arn": answer.get("SubscriptionRoleArn"),
    }


def queue_attributes(answer: dict[str, Json], arn: Arn) -> dict[str, Json]:
    """A queue of `get-queue-attributes`, as Terraform's attributes."""
    return {
        "name": arn.resource,
        "arn": answer["QueueArn"],
        "url": f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}",
        "policy": answer.get("Policy"),
        "kms_master_key_id": answer.get("KmsMasterKeyId"),
        "fifo_queue": answer.get("FifoQueue", "false"),
        "redrive_policy": answer.get("RedrivePolicy"),
    }


def pairs(items: Json, name: str = "Name", value: str = "Value") -> Json:
    """A list of objects with a name and a value, as a map; what is none is handed on as it is."""
    if not isinstance(items, list):
        return items
    if not all(isinstance(item, dict) and isinstance(item.get(name), str) for item in items):
        return items
    return {item[name]: item.get(value) for item in items}


def _criteria(item: Json) -> Json:
    if not isinstance(item, dict) or "PromQLCriteria" not in item:
        return item
    promql = item["PromQLCriteria"]
    if isinstance(promql, dict):
        names = ("query", "pending_period", "recovery_period")
        promql = [{name: promql.get(key(name)) for name in names}]
    return [{"promql_criteria": promql}]


def _queries(items: Json) -> Json:
    if not isinstance(items, list):
        return items
    # What is no object is no query: the list as a whole is then of a wrong type.
    wrong = next((item for item in items if not isinstance(item, dict)), None)
    return [_query(item) for item in items] if wrong is None and None not in items else {"": wrong}


def _query(item: dict[str, Json]) -> Json:
    found = {
        "id": item.get("Id"),
        "expression": item.get("Expression"),
        "label": item.get("Label"),
        "period": item.get("Period"),
        # The API's default is true, Terraform's is false; answers always say it.
        "return_data": item.get("ReturnData", True),
        "account_id": item.get("AccountId"),
    }
    stat = item.get("MetricStat")
    if stat is None:
        return found
    if not isinstance(stat, dict) or not isinstance(stat.get("Metric"), dict):
        return {**found, "metric": stat}
    metric = stat["Metric"]
    read = {
        "namespace": metric.get("Namespace"),
        "metric_name": metric.get("MetricName"),
        "dimensions": pairs(metric.get("Dimensions") or []),
        "period": stat.get("Period"),
        "stat": stat.get("Stat"),
        "unit": stat.get("Unit"),
    }
    return {**found, "metric": [read]}
