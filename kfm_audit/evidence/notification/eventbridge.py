"""EventBridge as a way from an alarm to somebody: rules that let its state changes through, and their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from kfm_audit.aws.arns import parse_arn, service_of
from kfm_audit.aws.partly_known import UNKNOWN
from kfm_audit.evidence.leads import Leads, called
from kfm_audit.evidence.notification.delivery import Route, addresses, resource_type
from kfm_audit.evidence.notification.rulings import Rulings
from kfm_audit.facts import Alarm, Change, EventRule, EventTarget, Function, FunctionPermission, Topic
from kfm_audit.values import ABSENT, Attribute, Known, Unknown

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

EVENTS: Final = "events.amazonaws.com"
_KEEPING: Final = {
    "logs": "a log group",
    "firehose": "a delivery stream",
    "kinesis": "a stream",
    "aws_cloudwatch_log_group": "a log group",
    "aws_kinesis_firehose_delivery_stream": "a delivery stream",
    "aws_kinesis_stream": "a stream",
}
"""Targets that keep events and tell nobody, by the service of their ARN and by their resource type."""


class EventBridge:
    """The rules of the inputs, and what becomes of what they let through."""

    def __init__(self, evidence: Evidence) -> None:
        """Join nothing before it is asked for."""
        self._evidence = evidence
        self._rulings = Rulings(evidence)
        self._ends: dict[tuple[str, str], tuple[Route, ...]] = {}

    def routes(self, alarm: Alarm) -> Iterator[Route]:
        """The ways by enabled rules that let the alarm's change to ALARM through, one for each target."""
        for rule in self._evidence.of(EventRule):
            if rule.stack != alarm.stack or rule.change is Change.DELETED:
                continue
            sees, match = _sees(rule), _pattern_matches(rule.event_pattern, alarm)
            if sees is False or match is False:
                continue
            ends = self._ends_of(rule)
            if not (sees and match):
                unsure = Route(None, f"whether {rule.subject} lets it through is not known")
                ends = tuple(end if end.exists is False else unsure for end in ends)
            yield from ends

    def _ends_of(self, rule: EventRule) -> tuple[Route, ...]:
        """What the targets of a rule do, whatever alarm it is that goes off."""
        key = (rule.stack, rule.subject)
        if key not in self._ends:
            self._ends[key] = tuple(self._end(rule, target) for target in self._targets(rule))
        return self._ends[key]

    def _targets(self, rule: EventRule) -> Iterator[EventTarget]:
        for target in self._evidence.of(EventTarget):
            if target.stack != rule.stack or target.change is Change.DELETED:
                continue
            match target.rule:
                case Known(name) if isinstance(rule.name, Known) and name == rule.name.value:
                    yield target
                case Unknown(references) if any(item.name in addresses(rule.subject) for item in references):
                    yield target

    def _end(self, rule: EventRule, target: EventTarget) -> Route:
        """Whether a target may tell somebody: all may but what keeps events, and what does not let EventBridge in.

        EventBridge user guide, "Using resource-based policies for Amazon EventBridge": topics and functions let it
        in by their policies, unless the target names a role.
        """
        keeping = _keeping(target.arn)
        if keeping:
            return Route(exists=False, why=f"{rule.subject} sends its events to {keeping} only")
        if target.role_arn is not ABSENT:
            return Route(True, rule.subject)
        for topic in self._topics.of(target.arn, target).facts:
            return self._topic(rule, topic)
        for function in self._functions.of(target.arn, target).facts:
            if not self._may_invoke(function):
                refused = f"which no aws_lambda_permission lets {EVENTS} invoke"
                return Route(
                    exists=False, why=f"{rule.subject} sends its events to {function.subject}, {refused}"
                )
        return Route(True, rule.subject)

    def _topic(self, rule: EventRule, topic: Topic) -> Route:
        from kfm_audit.aws.resource_policy import Outcome, Request

        holder, policy = self._evidence.notifications.policy_of(topic)
        if isinstance(policy, Unknown):
            return Route(None, f"whether {topic.subject} lets {EVENTS} publish is not known")
        refused = f"{rule.subject} sends its events to {topic.subject}, which does not let {EVENTS} publish"
        if policy is ABSENT:
            return Route(exists=False, why=refused)  # the default policy is for the account's own principals
        arn = parse_arn(topic.arn.value) if isinstance(topic.arn, Known) else None
        name = rule.name.value if isinstance(rule.name, Known) else UNKNOWN

        def context(account: str) -> Mapping[str, str | None]:
            region, owner = (arn.region, arn.account) if arn else (UNKNOWN, account or UNKNOWN)
            return {
                "aws:sourcearn": f"arn:{arn.partition if arn else UNKNOWN}:events:{region}:{owner}:rule/{name}",
                "aws:sourceaccount": owner,
                "aws:securetransport": "true",
                "aws:principalisawsservice": "true",
                "aws:principalservicename": EVENTS,
                "aws:sourceowner": None,
            }

        request = Request(
            principal=EVENTS,
            action="sns:Publish",
            resource=topic.arn.value if isinstance(topic.arn, Known) else UNKNOWN,
            context=context(""),
            resource_names=called(topic, self._topics, policy.value, holder),
            source_names=called(rule, self._rules, policy.value, holder),
        )
        match self._rulings.of(policy.value, request, context, rule, topic, holder).outcome:
            case Outcome.ALLOWED:
                return self._read(rule, topic)
            case Outcome.REFUSED:
                return Route(exists=False, why=refused)
            case Outcome.UNTOLD:
                return Route(None, f"whether {topic.subject} lets {EVENTS} publish is not known")

    def _read(self, rule: EventRule, topic: Topic) -> Route:
        """What becomes of what the topic takes."""
        subscribed = self._evidence.notifications.has_subscribers(topic)
        if subscribed is False:
            why = f"{rule.subject} sends its events to {topic.subject}, which nothing subscribes to"
            return Route(exists=False, why=why)
        if subscribed is None:
            return Route(None, f"whether anybody is subscribed to {topic.subject} is not known")
        return Route(True, rule.subject)

    def _may_invoke(self, function: Function) -> bool:
        """Whether a permission lets EventBridge invoke the function, or may."""
        return any(
            function in self._functions.of(permission.function_name, permission).facts
            and (
                isinstance(permission.principal, Unknown)
                or permission.principal in (Known(EVENTS), Known("*"))
            )
            for permission in self._evidence.of(FunctionPermission)
            if permission.change is not Change.DELETED
        )

    @property
    def _topics(self) -> Leads[Topic]:
        return self._evidence.alarms.topics.leads

    @cached_property
    def _functions(self) -> Leads[Function]:
        functions = self._evidence.of(Function)
        return Leads(functions, lambda item: (item.arn,), lambda item: (item.function_name,))

    @cached_property
    def _rules(self) -> Leads[EventRule]:
        return Leads(self._evidence.of(EventRule), lambda _rule: (), lambda rule: (rule.name,))


def _keeping(arn: Attribute[str]) -> str:
    """What the target is, where it only keeps events; "" where it is anything else, or not known."""
    match arn:
        case Known(text):
            return _KEEPING.get(service_of(text) or "", "")
        case Unknown(references):
            kinds = {_KEEPING.get(resource_type(item.name), "") for item in references}
            return kinds.pop() if len(kinds) == 1 else ""
        case _:
            return ""


def _sees(rule: EventRule) -> bool | None:
    """Whether the rule sees what CloudWatch sends: it is switched on, and on the account's default bus.

    None where it cannot be told on which bus it is.
    """
    if rule.is_enabled == Known(False) or rule.state == Known("DISABLED"):
        return False
    match rule.event_bus_name:
        case Known(name):
            return name == "default" or name.endswith(":event-bus/default")
        case Unknown(references):
            own = any(resource_type(item.name) == "aws_cloudwatch_event_bus" for item in references)
            return False if own else None
        case _:
            return True


def _pattern_matches(pattern: Attribute[str], alarm: Alarm) -> bool | None:
    """Whether an event pattern lets the alarm's change to ALARM through; None where it cannot be told.

    The event: user guide, "Alarm events and EventBridge": `source`
    aws.cloudwatch, `detail-type` CloudWatch Alarm State Change, the alarm's ARN in
    `resources`, `detail.alarmName`, `detail.state.value`.
    """
    if isinstance(pattern, Unknown):
        return None
    if pattern is ABSENT:
        return False  # a schedule
    try:
        asked = msgspec.json.decode(pattern.value)
    except (msgspec.MsgspecError, RecursionError):
        return False  # EventBridge refuses it
    name = alarm.alarm_name.value if isinstance(alarm.alarm_name, Known) else None
    event = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": name, "state": {"value": "ALARM"}},
    }
    return _matches(asked, event)


def _matches(asked: object, event: object) -> bool | None:
    """Three-valued match of an event pattern; other fields and filters than those here cannot be told."""
    if not isinstance(asked, dict) or not isinstance(event, dict):
        return None
    certain = True
    for key, wanted in asked.items():
        if key not in event:
            certain = False
        elif isinstance(wanted, dict):
            inner = _matches(wanted, event[key])
            if inner is False:
                return False
            certain = certain and inner is True
        elif isinstance(wanted, list):
            holds = [_holds(item, event[key]) for item in wanted]
            if not any(held is not False for held in holds):
                return False
            certain = certain and True in holds
    return True if certain else None


def _holds(wanted: object, value: object) -> bool | None:
    """Whether a value is one that the pattern lists; None where it is not known, or the filter is none of these.

    EventBridge user guide, "Comparison operators for use in event patterns".
    """
    if not isinstance(value, str):
        return None
    match wanted:
        case str():
            return value == wanted
        case {"prefix": str(text)}:
            return value.startswith(text)
        case {"suffix": str(text)}:
            return value.endswith(text)
        case {"equals-ignore-case": str(text)}:
            return value.lower() == text.lower()
        case {"exists": bool(there)}:
            return there
        case {"anything-but": list(others)}:
            return value not in others
        case {"anything-but": other}:
            held = _holds(other, value)
            return None if held is None else not held
        case _:
            return None
