"""ALM013: dangling-alarm-reference."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.aws.arns import alarm_name
from kfm_audit.facts import Alarm, Change, CompositeAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, ReferenceKind, Unknown, ends_of, known, shown


@rule("ALM013", on=CompositeAlarm, severity=Severity.ERROR)
def dangling_alarm_reference(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The composite alarm refers to an alarm that will not be there.

    ## Why
    A composite refers to other alarms by name. Where the plan deletes or renames one of them, the apply
    fails half-way: CloudWatch refuses to delete an alarm that a composite watches, and to save a
    composite whose children do not exist. The suppressor of a composite is held to the same: one that is
    gone suppresses nothing.

    An alarm that is renamed is replaced, and Terraform deletes it before it makes it anew, and updates what refers to
    it after that: the composite still names it when it is to be deleted. `create_before_destroy` turns that round.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["delete"],
            "before": {"alarm_name": "prod-age"},
            "after": null,
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
              "alarm_rule": "ALARM(prod-age)"
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
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["create"],
            "after": {"alarm_name": "prod-age"},
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
              "alarm_rule": "ALARM(prod-age)"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the alarm is neither in the same input nor in another stack of the run: it may live elsewhere in the
    account. And where the rule is known only after apply, or cannot be told from the sources alone, and
    depends on something that the input does not show. Where an alarm is taken out of the rule and deleted in one
    apply, nothing is said: whether Terraform updates the composite first hangs on its version, on what its state
    remembers and on `create_before_destroy`, and no plan tells that of a deletion. Of a composite that is deployed nothing is said:
    CloudWatch deletes no alarm that it watches.

    ## Settings
    None.

    ## References
    CloudWatch's answer at apply: "Could not save the composite alarm as alarms [...] in the alarm rule do
    not exist"; on deletion: "there are composite alarm(s) depending on it". Terraform Core, "Resource Destruction
    Notes"; terraform-provider-aws, issue 34807.
    """
    for child in dict.fromkeys(alarm_name(item.child) for item in ctx.evidence.alarms.children_of(alarm)):
        secret = isinstance(alarm.alarm_rule, Known) and alarm.alarm_rule.sensitive
        yield from _judged(alarm, Known(child, secret), "watches", "alarm_rule", ctx)
    if isinstance(alarm.alarm_rule, Unknown) and _unresolved(alarm.alarm_rule):
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"whether the alarms that it watches exist {when(alarm.alarm_rule, alarm)}: alarm_rule depends on "
            f"{ends_of(alarm.alarm_rule)}",
            at="alarm_rule",
            help=cure(
                alarm.alarm_rule,
                "refer to each alarm as ${aws_cloudwatch_metric_alarm.<name>.alarm_name}",
                alarm,
            ),
        )
    suppressor = alarm.actions_suppressor
    if suppressor is not None and isinstance(suppressor.alarm, Known):
        reference = Known(alarm_name(suppressor.alarm.value), suppressor.alarm.sensitive)
        yield from _judged(alarm, reference, "is suppressed by", "actions_suppressor/0/alarm", ctx)


def _judged(
    composite: CompositeAlarm, child: Known[str], verb: str, at: str, ctx: Context[NoSettings]
) -> Iterator[Finding]:
    alarms, name = ctx.evidence.alarms, child.value
    found = alarms.named(composite, name)
    if found:
        for other in found:
            if other.deleted_first and at == "alarm_rule":
                yield from _deleted_first(composite, other, ctx)
        return
    key = "" if child.sensitive else name
    for leaving in alarms.leaving(composite, name)[:1]:
        deleted = leaving.change is Change.DELETED
        what = "deletes" if deleted else f"renames to {shown(leaving.alarm_name)}"
        yield ctx.fail(
            composite,
            f"{verb} {shown(child)}, which this plan {what}",
            at=at,
            help=_cure(at.partition("/")[0], deleted=deleted),
            related=(ctx.related("is deleted" if deleted else "is renamed", leaving, "alarm_name"),),
            key=key,
        )
        return
    bare = name.strip("'")
    if bare != name and alarms.named(composite, bare):
        yield ctx.fail(
            composite,
            f"{verb} {shown(child)}, with the single quotes as part of the name: no alarm is called so",
            at=at,
            help='put the name in double quotes; in HCL they are escaped: ALARM(\\"name\\")',
            key=key,
        )
    elif not alarms.elsewhere(composite, name) and not (composite.deployed and at == "alarm_rule"):
        # CloudWatch keeps what a composite that is deployed watches: it is there, and was not listed.
        yield ctx.undecided(
            composite,
            f"{verb} {shown(child)}, which is no alarm of this input: it may live elsewhere; "
            "if it does not, the apply fails",
            at=at,
            help="if this configuration makes it, correct the name or refer to "
            "${aws_cloudwatch_metric_alarm.<name>.alarm_name}; if it lives elsewhere, audit both together or "
            "suppress this finding with that reason",
            key=key,
        )


def _deleted_first(composite: CompositeAlarm, child: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Whether a child that is replaced is deleted while the composite that is there still names it.

    Terraform Core, "Resource Destruction Notes", "Resource Replacement": where A is replaced and B, which depends on
    it, is updated, A is deleted, A is made, and B is updated, in this order.
    """
    there = composite if composite.change is Change.UNCHANGED else composite.before
    if not isinstance(there, CompositeAlarm) or composite.deleted_first:
        return
    old = known(child.before.alarm_name) if isinstance(child.before, Alarm) else None
    if old is None or there.alarm_name != composite.alarm_name or old not in _named_by(there):
        return
    secret = isinstance(there.alarm_rule, Known) and there.alarm_rule.sensitive
    yield ctx.fail(
        composite,
        f"watches {shown(Known(old, secret))}, which this plan deletes before it makes it anew: CloudWatch deletes "
        "no alarm that a composite still names",
        at="alarm_rule",
        help=_made_first(child) if child.alarm_name != Known(old) else _kept(child),
        related=(ctx.related("is replaced", child, "alarm_name"),),
        key="replaced" if secret else f"{old} is replaced",
    )


def _made_first(child: Alarm) -> str:
    return (
        f"set create_before_destroy = true in the lifecycle of {child.subject}: it is then made under its new name, "
        "the rule follows, and the old one is deleted last"
    )


def _kept(child: Alarm) -> str:
    return (
        f"let the plan not replace {child.subject}, or take it out of alarm_rule in an apply before; "
        "create_before_destroy is no help, since old and new bear one name"
    )


def _named_by(composite: CompositeAlarm) -> frozenset[str]:
    """The alarms that a composite's rule names, none where it is not known or not valid."""
    from kfm_audit.aws.alarm_rule import children, parse_alarm_rule
    from kfm_audit.aws.alarm_rule_error import AlarmRuleError

    try:
        return frozenset(
            alarm_name(item.child) for item in children(parse_alarm_rule(known(composite.alarm_rule) or ""))
        )
    except AlarmRuleError:
        return frozenset()


def _unresolved(unknown: Unknown) -> bool:
    return not unknown.references or any(
        reference.kind is ReferenceKind.UNRESOLVED for reference in unknown.references
    )


def _cure(argument: str, *, deleted: bool) -> str:
    """What mends it: CloudWatch deletes no alarm that a rule names, and Terraform orders no deletion after an update."""
    follow = "refer to the alarm_name of its resource, which follows each renaming"
    if argument != "alarm_rule":
        return f"take it out of {argument} in the same change, or keep the alarm" if deleted else follow
    if deleted:
        return (
            "take it out of alarm_rule in an apply before this one, or keep the alarm: in one apply Terraform may "
            "delete it first, and CloudWatch deletes no alarm that a composite names"
        )
    return (
        f"{follow}, and set create_before_destroy in its lifecycle: CloudWatch deletes no alarm that a composite "
        "still names"
    )
