"""SNS006: alert-message-contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from kfm_audit.facts import AlertMessage
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.telemetry.quoting import quote
from kfm_audit.values import Known


class AlertContract(Struct, frozen=True, forbid_unknown_fields=True):
    """What every alert that is published to SNS carries."""

    attributes: tuple[str, ...] = ()
    """Message attributes of type String that every alert has; the KFM pack names service, severity, environment."""
    body: bool = False
    """Hold the body to `schemas/json/alert-v1.schema.json`; the KFM pack does."""


@rule("SNS006", on=AlertMessage, severity=Severity.WARNING, settings=AlertContract)
def alert_message_contract(message: AlertMessage, ctx: Context[AlertContract]) -> Iterator[Finding]:
    r"""An alert is published without what its subscribers filter and sort by.

    ## Why
    Subscribers of one topic choose their alerts by message attributes, and people sort them by the same words
    in the body. An alert without the attribute reaches nobody who filters on it; one with a severity that is
    spelt in its own way reaches nobody who filters on the usual one; and one whose body says Sev3 where its
    attribute says Sev2 is believed by half of its readers.

    What is judged are messages that the inputs show: as SNS delivers them, as `aws sns publish` takes them, as
    a function gets them, or a body alone in a file `*.alert.json`. Keep one sample of each kind of alert
    beside its publisher, or record what arrives. Alarms of a plan are not judged here: CloudWatch never sends
    attributes, and SNS002 says which filters that silences.

    Severities and environments are those of the policy (`telemetry.vocabularies.severity`,
    `environments.names`), in its spelling. The body that CloudWatch publishes itself has a schema of AWS's and
    is not held to ours.

    ## Bad
    ```json ingest.alert.json
    {
      "TopicArn": "arn:aws:sns:us-east-1:111122223333:kfm-prod-alerts",
      "Message": "{\"alert\": \"ingest-stalled\", \"service\": \"ingest\", \"severity\": \"Sev2\", \"environment\": \"prod\", \"state\": \"firing\", \"summary\": \"Nothing was ingested for an hour.\", \"started_at\": \"2026-01-30T02:10:00Z\"}",
      "MessageAttributes": {
        "service": {"DataType": "String", "StringValue": "ingest"},
        "severity": {"DataType": "String", "StringValue": "critical"}
      }
    }
    ```

    ## Good
    ```json ingest.alert.json
    {
      "TopicArn": "arn:aws:sns:us-east-1:111122223333:kfm-prod-alerts",
      "Message": "{\"alert\": \"ingest-stalled\", \"service\": \"ingest\", \"severity\": \"Sev2\", \"environment\": \"prod\", \"state\": \"firing\", \"summary\": \"Nothing was ingested for an hour.\", \"started_at\": \"2026-01-30T02:10:00Z\"}",
      "MessageAttributes": {
        "service": {"DataType": "String", "StringValue": "ingest"},
        "severity": {"DataType": "String", "StringValue": "Sev2"},
        "environment": {"DataType": "String", "StringValue": "prod"}
      }
    }
    ```

    ## When it is undecided
    A file holds the body alone: it does not show which attributes are sent with it. A sample of the whole
    message decides it (`aws sns publish --cli-input-json`).

    ## Settings
    `attributes` names the message attributes that every alert has, `body` holds the body to the schema. In
    `core` nothing is asked of either.

    ## References
    KFM reliability runbook, guard rails: message attributes service, severity, environment. SNS API
    reference, Publish; SNS developer guide, "Amazon SNS message attributes" (they are sent only when the
    message structure is String). `schemas/json/alert-v1.schema.json`.
    """
    yield from _of_attributes(message, ctx)
    if ctx.settings.body:
        yield from _of_body(message, ctx)


def _of_attributes(message: AlertMessage, ctx: Context[AlertContract]) -> Iterator[Finding]:
    wanted = ctx.settings.attributes
    if not wanted:
        return
    if not isinstance(message.attributes, Known):
        yield ctx.undecided(
            message,
            f"holds the body alone: whether {', '.join(wanted)} are sent as message attributes is not shown",
            help="keep the whole message as a sample: what `aws sns publish --cli-input-json` takes",
            key="attributes",
        )
        return
    attributes = message.attributes.value
    if message.structured:
        yield ctx.fail(
            message,
            "is published with MessageStructure json, with which SNS sends no message attributes",
            at="MessageStructure",
            help="leave MessageStructure out, and send the body as the message itself",
            key="structure",
        )
        return
    missing = [name for name in wanted if name not in attributes]
    if missing:
        yield ctx.fail(
            message, _missing(message, missing), at=message.attributes_at, help=_cure(message), key="missing"
        )
    yield from _values(message, attributes, ctx)


def _missing(message: AlertMessage, missing: list[str]) -> str:
    """Which attributes are not there, and why nobody who filters on them is told."""
    other = [name for name in missing if name in message.other_attributes]
    if other:
        return f"sends {', '.join(other)} as message attributes of another type than String"
    who = ": it is CloudWatch's own message, and CloudWatch sends none" if message.from_cloudwatch else ""
    return f"is published without the message attribute {', '.join(missing)}{who}"


def _cure(message: AlertMessage) -> str:
    if message.from_cloudwatch:
        return (
            "let an EventBridge rule start a function at alarm state changes, which publishes with attributes "
            "to a topic of its own; or filter on the body (filter_policy_scope = MessageBody)"
        )
    return "send them as message attributes of type String, with the values of the body"


def _values(
    message: AlertMessage, attributes: Mapping[str, str], ctx: Context[AlertContract]
) -> Iterator[Finding]:
    vocabularies = {
        "severity": ctx.policy.telemetry.vocabularies.get("severity", ()),
        "environment": tuple(ctx.policy.environments.names),
    }
    for name in ctx.settings.attributes:
        value = attributes.get(name)
        if value is None:
            continue
        known = vocabularies.get(name, ())
        at = f"{message.attributes_at}/{name}"
        if known and value not in known:
            yield ctx.fail(
                message,
                f"has the {name} {quote(value)}, and the policy knows {', '.join(known)}",
                at=at,
                help=f"send one of {', '.join(known)}: filters compare letter by letter",
                key=name,
            )
        elif message.body is not None and message.body.get(name, value) != value:
            yield ctx.fail(
                message,
                f"has the {name} {quote(value)} as an attribute and {quote(message.body[name])} in its body",
                at=at,
                help="take both from one place in the publisher",
                key=name,
            )


def _of_body(message: AlertMessage, ctx: Context[AlertContract]) -> Iterator[Finding]:
    if message.body is None:
        yield ctx.fail(
            message,
            "has a body that is no JSON object",
            at=message.body_at,
            help="publish the body that schemas/json/alert-v1.schema.json describes",
            key="body",
        )
    elif message.violations:
        yield ctx.fail(
            message,
            f"has a body that breaks alert-v1: {'; '.join(message.violations)}",
            at=message.body_at,
            help="see schemas/json/alert-v1.schema.json",
            key="body",
        )
