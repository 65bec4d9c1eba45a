"""SNS004: topic-refuses-cloudwatch."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.notification.reach import Reach, Step
from kfm_audit.facts import Alarm, Topic
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SNS004", on=Topic, severity=Severity.ERROR)
def topic_refuses_cloudwatch(topic: Topic, ctx: Context[NoSettings]) -> Iterator[Finding]:
    r"""The topic does not let CloudWatch publish what its alarms say.

    ## Why
    CloudWatch publishes as the service `cloudwatch.amazonaws.com`. A topic without a policy lets it in; one
    with a policy of its own must say so, and many were written for EventBridge or S3 alone. An encrypted
    topic must let it use the key as well: the key that AWS manages, `alias/aws/sns`, never does, and a
    customer managed key does only where its policy names the service. A FIFO topic asks for a message group,
    which CloudWatch does not send. In each case the alarm goes off, the failure stands in the alarm's
    history, and nobody is told.

    Conditions on `aws:SourceArn`, `aws:SourceAccount` and the like are evaluated for each alarm, as far as
    its ARN is known. Only topics that an alarm of the input notifies are judged.

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
              "alarm_name": "prod-ingest-backlog",
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:alerts"]
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic.alerts",
          "mode": "managed",
          "type": "aws_sns_topic",
          "name": "alerts",
          "change": {
            "actions": ["no-op"],
            "after": {
              "name": "alerts",
              "arn": "arn:aws:sns:us-east-1:111122223333:alerts",
              "kms_master_key_id": "alias/aws/sns"
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
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-ingest-backlog",
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:alerts"]
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic.alerts",
          "mode": "managed",
          "type": "aws_sns_topic",
          "name": "alerts",
          "change": {
            "actions": ["no-op"],
            "after": {
              "name": "alerts",
              "arn": "arn:aws:sns:us-east-1:111122223333:alerts",
              "kms_master_key_id": "1234abcd-12ab-34cd-56ef-1234567890ab"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_kms_key.alerts",
          "mode": "managed",
          "type": "aws_kms_key",
          "name": "alerts",
          "change": {
            "actions": ["no-op"],
            "after": {
              "key_id": "1234abcd-12ab-34cd-56ef-1234567890ab",
              "policy": "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\"}}"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the policy of the topic or of its key is known only after apply, or cannot be told from the sources
    alone, where the key is not in the input, and where a condition asks for something that is not known of
    the alarm (its account, for a topic that is yet to be made).

    ## Settings
    None.

    ## References
    CloudWatch user guide, "Amazon SNS topics and alarms"; SNS developer guide, "Example cases for Amazon SNS
    access control", "Managing Amazon SNS encryption keys"; IAM user guide, "Policy evaluation logic".
    """
    answers = ctx.evidence.notifications.published(topic)
    refused = [(alarm, step) for alarm, step in answers if step.reach is Reach.NOT_REACHED]
    untold = [(alarm, step) for alarm, step in answers if step.reach is Reach.UNTOLD]
    for found, say, lead in (
        (refused, ctx.fail, ""),
        (untold, ctx.undecided, "whether it lets CloudWatch publish cannot be told: it "),
    ):
        if found:
            alarm, step = found[0]
            holder = step.fact or topic
            yield say(
                topic,
                f"{lead}{step.why}; {_who(found, len(answers))}",
                at=step.at,
                help=step.cure,
                origin=holder.origin,
                related=(ctx.related("this alarm notifies the topic", alarm, "alarm_actions"),),
            )
            return


def _who(found: list[tuple[Alarm, Step]], of: int) -> str:
    """The alarms that are concerned, in numbers."""
    if len(found) < of:
        return f"this concerns {len(found)} of the {of} alarms that notify it"
    return "1 alarm notifies it" if of == 1 else f"{of} alarms notify it"
