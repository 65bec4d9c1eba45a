"""Whether a subscription's filter policy lets an alarm's message through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import parse_arn
from kfm_audit.evidence.alarm.alarms import account_of, region_of
from kfm_audit.evidence.notification.reach import REACHED, Never, Reach, Refusal, Step
from kfm_audit.facts import Alarm, Subscription
from kfm_audit.values import ABSENT, Known, Unknown, ends_of

if TYPE_CHECKING:
    from kfm_audit.aws.filter_match import Match
    from kfm_audit.aws.filter_policy import FilterPolicy
    from kfm_audit.aws.message import Message


_MEND: Final = "let the policy match what the alarm sends, or subscribe somebody without a filter"
_MEND_NEVER: Final = (
    "mend the filter as SNS002 says of the subscription: filter on keys of the body, or give the team a "
    "topic of its own and no filter"
)


class Filtering:
    """The filter policies of subscriptions."""

    def __init__(self) -> None:
        """Read no policy before it is asked for, and each once."""
        self._read: dict[tuple[str, str], FilterPolicy | Refusal | Unknown | None] = {}
        self._last: tuple[tuple[str, str, str, AlarmState], Message] | None = None

    def refusal(self, subscription: Subscription) -> Refusal | None:
        """Why SNS refuses the subscription's filter policy; None where it does not, or cannot be told."""
        policy = self.policy(subscription)
        return policy if isinstance(policy, Refusal) else None

    def policy(self, subscription: Subscription) -> FilterPolicy | Refusal | Unknown | None:
        """The filter policy; None where all messages pass."""
        if subscription.filter_policy is ABSENT:
            return None
        key = (subscription.stack, subscription.subject)
        if key not in self._read:
            self._read[key] = _read(subscription)
        return self._read[key]

    def step(self, subscription: Subscription, alarm: Alarm, state: AlarmState = AlarmState.ALARM) -> Step:
        """Whether the alarm's message about its change to a state passes."""
        policy = self.policy(subscription)
        at = "filter_policy"
        if policy is None:
            return REACHED
        if isinstance(policy, Refusal):
            why = "has a filter policy that SNS refuses (SNS003)"
            return Step(reach=Reach.NOT_REACHED, why=why, cause="SNS003", at=policy.at)
        if isinstance(policy, Unknown):
            if subscription.deployed:
                why = f"may have a filter policy: {ends_of(policy)}, which no input holds"
                cure = "give the subscription's `aws sns get-subscription-attributes` too"
            else:
                from kfm_audit.evidence import unset

                why = f"has a filter policy that {unset.hidden(policy, subscription)}"
                otherwise = "write the filter policy from values that the plan knows"
                cure = unset.cure(policy, otherwise, subscription)
            return Step(reach=Reach.UNTOLD, why=why, cure=cure, at=at)
        from kfm_audit.aws.filter_match import Outcome, Reason, matches

        match = matches(policy, self._message(subscription, alarm, state))
        if match.outcome is Outcome.MATCHED:
            return REACHED
        if match.outcome is Outcome.CANNOT_TELL:
            return Step(
                reach=Reach.UNTOLD,
                why="has a filter policy that is marked sensitive"
                if _secret(subscription)
                else f"has a filter policy, and {match.why}",
                cure="filter on what the plan knows of the message: AlarmName, NewStateValue, AlarmArn",
                at=at,
                of_alarm=True,
            )
        never = match.reason is Reason.NO_ATTRIBUTES or _never_has(alarm, match)
        if match.reason is Reason.NO_ATTRIBUTES:
            asked = "" if _secret(subscription) else f" ({_asked(policy)})"
            why = f"filters on message attributes{asked}, and CloudWatch sends none"
        else:
            why = "filters it out" if _secret(subscription) else f"filters it out: {match.why}"
        return Step(
            reach=Reach.NOT_REACHED,
            why=why,
            cure=_MEND_NEVER if never else _MEND,
            cause="SNS002" if never else "",
            at=at,
            of_alarm=True,
        )

    def never(self, subscription: Subscription, alarms: Iterable[Alarm]) -> Never | None:
        """The key that stops the messages of all the alarms, whatever they are about."""
        policy = self.policy(subscription)
        if policy is None or isinstance(policy, Refusal | Unknown):
            return None
        from kfm_audit.aws.filter_match import Outcome, Reason, matches

        found: Never | None = None
        for alarm in alarms:
            match = matches(policy, self._message(subscription, alarm))
            if match.outcome is not Outcome.NOT_MATCHED:
                return None
            if match.reason is Reason.NO_ATTRIBUTES:
                return Never(_keys(policy)[0], attributes=True)  # the same for every alarm
            if not _never_has(alarm, match):
                return None
            found = found or Never(match.keys, attributes=False)
        return found

    def _message(
        self, subscription: Subscription, alarm: Alarm, state: AlarmState = AlarmState.ALARM
    ) -> Message:
        """What CloudWatch publishes; the last one is kept for the next subscription of the topic."""
        from kfm_audit.evidence.notification.published import published

        key = (alarm.stack, alarm.subject, _account(subscription, alarm), state)
        if self._last is None or key != self._last[0]:
            self._last = (key, published(alarm, region_of(alarm), key[2], state))
        return self._last[1]


def _read(subscription: Subscription) -> FilterPolicy | Refusal | Unknown | None:
    from kfm_audit.aws.filter_policy import FilterPolicyError, Scope, parse_filter_policy, parse_scope

    text = subscription.filter_policy
    if not isinstance(text, Known):
        return text if isinstance(text, Unknown) else None
    if not text.value:
        return None
    try:
        match subscription.filter_policy_scope:
            case Known(name, secret) if name:
                scope = parse_scope(name)
            case Unknown() as unknown:
                return unknown
            case _:
                scope = Scope.MESSAGE_ATTRIBUTES
    except FilterPolicyError as error:
        why = "its scope is marked sensitive, and not shown" if secret else error.message
        return Refusal(why, at="filter_policy_scope")
    try:
        return parse_filter_policy(text.value, scope)
    except FilterPolicyError as error:
        hidden = Refusal("it is marked sensitive, and not shown")
        return hidden if text.sensitive else Refusal(error.message, error.path)


def _keys(policy: FilterPolicy) -> list[tuple[str, ...]]:
    """The keys that the policy asks for, in its order."""
    return list(
        dict.fromkeys(condition.keys for alternative in policy.alternatives for condition in alternative)
    )


def _asked(policy: FilterPolicy) -> str:
    return ", ".join(".".join(keys) for keys in _keys(policy))


def _never_has(alarm: Alarm, match: Match) -> bool:
    """Whether the filter lacks a key that no alarm of this kind sends, whatever it is about."""
    from kfm_audit.aws.alarm_keys import may_have
    from kfm_audit.aws.filter_match import Reason
    from kfm_audit.evidence.notification.published import kind_of

    absent = match.reason in (Reason.KEY_ABSENT, Reason.NOT_A_LEAF)
    return absent and not may_have(kind_of(alarm), match.keys)


def _secret(subscription: Subscription) -> bool:
    return isinstance(subscription.filter_policy, Known) and subscription.filter_policy.sensitive


def _account(subscription: Subscription, alarm: Alarm) -> str:
    """The alarm's account: that of its provider's role, else its topic's where one stack has both; else ""."""
    arn = subscription.topic_arn
    parsed = parse_arn(arn.value) if isinstance(arn, Known) and subscription.stack == alarm.stack else None
    return account_of(alarm) or (parsed.account if parsed else "")
