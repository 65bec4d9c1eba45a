"""What becomes of a notification: the words of `notifications`, light enough for rules to import."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from kfm_audit.facts import ChatChannel, Fact, Subscription, Topic
from kfm_audit.values import IdentityEnum


class Reach(IdentityEnum):
    """Whether a message gets through."""

    REACHED = "reached"
    NOT_REACHED = "not-reached"
    UNTOLD = "untold"


class Step(Struct, frozen=True, kw_only=True):
    """What becomes of a message at one place on its way.

    Where it is not `REACHED`: `why` is a clause about the place, `cure` what mends
    it, `cause` the rule that says so too, `at` the attribute of the place's fact
    that stops it (`fact`, where that is another one). `of_alarm` says that it
    hangs on the one alarm's message, and not on the place alone.
    """

    reach: Reach
    why: str = ""
    cure: str = ""
    cause: str = ""
    at: str = ""
    fact: Fact | None = None
    of_alarm: bool = False


class Destination(Struct, frozen=True):
    """A topic that alarms notify.

    `topic` is None where the input does not hold it; `name` is then its ARN or
    the reference that leads to it.
    """

    key: tuple[str, str]
    name: str
    topic: Topic | None = None


class End(Struct, frozen=True):
    """A subscriber of a topic, and what becomes of a message there."""

    subscriber: Subscription | ChatChannel
    step: Step


class Path(Struct, frozen=True, dict=True):
    """The way from an alarm by one topic. `stop` is set where it breaks, or may, before any subscriber."""

    destination: Destination
    ends: tuple[End, ...] = ()
    stop: Step | None = None

    @cached_property
    def reach(self) -> Reach:
        """Whether the message gets to some subscriber by this way."""
        if self.stop is not None:
            return self.stop.reach
        return best(end.step.reach for end in self.ends) if self.ends else Reach.NOT_REACHED


class Told(Struct, frozen=True, dict=True):
    """All ways of an alarm's notification; `open` are references that may lead to topics besides."""

    paths: tuple[Path, ...]
    open: tuple[str, ...] = ()

    @cached_property
    def reach(self) -> Reach:
        """Whether anybody is told."""
        reach = best(path.reach for path in self.paths)
        return Reach.UNTOLD if self.open and reach is Reach.NOT_REACHED else reach


class Refusal(Struct, frozen=True):
    """Why SNS refuses a filter policy: its own sentence, and the keys that lead to the place."""

    message: str
    path: tuple[str, ...] = ()
    at: str = "filter_policy"


class Never(Struct, frozen=True):
    """A key that a filter asks for and that no alarm of the topic ever sends.

    `keys` leads to it in the message; `attributes` says that the filter looks at
    message attributes, of which CloudWatch sends none.
    """

    keys: tuple[str, ...]
    attributes: bool


REACHED = Step(reach=Reach.REACHED)


def best(reaches: Iterable[Reach]) -> Reach:
    """The best of several; `NOT_REACHED` where there is none."""
    found = Reach.NOT_REACHED
    for reach in reaches:
        if reach is Reach.REACHED:
            return reach
        if reach is Reach.UNTOLD:
            found = reach
    return found
