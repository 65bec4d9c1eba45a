"""SNS007: quiet-hours-on-critical."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import ABSENT, Unknown, ends_of, known

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

    An alarm is critical where its severity is one of `critical`: by a glob of the policy
    (`delivery.severities`), by a tag, by a word of its name or address, or by the contract alarm that it keeps
    (`alarms.contract`). `P0`, `p-0` and `priority: 0` are the same. A mute rule
    (`aws_cloudwatch_alarm_mute_rule`) counts where its schedule is a `cron` that has not expired; one that is
    active once (`at(...)`) is planned work, and passes. Metric math is quiet where an `IF` on the clock leaves
    nothing, or a constant that does not breach, and where a comparison with the clock is a factor, if an
    evaluation of all hours of a week (or days of a year) shows one at which nothing breaches. A rule of a
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
    alarm is quiet at some hours and its severity is known only after apply, or cannot be told from the
    sources alone. A test of the alarm at night decides the first (`kfm-audit test`, `starts_at`), tags that
    the plan knows the second.

    ## Settings
    `critical` names the severities (default: P0), `tags` the tag keys that tell the severity of an alarm.

    ## References
    KFM reliability runbook, guard rails: quiet hours where acceptable, never for P0. CloudWatch user guide,
    "Using metric math" (the functions of time) and "Composite alarm actions suppression".
    """
    critical = _why_critical(alarm, ctx) if _may_be_quiet(alarm, ctx) else ""
    if critical == "":
        return
    from kfm_audit.evidence.alarm.quiet import quiet_hours

    for quiet in quiet_hours(ctx.evidence, alarm):
        related = (ctx.related("this is what goes by the clock", quiet.by),) if quiet.by else ()
        if isinstance(critical, Unknown):
            from kfm_audit.evidence.unset import cure, when

            message = (
                f"{quiet.why}, and whether it is critical {when(critical, alarm)}: "
                f"{'tags depend' if critical is alarm.tags else 'alarm_name depends'} on {ends_of(critical)}"
            )
            hint = cure(
                critical, "write its severity into a tag or the name, as a value that the plan knows", alarm
            )
            yield ctx.undecided(
                alarm, message, at=quiet.at, help=f"{hint}; if it is critical, {_HELP}", related=related
            )
        elif quiet.sure:
            message = f"{quiet.why}, so that it is quiet at some hours, and {critical}"
            yield ctx.fail(alarm, message, at=quiet.at, help=_HELP, related=related)
        else:
            message = f"{quiet.why}, and {critical}: whether it is ever quiet cannot be told"
            yield ctx.undecided(alarm, message, at=quiet.at, help=_HELP, related=related)


def _may_be_quiet(alarm: Alarm, ctx: Context[QuietHoursSettings]) -> bool:
    """Whether there is anything that goes by the clock: most alarms read one metric, and nothing mutes any."""
    if not isinstance(alarm, MetricAlarm) or alarm.metric_query is not ABSENT:
        return True
    return bool(ctx.evidence.named("AlarmMuteRule") or ctx.evidence.named("Schedule"))


def _why_critical(alarm: Alarm, ctx: Context[QuietHoursSettings]) -> str | Unknown:
    """Why an alarm is critical, "" where it is not, Unknown where a tag or the name may say it."""
    from kfm_audit.evidence.alarm.gravity import severity_of

    settings = ctx.settings
    severities = ctx.evidence.severities.knowing(settings.critical)
    critical = {name for word in settings.critical for name in severities.named_in(word)}
    said = severity_of(ctx.evidence, alarm, settings.tags, severities)
    if isinstance(said, Unknown):
        return said
    if said is not None:
        return f"is {said.name} by {said.by}" if said.name in critical else ""
    # Of several words in its name, the gravest is heard.
    for text, by in ((known(alarm.alarm_name), "its name"), (alarm.subject, "its address")):
        for name in severities.named_in(text or ""):
            if name in critical:
                return f"is {name} by {by}"
    return ""
