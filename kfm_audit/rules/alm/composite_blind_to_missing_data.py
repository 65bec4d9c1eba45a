"""ALM015: composite-blind-to-missing-data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from kfm_audit.aws.alarm_rule import Node, children
from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence.alarm.series import often_silent
from kfm_audit.evidence.alarm.silence import Silence, lapse
from kfm_audit.facts import CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Related, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of, known

_SHOWN: Final = 3
_OK: Final = (AlarmState.OK,)
_OK_OR_NO_DATA: Final = (AlarmState.OK, AlarmState.INSUFFICIENT_DATA)
_NO_DATA: Final = (AlarmState.INSUFFICIENT_DATA,)


@rule("ALM015", on=CompositeAlarm, severity=Severity.WARNING)
def composite_blind_to_missing_data(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The composite alarm misreads an alarm that has no data.

    ## Why
    A composite is OK or ALARM, never INSUFFICIENT_DATA: an alarm without data makes `ALARM(x)` false, and
    the composite goes to OK as if the trouble were over. Where `x` treats missing data as `missing` (the
    default) and tells nobody of INSUFFICIENT_DATA itself, a metric that has stopped looks like a metric
    that is fine.

    The cure depends on the metric. One that always has data may be `breaching`, or be asked for by
    `INSUFFICIENT_DATA(x)`. One that is often silent (Lambda, SQS) must not: `OR INSUFFICIENT_DATA(x)`
    pages whenever there is nothing to do, which is a finding of this rule too. There `notBreaching` says
    that silence is fine, and a heartbeat alarm of its own tells of silence that is not.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-backlog",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"},
              "treat_missing_data": "missing"
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
              "alarm_rule": "ALARM(prod-backlog)"
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
          "address": "aws_cloudwatch_metric_alarm.backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-backlog",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"},
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
              "alarm_rule": "ALARM(prod-backlog)"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    The rule is evaluated with `x` in ALARM, in OK and without data, whatever state the others are in: it is
    blind to `x` where ALARM of `x` alone makes it true, and missing data is to it as OK. It is restless where
    the usual silence of `x` makes it true while nothing is in ALARM.

    ## When it is undecided
    Where the rule of the composite, or `treat_missing_data` of an alarm that it watches, is known only after
    apply, or cannot be told from the sources alone; and where it hangs on what `FILL` gives of a metric that
    has no datapoint at all, which AWS does not document. Alarms that are not in the input are not judged.

    ## Settings
    None.

    ## References
    CloudWatch API, `PutCompositeAlarm`: a composite is in INSUFFICIENT_DATA only right after it was made.
    CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".
    """
    below = [child for child in ctx.evidence.alarms.below(alarm) if isinstance(child, MetricAlarm)]
    ended = [(child, lapse(child)) for child in below]
    for child, found in ended:
        if isinstance(found, Unknown):
            from kfm_audit.evidence.unset import cure, when

            own = found is child.treat_missing_data
            yield ctx.undecided(
                alarm,
                f"whether it misreads missing data of {child.subject} {when(found, child)}: "
                f"{'treat_missing_data there' if own else 'what that compares then'} depends on {ends_of(found)}",
                at="alarm_rule",
                help=cure(
                    found,
                    "write treat_missing_data there so that the plan knows it"
                    if own
                    else "write expressions, ids and the threshold there so that the plan knows them",
                    child,
                ),
            )
            break
    fallen = [
        _Fallen(child, found.states == _NO_DATA)
        for child, found in ended
        if isinstance(found, Silence) and AlarmState.INSUFFICIENT_DATA in found.states
    ]
    if isinstance(alarm.alarm_rule, Unknown) and fallen:
        from kfm_audit.evidence.unset import cure, when

        by_name = "build alarm_rule from alarm_name rather than arn: names are known in the plan"
        yield ctx.undecided(
            alarm,
            f"watches {fallen[0].alarm.subject}, which may have no data, and what it makes of that "
            f"{when(alarm.alarm_rule, alarm)}: alarm_rule depends on {ends_of(alarm.alarm_rule)}",
            at="alarm_rule",
            help=cure(alarm.alarm_rule, by_name, alarm),
        )
        return
    rule = ctx.evidence.alarms.rule_of(alarm)
    if rule is None or isinstance(rule, AlarmRuleError):
        return
    quiet = _quiet(rule, fallen)
    yield from _misread(alarm, [one for one in fallen if not _tells(one.alarm) and _is_blind(rule, one)], ctx)
    yield from _set_off(alarm, [one for one in fallen if _is_restless(rule, one, quiet)], ctx)


class _Fallen(Struct, frozen=True):
    """An alarm that goes to INSUFFICIENT_DATA without data. `sure` False: AWS does not document whether it does."""

    alarm: MetricAlarm
    sure: bool

    @property
    def name(self) -> str:
        return known(self.alarm.alarm_name) or ""


def _misread(alarm: CompositeAlarm, blind: list[_Fallen], ctx: Context[NoSettings]) -> Iterator[Finding]:
    certain = [one.alarm for one in blind if one.sure]
    if certain:
        yield ctx.fail(
            alarm,
            f"takes missing data of {_listed(certain)} for the end of the trouble: an alarm in "
            "INSUFFICIENT_DATA is not in ALARM",
            at="alarm_rule",
            help=_cure(certain),
            related=_related(certain, ctx),
        )
    elif blind:
        yield _undocumented(alarm, blind, "take missing data of {} for the end of the trouble", "", ctx)


def _set_off(alarm: CompositeAlarm, restless: list[_Fallen], ctx: Context[NoSettings]) -> Iterator[Finding]:
    certain = [one.alarm for one in restless if one.sure]
    if certain:
        yield ctx.fail(
            alarm,
            f"goes off whenever {_listed(certain)} has nothing to do: the metric then has no data, and the rule "
            "asks for INSUFFICIENT_DATA",
            at="alarm_rule",
            help='take INSUFFICIENT_DATA out of alarm_rule and set treat_missing_data = "notBreaching" there; watch '
            "for silence that should not be with a heartbeat alarm of its own",
            related=_related(certain, ctx),
            key="restless",
        )
    elif restless:
        yield _undocumented(alarm, restless, "go off whenever {} has nothing to do", "restless", ctx)


def _undocumented(
    alarm: CompositeAlarm, doubtful: list[_Fallen], what: str, key: str, ctx: Context[NoSettings]
) -> Finding:
    alarms = [one.alarm for one in doubtful]
    return ctx.undecided(
        alarm,
        f"may {what.format(_listed(alarms))}: AWS does not document what FILL gives of a metric without any data",
        at="alarm_rule",
        help='set treat_missing_data = "notBreaching" there: it then goes to OK whatever FILL gives',
        related=_related(alarms, ctx),
        key=key,
    )


def _is_blind(rule: Node, fallen: _Fallen) -> bool:
    """Whether the alarm's ALARM alone can make the rule true, and without data it is as if it were in OK."""
    from kfm_audit.aws.alarm_rule_outcomes import outcomes

    states = (AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA)
    found = outcomes(rule, [{fallen.name: state} for state in states])
    return found is not None and (True, False, False) in found


def _is_restless(rule: Node, fallen: _Fallen, quiet: Mapping[str, tuple[AlarmState, ...]]) -> bool:
    """Whether, with no trouble anywhere, the usual silence of the alarm makes the rule true."""
    if not often_silent(fallen.alarm):
        return False
    from kfm_audit.aws.alarm_rule_outcomes import outcomes

    found = outcomes(rule, [{fallen.name: AlarmState.OK}, {fallen.name: AlarmState.INSUFFICIENT_DATA}], quiet)
    return found is not None and (False, True) in found


def _quiet(rule: Node, fallen: list[_Fallen]) -> Mapping[str, tuple[AlarmState, ...]]:
    """The states of the alarms of a rule when there is no trouble: OK, or without data where that is usual."""
    silent = {one.name for one in fallen if often_silent(one.alarm)}
    names = dict.fromkeys(alarm_name(child.child) for child in children(rule))
    return {name: _OK_OR_NO_DATA if name in silent else _OK for name in names}


def _cure(blind: list[MetricAlarm]) -> str:
    if all(often_silent(child) for child in blind):
        return (
            'set treat_missing_data = "notBreaching" there, and watch for silence that should not be with a '
            "heartbeat alarm of its own; do not add OR INSUFFICIENT_DATA(...), which pages whenever there is "
            "nothing to do"
        )
    return (
        'set treat_missing_data = "breaching" there, or add OR INSUFFICIENT_DATA(...) to alarm_rule, '
        "where the "
        "metric always has data; where it is silent at times either pages for nothing: take notBreaching "
        "and a "
        "heartbeat alarm instead"
    )


def _tells(child: MetricAlarm) -> bool:
    """Whether the alarm tells of INSUFFICIENT_DATA itself, or may."""
    actions = child.insufficient_data_actions
    return isinstance(actions, Unknown) or (isinstance(actions, Known) and bool(actions.value))


def _listed(alarms: list[MetricAlarm]) -> str:
    more = f" and {len(alarms) - _SHOWN} more" if len(alarms) > _SHOWN else ""
    return ", ".join(alarm.subject for alarm in alarms[:_SHOWN]) + more


def _related(alarms: list[MetricAlarm], ctx: Context[NoSettings]) -> tuple[Related, ...]:
    return tuple(
        ctx.related("treats missing data as missing", alarm, "treat_missing_data")
        for alarm in alarms[:_SHOWN]
    )
