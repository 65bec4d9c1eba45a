"""ALM021: duplicate-alarm-name."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.aws.partly_known import in_words
from kfm_audit.evidence.alarm.alarms import same_place, settled_name
from kfm_audit.facts import Alarm, Change, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, PartText, Unknown, ends_of, shown


@rule("ALM021", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR)
def duplicate_alarm_name(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Another alarm of the same stack and region bears the same name.

    ## Why
    A name is all that identifies an alarm in an account and region, metric and composite alarms alike. Of
    two resources with one name the second overwrites the first or is refused, and one of the two things
    that you meant to watch is not watched. From then on each apply changes it back and forth. The same
    happens where the plan deletes an alarm at one address and creates one of its name at another:
    Terraform does the two in no order, and where the delete comes last nothing is left.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest",
          "change": {
            "actions": ["create"],
            "after": {"alarm_name": "prod-errors"},
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_metric_alarm.publish",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "publish",
          "change": {
            "actions": ["create"],
            "after": {"alarm_name": "prod-errors"},
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## Good
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest",
          "change": {
            "actions": ["create"],
            "after": {"alarm_name": "prod-ingest-errors"},
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_metric_alarm.publish",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "publish",
          "change": {
            "actions": ["create"],
            "after": {"alarm_name": "prod-publish-errors"},
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the name is known only after apply, or hangs on a variable without a value, and another alarm of
    the stack may bear it too: one whose name fits the part that the sources show. Two names that are built
    alike from the same variables are the same, whatever these hold. And where the two have
    different provider configurations that do not tell their accounts or regions apart.

    ## Settings
    None. Alarms of different stacks are not compared: which account a stack is applied to is not in its
    plan.

    ## References
    CloudWatch API, `PutMetricAlarm`, `AlarmName`: "must be unique within the Region"; an existing alarm
    of that name is replaced. Terraform, "Refactoring": `moved` blocks.
    """
    alarms = ctx.evidence.alarms
    name = settled_name(alarm)
    others = [] if name is None else alarms.named(alarm, name)
    others = [other for other in others if other.subject != alarm.subject]
    certain = [other for other in others if same_place(alarm, other) and _will_be(alarm, other)]
    if isinstance(alarm.alarm_name, Unknown) and not certain:
        perhaps = alarms.perhaps_named_as(alarm)
        if perhaps is not None:
            from kfm_audit.evidence.unset import cure, when

            beside = (
                f", and may be that of {perhaps.subject}" if isinstance(alarm.alarm_name, PartText) else ""
            )
            yield ctx.undecided(
                alarm,
                f"whether another alarm bears its name {when(alarm.alarm_name, alarm)}: "
                f"the name depends on {ends_of(alarm.alarm_name)}{beside}",
                at="alarm_name",
                help=cure(alarm.alarm_name, "build alarm_name from variables, which the plan knows", alarm),
            )
    elif certain:
        more = f" and {len(certain) - 1} more" if len(certain) > 1 else ""
        yield ctx.fail(
            alarm,
            f"bears the name {_shown(alarm)}, as does {certain[0].subject}{more}: "
            "CloudWatch keeps one alarm of a name",
            at="alarm_name",
            help="put into alarm_name what tells them apart: the resource that is watched, or each.key",
            related=tuple(ctx.related("bears the same name", other, "alarm_name") for other in certain[:3]),
        )
    elif others:
        yield ctx.undecided(
            alarm,
            f"bears the name {shown(alarm.alarm_name)}, as does {others[0].subject}, and whether their "
            "providers lead to the same account and region cannot be told",
            at="alarm_name",
            help="give both providers a region and an assume_role that the plan knows, or the alarms names "
            "that differ",
        )
    elif name is not None and (alarm.change is Change.CREATED or _renamed(alarm)):
        yield from _reused(alarm, name, ctx)


def _will_be(alarm: Alarm, other: Alarm) -> bool:
    """Whether both alarms are certain to be made, where the sources alone do not even show their names."""
    return isinstance(alarm.alarm_name, Known) or not (alarm.indefinite or other.indefinite)


def _shown(alarm: Alarm) -> str:
    return (
        in_words(alarm.alarm_name.text) if isinstance(alarm.alarm_name, PartText) else shown(alarm.alarm_name)
    )


def _renamed(alarm: Alarm) -> bool:
    return isinstance(alarm.before, Alarm) and alarm.before.alarm_name != alarm.alarm_name


def _reused(alarm: Alarm, name: str, ctx: Context[NoSettings]) -> Iterator[Finding]:
    for other in ctx.evidence.alarms.leaving(alarm, name)[:1]:
        if same_place(alarm, other):
            yield ctx.fail(
                alarm,
                f"takes the name {shown(alarm.alarm_name)} from {other.subject}, which this plan deletes or "
                "renames: Terraform does the two in no order, and may delete the new alarm",
                at="alarm_name",
                help="if it is the same alarm, add "
                f"moved {{ from = {other.subject}, to = {alarm.subject} }}; "
                "else apply in two steps, the removal first",
                related=(ctx.related("bears the name until then", other, "alarm_name"),),
            )
