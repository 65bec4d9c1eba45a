"""SNS007: quiet-hours-on-critical."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Known, Unknown

_HELP = (
    "take the clock out of it, or the alarm out of the mute rule or schedule: for what may wait until morning make a second alarm of a lower severity, and "
    "leave this one awake at all hours. Before that, make sure that somebody is on call to hear it"
)


class QuietHoursSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which alarms may never be quiet."""

    critical: tuple[str, ...] = ("P0",)
    """The severities that must be heard at any hour."""
    tags: tuple[str, ...] = ("severity", "priority")
    """Tag keys that name the severity of an alarm, whatever their case."""


@rule("SNS007", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR, settings=QuietHoursSettings)
def quiet_hours_on_critical(
    alarm: MetricAlarm | CompositeAlarm, ctx: Context[QuietHoursSettings]
) -> Iterator[Finding]:
    """A critical alarm keeps quiet at some hours.

    ## Why
    Quiet hours are right for what can wait. A P0 cannot: at three in the morning it is the same outage, and
    nobody is looking. CloudWatch has no setting called quiet hours, so they hide in other places, where a
    review does not see them: in an alarm mute rule that comes back every night, in
    a schedule that switches the actions off (`disableAlarmActions`), in metric math that has no datapoint at night (`IF(HOUR(m1) >= 8, m1)`), in a
    suppressor that goes off by the clock, or in a child of a composite rule that does.

    An alarm is critical where a tag says its severity, or a word of its name is one of `critical`. A mute rule
    (`aws_cloudwatch_alarm_mute_rule`) counts where its schedule is a `cron` that has not expired; one that is
    active once (`at(...)`) is planned work, and passes. Metric math is quiet where an `IF` on the clock leaves
    nothing, or a constant that does not breach, and where a comparison with the clock is a factor. A rule of a
    composite is quiet where some states of its children that read the clock make it false, whatever the others
    are in.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest_down",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_down",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "kfm-prod-ingest-down",
              "tags": {"severity": "P0"},
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 300,
              "evaluation_periods": 5,
              "metric_query": [
                {"id": "awake", "expression": "IF(HOUR(age) >= 8 AND HOUR(age) < 18, age)", "return_data": true},
                {"id": "age", "metric": [{"namespace": "AWS/SQS", "metric_name": "ApproximateAgeOfOldestMessage",
                  "dimensions": {"QueueName": "kfm-prod-ingest"}, "stat": "Maximum", "period": 60}]}
              ]
            },
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
          "address": "aws_cloudwatch_metric_alarm.ingest_down",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_down",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "kfm-prod-ingest-down",
              "tags": {"severity": "P0"},
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 300,
              "evaluation_periods": 5,
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "kfm-prod-ingest"},
              "statistic": "Maximum",
              "period": 60
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    A critical alarm looks at the clock in a way of which it cannot be told whether it is ever quiet; or an
    alarm is quiet at some hours and its severity is known only after apply. A test of the alarm at night
    decides the first (`kfm-audit test`, `starts_at`), tags that the plan knows the second.

    ## Settings
    `critical` names the severities (default: P0), `tags` the tag keys that tell the severity of an alarm.

    ## References
    KFM reliability runbook, guard rails: quiet hours where acceptable, never for P0. CloudWatch user guide,
    "Using metric math" (the functions of time) and "Composite alarm actions suppression".
    """
    from kfm_audit.evidence.quiet import quiet_hours

    settings = ctx.settings
    critical = _why_critical(alarm, settings)
    if critical == "":
        return
    for quiet in quiet_hours(ctx.evidence, alarm):
        related = (ctx.related("this is what goes by the clock", quiet.by),) if quiet.by else ()
        if critical is None:
            message = (
                f"{quiet.why}, and whether it is critical cannot be told: its tags are known only after apply"
            )
            yield ctx.undecided(alarm, message, at=quiet.at, help=_HELP, related=related)
        elif quiet.sure:
            message = f"{quiet.why}, so that it is quiet at some hours, and {critical}"
            yield ctx.fail(alarm, message, at=quiet.at, help=_HELP, related=related)
        else:
            message = f"{quiet.why}, and {critical}: whether it is ever quiet cannot be told"
            yield ctx.undecided(alarm, message, at=quiet.at, help=_HELP, related=related)


def _why_critical(alarm: Alarm, settings: QuietHoursSettings) -> str | None:
    """Why an alarm is critical, "" where it is not, None where that cannot be told."""
    wanted = {word.lower(): word for word in settings.critical}
    if isinstance(alarm.alarm_name, Known) and not alarm.alarm_name.sensitive:
        for word in (
            alarm.alarm_name.value.lower().replace("_", "-").replace("/", "-").replace(".", "-").split("-")
        ):
            if word in wanted:
                return f"is {wanted[word]} by its name"
    match alarm.tags:
        case Known(tags):
            keys = {key.lower() for key in settings.tags}
            for key, value in tags.items():
                if key.lower() in keys:
                    severity = wanted.get(value.lower())
                    return f"is {severity} by its tag {key}" if severity else ""
            return ""
        case Unknown():
            return None
        case _:
            return ""
