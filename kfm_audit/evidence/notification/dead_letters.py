"""Where what fails goes: dead-letter queues, failure destinations, and who consumes which queue.

SQS developer guide, "Using dead-letter queues"; Lambda developer guide,
"Capturing records of Lambda asynchronous invocations" and "Invoking Lambda with
events from other AWS services".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from kfm_audit.aws.arns import parse_arn
from kfm_audit.evidence.leads import Lead, Leads
from kfm_audit.facts import (
    Change,
    EventSourceMapping,
    EventTarget,
    Fact,
    Function,
    FunctionInvokeConfig,
    FunctionPermission,
    Queue,
    QueueRedriveAllowPolicy,
    QueueRedrivePolicy,
    Subscription,
)
from kfm_audit.values import ABSENT, Attribute, Known, ReferenceKind, Unknown, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_ASYNCHRONOUS: Final = frozenset(
    {
        *("cloudformation", "codecommit", "config", "events", "iot", "lambda.alarms.cloudwatch", "logs"),
        *("s3", "scheduler", "ses", "sns"),
    }
)
"""Services that hand an event over and do not wait, by what their principal begins with."""
_SYNCHRONOUS: Final = frozenset(
    {
        *(
            "alexa-appkit",
            "alexa-connectedhome",
            "apigateway",
            "appsync",
            "bedrock",
            "cognito-idp",
            "edgelambda",
        ),
        *("elasticloadbalancing", "lex", "lexv2", "secretsmanager", "vpc-lattice"),
    }
)
"""Services that wait for the answer, and see the failure."""
_DOMAIN: Final = ".amazonaws.com"


class Caught(Enum):
    """Whether what fails too often is kept."""

    YES = "yes"
    NO = "no"
    NOT_NEEDED = "not-needed"
    """Whoever calls sees the failure, or the queue that it comes from keeps it."""
    UNTOLD = "untold"


class DeadLetters:
    """The queues and functions of a run, and where what fails in them goes."""

    def __init__(self, evidence: Evidence) -> None:
        """Join nothing before it is asked for."""
        self._evidence = evidence

    @cached_property
    def queues(self) -> Leads[Queue]:
        """The queues that exist or will, by ARN, URL and name."""
        return Leads(
            _live(self._evidence.of(Queue)), lambda item: (item.arn, item.url), lambda item: (item.name,)
        )

    @cached_property
    def functions(self) -> Leads[Function]:
        """The functions that exist or will, by ARN and name."""
        return Leads(
            _live(self._evidence.of(Function)), lambda item: (item.arn,), lambda item: (item.function_name,)
        )

    def is_dead_letter_queue(self, queue: Queue) -> bool:
        """Whether something sends its dead letters to the queue, or the queue is called one of these."""
        return (queue.stack, queue.subject) in self._targets or called_so(known(queue.name) or "")

    def target(self, queue: Queue) -> Lead[Queue] | None:
        """Where the queue's dead letters go; None where it keeps none."""
        found = self._redrive.get((queue.stack, queue.subject))
        if found is not None:
            return self._destination(_target(found.redrive_policy), found)
        redrive = _target(queue.redrive_policy)
        return None if redrive is ABSENT else self._destination(redrive, queue)

    def of_queue(self, queue: Queue) -> Caught:
        """Whether a message of the queue that cannot be processed is kept."""
        if self.is_dead_letter_queue(queue):
            return Caught.NOT_NEEDED
        if self.target(queue) is not None:
            return Caught.YES if self.left_open(queue) is None else Caught.UNTOLD
        return Caught.UNTOLD if queue.stack in self._floating_redrives else Caught.NO

    def left_open(self, fact: Queue | Function) -> Unknown | None:
        """Where what fails goes, where that is written and may turn out to be nowhere."""
        key = (fact.stack, fact.subject)
        if isinstance(fact, Queue):
            found = self._redrive.get(key, fact)
            written = [found.redrive_policy]
        else:
            configs = self._configs.get(key, ())
            written = [fact.dead_letter_target, *(config.failure_destination for config in configs)]
        return next((item for item in written if isinstance(item, Unknown) and _open(item)), None)

    def of_function(self, function: Function) -> Caught:
        """Whether an event that the function fails on is kept."""
        key = (function.stack, function.subject)
        configs = self._configs.get(key, ())
        kept = [function.dead_letter_target, *(config.failure_destination for config in configs)]
        if any(item is not ABSENT and not _open(item) for item in kept):
            return Caught.YES
        if any(item is not ABSENT for item in kept):
            return Caught.UNTOLD
        callers = self._callers.get(key, frozenset())
        streams = [
            mapping
            for mapping in self.mappings(function)
            if mapping.failure_destination is ABSENT and not self._from_queue(mapping)
        ]
        if True in callers or streams:
            return Caught.NO
        if None in callers or not (callers or self.mappings(function)):
            return Caught.UNTOLD
        return Caught.NOT_NEEDED

    def mappings(self, function: Function) -> tuple[EventSourceMapping, ...]:
        """What hands the records of queues and streams to the function."""
        return tuple(self._mappings[0].get((function.stack, function.subject), ()))

    def consumers(self, queue: Queue) -> tuple[Function, ...]:
        """The functions that consume the queue."""
        return tuple(self._mappings[1].get((queue.stack, queue.subject), ()))

    def _from_queue(self, mapping: EventSourceMapping) -> bool:
        match mapping.event_source_arn:
            case Known(text):
                arn = parse_arn(text)
                return arn is not None and arn.service == "sqs"
            case _:
                return bool(self.queues.of(mapping.event_source_arn, mapping).facts)

    def _destination(self, attribute: Attribute[str], at: Fact) -> Lead[Queue]:
        """The queue that an ARN names; one without an ARN yet is found by its name."""
        lead = self.queues.of(attribute, at)
        arn = parse_arn(attribute.value) if isinstance(attribute, Known) else None
        if lead.facts or arn is None or arn.service != "sqs":
            return lead
        named = self.queues.of_text(arn.resource, at).facts
        found = tuple(queue for queue in named if not isinstance(queue.arn, Known))
        return Lead(found) if found else lead

    @cached_property
    def _targets(self) -> frozenset[tuple[str, str]]:
        """Stack and address of each queue that takes dead letters."""
        leads = [self._destination(attribute, at) for attribute, at in self._sources()]
        allowing = [
            *(queue for queue in _live(self._evidence.of(Queue)) if queue.redrive_allow_policy is not ABSENT),
            *(
                queue
                for policy in _live(self._evidence.of(QueueRedriveAllowPolicy))
                for queue in self.queues.of(policy.queue_url, policy).facts
            ),
        ]
        found = (*(queue for lead in leads for queue in lead.facts), *allowing)
        return frozenset((queue.stack, queue.subject) for queue in found)

    def _sources(self) -> Iterator[tuple[Attribute[str], Fact]]:
        """Each attribute that names where dead letters go, and the fact that it stands in."""
        for queue in _live(self._evidence.of(Queue)):
            yield _target(queue.redrive_policy), queue
        for policy in _live(self._evidence.of(QueueRedrivePolicy)):
            yield _target(policy.redrive_policy), policy
        for subscription in _live(self._evidence.of(Subscription)):
            yield _target(subscription.redrive_policy), subscription
        for function in _live(self._evidence.of(Function)):
            yield function.dead_letter_target, function
        for config in _live(self._evidence.of(FunctionInvokeConfig)):
            yield config.failure_destination, config
        for mapping in _live(self._evidence.of(EventSourceMapping)):
            yield mapping.failure_destination, mapping
        for target in _live(self._evidence.of(EventTarget)):
            yield target.dead_letter_arn, target

    @cached_property
    def _redrive(self) -> dict[tuple[str, str], QueueRedrivePolicy]:
        return {
            (queue.stack, queue.subject): policy
            for policy in _live(self._evidence.of(QueueRedrivePolicy))
            for queue in self.queues.of(policy.queue_url, policy).facts
        }

    @cached_property
    def _floating_redrives(self) -> frozenset[str]:
        """The stacks with a redrive policy of which the input does not say whose it is."""
        return frozenset(
            policy.stack
            for policy in _live(self._evidence.of(QueueRedrivePolicy))
            if not self.queues.of(policy.queue_url, policy).facts and not isinstance(policy.queue_url, Known)
        )

    @cached_property
    def _configs(self) -> dict[tuple[str, str], list[FunctionInvokeConfig]]:
        found: dict[tuple[str, str], list[FunctionInvokeConfig]] = {}
        for config in _live(self._evidence.of(FunctionInvokeConfig)):
            for function in self._named(config.function_name, config):
                found.setdefault((function.stack, function.subject), []).append(config)
        return found

    @cached_property
    def _callers(self) -> dict[tuple[str, str], frozenset[bool | None]]:
        """For each function whether those that call it wait for no answer; None where that is not told."""
        found: dict[tuple[str, str], set[bool | None]] = {}
        for permission in _live(self._evidence.of(FunctionPermission)):
            for function in self._named(permission.function_name, permission):
                waits = _does_not_wait(permission.principal)
                found.setdefault((function.stack, function.subject), set()).add(waits)
        return {key: frozenset(values) for key, values in found.items()}

    @cached_property
    def _mappings(
        self,
    ) -> tuple[dict[tuple[str, str], list[EventSourceMapping]], dict[tuple[str, str], list[Function]]]:
        """Mappings by function, and functions by queue."""
        by_function: dict[tuple[str, str], list[EventSourceMapping]] = {}
        by_queue: dict[tuple[str, str], list[Function]] = {}
        for mapping in _live(self._evidence.of(EventSourceMapping)):
            functions = self._named(mapping.function_name, mapping)
            for function in functions:
                by_function.setdefault((function.stack, function.subject), []).append(mapping)
            for queue in self._destination(mapping.event_source_arn, mapping).facts:
                by_queue.setdefault((queue.stack, queue.subject), []).extend(functions)
        return by_function, by_queue

    def _named(self, attribute: Attribute[str], at: Fact) -> tuple[Function, ...]:
        """The functions that a name, an ARN (with a qualifier too) or a reference leads to."""
        lead = self.functions.of(attribute, at)
        if lead.facts or not isinstance(attribute, Known):
            return lead.facts
        name = attribute.value.partition(":function:")[2] or attribute.value
        return self.functions.of_text(name.partition(":")[0], at).facts


def called_so(name: str) -> bool:
    """Whether a queue's name says that it is one of dead letters: `soils-dlq`, `dead-letters`, `SoilsDLQ`."""
    words = name.removesuffix(".fifo").lower().replace("_", "-").replace(".", "-").split("-")
    return "dlq" in words or words[-1].endswith("dlq") or "deadletter" in "".join(words)


def _live(facts: Iterable[Fact]) -> Iterator:  # type: ignore[type-arg]
    return (fact for fact in facts if fact.change is not Change.DELETED)


def _target(policy: Attribute[str]) -> Attribute[str]:
    """`deadLetterTargetArn` of a redrive policy; unknown where the policy is, absent where it names none."""
    if not isinstance(policy, Known):
        return policy
    try:
        document = msgspec.json.decode(policy.value)
    except (msgspec.MsgspecError, RecursionError):
        return ABSENT
    arn = document.get("deadLetterTargetArn") if isinstance(document, dict) else None
    return Known(arn, policy.sensitive) if isinstance(arn, str) and arn else ABSENT


def _open(attribute: Attribute[str]) -> bool:
    """Whether an attribute may turn out to be null: nothing that it comes from is a resource."""
    return isinstance(attribute, Unknown) and not any(
        reference.kind in (ReferenceKind.RESOURCE, ReferenceKind.DATA) for reference in attribute.references
    )


def _does_not_wait(principal: Attribute[str]) -> bool | None:
    name = (known(principal) or "").removesuffix(_DOMAIN)
    if name in _ASYNCHRONOUS:
        return True
    return False if name in _SYNCHRONOUS else None
