"""Terraform plans of any size, as `terraform show -json` writes them: the same number gives the same bytes.

    python benchmarks/plans.py 5000 > plan.json

The stack is a common one: two topics with a subscriber each, a module of three alarms that is called once
for every service, and some old alarms that notify nobody. Of the two topics one exists, so that the actions
of its alarms are known, and one is created by the plan, so that they are known only after apply. Half of
the services on the first are there already and do not change.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-central-1"
PROVIDER: Final = "registry.terraform.io/hashicorp/aws"
PAGERS: Final = ("sev2", "sev3")
EXISTING: Final = "sev2"
SINGLES: Final = 10
"""One alarm in so many stands alone and notifies nobody; the others come in threes, by the module."""

Json = dict[str, Any]


def plan(alarms: int) -> bytes:
    """The plan of a stack with `alarms` metric alarms (a multiple of ten), one tenth of them defective.

    It holds two topics, which are not encrypted, and two subscriptions beside: trivy has no rule on an alarm,
    and what it says of the topics shows that it read the plan. Raises ValueError for another number.
    """
    if alarms <= 0 or alarms % SINGLES:
        raise ValueError(f"{alarms} alarms: give a multiple of {SINGLES}")
    resources = list(_resources(alarms))
    document = {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "variables": {"environment": {"value": "prod"}},
        "planned_values": {"root_module": _modules(resources, "after")},
        "resource_changes": [_change(resource) for resource in resources],
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": "1.9.8",
            "values": {"root_module": _modules([one for one in resources if not one["create"]], "before")},
        },
        "configuration": _configuration(),
        "timestamp": "2026-01-30T22:14:05Z",
        "applyable": True,
        "complete": True,
        "errored": False,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def defective(alarms: int) -> int:
    """How many of the alarms notify nobody."""
    return alarms // SINGLES


def _resources(alarms: int) -> Iterator[Json]:
    for severity in PAGERS:
        create = severity != EXISTING
        known = {"name": f"kfm-prod-{severity}", "display_name": "", "fifo_topic": False}
        known |= {"kms_master_key_id": None, "tags": _tags("alerting"), "tags_all": _tags("alerting")}
        computed = {"arn": _topic_arn(severity), "id": _topic_arn(severity)}
        yield _resource("", "aws_sns_topic", severity, known=known, computed=computed, create=create)
        known = {
            "protocol": "https",
            "endpoint": f"https://events.example.org/{severity}",
            "raw_message_delivery": False,
        }
        subscription = f"{_topic_arn(severity)}:6b0e71bd-7e97-4d97-80ce-4a0994e55286"
        computed = {"topic_arn": _topic_arn(severity), "arn": subscription, "id": subscription}
        yield _resource(
            "", "aws_sns_topic_subscription", severity, known=known, computed=computed, create=create
        )
    for number in range(defective(alarms)):
        yield _alarm("", "legacy", _single(number), actions=None, create=False, index=number)
    for number in range((alarms - defective(alarms)) // 3):
        service = f"ingest-{number:04d}"
        severity = PAGERS[number % 3 // 2]
        module = f'module.{severity}_alarms["{service}"]'
        create = severity != EXISTING or number % 2 == 1
        for name, specific in _of_service(service).items():
            yield _alarm(module, name, specific, actions=severity, create=create)


def _single(number: int) -> Json:
    return {
        "alarm_name": f"prod-legacy-{number:04d}-status",
        "alarm_description": "The instance fails its status checks.",
        "comparison_operator": "GreaterThanThreshold",
        "namespace": "AWS/EC2",
        "metric_name": "StatusCheckFailed",
        "dimensions": {"InstanceId": f"i-{number:017x}"},
        "statistic": "Maximum",
        "threshold": 0,
    }


def _of_service(service: str) -> dict[str, Json]:
    queue = {
        "namespace": "AWS/SQS",
        "dimensions": {"QueueName": f"kfm-prod-{service}"},
        "statistic": "Maximum",
    }
    at_least = "GreaterThanOrEqualToThreshold"
    return {
        "backlog_high": {
            "alarm_name": f"prod-{service}-backlog-high",
            "alarm_description": f"{service} falls behind: its queue holds a thousand messages or more.",
            "comparison_operator": at_least,
            "metric_name": "ApproximateNumberOfMessagesVisible",
            "threshold": 1000,
            **queue,
        },
        "oldest_age_high": {
            "alarm_name": f"prod-{service}-oldest-age-high",
            "alarm_description": f"{service} falls behind: a message waits for five minutes or more.",
            "comparison_operator": at_least,
            "metric_name": "ApproximateAgeOfOldestMessage",
            "threshold": 300,
            **queue,
        },
        "error_ratio": {
            "alarm_name": f"prod-{service}-error-ratio",
            "alarm_description": f"{service} fails for two in a hundred invocations or more.",
            "comparison_operator": at_least,
            "threshold": 2,
            "metric_query": [
                _query("ratio", "100 * errors / FILL(invocations, 1)"),
                _metric("errors", "Errors", service),
                _metric("invocations", "Invocations", service),
            ],
            "period": None,
        },
    }


def _query(name: str, expression: str) -> Json:
    label = "errors in percent"
    return {
        "id": name,
        "expression": expression,
        "label": label,
        "return_data": True,
        "metric": [],
        "period": None,
        "account_id": "",
    }


def _metric(name: str, metric: str, service: str) -> Json:
    read = {"namespace": "AWS/Lambda", "metric_name": metric, "period": 300, "stat": "Sum", "unit": None}
    read["dimensions"] = {"FunctionName": f"kfm-prod-{service}"}
    return {
        "id": name,
        "expression": "",
        "label": "",
        "return_data": False,
        "metric": [read],
        "period": None,
        "account_id": "",
    }


def _alarm(
    module: str, name: str, specific: Json, *, actions: str | None, create: bool, index: int | None = None
) -> Json:
    known: Json = {
        "actions_enabled": True,
        "alarm_actions": None,
        "datapoints_to_alarm": 3,
        "evaluation_periods": 3,
        "extended_statistic": None,
        "insufficient_data_actions": None,
        "metric_name": None,
        "metric_query": [],
        "namespace": None,
        "dimensions": None,
        "ok_actions": None,
        "period": 300,
        "statistic": None,
        "tags": _tags(specific["alarm_name"]),
        "tags_all": _tags(specific["alarm_name"]),
        "threshold_metric_id": None,
        "treat_missing_data": "missing",
        "unit": None,
        **specific,
    }
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{known['alarm_name']}"
    computed: Json = {"arn": arn, "id": known["alarm_name"], "evaluate_low_sample_count_percentiles": ""}
    if actions == EXISTING:
        known["alarm_actions"] = [_topic_arn(actions)]
    elif actions is not None:
        computed["alarm_actions"] = [_topic_arn(actions)]
        del known["alarm_actions"]
    of_type = "aws_cloudwatch_metric_alarm"
    return _resource(module, of_type, name, known=known, computed=computed, create=create, index=index)


def _resource(
    module: str,
    of_type: str,
    name: str,
    *,
    known: Json,
    computed: Json,
    create: bool,
    index: int | None = None,
) -> Json:
    """One resource: what the configuration says of it, and what only the cloud does."""
    instance = "" if index is None else f"[{index}]"
    address = ".".join(part for part in (module, of_type, name) if part) + instance
    head: Json = {"address": address, "mode": "managed", "type": of_type, "name": name}
    if index is not None:
        head["index"] = index
    head["provider_name"] = PROVIDER
    return {"module": module, "head": head, "known": known, "computed": computed, "create": create}


def _values(resource: Json, *, unknown: bool) -> Json:
    return dict(sorted((resource["known"] if unknown else resource["known"] | resource["computed"]).items()))


def _change(resource: Json) -> Json:
    create = resource["create"]
    where = {"module_address": resource["module"]} if resource["module"] else {}
    address = {"address": resource["head"]["address"]}
    change: Json = {
        "actions": ["create"] if create else ["no-op"],
        "before": None if create else _values(resource, unknown=False),
        "after": _values(resource, unknown=create),
        "after_unknown": dict.fromkeys(sorted(resource["computed"]), True) if create else {},
        "before_sensitive": False if create else {},
        "after_sensitive": {"tags": {}, "tags_all": {}},
    }
    return {**address, **where, **resource["head"], "change": change}


def _modules(resources: list[Json], time: str) -> Json:
    """A tree of modules, as plans and states hold it."""
    by_module: dict[str, list[Json]] = {}
    for resource in resources:
        unknown = time == "after" and resource["create"]
        values = {
            "values": _values(resource, unknown=unknown),
            "sensitive_values": {"tags": {}, "tags_all": {}},
        }
        by_module.setdefault(resource["module"], []).append(
            {**resource["head"], "schema_version": 1, **values}
        )
    root: Json = {"resources": by_module.pop("", [])}
    root["child_modules"] = [
        {"resources": inside, "address": address} for address, inside in by_module.items()
    ]
    return root


def _configuration() -> Json:
    region = {"region": {"constant_value": REGION}}
    provider = {"name": "aws", "full_name": PROVIDER, "version_constraint": "~> 5.80", "expressions": region}
    resources = []
    for severity in PAGERS:
        topic = {"name": {"constant_value": f"kfm-prod-{severity}"}}
        resources.append(_declared("aws_sns_topic", severity, topic))
        subscription = {
            "topic_arn": _refers(f"aws_sns_topic.{severity}.arn", f"aws_sns_topic.{severity}"),
            "protocol": {"constant_value": "https"},
            "endpoint": {"constant_value": f"https://events.example.org/{severity}"},
        }
        resources.append(_declared("aws_sns_topic_subscription", severity, subscription))
    legacy = _declared("aws_cloudwatch_metric_alarm", "legacy", {"alarm_name": _refers("count.index")})
    resources.append({**legacy, "count_expression": _refers("var.legacy")})
    calls = {
        f"{severity}_alarms": {
            "source": "./modules/service-alarms",
            "expressions": {
                "service": _refers("each.key"),
                "topic_arn": _refers(f"aws_sns_topic.{severity}.arn", f"aws_sns_topic.{severity}"),
            },
            "for_each_expression": _refers(f"var.{severity}_services"),
            "module": _service_module(),
        }
        for severity in PAGERS
    }
    variables: Json = {name: {} for name in ("environment", "legacy", "sev2_services", "sev3_services")}
    return {
        "provider_config": {"aws": provider},
        "root_module": {"resources": resources, "module_calls": calls, "variables": variables},
    }


def _service_module() -> Json:
    resources = []
    for name, specific in _of_service("each").items():
        expressions: Json = {
            key: {"constant_value": value}
            for key, value in specific.items()
            if value is not None
            and isinstance(value, str | int)
            and key not in ("alarm_name", "alarm_description")
        }
        expressions["alarm_name"] = _refers("var.service")
        expressions["alarm_actions"] = _refers("var.topic_arn")
        if "dimensions" in specific:
            expressions["dimensions"] = _refers("var.service")
        resources.append(_declared("aws_cloudwatch_metric_alarm", name, expressions))
    return {"resources": resources, "variables": {"service": {}, "topic_arn": {}}}


def _declared(of_type: str, name: str, expressions: Json) -> Json:
    head = {"address": f"{of_type}.{name}", "mode": "managed", "type": of_type, "name": name}
    return {**head, "provider_config_key": "aws", "expressions": expressions, "schema_version": 1}


def _refers(*names: str) -> Json:
    return {"references": list(names)}


def _topic_arn(severity: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:kfm-prod-{severity}"


def _tags(component: str) -> dict[str, str]:
    return {"component": component, "environment": "prod", "managed-by": "terraform", "team": "kfm-pipelines"}


if __name__ == "__main__":
    sys.stdout.buffer.write(plan(int(sys.argv[1])))
