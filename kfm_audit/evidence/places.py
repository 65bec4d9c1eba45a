"""Where things live: region, account and environment of alarms, of what they watch and of what they notify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from kfm_audit.aws.arns import parse_arn
from kfm_audit.facts import Alarm, Function, Queue, Topic
from kfm_audit.values import Known, Unknown, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

Placed: TypeAlias = Alarm | Function | Queue | Topic

_ELSEWHERE: Final = ("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")
"""Regions of partitions other than `aws`."""
_GLOBAL: Final = {
    "AWS/Billing": "the charges of an account",
    "AWS/CloudFront": "the metrics of a CloudFront distribution",
    "AWS/Route53": "the metrics of Route 53",
}
"""What has its metrics in `us-east-1` only, in the partition `aws`.

CloudFront developer guide, "View CloudFront and edge function metrics"; Route 53 developer guide,
"Monitoring health checks using CloudWatch"; CloudWatch user guide, "Create a billing alarm".
"""
HOME: Final = "us-east-1"


class Place(Struct, frozen=True):
    """Region and account of a thing as far as they are told; "" where not. `name` is what it is called."""

    region: str
    account: str
    name: str = ""


class Places:
    """The places of a run. Each ARN is looked at once, however many alarms speak of it."""

    def __init__(self, evidence: Evidence) -> None:
        """Look at nothing before it is asked for."""
        self._evidence = evidence
        self._arns: dict[str, Place | None] = {}

    def environment_of(self, alarm: Alarm) -> str | None:
        """The environment of an alarm by its name, its tags or its stack, never by what it watches."""
        named_in = self._evidence.environments.named_in
        if isinstance(alarm.alarm_name, Known) and not alarm.alarm_name.sensitive:
            found = named_in(alarm.alarm_name.value)
            if found is not None:
                return found
        wanted = {key.lower() for key in self._evidence.policy.environments.tags}
        tags = known(alarm.tags) or {}
        said = [value for key, value in tags.items() if key.lower() in wanted]
        return next((found for text in (*said, alarm.stack) if (found := named_in(text))), None)

    def of_topic(self, text: str) -> Place | None:
        """The place that a topic's ARN names; None for what is no topic's ARN."""
        if text not in self._arns:
            arn = parse_arn(text)
            topic = arn is not None and arn.service == "sns"
            self._arns[text] = Place(arn.region, arn.account, arn.resource) if arn and topic else None
        return self._arns[text]


def only_at_home(namespace: str, region: str) -> str:
    """What AWS/... metrics that live in `us-east-1` only are called; "" for all others and other partitions."""
    return "" if region.startswith(_ELSEWHERE) else _GLOBAL.get(namespace, "")


def place_of(thing: Placed) -> Place:
    """Where a resource lives: by its own `region`, else by its provider's region and role."""
    provider = known(thing.provider) or {}
    role = parse_arn(provider["role_arn"]) if "role_arn" in provider else None
    account = role.account if role else provider.get("account_id", "")
    return Place(known(thing.region) or provider.get("region", ""), account)


def apart(one: Placed, other: Placed) -> tuple[str, str] | bool | None:
    """The regions or accounts that tell two resources of a stack apart, in words; False where none does.

    None where it cannot be told: they have provider configurations of which the input does not show enough.
    """
    if one.provider == other.provider and one.region == other.region:
        return False
    here, there = place_of(one), place_of(other)
    if here.region and there.region and here.region != there.region:
        return here.region, there.region
    if here.account and there.account and here.account != there.account:
        return f"account {here.account}", f"account {there.account}"
    if here.region and here.region == there.region:
        # One region, and nothing says that the accounts differ; profiles and roles of several may.
        return False if _account_words(one) == _account_words(other) else None
    return None


def _account_words(thing: Placed) -> tuple[str, str] | None:
    if isinstance(thing.provider, Unknown):
        return None
    provider = known(thing.provider) or {}
    return provider.get("profile", ""), provider.get("role_arn", "")
