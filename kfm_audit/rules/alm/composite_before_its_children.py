"""ALM029: composite-before-its-children."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence.leads import bare
from kfm_audit.facts import Alarm, Change, CompositeAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Known, Reference, ReferenceKind, Unknown, ends_of


@rule("ALM029", on=CompositeAlarm, severity=Severity.WARNING)
def composite_before_its_children(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    r"""Nothing makes Terraform create an alarm before the composite that names it.

    ## Why
    CloudWatch refuses a composite whose children do not exist. Terraform creates in parallel what does
    not refer to each other, and a child that `alarm_rule` names by its text alone is no reference: the
    first apply fails, or not, as it happens, and so does the first apply of each new environment. The
    same text put together from the child's resource, or `depends_on`, makes Terraform wait.

    The rule looks at children that the plan creates or gives their name, and at all that the sources
    declare. References count through variables, locals, outputs and other resources. Composites that watch
    each other in a circle are ALM014's alone.

    ## Bad
    ```terraform main.tf
    resource "aws_cloudwatch_metric_alarm" "age" {
      alarm_name = "prod-age"
    }

    resource "aws_cloudwatch_composite_alarm" "page" {
      alarm_name = "prod-page"
      alarm_rule = "ALARM(\"prod-age\")"
    }
    ```

    ## Good
    ```terraform main.tf
    resource "aws_cloudwatch_metric_alarm" "age" {
      alarm_name = "prod-age"
    }

    resource "aws_cloudwatch_composite_alarm" "page" {
      alarm_name = "prod-page"
      alarm_rule = "ALARM(\"${aws_cloudwatch_metric_alarm.age.alarm_name}\")"
    }
    ```

    ## When it is undecided
    Where a local stands between in a plan without its sources, a module whose sources are not in the
    input, or where a plan has no configuration.

    ## Settings
    None.

    ## References
    CloudWatch's answer at apply: "Could not save the composite alarm as alarms [...] in the alarm rule do
    not exist". Terraform, "The depends_on meta-argument" and "Resource Graph".
    """
    if alarm.made_after is ABSENT:
        return
    made_after = _names(alarm.made_after)
    early = [child for child in _made_with(alarm, ctx) if bare(child.subject) not in made_after]
    if not early:
        return
    names = ", ".join(child.subject for child in early[:3])
    more = f" and {len(early) - 3} more" if len(early) > 3 else ""
    hidden = _hidden(alarm.made_after)
    if hidden:
        yield ctx.undecided(
            alarm,
            f"names {names}{more} by text alone, as far as the input shows: whether Terraform makes that first "
            f"depends on {ends_of(Unknown(hidden))}",
            at="alarm_rule",
            help="audit the plan together with its sources, or write depends_on",
        )
        return
    yield ctx.fail(
        alarm,
        f"names {names}{more} by text alone: Terraform may create the composite first, and CloudWatch refuses it",
        at="alarm_rule",
        help=_cure(alarm, early),
        related=tuple(ctx.related("is named", child, "alarm_name") for child in early[:3]),
    )


def _made_with(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> list[Alarm]:
    """The children that bear their name only after the same apply, each once.

    Those of a circle are left to ALM014: Terraform refuses the references that would put them in an order.
    """
    alarms = ctx.evidence.alarms
    circle = alarms.in_cycle(alarm)
    found: dict[str, Alarm] = {}
    for item in alarms.children_of(alarm):
        named = alarms.named(alarm, alarm_name(item.child))
        if named and all(
            child not in circle and child is not alarm and _is_new(child, alarm) for child in named
        ):
            found.setdefault(bare(named[0].subject), named[0])
    return list(found.values())


def _is_new(child: Alarm, beside: CompositeAlarm) -> bool:
    """Whether the alarm does not bear its name yet. Sources do not say so of anything, and mean all."""
    match child.change:
        case Change.CREATED:
            return True
        case Change.CHANGED:
            return isinstance(child.before, Alarm) and child.before.alarm_name != child.alarm_name
        case Change.UNCHANGED:
            return beside.change is Change.UNCHANGED
        case Change.DELETED:
            return False


def _names(made_after: Known[tuple[str, ...]] | Unknown) -> frozenset[str]:
    match made_after:
        case Known(addresses):
            return frozenset(addresses)
        case Unknown(references):
            return frozenset(bare(reference.name) for reference in references)


def _hidden(made_after: Known[tuple[str, ...]] | Unknown) -> tuple[Reference, ...]:
    """What may hide other resources."""
    if isinstance(made_after, Known):
        return ()
    return tuple(item for item in made_after.references if item.kind is ReferenceKind.UNRESOLVED)


def _cure(alarm: CompositeAlarm, early: list[Alarm]) -> str:
    """The `depends_on` that mends it, written where it can stand."""
    own = _modules(alarm)
    shared = len(own)
    for child in early:
        theirs = _modules(child)
        same = next((n for n, pair in enumerate(zip(own, theirs, strict=False)) if pair[0] != pair[1]), None)
        shared = min(shared, len(own), len(theirs)) if same is None else min(shared, same)
    if any(bare(child.subject) == bare(alarm.subject) for child in early):
        return "make the composites that others name in a resource block of their own, and refer to that"
    targets = ", ".join(dict.fromkeys(_target(child, shared) for child in early))
    if shared == len(own):
        return f"write each name as ${{<resource>.alarm_name}} in alarm_rule, or depends_on = [{targets}]"
    return (
        f"hand the names to module.{own[shared]} from the alarms' resources, or write depends_on = [{targets}] "
        "in its module block"
    )


def _modules(alarm: Alarm) -> list[str]:
    parts = bare(alarm.subject).split(".")
    return parts[1:-2:2]


def _target(child: Alarm, shared: int) -> str:
    """What a `depends_on` in the module that both lie in may name: the resource, or the module it is in."""
    rest = bare(child.subject).split(".")[2 * shared :]
    return ".".join(rest[:2])
