"""ALM017: resource-without-contract-alarm."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.evidence.alarm.contract import Cell, Row, Status
from kfm_audit.evidence.notification.dead_letters import Caught
from kfm_audit.facts import Fact, Function, MetricAlarm, Queue
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Unknown, ends_of


class Owed(Struct, frozen=True, forbid_unknown_fields=True):
    """What resources owe beside the contract's alarms."""

    dead_letters: bool = False
    """Whether each queue, and each function that is not waited for, must keep what fails."""


@rule("ALM017", on=(Queue, Function, MetricAlarm), severity=Severity.WARNING, settings=Owed)
def resource_without_contract_alarm(fact: Fact, ctx: Context[Owed]) -> Iterator[Finding]:
    r"""A queue or function lacks an alarm of the contract, or a place for what fails.

    ## Why
    The contract holds for every pipeline, and the newest one is where it is forgotten: the queue works,
    nothing is red, and its first backlog is told by a user. What fails without a dead-letter queue or
    failure destination is gone, and no depth can be alarmed on.

    A resource that no input holds is judged at the first alarm that watches it: whoever watches it here is
    expected to watch it whole. A queue is one of dead letters where something sends its dead letters there,
    or where it is called so. A function needs a failure destination of its own where services that do not
    wait (SNS, S3, EventBridge, alarms) may invoke it, or where it reads a stream; a queue that it consumes
    keeps its own.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_sqs_queue.soils",
          "mode": "managed",
          "type": "aws_sqs_queue",
          "name": "soils",
          "change": {
            "actions": ["create"],
            "after": {"name": "prod-soils"},
            "after_unknown": {"arn": true}
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
          "address": "aws_sqs_queue.soils",
          "mode": "managed",
          "type": "aws_sqs_queue",
          "name": "soils",
          "change": {
            "actions": ["create"],
            "after": {
              "name": "prod-soils",
              "redrive_policy": "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:111122223333:letters\",\"maxReceiveCount\":4}"
            },
            "after_unknown": {"arn": true}
          }
        },
        {
          "address": "aws_cloudwatch_metric_alarm.depth",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "depth",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-depth",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"},
              "statistic": "Maximum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 100,
              "period": 60,
              "evaluation_periods": 5
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```
    ```yaml policy.yaml
    policy: 1
    extends: core
    alarms:
      contract:
        depth:
          resource: queue
          metric: AWS/SQS ApproximateNumberOfMessagesVisible
          statistics: [Maximum]
          operator: ">="
          threshold: 100
          window: 5m
    ```

    ## When it is undecided
    Where an alarm of which the input does not show what it watches, or a module that is not here, may be the
    one; where nothing shows who invokes a function; and where the redrive policy of a queue, or the failure
    destination of a function, is known only after apply, or cannot be told from the sources alone.

    ## Settings
    `alarms.contract` and `alarms.overrides` (`required: false`, with a reason). `rules.ALM017.dead_letters`
    (false in `core`, true in `kfm-v11`).

    ## References
    The KFM runbook, alarms. SQS developer guide, "Using dead-letter queues"; Lambda developer guide,
    "Capturing records of Lambda asynchronous invocations".
    """
    if not ctx.policy.alarms.contract and not ctx.settings.dead_letters:
        return
    contract = ctx.evidence.contract
    if isinstance(fact, MetricAlarm):
        for row in contract.named_first_by(fact):
            yield from _lacking(row, fact, f"watches {_called(row)}, which lacks", ctx)
        return
    assert isinstance(fact, Queue | Function)
    found = contract.row(fact)
    if found is not None:
        yield from _lacking(found, fact, "lacks", ctx)
    if ctx.settings.dead_letters:
        yield from _kept(fact, ctx)


def _lacking(
    row: Row, fact: Queue | Function | MetricAlarm, words: str, ctx: Context[Owed]
) -> Iterator[Finding]:
    missing = [cell for cell in row.cells if cell.status is Status.MISSING]
    if missing:
        names = ", ".join(cell.promise.name for cell in missing)
        which = "an alarm for each" if len(missing) > 1 else "the alarm"
        yield ctx.fail(
            fact,
            f"{words} {names} of the contract",
            help=f"add {which} ({'; '.join(map(_terms, missing))}), or say under alarms.overrides in the policy why "
            "it owes none",
            key=f"alarms {row.name}" if row.fact is None else "alarms",
        )
    for cell in row.cells:
        if cell.status is Status.UNDECIDED and cell.alarm is None:
            yield ctx.undecided(
                fact,
                f"whether {_called(row) if row.fact is None else 'it'} has {cell.promise.name} of the contract "
                f"cannot be told: {cell.why}",
                help=cell.cure,
                key=f"{cell.promise.name} {row.name}" if row.fact is None else cell.promise.name,
            )


def _terms(cell: Cell) -> str:
    """What is asked of the alarm, so that one that is written from it keeps it."""
    promise = cell.promise
    metrics = " and ".join(" ".join(metric) for metric in promise.metrics.values())
    read = f"the {promise.statistics[0]} of {metrics}"
    alone = promise.expression in promise.metrics
    bound = f"{promise.operator} {promise.threshold:g} in {promise.window // 60} min"
    several = f", {promise.datapoints} datapoints" if promise.datapoints > 1 else ""
    return (
        f"{promise.name}: {read if alone else promise.expression} {bound}{several}"
        f"{'' if alone else f', from {read}'}"
    )


def _kept(fact: Queue | Function, ctx: Context[Owed]) -> Iterator[Finding]:
    letters = ctx.evidence.contract.dead_letters
    caught = letters.of_queue(fact) if isinstance(fact, Queue) else letters.of_function(fact)
    if caught in (Caught.YES, Caught.NOT_NEEDED):
        return
    left = letters.left_open(fact)
    if caught is Caught.UNTOLD and left is not None:
        yield _perhaps_kept(fact, left, ctx)
        return
    if isinstance(fact, Queue):
        wrong = "has no dead-letter queue: a message that cannot be processed comes back until it expires"
        unsure = (
            "whether it has a dead-letter queue cannot be told: the input does not show for which queue a redrive "
            "policy of its stack is"
        )
        cure = "give it a redrive_policy with deadLetterTargetArn and maxReceiveCount"
        at = "redrive_policy"
    else:
        wrong = "has no failure destination: an event that it fails on is dropped after the last try"
        unsure = (
            "keeps no event that it fails on, and no input shows whether anybody invokes it without waiting"
        )
        cure = (
            "add aws_lambda_function_event_invoke_config with an on_failure destination, or a "
            "dead_letter_config; for a stream, destination_config of its event source mapping"
        )
        at = "dead_letter_config"
    if caught is Caught.NO:
        yield ctx.fail(fact, wrong, at=at, help=cure, key="dead-letters")
    else:
        yield ctx.undecided(fact, unsure, at=at, help=cure, key="dead-letters")


def _perhaps_kept(fact: Queue | Function, left: Unknown, ctx: Context[Owed]) -> Finding:
    """The finding where a place for what fails is written, and may turn out to be none."""
    from kfm_audit.evidence.unset import cure, when

    is_queue = isinstance(fact, Queue)
    keeps = "has a dead-letter queue" if is_queue else "keeps an event that it fails on"
    where = "redrive policy" if is_queue else "failure destination"
    return ctx.undecided(
        fact,
        f"whether it {keeps} {when(left, fact)}: its {where} depends on {ends_of(left)}",
        at="redrive_policy" if is_queue else "dead_letter_config",
        help=cure(left, f"lead its {where} to a resource that the input shows", fact),
        key="dead-letters",
    )


def _called(row: Row) -> str:
    what = {"queue": "the queue", "dlq": "the dead-letter queue", "function": "the function"}[row.kind]
    return f"{what} {row.name}"
