"""SNS003: invalid-filter-policy."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.notification.reach import Refusal
from kfm_audit.facts import Subscription
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Unknown, ends_of

_HELP = (
    "give every key a list of values or operators, at most 5 keys and 150 combinations of values; "
    'nested keys need filter_policy_scope = "MessageBody"'
)


@rule("SNS003", on=Subscription, severity=Severity.ERROR)
def invalid_filter_policy(subscription: Subscription, ctx: Context[NoSettings]) -> Iterator[Finding]:
    r"""SNS refuses the subscription's filter policy.

    ## Why
    Terraform sees a filter policy as a string, so that a plan with a broken one looks fine. SNS refuses it in
    the middle of the apply: a new subscription is not made at all, an old one keeps the filter that it had.
    The rule reads the policy as SNS does, with the whole grammar and all limits, and repeats SNS's own words
    where they are known.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_sns_topic_subscription.pager",
          "mode": "managed",
          "type": "aws_sns_topic_subscription",
          "name": "pager",
          "change": {
            "actions": ["create"],
            "after": {
              "topic_arn": "arn:aws:sns:us-east-1:111122223333:alerts",
              "protocol": "sqs",
              "endpoint": "arn:aws:sqs:us-east-1:111122223333:pager",
              "filter_policy": "{\"AlarmName\": \"prod-ingest-backlog\"}",
              "filter_policy_scope": "MessageBody"
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
          "address": "aws_sns_topic_subscription.pager",
          "mode": "managed",
          "type": "aws_sns_topic_subscription",
          "name": "pager",
          "change": {
            "actions": ["create"],
            "after": {
              "topic_arn": "arn:aws:sns:us-east-1:111122223333:alerts",
              "protocol": "sqs",
              "endpoint": "arn:aws:sqs:us-east-1:111122223333:pager",
              "filter_policy": "{\"AlarmName\": [\"prod-ingest-backlog\"]}",
              "filter_policy_scope": "MessageBody"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the policy or its scope is known only after apply, or cannot be told from the sources alone; and
    where AWS's documents disagree about whether SNS takes it (whether the limit of five counts the leaves of
    a nested policy, for example).

    ## Settings
    None.

    ## References
    SNS developer guide, "Amazon SNS subscription filter policies", "Filter policy constraints".
    """
    refusal = ctx.evidence.notifications.refusal(subscription)
    if refusal is not None:
        where = f" at {'.'.join(refusal.path)}" if refusal.path else ""
        yield ctx.fail(
            subscription,
            f"has a filter policy that SNS refuses{where}: {refusal.message}",
            at=refusal.at,
            help=_help(refusal),
        )
        return
    # What is deployed SNS has taken already.
    filtered = subscription.filter_policy is not ABSENT and not subscription.deployed
    for attribute in ("filter_policy", "filter_policy_scope"):
        value = getattr(subscription, attribute)
        if filtered and isinstance(value, Unknown):
            from kfm_audit.evidence.unset import cure, when

            yield ctx.undecided(
                subscription,
                f"whether SNS takes its filter policy {when(value, subscription)}: {attribute} depends on {ends_of(value)}",
                at=attribute,
                help=cure(
                    value, "write the policy and its scope from values that the plan knows", subscription
                ),
            )
            return
    for doubt in ctx.evidence.notifications.doubts(subscription)[:1]:
        yield ctx.undecided(
            subscription,
            f"whether SNS takes its filter policy cannot be told: {doubt}",
            at="filter_policy",
            help="make it simpler, or try it with `aws sns set-subscription-attributes` first",
        )


def _help(refusal: Refusal) -> str:
    if refusal.at == "filter_policy_scope":
        return 'set filter_policy_scope = "MessageBody", or delete it for "MessageAttributes"'
    if "parse JSON" in refusal.message:
        return "write it with jsonencode({...}), which cannot forget a bracket"
    return _HELP
