"""Plans with one alarm, as `terraform show -json` writes them."""

from __future__ import annotations

import json

TOPIC = "arn:aws:sns:eu-central-1:111122223333:kfm-prod-sev2"


def one_alarm(*actions: str, name: str = "prod-ingest-errors") -> str:
    """A plan that creates one alarm with these actions."""
    values = {
        "alarm_actions": list(actions) or None,
        "actions_enabled": True,
        "alarm_name": name,
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "dimensions": {"pipeline": "prod-ingest"},
        "datapoints_to_alarm": 3,
        "evaluation_periods": 3,
        "metric_name": "Failures",
        "namespace": "KFM/Pipelines",
        "period": 300,
        "statistic": "Sum",
        "threshold": 5,
        "tags": {"environment": "prod"},
        "tags_all": {"environment": "prod"},
    }
    address = {
        "address": "aws_cloudwatch_metric_alarm.ingest_errors",
        "mode": "managed",
        "type": "aws_cloudwatch_metric_alarm",
        "name": "ingest_errors",
    }
    provider = "registry.terraform.io/hashicorp/aws"
    change = {
        "actions": ["create"],
        "before": None,
        "after": values,
        "after_unknown": {"arn": True, "id": True},
    }
    planned = {**address, "provider_name": provider, "schema_version": 1, "values": values}
    written = {key: {"constant_value": value} for key, value in values.items() if value is not None}
    declared = {**address, "provider_config_key": "aws", "schema_version": 1, "expressions": written}
    document = {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": [planned]}},
        "resource_changes": [{**address, "provider_name": provider, "change": change}],
        "configuration": {"root_module": {"resources": [declared]}},
        "timestamp": "2026-01-30T22:14:05Z",
        "applyable": True,
        "complete": True,
        "errored": False,
    }
    return json.dumps(document, indent=2)


DEAF = one_alarm()
"""Its alarm notifies nobody: ALM001."""
SOUND = one_alarm(TOPIC)
"""Nothing is wrong with it."""
