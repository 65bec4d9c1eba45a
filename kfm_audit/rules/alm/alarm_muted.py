"""ALM028: alarm-muted."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import Alarm, AlarmMuteRule
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of, first_unknown, shown

_AT = "rule/0/schedule/0/expression"
_SHOWN = 3


class Muting(Struct, frozen=True, forbid_unknown_fields=True):
    """What `rules: {ALM028: ...}` may say."""

    share: float = 0.9
    """The share of four weeks for which mute rules may keep an alarm from notifying anybody."""


@rule("ALM028", on=AlarmMuteRule, severity=Severity.WARNING, settings=Muting)
def alarm_muted(mute: AlarmMuteRule, ctx: Context[Muting]) -> Iterator[Finding]:
    """A mute rule keeps an alarm from notifying anybody, all of the time or nearly so.

    ## Why
    A muted alarm changes its state and looks well in every console; it takes no action. A rule that was meant
    for one night, `cron(0 22 * * *)` for `P1D`, comes back before it ends, and with no `expire_date` it never
    does. Nobody is told that nobody is told.

    The rule lays out when each mute rule is active in the next four weeks (or from its `start_date` on), in its
    time zone, and puts together all rules that name an alarm. An alarm fails where more than `share` of that
    time is muted, and where it notifies an SNS topic: one that tells nobody cannot be muted. A maintenance
    window, a weekend, quiet nights (SNS007 says where these may not be) and a single `at(...)` are under that.

    ## Bad
    ```hcl main.tf
    resource "aws_cloudwatch_metric_alarm" "backlog" {
      alarm_name          = "kfm-prod-backlog"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "kfm-prod-ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 1000
      alarm_actions       = ["arn:aws:sns:us-east-1:111122223333:oncall"]
    }

    resource "aws_cloudwatch_alarm_mute_rule" "migration" {
      name = "migration"

      rule {
        schedule {
          expression = "cron(0 22 * * *)"
          duration   = "P1D"
        }
      }

      mute_targets {
        alarm_names = [aws_cloudwatch_metric_alarm.backlog.alarm_name]
      }
    }
    ```

    ## Good
    ```hcl main.tf
    resource "aws_cloudwatch_metric_alarm" "backlog" {
      alarm_name          = "kfm-prod-backlog"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "kfm-prod-ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 1000
      alarm_actions       = ["arn:aws:sns:us-east-1:111122223333:oncall"]
    }

    resource "aws_cloudwatch_alarm_mute_rule" "migration" {
      name = "migration"

      rule {
        schedule {
          expression = "cron(0 22 * * *)"
          duration   = "PT6H"
        }
      }

      mute_targets {
        alarm_names = [aws_cloudwatch_metric_alarm.backlog.alarm_name]
      }
    }
    ```

    ## When it is undecided
    When the rule is active, or which alarms it names, is known only after apply, cannot be told from the
    sources alone, or cannot be read; it names alarms that no input shows; or whether an alarm notifies
    anybody is known only after apply.

    ## Settings
    `share`: the share of four weeks for which an alarm may be muted (0.9).

    ## References
    CloudWatch user guide, "Alarm mute rules"; CloudWatch API reference, `PutAlarmMuteRule`, `Schedule`.
    """
    alarms = ctx.evidence.mutes.alarms(mute)
    if isinstance(mute.alarm_names, Unknown) and not alarms:
        yield from _of_whom(mute, ctx)
        return
    groups: dict[tuple[AlarmMuteRule, ...], list[Alarm]] = {}
    for alarm in alarms:
        if alarm.actions_enabled != Known(False) and ctx.evidence.delivery.notified_topics(alarm) != Known(
            ()
        ):
            groups.setdefault(_together(mute, alarm, ctx), []).append(alarm)
    for rules, muted in groups.items():
        if rules:
            yield from _judged(mute, rules, muted, ctx)
    missing = ctx.evidence.mutes.missing(mute)
    share = ctx.evidence.mutes.share((mute,))
    if missing and isinstance(share, float) and share > ctx.settings.share:
        yield ctx.undecided(
            mute,
            f"mutes {_listed(missing)} {_long(share)}, and no input shows whether that tells anybody",
            at=_AT,
            help="check what makes the alarm together with the rule, or drop names that no alarm bears",
            key="missing",
        )


def _together(mute: AlarmMuteRule, alarm: Alarm, ctx: Context[Muting]) -> tuple[AlarmMuteRule, ...]:
    """The rules that are spoken of here: this one, or all of the alarm's where none suffices alone; else none."""
    every = ctx.evidence.mutes.rules(alarm)
    lone = [item for item in every if _too_long(ctx.evidence.mutes.share((item,)), ctx)]
    untold = [item for item in every if not isinstance(ctx.evidence.mutes.share((item,)), float)]
    if mute in lone or mute in untold:
        return (mute,)
    return every if not lone and not untold and len(every) > 1 and every[0] == mute else ()


def _too_long(share: object, ctx: Context[Muting]) -> bool:
    return isinstance(share, float) and share > ctx.settings.share


def _judged(
    mute: AlarmMuteRule, rules: tuple[AlarmMuteRule, ...], muted: list[Alarm], ctx: Context[Muting]
) -> Iterator[Finding]:
    share = ctx.evidence.mutes.share(rules)
    names = _listed([alarm.subject for alarm in muted])
    related = tuple(ctx.related("is muted", alarm) for alarm in muted[:_SHOWN])
    if not isinstance(share, float):
        yield ctx.undecided(
            mute,
            f"mutes {names}, and how long cannot be told: {share.why}",
            at=_AT,
            help="give the rule a schedule that the input shows: cron(0 2 * * *), PT4H, an IANA time zone",
            related=related,
        )
        return
    if share <= ctx.settings.share:
        return
    others = [item.subject for item in rules if item != mute]
    by = f", together with {_listed(others)}" if others else ""
    message = f"mutes {names} {_long(share)}{by} ({shown(mute.expression)} for {shown(mute.duration)}){_until(rules)}"
    topics = [ctx.evidence.delivery.notified_topics(alarm) for alarm in muted]
    unknown = first_unknown(*topics) if not any(isinstance(one, Known) for one in topics) else None
    if unknown is not None:
        from kfm_audit.evidence.unset import when

        message += f"; whether that tells anybody {when(unknown, muted[0])}: their actions come from {ends_of(unknown)}"
    make = ctx.fail if unknown is None else ctx.undecided
    yield make(
        mute,
        message,
        at=_AT,
        help="let the duration end before the schedule comes back, and give planned work an expire_date; an alarm "
        "that nobody is to hear goes, or loses its actions where a review sees it",
        related=(*related, *(ctx.related("mutes it too", item) for item in rules if item != mute)),
        key="" if not others else "together",
    )


def _of_whom(mute: AlarmMuteRule, ctx: Context[Muting]) -> Iterator[Finding]:
    """A rule of which the input does not say what it mutes."""
    assert isinstance(mute.alarm_names, Unknown)
    share = ctx.evidence.mutes.share((mute,))
    if isinstance(share, float) and share <= ctx.settings.share:
        return
    from kfm_audit.evidence.unset import cure

    how = _long(share) if isinstance(share, float) else "at times that are not shown either"
    yield ctx.undecided(
        mute,
        f"mutes alarms {how}, and which these are is not shown ({ends_of(mute.alarm_names)})",
        at="mute_targets",
        help="give what `aws cloudwatch get-alarm-mute-rule` says of it"
        if mute.deployed
        else cure(mute.alarm_names, "name the alarms by values that the plan knows", mute),
    )


def _long(share: float) -> str:
    return "all of the time" if share >= 1 else f"{int(100 * share)} % of the time"


def _until(rules: tuple[AlarmMuteRule, ...]) -> str:
    dates = [shown(item.expire_date) for item in rules if isinstance(item.expire_date, Known)]
    return f", until {max(dates)}" if len(dates) == len(rules) else ", without end"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return " and ".join(names[:2]) + more if not more else ", ".join(names[:2]) + more
