"""Whether a subscriber takes what its topic sends it: confirmation, functions, queues.

SNS developer guide: messages go to confirmed subscriptions only; a function needs
a permission, a queue a policy that lets `sns.amazonaws.com` in.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from kfm_audit.aws.arns import parse_arn, partition_of
from kfm_audit.aws.partly_known import UNKNOWN
from kfm_audit.evidence.leads import Leads, called, others
from kfm_audit.evidence.notification.invoking import SNS, Invoking
from kfm_audit.evidence.notification.keys import Keys
from kfm_audit.evidence.notification.reach import REACHED, Destination, Reach, Step
from kfm_audit.evidence.notification.rulings import Rulings
from kfm_audit.facts import (
    Change,
    Fact,
    Queue,
    QueuePolicy,
    Subscription,
    Topic,
)
from kfm_audit.values import ABSENT, Attribute, Known, Unknown

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_CONFIRMED_BY_HAND: Final = frozenset({"email", "email-json", "http", "https"})
_AT: Final = "endpoint"


class Receiving:
    """The endpoints of subscriptions."""

    def __init__(self, evidence: Evidence) -> None:
        """Index nothing before it is asked for."""
        self._evidence = evidence
        self._rulings = Rulings(evidence)
        self._keys = Keys(evidence, self._rulings)
        self._invoking = Invoking(evidence)

    def step(self, subscription: Subscription, destination: Destination) -> Step:
        """Whether the endpoint gets what the topic sends it, whatever the message."""
        confirmed = _confirmed(subscription)
        if confirmed.reach is not Reach.REACHED:
            return confirmed
        match subscription.protocol:
            case Known("lambda"):
                return self._invoking.step(subscription, destination, _arn(destination))
            case Known("sqs"):
                return self._queue(subscription, destination)
            case Unknown() as unknown:
                from kfm_audit.evidence import unset

                why = f"has a protocol that {unset.hidden(unknown, subscription)}"
                cure = unset.cure(unknown, "write the protocol so that the plan knows it", subscription)
                return Step(reach=Reach.UNTOLD, why=why, cure=cure, at="protocol")
            case _:
                return REACHED  # sms, application, firehose: nothing that the inputs show stands in their way

    def _queue(self, subscription: Subscription, destination: Destination) -> Step:
        held = self._queues.of(subscription.endpoint, subscription).facts
        if isinstance(subscription.endpoint, Known) and _is_url(subscription.endpoint.value):
            return Step(
                reach=Reach.NOT_REACHED,
                why="names the queue by its URL, where SNS asks for its ARN and refuses anything else",
                cure="set endpoint to the queue's arn: its url and id are the URL",
                at=_AT,
            )
        if not held:
            return Step(
                reach=Reach.UNTOLD,
                why="sends to a queue that the input does not hold: whether it lets SNS in cannot be seen",
                cure="check the Terraform that holds the queue and its policy together with this",
                at=_AT,
            )
        queue = held[0]
        fifo = destination.topic is not None and destination.topic.fifo_topic == Known(True)
        if queue.fifo_queue == Known(True) and not fifo:
            return Step(
                reach=Reach.NOT_REACHED,
                why=f"sends to {queue.subject}, a FIFO queue, which a standard topic cannot send to",
                cure="subscribe a standard queue",
                at=_AT,
                fact=queue,
            )
        sender = destination.topic or subscription
        policy = self._queue_policy(queue, destination, sender)
        if policy.reach is not Reach.REACHED:
            return policy
        context = partial(_context, destination)
        key = self._keys.step(queue.kms_master_key_id, queue, sender, SNS, context, "alias/aws/sqs")
        if key.reach is Reach.REACHED:
            return REACHED
        return Step(
            reach=key.reach,
            why=f"sends to {queue.subject}, which {key.why}",
            cure=key.cure,
            at=key.at,
            fact=key.fact or queue,
        )

    def _queue_policy(self, queue: Queue, destination: Destination, sender: Fact) -> Step:
        holder, policy = self._policy(queue)
        cure = (
            'let the queue\'s policy allow the principal {"Service": "sns.amazonaws.com"} the action '
            "sqs:SendMessage, with the topic as aws:SourceArn"
        )
        name = f"sends to {queue.subject}"
        if policy is ABSENT or policy == Known(""):
            why = f"{name}, which has no policy that lets SNS send to it"
            return Step(reach=Reach.NOT_REACHED, why=why, cure=cure, at=_AT, fact=holder)
        if not isinstance(policy, Known):
            from kfm_audit.evidence import unset

            why = (
                f"{name}, whose policy {'no input holds' if queue.deployed else unset.hidden(policy, holder)}"
            )
            cure = cure if queue.deployed else unset.cure(policy, cure, holder)
            return Step(reach=Reach.UNTOLD, why=why, cure=cure, at="policy", fact=holder)
        from kfm_audit.aws.resource_policy import Outcome, Request

        resource = queue.arn.value if isinstance(queue.arn, Known) else UNKNOWN
        topic = destination.topic
        request = Request(
            principal=SNS,
            action="sqs:SendMessage",
            resource=resource,
            context=_context(destination),
            resource_names=called(queue, self._queues, policy.value, holder),
            source_names=called(topic, self._topics, policy.value, holder) if topic else frozenset(),
            other_names=others(topic, self._topics, policy.value, holder) if topic else frozenset(),
        )
        context = partial(_context, destination)
        ruling = self._rulings.of(policy.value, request, context, sender, queue, holder)
        if ruling.outcome is Outcome.ALLOWED:
            return REACHED
        why = "it is marked sensitive" if policy.sensitive else ruling.why
        refused = ruling.outcome is Outcome.REFUSED
        return Step(
            reach=Reach.NOT_REACHED if refused else Reach.UNTOLD,
            why=f"{name}, whose policy {'refuses' if refused else 'may refuse'} what SNS sends: {why}",
            cure=self._rulings.cure(ruling, policy, holder, "topic", cure),
            at="policy",
            fact=holder,
        )

    def _policy(self, queue: Queue) -> tuple[Fact, Attribute[str]]:
        for policy in self._evidence.of(QueuePolicy):
            if policy.change is not Change.DELETED and queue in self._urls.of(policy.queue_url, policy).facts:
                return policy, policy.policy
        return queue, queue.policy

    @cached_property
    def _queues(self) -> Leads[Queue]:
        queues = [item for item in self._evidence.of(Queue) if item.change is not Change.DELETED]
        return Leads(queues, lambda item: (item.arn,), lambda _item: ())

    @cached_property
    def _topics(self) -> Leads[Topic]:
        return Leads(self._evidence.of(Topic), lambda item: (item.arn,), lambda _item: ())

    @cached_property
    def _urls(self) -> Leads[Queue]:
        return Leads(self._evidence.of(Queue), lambda item: (item.url,), lambda _item: ())


def _is_url(endpoint: str) -> bool:
    return endpoint.startswith(("https://", "http://"))


def _confirmed(subscription: Subscription) -> Step:
    """Whether the endpoint has said yes: what goes to mail and web addresses must be confirmed."""
    protocol = subscription.protocol.value if isinstance(subscription.protocol, Known) else ""
    pending = subscription.pending_confirmation
    by_itself = subscription.endpoint_auto_confirms == Known(True)
    shown_by = "listing" if subscription.deployed else "plan"
    cure = (
        f"follow the link in the mail that SNS sends; the next {shown_by} shows it"
        if protocol.startswith("email")
        else "set endpoint_auto_confirms = true if the endpoint confirms by itself, else confirm it by hand"
    )
    if pending == Known(True):
        why = "was never confirmed, and gets nothing until it is"
        return Step(reach=Reach.NOT_REACHED, why=why, cure=cure, at="pending_confirmation")
    if protocol in _CONFIRMED_BY_HAND and pending != Known(False) and not by_itself:
        why = "gets nothing until somebody confirms it, which no input shows"
        return Step(reach=Reach.UNTOLD, why=why, cure=cure, at="protocol")
    return REACHED


def _context(destination: Destination, account: str = "") -> dict[str, str | None]:
    """The condition keys of what SNS sends for the topic, as far as they are known."""
    arn = _arn(destination, account)
    parsed = parse_arn(arn)
    account = parsed.account if parsed else UNKNOWN
    return {
        "aws:sourcearn": arn,
        "aws:sourceaccount": account,
        "aws:sourceowner": account,
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
        "aws:principalservicename": SNS,
        "aws:principalorgid": None,
        "aws:principalarn": None,
    }


def _arn(destination: Destination, account: str = "") -> str:
    """The topic's ARN, as far as it is known; with `account` where its own is not."""
    topic = destination.topic
    if topic is None:
        return destination.name if parse_arn(destination.name) else UNKNOWN
    if isinstance(topic.arn, Known):
        return topic.arn.value
    name = topic.name.value if isinstance(topic.name, Known) else UNKNOWN
    region = topic.provider.value.get("region", "") if isinstance(topic.provider, Known) else ""
    return f"arn:{partition_of(region)}:sns:{region or UNKNOWN}:{account or UNKNOWN}:{name}"
