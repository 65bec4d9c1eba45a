"""What is deployed, as `aws cloudwatch`, `aws sns` and the like say it: the kind `deployed-alarms`.

The answers become the same facts as Terraform's, so that all rules run on an
estate without Terraform. One file may hold one answer, several pages one after
the other, or an array of them; JSON or YAML.
"""

from __future__ import annotations

from typing import Final

from kfm_audit.inputs.kind import Kind, ReadContext, Reading
from kfm_audit.inputs.source import Form, Source
from kfm_audit.pattern import pattern
from kfm_audit.values import Location, Origin

_ALARMS: Final = frozenset({"MetricAlarms", "CompositeAlarms"})
_LISTS: Final = {
    "Topics": b'"TopicArn"',
    "Subscriptions": b'"SubscriptionArn"',
    "AlarmMuteRuleSummaries": b'"AlarmMuteRuleArn"',
    "ResourceTagMappingList": b'"ResourceARN"',
}
_OF_ONE: Final = (b'"TopicArn"', b'"QueueArn"')
_FIRST_KEY: Final = pattern(
    rb'\s*\{\s*"(?:MetricAlarms|CompositeAlarms|Topics"\s*:\s*\[\s*\{\s*"TopicArn|'
    rb'Subscriptions"\s*:\s*\[\s*\{\s*"SubscriptionArn|Attributes"\s*:\s*\{[^{}]*"(?:TopicArn|QueueArn))"'
)
_YAML: Final = pattern(
    rb"(?:---\s++)?(?:(?:MetricAlarms|CompositeAlarms):[ \t]*+(?:\[\])?\s|Topics:\s++- TopicArn:|"
    rb"Subscriptions:\s++- (?:Endpoint|SubscriptionArn):|"
    rb"Attributes:[ \t\r]*+\n(?:[ \t][^\n]*+\n)*?[ \t]++(?:TopicArn|QueueArn):[ \t]*+arn:)"
)
_TABLE: Final = pattern(rb"(?:METRICALARMS|COMPOSITEALARMS)\t|-+\s+\|\s+Describe(?:Alarms|-alarms)")


def _recognise(source: Source) -> bool:
    shape = source.shape
    match shape.form:
        case Form.OBJECT | Form.LINES | Form.ARRAY:
            if shape.keys & _ALARMS or shape.keys >= {"AlarmMuteRuleArn", "Rule"}:
                return True
            if "Attributes" in shape.keys:
                return any(mark in bytes(shape.values["Attributes"]) for mark in _OF_ONE)
            if any(_lists(source, name, mark) for name, mark in _LISTS.items()):
                return True
            # A document with one alarm a line looks like lines of JSON.
            return shape.form is Form.LINES and _FIRST_KEY.match(source.head) is not None
        case Form.BROKEN_JSON:
            return _FIRST_KEY.match(source.head) is not None
        case Form.TEXT:
            return _YAML.match(source.head) is not None or _TABLE.match(source.head) is not None
        case _:
            return False


def _lists(source: Source, name: str, mark: bytes) -> bool:
    """Whether the document is a list of that name, perhaps an empty one."""
    shape = source.shape
    if name not in shape.keys:
        return False
    items = bytes(shape.values[name])
    return mark in items or (items.strip() == b"[]" and shape.keys <= {name, "NextToken", "PaginationToken"})


def _read(source: Source, context: ReadContext) -> Reading:
    from kfm_audit.inputs.deployed_facts import deployed_facts

    return Reading(tuple(deployed_facts(source, context)))


def _locate(source: Source, origin: Origin, attribute: str) -> Location:
    from kfm_audit.inputs.deployed_places import locate

    return locate(source, origin, attribute)


KIND: Final = Kind(
    name="deployed-alarms",
    title="an answer of aws cloudwatch or aws sns",
    names=(
        "*describe-alarms*.json",
        "*describe-alarms*.yaml",
        "*describe-alarms*.yml",
        "*deployed-alarms*.json",
        "*deployed-alarms*.yaml",
        "*deployed-alarms*.yml",
    ),
    recognise=_recognise,
    read=_read,
    locate=_locate,
    excerpt=False,
    marks=(b'"MetricAlarms"', b'"CompositeAlarms"'),
)
