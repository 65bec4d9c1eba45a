"""Whether CloudWatch may publish to a topic: FIFO, topic policy, encryption."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import msgspec

from kfm_audit.aws.arns import parse_arn, partition_of
from kfm_audit.aws.partly_known import UNKNOWN
from kfm_audit.evidence.alarm.alarms import account_of, region_of
from kfm_audit.evidence.leads import Leads, called, others
from kfm_audit.evidence.notification.keys import Keys
from kfm_audit.evidence.notification.reach import REACHED, Reach, Step
from kfm_audit.evidence.notification.rulings import Rulings
from kfm_audit.facts import Alarm, Change, CompositeAlarm, Fact, MetricAlarm, Topic, TopicPolicy
from kfm_audit.values import Attribute, Known, Reference, Unknown

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

CLOUDWATCH: Final = "cloudwatch.amazonaws.com"

_ALLOW: Final = (
    'let the topic\'s policy allow the principal {"Service": "cloudwatch.amazonaws.com"} the action '
    "sns:Publish, with the alarms' account as aws:SourceAccount if it has a condition"
)


class Publishing:
    """What topics say to CloudWatch."""

    def __init__(self, evidence: Evidence, topics: Leads[Topic]) -> None:
        """`topics` finds the topic that a policy is for."""
        self._evidence = evidence
        self._topics = topics
        self._rulings = Rulings(evidence)
        self._keys = Keys(evidence, self._rulings)
        self._cache: dict[tuple[str, ...], Step] = {}

    def step(self, topic: Topic, alarm: Alarm) -> Step:
        """Whether the topic takes what CloudWatch publishes for the alarm."""
        # Nearly all policies say the same to all alarms: then they are evaluated once.
        who = (alarm.stack, alarm.subject) if self.names_sources(topic) else ()
        key = (topic.stack, topic.subject, *who)
        if key not in self._cache:
            self._cache[key] = self._step(topic, alarm)
        return self._cache[key]

    def _step(self, topic: Topic, alarm: Alarm) -> Step:
        if topic.fifo_topic == Known(True):
            return Step(
                reach=Reach.NOT_REACHED,
                why="is a FIFO topic, and CloudWatch publishes without the message group that it asks for",
                cure="make it a standard topic: delete fifo_topic and the ending .fifo of its name",
                cause="SNS004",
                at="fifo_topic",
            )
        context = _context(topic, alarm)
        policy = self._policy_step(topic, alarm, context)
        if policy.reach is Reach.NOT_REACHED:
            return policy
        own = partial(_context, topic, alarm)
        key = self._keys.step(topic.kms_master_key_id, topic, alarm, CLOUDWATCH, own, "alias/aws/sns")
        if key.reach is Reach.REACHED:
            return policy
        return msgspec.structs.replace(key, cause="SNS004")

    def _policy_step(self, topic: Topic, alarm: Alarm, context: Mapping[str, str | None]) -> Step:
        holder, attribute = self.policy(topic)
        match attribute:
            case Known():
                return self._ruled(topic, alarm, context, holder, attribute)
            case Unknown(references) as unknown:
                from kfm_audit.evidence import unset

                what = f"{unset.hidden(unknown, holder)}: it comes from"
                cure = unset.cure(unknown, f"{_ALLOW}; or plan again after the topic exists", holder)
                if topic.deployed:
                    what = "no input holds:"
                    cure = "give the topic's `aws sns get-topic-attributes` too"
                return Step(
                    reach=Reach.UNTOLD,
                    why=f"has a policy that {what} {ends(references)}",
                    cure=cure,
                    cause="SNS004",
                    at="policy",
                    fact=holder,
                )
            case _:
                return REACHED  # the default policy lets the account's own services publish

    def _ruled(
        self,
        topic: Topic,
        alarm: Alarm,
        context: Mapping[str, str | None],
        holder: Fact,
        policy: Known[str],
    ) -> Step:
        """What a policy says that is there."""
        from kfm_audit.aws.resource_policy import Outcome, Request

        request = Request(
            principal=CLOUDWATCH,
            action="sns:Publish",
            resource=topic.arn.value if isinstance(topic.arn, Known) else UNKNOWN,
            context=context,
            resource_names=called(topic, self._topics, policy.value, holder),
            source_names=called(alarm, self._alarms, policy.value, holder),
            other_names=others(alarm, self._alarms, policy.value, holder),
        )
        own = partial(_context, topic, alarm)
        ruling = self._rulings.of(policy.value, request, own, topic, alarm, holder)
        match ruling.outcome:
            case Outcome.ALLOWED:
                return REACHED
            case Outcome.REFUSED:
                why = "marked sensitive" if policy.sensitive else ruling.why
                return Step(
                    reach=Reach.NOT_REACHED,
                    why=f"has a policy that refuses what CloudWatch publishes: {why}",
                    cure=_ALLOW,
                    cause="SNS004",
                    at="policy",
                    fact=holder,
                )
            case Outcome.UNTOLD:
                why = "it is marked sensitive" if policy.sensitive else ruling.why
                return Step(
                    reach=Reach.UNTOLD,
                    why=f"has a policy that hangs on what is not known: {why}",
                    cure=self._rulings.cure(ruling, policy, holder, "alarm", _ALLOW),
                    cause="SNS004",
                    at="policy",
                    fact=holder,
                )

    def policy(self, topic: Topic) -> tuple[Fact, Attribute[str]]:
        """The policy that holds, and the fact that says so."""
        for policy in self._policies.get((topic.stack, topic.subject), ()):
            return policy, policy.policy
        return topic, topic.policy

    @cached_property
    def _alarms(self) -> Leads[Alarm]:
        alarms = (*self._evidence.of(MetricAlarm), *self._evidence.of(CompositeAlarm))
        return Leads(alarms, lambda alarm: (alarm.arn,), lambda _alarm: ())

    @cached_property
    def _policies(self) -> dict[tuple[str, str], list[TopicPolicy]]:
        found: dict[tuple[str, str], list[TopicPolicy]] = {}
        for policy in self._evidence.of(TopicPolicy):
            if policy.change is not Change.DELETED:
                for topic in self._topics.of(policy.arn, policy).facts:
                    found.setdefault((topic.stack, topic.subject), []).append(policy)
        return found

    def names_sources(self, topic: Topic) -> bool:
        """Whether a policy on the way looks at the alarm, or where it looks cannot be told."""
        _, policy = self.policy(topic)
        texts = [policy, *self._keys.policies(topic.kms_master_key_id, topic)]
        return any(isinstance(text, Known) and "source" in text.value.lower() for text in texts)


def _context(topic: Topic, alarm: Alarm, account: str = "") -> dict[str, str | None]:
    """The condition keys of what CloudWatch publishes for the alarm, as far as they are known.

    An alarm notifies topics of its own region only, so that the topic shows the region.
    """
    arn = parse_arn(topic.arn.value) if isinstance(topic.arn, Known) else None
    region = arn.region if arn else region_of(alarm) or UNKNOWN
    same_account = alarm.stack == topic.stack and alarm.provider == topic.provider
    account = account or account_of(alarm) or (arn.account if arn and same_account else UNKNOWN)
    name = alarm.alarm_name.value if isinstance(alarm.alarm_name, Known) else UNKNOWN
    # Where nothing names the region, nothing names another partition than the usual one either.
    partition = partition_of(region)
    return {
        "aws:sourcearn": f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
        "aws:sourceaccount": account,
        "aws:sourceowner": account,
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
        "aws:principalservicename": CLOUDWATCH,
        "aws:principalorgid": None,
        "aws:principalarn": None,
        "aws:principalaccount": None,
        "aws:sourcevpc": None,
        "aws:sourcevpce": None,
    }


def ends(references: tuple[Reference, ...]) -> str:
    """Where an unknown attribute comes from, in words."""
    return ", ".join(dict.fromkeys(reference.name for reference in references)) or "nothing that is shown"
