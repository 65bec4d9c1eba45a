"""SNS002: filter-on-attributes-never-sent."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Alarm, Subscription
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known

_SHOWN = 3
_BLANK = "<how their names begin>"


@rule("SNS002", on=Subscription, severity=Severity.ERROR)
def filter_on_attributes_never_sent(
    subscription: Subscription, ctx: Context[NoSettings]
) -> Iterator[Finding]:
    r"""The subscription filters on something that no message of its alarms has.

    ## Why
    CloudWatch publishes alarms without message attributes, and nothing makes it send some: tags of the alarm
    do not become attributes. A subscription with a filter policy has the scope `MessageAttributes` unless it
    says otherwise, and drops every message without attributes. So `{"team": ["kfm-pipelines"]}`, which reads
    like a routing rule, silences every alarm; SNS counts them in
    `NumberOfNotificationsFilteredOut-NoMessageAttributes`, and nobody looks there. The same holds for a
    filter on the body that asks for a key which the bodies of these alarms never have: `team` and `severity`
    are no such keys, and `Trigger.MetricName` is none of metric math and composite alarms.

    Only subscriptions to topics that an alarm of the input notifies are judged: what others publish may well
    have attributes.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "kfm-pipelines-prod-ingest-backlog",
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:alerts"]
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic_subscription.pager",
          "mode": "managed",
          "type": "aws_sns_topic_subscription",
          "name": "pager",
          "change": {
            "actions": ["create"],
            "after": {
              "topic_arn": "arn:aws:sns:us-east-1:111122223333:alerts",
              "protocol": "https",
              "endpoint_auto_confirms": true,
              "filter_policy": "{\"team\": [\"kfm-pipelines\"]}"
            },
            "after_unknown": {"filter_policy_scope": true}
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
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "kfm-pipelines-prod-ingest-backlog",
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:alerts"]
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic_subscription.pager",
          "mode": "managed",
          "type": "aws_sns_topic_subscription",
          "name": "pager",
          "change": {
            "actions": ["create"],
            "after": {
              "topic_arn": "arn:aws:sns:us-east-1:111122223333:alerts",
              "protocol": "https",
              "endpoint_auto_confirms": true,
              "filter_policy": "{\"AlarmName\": [{\"prefix\": \"kfm-pipelines-\"}]}",
              "filter_policy_scope": "MessageBody"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Never. A filter policy that is known only after apply is SNS003's and SNS001's.

    ## Settings
    None.

    ## References
    SNS developer guide, "Message attributes" (they are sent only when the message structure is String, and
    CloudWatch publishes JSON), "Amazon SNS subscription filter policy scope"; CloudWatch user guide,
    "Notifying users on alarm changes".
    """
    never = ctx.evidence.notifications.never(subscription)
    if never is None:
        return
    alarms = ctx.evidence.notifications.alarms_before(subscription)
    hidden = getattr(subscription.filter_policy, "sensitive", False)
    key = "a key that is marked sensitive" if hidden else ".".join(never.keys)
    lost = (
        f"it gets none of the {len(alarms)} alarms that notify its topic"
        if len(alarms) > 1
        else f"it never gets {alarms[0].subject}"
    )
    message = (
        f"filters on the message attribute {key}, and CloudWatch sends no message attributes: {lost}"
        if never.attributes
        else f"filters on {key} in the body, where the messages of its alarms never hold a value: {lost}"
    )
    yield ctx.fail(
        subscription,
        message,
        at="filter_policy",
        help=_help(alarms),
        related=tuple(
            ctx.related("this alarm does not get through", alarm, "alarm_actions")
            for alarm in alarms[:_SHOWN]
        ),
    )


def _help(alarms: tuple[Alarm, ...]) -> str:
    return (
        "three ways work: one topic for each team and severity, without a filter; or "
        f'filter_policy_scope = "MessageBody" with keys of the body, such as {{"AlarmName": [{{"prefix": '
        f'"{_beginning(alarms)}"}}]}}; or a function that an EventBridge rule starts at alarm state changes and '
        "that publishes, with attributes, to a topic of its own. If the filter is for messages of others on this "
        "topic, suppress this with that reason"
    )


def _beginning(alarms: tuple[Alarm, ...]) -> str:
    """Whole words that the names of all the alarms begin with; a blank where they share none, or are not known."""
    names = [
        alarm.alarm_name.value
        for alarm in alarms
        if isinstance(alarm.alarm_name, Known) and not alarm.alarm_name.sensitive
    ]
    if len(names) < len(alarms):
        return _BLANK
    first, last = min(names), max(names)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    words = max(first.rfind(end, 0, same) for end in "-_./: ") + 1
    return first[:words] or _BLANK
