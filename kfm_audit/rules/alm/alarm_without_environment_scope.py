"""ALM003: alarm-without-environment-scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Unknown, ends_of

_WHERE: Final = {
    "name": "alarm_name",
    "dimension": "a dimension",
    "tag": "a tag",
    "provider": "the provider configuration",
    "stack": "the stack",
}


@rule("ALM003", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR)
def alarm_without_environment_scope(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Nothing says which environment the alarm belongs to.

    ## Why
    Whoever is paged at 3 a.m. must see in the first line whether it is production. An alarm without an
    environment is paged for dev and slept through for prod, and two environments in one account overwrite
    each other's alarm of the same name. Any evidence that policy accepts will do: the alarm's name, a
    dimension, a tag (the provider's `default_tags` too), the provider configuration, or the stack. Where one
    of them holds a variable without a value that is called as such a tag is (`var.environment`), the alarm
    has a scope, whichever it will be.

    ## Bad
    ```hcl main.tf
    resource "aws_cloudwatch_metric_alarm" "ingest_backlog" {
      alarm_name          = "ingest-backlog"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 1000
      alarm_actions       = ["arn:aws:sns:us-east-1:111122223333:oncall"]
    }
    ```

    ## Good
    ```hcl main.tf
    resource "aws_cloudwatch_metric_alarm" "ingest_backlog" {
      alarm_name          = "ingest-backlog"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 1000
      alarm_actions       = ["arn:aws:sns:us-east-1:111122223333:oncall"]
      tags                = { Environment = "prod" }
    }
    ```

    ## When it is undecided
    Where nothing that is known names an environment, and some accepted evidence (dimensions, tags, the name)
    is known only after apply, or cannot be told from the sources alone.

    ## Settings
    `environments.names` (with aliases), `environments.evidence` (what is accepted, in this order),
    `environments.tags` (the tag keys that count, and what variables are called). Without any name in the policy the rule has nothing to look
    for and is silent.

    ## References
    The KFM runbook asks that alerts carry their environment; estates with one account an environment are
    scoped by provider or stack, which is why these count.
    """
    environments = ctx.evidence.environments
    if not environments.named:
        return
    scope = environments.scope_of(alarm)
    known = " or ".join(ctx.policy.environments.names)
    if scope is None:
        yield ctx.fail(
            alarm,
            f"names no environment: {_looked_in(ctx.policy.environments.evidence)} {known}",
            at="alarm_name",
            help="put the environment into alarm_name, or tag it: tags = { Environment = var.environment }, "
            "or default_tags of the provider",
        )
    elif isinstance(scope, Unknown) and not environments.variable_in(scope):
        from kfm_audit.evidence.unset import cure, when

        ends = ends_of(scope) if scope.references else "values of the provider"
        told = (
            "cannot be told: no input holds its" if alarm.deployed else f"{when(scope, alarm)}: it depends on"
        )
        yield ctx.undecided(
            alarm,
            f"whether it names an environment {told} {ends}",
            at="alarm_name",
            help="put the environment into alarm_name, or give its tags"
            if alarm.deployed
            else cure(scope, "put the environment into alarm_name, which the plan knows", alarm),
        )


def _looked_in(evidence: tuple[str, ...]) -> str:
    """`neither alarm_name nor a tag says`, over all places where policy accepts evidence."""
    *others, last = (_WHERE[kind] for kind in evidence)
    return (
        f"neither {', '.join(others)} nor {last} says" if others else f"its {last.split()[-1]} does not say"
    )
