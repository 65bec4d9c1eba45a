"""From answers of AWS to facts: the readers of Terraform's resources, given AWS's values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from kfm_audit.aws.arns import Arn, parse_arn
from kfm_audit.digest import sha256
from kfm_audit.facts import Change, DeployedListing, DeployedTags, Fact, Listed, Subscription
from kfm_audit.inputs import deployed_names as names
from kfm_audit.inputs.deployed_documents import Broken, Document, documents
from kfm_audit.inputs.kind import ReadContext, unreadable
from kfm_audit.inputs.source import Form, Source
from kfm_audit.inputs.terraform.attributes import Attributes, type_name
from kfm_audit.inputs.terraform.document import Json
from kfm_audit.inputs.terraform.planned import Planned
from kfm_audit.inputs.terraform.resources import READERS, Instance
from kfm_audit.values import ABSENT, Known, Origin, Reference, ReferenceKind, Unknown, known

_AGAIN: Final = (
    "fetch it again: `aws cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm --output json`"
)
_PENDING: Final = "PendingConfirmation"
_TAGS: Final = "tags, which `aws resourcegroupstaggingapi get-resources` gives"
_TOPIC: Final = "what `aws sns get-topic-attributes` says"
_SUBSCRIPTION: Final = "what `aws sns get-subscription-attributes` says"
_MUTE_RULE: Final = "what `aws cloudwatch get-alarm-mute-rule` says"
_QUEUE: Final = "what `aws sqs get-queue-attributes --attribute-names All` says"
_KINDS: Final = {
    "MetricAlarms": ("aws_cloudwatch_metric_alarm", Listed.ALARMS),
    "CompositeAlarms": ("aws_cloudwatch_composite_alarm", Listed.COMPOSITES),
}


def deployed_facts(source: Source, context: ReadContext) -> Iterator[Fact]:
    """All facts of a file. Raises OSError, RecursionError, UnicodeDecodeError."""
    if (
        source.shape.form is Form.TEXT
        and source.head.lstrip(b"- \r\n")[:1] in b"|MC"
        and b"\t" in source.head[:40]
    ):
        yield unreadable(source, "is written for people, by --output text or table", "use --output json")
        return
    reader = _Reader(source, context)
    empty = True
    for document in documents(source):
        empty = False
        if isinstance(document, Broken):
            why = f"cannot be read: {document.problem}"
            yield unreadable(source, why, _AGAIN, part="the rest of it", line=document.line)
        else:
            yield from reader.facts(document)
    if empty:
        yield unreadable(source, "is empty", _AGAIN)


class _Reader:
    def __init__(self, source: Source, context: ReadContext) -> None:
        self._source = source
        self._home = Path(context.below_root(source.path)).with_suffix("").as_posix()
        self._lost: list[Fact] = []

    def facts(self, document: Document) -> Iterator[Fact]:
        """The facts of one answer, and what was lost of it."""
        answer = document.value
        if not isinstance(answer, dict):
            self._lose(document.pointer, f"should be an object and is {type_name(answer)}", "a document")
        else:
            yield from self._answer(answer, document.pointer)
        yield from self._lost
        self._lost.clear()

    def _answer(self, answer: dict[str, Json], at: str) -> Iterator[Fact]:
        if answer.keys() & {*_KINDS, "LogAlarms"}:
            yield from self._alarms(answer, at)
        elif "Topics" in answer:
            found = [self._topic({"TopicArn": arn}, where) for arn, where in self._arns(answer, at)]
            yield from found
            yield self._listing(answer, at, Listed.TOPICS, found)
        elif "Subscriptions" in answer:
            subscriptions = [
                self._subscription(item, where, whole=False)
                for item, where in self._objects(answer, "Subscriptions", at)
            ]
            kept = [fact for fact in subscriptions if fact is not None]
            yield from kept
            yield self._listing(answer, at, Listed.SUBSCRIPTIONS, kept)
        elif "Attributes" in answer:
            yield from self._attributes(answer["Attributes"], f"{at}/Attributes")
        elif "ResourceTagMappingList" in answer:
            for item, where in self._objects(answer, "ResourceTagMappingList", at):
                yield from self._tags(item, where)
        elif "AlarmMuteRuleArn" in answer:
            yield from self._mute_rule(answer, at, whole=True)
        elif "AlarmMuteRuleSummaries" in answer:
            for item, where in self._objects(answer, "AlarmMuteRuleSummaries", at):
                yield from self._mute_rule(item, where, whole=False)
        else:
            self._lose(
                at, "is no answer of `describe-alarms` or of `aws sns` that is read here", "a document"
            )

    def _alarms(self, answer: dict[str, Json], at: str) -> Iterator[Fact]:
        for name, (kind, listed) in _KINDS.items():
            if name not in answer:
                continue
            found = [self._alarm(kind, item, where) for item, where in self._objects(answer, name, at)]
            kept = [fact for fact in found if fact is not None]
            yield from kept
            yield self._listing(answer, at, listed, kept)
        for item, where in self._objects(answer, "LogAlarms", at) if "LogAlarms" in answer else ():
            what = str(item.get("AlarmName", "a log alarm"))
            self._lose(where, "is a log alarm, which this version does not read", what, "look at it yourself")

    def _alarm(self, kind: str, answer: dict[str, Json], at: str) -> Fact | None:
        arn, name = _arn(answer.get("AlarmArn")), answer.get("AlarmName")
        if not isinstance(name, str) or not name:
            self._lose(at, "has no AlarmName", "an alarm")
            return None
        subject = str(answer["AlarmArn"]) if arn else name
        place = {"region": arn.region} if arn else {}
        read = {**names.alarm_attributes(answer), **place}
        return self._fact(kind, subject, name, at, arn, read, tags=_TAGS)

    def _attributes(self, answer: Json, at: str) -> Iterator[Fact]:
        if not isinstance(answer, dict):
            self._lose(at, f"Attributes should be an object and is {type_name(answer)}", "a document")
        elif "SubscriptionArn" in answer:
            found = self._subscription(answer, at, whole=True)
            if found is not None:
                yield found
        elif "QueueArn" in answer:
            yield from self._queue(answer, at)
        elif _arn(answer.get("TopicArn")):
            yield self._topic(answer, at)
        else:
            self._lose(at, "names neither a topic nor a subscription", "a document")

    def _topic(self, answer: dict[str, Json], at: str) -> Fact:
        arn = _arn(answer.get("TopicArn"))
        assert arn is not None
        whole = len(answer) > 1
        read = names.topic_attributes(answer, arn)
        missing = () if whole else ("policy", "kms_master_key_id")
        fact = self._fact(
            "aws_sns_topic", answer["TopicArn"], arn.resource, at, arn, read, missing=missing, why=_TOPIC
        )
        confirmed = answer.get("SubscriptionsConfirmed")
        if isinstance(confirmed, str) and confirmed.isascii() and confirmed.isdigit():
            return msgspec.structs.replace(fact, subscriptions_confirmed=Known(int(confirmed[:9])))
        return fact

    def _subscription(self, answer: dict[str, Json], at: str, *, whole: bool) -> Fact | None:
        topic, named = _arn(answer.get("TopicArn")), answer.get("SubscriptionArn")
        if topic is None or not isinstance(named, str):
            self._lose(at, "has no TopicArn and SubscriptionArn", "a subscription")
            return None
        if named == "Deleted":
            return None
        endpoint, protocol = answer.get("Endpoint"), answer.get("Protocol")
        pending = answer.get("PendingConfirmation") if whole else named in (_PENDING, "pending confirmation")
        subject = named
        if _arn(named) is None:
            # There is no ARN before somebody confirms; the endpoint may be a person's address.
            subject = f"{answer['TopicArn']}:pending:{protocol}:{sha256(str(endpoint).encode())[:8]}"
        read = names.subscription_attributes(answer, pending)
        missing = () if whole else ("filter_policy", "filter_policy_scope")
        kind = "aws_sns_topic_subscription"
        return self._fact(kind, subject, subject, at, topic, read, missing=missing, why=_SUBSCRIPTION)

    def _queue(self, answer: dict[str, Json], at: str) -> Iterator[Fact]:
        arn = _arn(answer.get("QueueArn"))
        if arn is None:
            self._lose(at, "has a QueueArn that is no ARN", "a queue")
            return
        read = names.queue_attributes(answer, arn)
        asked_for_all = "CreatedTimestamp" in answer
        optional = ("policy", "kms_master_key_id", "redrive_policy")
        missing = tuple(name for name in optional if read[name] is None and not asked_for_all)
        yield self._fact(
            "aws_sqs_queue", answer["QueueArn"], arn.resource, at, arn, read, missing=missing, why=_QUEUE
        )

    def _tags(self, answer: dict[str, Json], at: str) -> Iterator[Fact]:
        arn, tags = answer.get("ResourceARN"), names.pairs(answer.get("Tags", []), "Key")
        if not isinstance(arn, str) or not isinstance(tags, dict):
            self._lose(at, "has no ResourceARN, or Tags that are no list of keys and values", "tags")
            return
        yield DeployedTags(
            subject=arn,
            origin=Origin(self._source.path, at),
            tags={name: str(value) for name, value in tags.items()},
            deployed=True,
        )

    def _mute_rule(self, answer: dict[str, Json], at: str, *, whole: bool) -> Iterator[Fact]:
        """A mute rule that has not expired; a summary says neither when it is active nor what it mutes."""
        arn = _arn(answer.get("AlarmMuteRuleArn"))
        if arn is None:
            self._lose(at, "has no AlarmMuteRuleArn", "a mute rule")
        elif answer.get("Status") != "EXPIRED":
            read, named = names.mute_rule_attributes(answer, arn), answer["AlarmMuteRuleArn"]
            wrong = dict(names.wrong_in_mute_rule(answer)) if whole else {}
            for part, what in wrong.items():
                self._lose(f"{at}/{names.in_aws(part)}", what, named)
            missing = tuple(wrong) if whole else ("rule", "mute_targets")
            read.update(dict.fromkeys(missing))
            kind, name = "aws_cloudwatch_alarm_mute_rule", read["name"]
            yield self._fact(kind, named, name, at, arn, read, missing=missing, why=_MUTE_RULE)

    def _fact(
        self,
        kind: str,
        subject: str,
        name: str,
        at: str,
        arn: Arn | None,
        read: Mapping[str, Json],
        *,
        missing: tuple[str, ...] = (),
        why: str = "",
        tags: str = "",
    ) -> Fact:
        """The fact that Terraform's reader of that type makes of the values. `missing` are not in the answer."""

        def lose(attribute: str, what: str) -> None:
            wrong = what.replace(attribute.rpartition("/")[2], names.in_aws(attribute).rpartition("/")[2], 1)
            self._lose(f"{at}/{names.in_aws(attribute)}", wrong, subject)

        values = Planned(dict(read), dict.fromkeys(missing, True), None, _reference(why), lose)
        fact = READERS[kind](
            Instance(
                subject=subject,
                name=name,
                origin=Origin(self._source.path, at),
                stack=f"{arn.account}/{arn.region}" if arn else self._home,
                change=Change.UNCHANGED,
                attributes=Attributes(values, lose),
                provider=Known({"account_id": arn.account, "region": arn.region}) if arn else ABSENT,
                default_tags=Unknown(_reference(tags)("")) if tags else ABSENT,
            )
        )
        return msgspec.structs.replace(fact, deployed=True)

    def _listing(self, answer: dict[str, Json], at: str, listed: Listed, facts: list[Fact]) -> Fact:
        account, _, region = facts[0].stack.partition("/") if facts else ("", "", "")
        topics = {known(fact.topic_arn) for fact in facts if isinstance(fact, Subscription)}
        return DeployedListing(
            subject=f"{self._source.path}#{at}/{listed.value}",
            origin=Origin(self._source.path, at),
            listed=listed,
            account=account if region else "",
            region=region,
            # One topic alone may mean that only its subscriptions were asked for.
            topic=(topics.pop() or "") if len(topics) == 1 else "",
            number=len(facts),
            last=not answer.get("NextToken") and not answer.get("nextToken"),
            deployed=True,
        )

    def _arns(self, answer: dict[str, Json], at: str) -> Iterator[tuple[str, str]]:
        for item, where in self._objects(answer, "Topics", at):
            if _arn(item.get("TopicArn")):
                yield item["TopicArn"], where
            else:
                self._lose(where, "has no TopicArn", "a topic")

    def _objects(self, answer: dict[str, Json], name: str, at: str) -> Iterator[tuple[dict[str, Json], str]]:
        items = answer[name]
        if not isinstance(items, list):
            self._lose(f"{at}/{name}", f"{name} should be a list and is {type_name(items)}", name)
            return
        for number, item in enumerate(items):
            if isinstance(item, dict):
                yield item, f"{at}/{name}/{number}"
            else:
                self._lose(
                    f"{at}/{name}/{number}",
                    f"should be an object and is {type_name(item)}",
                    f"{name}[{number}]",
                )

    def _lose(self, at: str, cause: str, part: str, cure: str = _AGAIN) -> None:
        self._lost.append(unreadable(self._source, cause, cure, part=part, pointer=at))


def _arn(value: Json) -> Arn | None:
    return parse_arn(value) if isinstance(value, str) else None


def _reference(why: str) -> Callable[[str], tuple[Reference, ...]]:
    return lambda _name: (Reference(why, ReferenceKind.UNRESOLVED),)
