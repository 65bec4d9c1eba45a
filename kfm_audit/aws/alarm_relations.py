"""What a composite alarm may watch: CloudWatch's own refusals, beyond the grammar of the rule.

API reference of PutCompositeAlarm and the API's own answers of September 2026.
A cycle through other alarms is accepted and stops the evaluation; only a rule
that names its own alarm is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from kfm_audit.aws.arns import alarm_name, parse_arn


def refused_child(child: str, *, name: str, region: str, account: str) -> str | None:
    """Why CloudWatch refuses `child` in the rule of the alarm `name`; None where it does not.

    `child` is a name or an ARN. `region` and `account` are the alarm's own; ""
    where one is not known, and then nothing is said of it. Whether the child exists is not asked here.
    """
    arn = parse_arn(child)
    if arn is not None and arn.service == "cloudwatch":
        if region and arn.region != region:
            wrong = f"Wrong ARN region, it was {arn.region} but {region} was expected instead"
            return f"Error in AlarmRule [{wrong}]"
        if account and arn.account != account:
            return "A composite alarm cannot have a child relation with alarms from another AWS account"
    if alarm_name(child) == name:
        return (
            "A composite alarm cannot have a child relation with itself via its AlarmRule, "
            "as it would introduce a circular dependency"
        )
    return None


def absent_children(arns: Iterable[str]) -> str:
    """What CloudWatch says, at apply, of a rule whose children `arns` do not exist."""
    return f"Could not save the composite alarm as alarms [{', '.join(arns)}] in the alarm rule do not exist"
