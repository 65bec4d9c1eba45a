"""Facts about what is deployed: how far AWS's answers go, and each alarm beside its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar

from kfm_audit.facts.alarms import Alarm
from kfm_audit.facts.base import Fact


class Listed(Enum):
    """What a call to AWS listed."""

    ALARMS = "alarms"
    COMPOSITES = "composites"
    TOPICS = "topics"
    SUBSCRIPTIONS = "subscriptions"


class DeployedListing(Fact, frozen=True, kw_only=True):
    """One page of an answer that lists all there is of something in an account and region.

    `account` and `region` are "" where the page holds nothing that shows them; `topic`
    is the ARN where the call was for one topic. `number` says how many the page lists,
    `last` that no page follows.
    """

    kind: ClassVar[str] = "deployed-listing"

    listed: Listed
    account: str = ""
    region: str = ""
    topic: str = ""
    number: int = 0
    last: bool = True


class DeployedTags(Fact, frozen=True, kw_only=True):
    """The tags of one resource, by its ARN, which is the subject."""

    kind: ClassVar[str] = "deployed-tags"

    tags: Mapping[str, str]


class AlarmComparison(Fact, frozen=True, kw_only=True):
    """An alarm as Terraform declares it beside the one of its name that is deployed.

    One of the two may be missing. `candidates` are deployed alarms of the name of
    which it cannot be told whether they are the declared one. `covered` says what
    share of the alarms of the account and region Terraform declares.
    """

    kind: ClassVar[str] = "alarm-comparison"

    declared: Alarm | None = None
    actual: Alarm | None = None
    candidates: tuple[Alarm, ...] = ()
    covered: float = 1.0
