"""ALM025: suppressor-can-mute-forever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence.alarm.series import often_silent
from kfm_audit.evidence.alarm.silence import Silence, silence
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Attribute, Known, ReferenceKind, Unknown, ends_of, shown

_END_RULE = "give the suppressor a rule that is false again when the maintenance ends, or take it away"
_END_SILENCE = (
    'set treat_missing_data = "notBreaching" on the suppressor and let what sets it off publish while it '
    "lasts, so that silence ends the suppression"
)
_END_FILL = (
    "let the suppressor's expression fill with a value that does not breach, FILL(m, 0) instead of REPEAT, and set "
    'treat_missing_data = "notBreaching", so that silence ends the suppression'
)
_AT: Final = "actions_suppressor/0/alarm"
_ALWAYS: Final = frozenset({(True,)})


@rule("ALM025", on=CompositeAlarm, severity=Severity.WARNING)
def suppressor_can_mute_forever(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm that suppresses a composite's actions may stay in ALARM, and mute it for good.

    ## Why
    While its suppressor is in ALARM, a composite takes no actions, however long that lasts; CloudWatch
    has no limit. A suppressor is meant for a maintenance window. It is none where it stays in ALARM by
    itself: an alarm that takes missing data for breaching while its metric has none, one that keeps its
    state when data ends (`ignore`), a composite whose rule is always true, or is for as long as such an alarm
    stays in ALARM. And where the composite can only be in ALARM while its suppressor is too, it never takes an
    action at all; nor does it where the suppressor watches the composite, itself or by other composites, and
    goes into ALARM with it: within the wait period, the suppressor has followed.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.deploying",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "deploying",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-deploying",
              "namespace": "KFM/Deploy",
              "metric_name": "Running",
              "comparison_operator": "GreaterThanThreshold",
              "threshold": 0,
              "treat_missing_data": "ignore"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-page",
              "alarm_rule": "ALARM(prod-backlog)",
              "actions_suppressor": [{"alarm": "prod-deploying", "wait_period": 60, "extension_period": 60}]
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
          "address": "aws_cloudwatch_metric_alarm.deploying",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "deploying",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-deploying",
              "namespace": "KFM/Deploy",
              "metric_name": "Running",
              "comparison_operator": "GreaterThanThreshold",
              "threshold": 0,
              "treat_missing_data": "notBreaching"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-page",
              "alarm_rule": "ALARM(prod-backlog)",
              "actions_suppressor": [{"alarm": "prod-deploying", "wait_period": 60, "extension_period": 60}]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    When the suppressor, or how it treats missing data, is known only after apply, or cannot be told from the
    sources alone; when no input holds the suppressor, or several alarms bear its name. And where it reads
    `FILL(m, REPEAT)`: AWS does not document how long that repeats a value after the last datapoint. Where the
    suppressor watches the composite and there is no wait period, AWS does not document which comes first.
    Expressions that CloudWatch refuses (ALM011) or that look at the clock are not judged.

    ## Settings
    None.

    ## References
    - [Suppressing composite alarm actions](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_How_To.html)
    """
    if alarm.actions_suppressor is None:
        return
    match alarm.actions_suppressor.alarm:
        case Known(reference):
            found = ctx.evidence.alarms.named(alarm, alarm_name(reference))
        case Unknown(references):
            names = {item.name for item in references if item.kind is ReferenceKind.RESOURCE}
            found = tuple(
                other
                for other in ctx.evidence.alarms.all
                if other.stack == alarm.stack and other.subject in names
            )
        case _:
            return
    if len(found) != 1:
        yield _untold(alarm, alarm.actions_suppressor.alarm, found, ctx)
        return
    suppressor = found[0]
    related = (ctx.related("the suppressor", suppressor),)
    muted = _mutes_itself(alarm, suppressor, ctx)
    if muted is not None:
        yield muted
        return
    stay = _stays(ctx, suppressor)
    if isinstance(stay, Unknown):
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"whether its suppressor {suppressor.subject} can stay in ALARM {when(stay, suppressor)}: "
            f"{_named(stay, suppressor)} depends on {ends_of(stay)}",
            at=_AT,
            help=cure(stay, f"write {_named(stay, suppressor)} so that the plan knows it", suppressor),
            related=related,
        )
    elif stay is not None:
        make = ctx.fail if stay.sure else ctx.undecided
        yield make(
            alarm,
            f"may be muted for good: its suppressor {suppressor.subject} {stay.why}",
            at=_AT,
            help=stay.cure,
            related=related,
        )


def _untold(
    alarm: CompositeAlarm,
    suppressor: Attribute[str],
    found: tuple[Alarm, ...],
    ctx: Context[NoSettings],
) -> Finding:
    """Where it cannot be told which alarm the suppressor is."""
    hint = "check what makes the suppressor together with this"
    if found:
        why = f"cannot be told: it may be any of {', '.join(other.subject for other in found)}"
        hint = "refer to one alarm, by a name that no other bears"
    elif isinstance(suppressor, Unknown):
        from kfm_audit.evidence.unset import cure, when

        why = f"{when(suppressor, alarm)}: which that is depends on {ends_of(suppressor)}"
        hint = cure(suppressor, hint, alarm)
    else:
        why = f"cannot be told: no input holds it ({shown(suppressor)})"
    return ctx.undecided(alarm, f"whether its suppressor can stay in ALARM {why}", at=_AT, help=hint)


def _named(unknown: Unknown, suppressor: Alarm) -> str:
    """The attribute of a suppressor that leaves open whether it stays in ALARM."""
    if not isinstance(suppressor, MetricAlarm):
        return "its alarm_rule"
    return "its treat_missing_data" if unknown is suppressor.treat_missing_data else "what it compares then"


class _Stay(Struct, frozen=True):
    """Why a suppressor may stay in ALARM by itself. `sure` False: AWS does not document it."""

    why: str
    cure: str = _END_SILENCE
    sure: bool = True


def _mutes_itself(alarm: CompositeAlarm, suppressor: Alarm, ctx: Context[NoSettings]) -> Finding | None:
    """The finding where the two are in ALARM together, by the rule of the one or of the other."""
    from kfm_audit.evidence.alarm.suppressors import follows, never_without

    assert alarm.actions_suppressor is not None
    wait = alarm.actions_suppressor.wait_period
    related = (ctx.related("the suppressor", suppressor),)
    what = "suppress by an alarm of something else: a deployment, a maintenance window, a failure upstream"
    if never_without(ctx.evidence, alarm, suppressor):
        why = (
            f"never takes an action: it can be in ALARM only while its suppressor {suppressor.subject} is too"
        )
        return ctx.fail(alarm, why, at=_AT, help=what, related=related)
    if not follows(ctx.evidence, alarm, suppressor):
        return None
    sure = isinstance(wait, Known) and wait.value > 0
    why = (
        f"{'holds' if sure else 'may hold'} back its own alarm_actions: its suppressor {suppressor.subject} watches it "
        f"and is in ALARM for as long as it is; wait_period is {shown(wait)}"
        f"{'' if sure else ', and AWS does not document which comes first then'}"
    )
    return (ctx.fail if sure else ctx.undecided)(alarm, why, at=_AT, help=what, related=related)


def _stays(ctx: Context[NoSettings], suppressor: Alarm) -> _Stay | Unknown | None:
    """Why a suppressor may stay in ALARM by itself; None where it does not, as far as is known."""
    if isinstance(suppressor, MetricAlarm):
        return _stays_in_silence(suppressor)
    assert isinstance(suppressor, CompositeAlarm)
    from kfm_audit.aws.alarm_rule_outcomes import outcomes

    node = ctx.evidence.alarms.rule_of(suppressor)
    if node is None or isinstance(node, AlarmRuleError):
        return suppressor.alarm_rule if isinstance(suppressor.alarm_rule, Unknown) else None
    if outcomes(node) == _ALWAYS:
        return _Stay("has a rule that is always true", _END_RULE)
    staying: dict[str, Alarm] = {}
    for name in dict.fromkeys(
        alarm_name(child.child) for child in ctx.evidence.alarms.children_of(suppressor)
    ):
        found = ctx.evidence.alarms.named(suppressor, name)
        if len(found) == 1 and isinstance(found[0], MetricAlarm):
            stay = _stays_in_silence(found[0])
            if isinstance(stay, _Stay) and stay.sure:
                staying[name] = found[0]
    cases = [dict.fromkeys(staying, AlarmState.ALARM)]
    if staying and outcomes(node, cases) == _ALWAYS:
        names = " and ".join(child.subject for child in staying.values())
        return _Stay(f"has a rule that is true for as long as {names} stays in ALARM without data")
    return None


def _stays_in_silence(suppressor: MetricAlarm) -> _Stay | Unknown | None:
    ended = silence(suppressor, AlarmState.ALARM)
    before = silence(suppressor, AlarmState.OK)
    if not isinstance(ended, Silence) or not isinstance(before, Silence):
        return ended if isinstance(ended, Unknown) else None
    if AlarmState.ALARM not in ended.states:
        return None
    if len(ended.states) > 1:
        if not ended.repeated and not often_silent(suppressor):
            return None
        what = "for how long FILL repeats the last value" if ended.repeated else "what FILL gives then"
        return _Stay(f"may stay in ALARM without data: AWS does not document {what}", _END_FILL, sure=False)
    if AlarmState.ALARM not in before.states:
        return _Stay("keeps its state when its metric has no data (treat_missing_data is ignore)")
    if not often_silent(suppressor):
        return None
    if ended.filled:
        why = "is in ALARM by its expression while its metric has no data, as when there is nothing to do"
        return _Stay(why, _END_FILL)
    return _Stay("is in ALARM while its metric has no data, as it has whenever there is nothing to do")
