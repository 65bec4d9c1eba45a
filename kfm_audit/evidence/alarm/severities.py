"""How bad an alarm says that it is, and which severities a topic or a subscriber is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.aws.arns import parse_arn
from kfm_audit.aws.partly_known import like, names_in, pieces
from kfm_audit.globs import matches_any
from kfm_audit.pattern import pattern
from kfm_audit.values import ABSENT, Attribute, Known, PartMap, PartText, Unknown, ends_of, known

if TYPE_CHECKING:
    from kfm_audit.evidence.notification.reach import Destination
    from kfm_audit.facts import Alarm, ChatChannel, Subscription
    from kfm_audit.policy.model import Policy

_WORDS: Final = pattern(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_NEGATIONS: Final = frozenset({"non", "not", "no"})
_SCALES: Final = (
    tuple(f"Sev{n}" for n in range(6)),
    tuple(f"P{n}" for n in range(6)),
    ("critical", "warning"),
)
"""What is a severity though no policy says so, worst first. `high` and `error` are words of what is watched."""
_SPELT: Final = {"severity": "sev", "priority": "p", "prio": "p"}
_SPEAKING: Final = frozenset({*_SPELT, *_SPELT.values(), "level", "urgency"})
"""Words of which the next says a severity, and by which people call what holds one."""
_WORD: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_CARRIED: Final = frozenset({"email", "email-json", "sqs", "lambda", "firehose", "application"})
"""Protocols whose endpoint has a name that people chose; a URL is mostly a token."""


class Fit(Enum):
    """How the severities that a recipient is for are to an alarm's."""

    RIGHT = "right"
    LESSER = "lesser"
    """It is for what is less bad, all of it."""
    GRAVER = "graver"
    """It is for what is worse, all of it."""
    OTHER = "other"
    UNTOLD = "untold"
    """The two are of different vocabularies."""


class Said(Struct, frozen=True):
    """The severity of an alarm, and what says so: `its tag severity`.

    `open` is what of that is not known yet: it may say another severity.
    """

    name: str
    by: str
    open: str = ""


class SaidInPart(Unknown, frozen=True):
    """The severity that the known part of an alarm's name says."""

    said: Said = Said("", "")


class Meant(Struct, frozen=True):
    """The severities that a recipient is for, none where it is for any; and what says so."""

    names: tuple[str, ...] = ()
    by: str = ""
    by_policy: bool = False


ANY: Final = Meant()


class Severities:
    """The severities of a policy, with those that everybody writes, recognised in names and tags."""

    def __init__(self, policy: Policy, also: Iterable[str] = ()) -> None:
        """Take the words of the policy, worst first: `delivery.severities`, and the vocabulary of telemetry.

        `also` are severities that no vocabulary holds.
        """
        self._policy = policy
        self._routes = policy.delivery.severities
        vocabulary = policy.telemetry.vocabularies.get("severity", ())
        # A vocabulary that holds them all has the whole order; routes may be given for some only.
        first = () if set(self._routes) <= set(vocabulary) else self._routes
        own = tuple(dict.fromkeys((*first, *vocabulary)))
        self._scales = (own, *_SCALES)
        self._words: dict[str, str] = {}
        for name in (*own, *(name for scale in _SCALES for name in scale), *also):
            self._words.setdefault(_plain(name).strip(), name)
        for name, route in self._routes.items():
            for word in route.words:
                self._words[_plain(word).strip()] = name
        self._screen = tuple(dict.fromkeys(part for word in self._words for part in _betrays(word)))
        self._found: dict[str, tuple[str, ...]] = {}
        self._more: dict[tuple[str, ...], Severities] = {}
        self._topics: dict[tuple[str, str], Meant] = {}
        self._subscribers: dict[tuple[str, str], Meant] = {}

    def knowing(self, names: tuple[str, ...]) -> Severities:
        """These severities, and those of `names` that they do not know: a rule's own word for one."""
        if names not in self._more:
            unknown = tuple(name for name in names if not self.named_in(name))
            self._more[names] = Severities(self._policy, unknown) if unknown else self
        return self._more[names]

    def of(self, alarm: Alarm, tags: Iterable[str]) -> Said | Unknown | None:
        """The severity of an alarm: policy's word first, then its tag, its name, its address.

        Unknown where a tag or the name may say it after apply, with what the known part of the name says
        (`SaidInPart`); None where nothing does.
        """
        secret = isinstance(alarm.alarm_name, Known) and alarm.alarm_name.sensitive
        name = None if secret else known(alarm.alarm_name)
        part = alarm.alarm_name if isinstance(alarm.alarm_name, PartText) else None
        for severity, route in self._routes.items():
            if route.alarms and any(
                matches_any(text, route.alarms) for text in (alarm.subject, name) if text
            ):
                return Said(severity, "policy (delivery.severities)")
            if part is not None:
                matches = {like(glob, part.text) for glob in route.alarms}
                if True in matches:
                    return Said(severity, "policy (delivery.severities)")
                part = None if None in matches else part  # policy may know the name, when it is known
        tagged = self._of_tags(alarm.tags, tags)
        if isinstance(tagged, Said):
            return tagged
        in_part = None if part is None else self._in_part(part)
        if in_part is not None:
            return in_part
        for text, by in ((name, "its name"), (alarm.subject, "its address")):
            named = self.named_in(text) if text else ()
            if named:
                return Said(named[0], by) if len(named) == 1 else None
        return tagged or (alarm.alarm_name if isinstance(alarm.alarm_name, Unknown) else None)

    def _in_part(self, name: PartText) -> SaidInPart | None:
        """What a name says that is known in part.

        Nothing where what is missing comes from something that is called after severities, and where it may
        belong to a word that is known.
        """
        origins = " ".join((*names_in(name.text), ends_of(name)))
        if self.named_in(origins) or not _SPEAKING.isdisjoint(_plain(origins).split()):
            return None
        texts = pieces(name.text)
        if any(not _SPEAKING.isdisjoint(_plain(piece).split()[-1:]) for piece in texts[:-1]):
            return None
        # A word beside a mark may be the end or the beginning of another one.
        whole = [texts[0], *(piece.lstrip(_WORD) for piece in texts[1:])]
        whole[:-1] = [piece.rstrip(_WORD) for piece in whole[:-1]]
        named = tuple(dict.fromkeys(found for piece in whole for found in self.named_in(piece)))
        if len(named) != 1:
            return None
        return SaidInPart(name.references, Said(named[0], "its name", ends_of(name)))

    def named_in(self, text: str) -> tuple[str, ...]:
        """The severities that are words of a text: Sev2 of `prod-sev2-backlog`, none of `non-critical`."""
        if text not in self._found:
            self._found[text] = self._named_in(text)
        return self._found[text]

    def _named_in(self, text: str) -> tuple[str, ...]:
        lower = text.lower()
        if not any(part in lower for part in self._screen):
            return ()
        words = _plain(text)
        found = {}
        for word, name in self._words.items():
            at = words.find(f" {word} ")
            if at >= 0 and words[:at].rpartition(" ")[2] not in _NEGATIONS:
                found[name] = at
        return tuple(sorted(found, key=lambda name: (found[name], name)))

    def of_topic(self, destination: Destination) -> Meant:
        """The severities that a topic is for, by policy, its name, or its address."""
        if destination.key not in self._topics:
            topic = destination.topic
            named = known(topic.name) if topic is not None else None
            arn = known(topic.arn) if topic is not None else destination.name
            parsed = parse_arn(arn or "")
            texts = (
                (named or (parsed.resource if parsed else None), "its name"),
                (None if parsed and topic is None else destination.name, "its address"),
            )
            globs = {name: route.topics for name, route in self._routes.items()}
            self._topics[destination.key] = self._meant(globs, (arn,), texts)
        return self._topics[destination.key]

    def of_subscriber(self, subscriber: Subscription | ChatChannel) -> Meant:
        """The severities that a subscriber is for, by policy, its address, or its endpoint's name."""
        key = (subscriber.stack, subscriber.subject)
        if key not in self._subscribers:
            endpoint: Attribute[str] = getattr(subscriber, "endpoint", ABSENT)
            protocol: Attribute[str] = getattr(subscriber, "protocol", ABSENT)
            text = known(endpoint) or ""
            parsed = parse_arn(text)
            named = (parsed.resource if parsed else text) if (known(protocol) or "") in _CARRIED else None
            # The ARN of a subscription holds its topic's name, which is not its own.
            address = None if parse_arn(subscriber.subject) else subscriber.subject
            globs = {name: route.subscribers for name, route in self._routes.items()}
            self._subscribers[key] = self._meant(
                globs, (subscriber.subject, text), ((address, "its address"), (named, "its endpoint"))
            )
        return self._subscribers[key]

    def fit(self, severity: str, meant: Meant) -> Fit:
        """Whether what is of that severity is for the recipient."""
        if not meant.names or severity in meant.names:
            return Fit.RIGHT
        distances = [self._distance(severity, name) for name in meant.names]
        if None in distances:
            return Fit.UNTOLD
        if all(distance is not None and distance > 0 for distance in distances):
            return Fit.LESSER
        if all(distance is not None and distance < 0 for distance in distances):
            return Fit.GRAVER
        return Fit.OTHER

    def _distance(self, one: str, other: str) -> int | None:
        for scale in self._scales:
            if one in scale and other in scale:
                return scale.index(other) - scale.index(one)
        return None

    def _of_tags(self, tags: Attribute[Mapping[str, str]], keys: Iterable[str]) -> Said | Unknown | None:
        """The severity of the first tag that says one; Unknown where only one that is not known may."""
        match tags:
            case Known(value):
                items: Iterable[tuple[str, str | Unknown]] = value.items()
            case PartMap(items=parts):
                items = [(key, part if isinstance(part, Unknown) else part.value) for key, part in parts]
            case Unknown():
                return tags
            case _:
                return None
        wanted = {key.lower() for key in keys}
        unknown = False
        for key, text in items:
            if key.lower() not in wanted:
                continue
            if isinstance(text, Unknown):
                unknown = True
                continue
            named = self.named_in(text) or self.named_in(f"{key}{text}")
            if len(named) == 1:
                return Said(named[0], f"its tag {key}")
        return tags if unknown and isinstance(tags, Unknown) else None

    def _meant(
        self,
        globs: Mapping[str, tuple[str, ...]],
        addressed: tuple[str | None, ...],
        texts: tuple[tuple[str | None, str], ...],
    ) -> Meant:
        """By the globs of policy, else by the first of the texts that names a severity."""
        candidates = [text for text in (*addressed, *(text for text, _ in texts)) if text]
        listed = tuple(
            name
            for name, patterns in globs.items()
            if patterns and any(matches_any(text, patterns) for text in candidates)
        )
        if listed:
            return Meant(listed, "policy", by_policy=True)
        for text, by in texts:
            named = self.named_in(text) if text else ()
            if named:
                return Meant(named, by)
        return ANY


def _betrays(word: str) -> tuple[str, ...]:
    """Parts of which every text has one, in lower case, in which the word is found: most texts hold none."""
    first = word.partition(" ")[0]
    letters = first.rstrip("0123456789")
    if letters == "sev":
        return (letters,)  # its number may stand apart
    return (first, *(long for long, short in _SPELT.items() if short == letters))


def _plain(text: str) -> str:
    """The words of a text in lower case, with one space around each: ` prod sev2 backlog `."""
    words: list[str] = []
    for found in _WORDS.findall(text):
        word = found.lower()
        letters = word.rstrip("0123456789")
        word = f"{_SPELT.get(letters, letters)}{word[len(letters) :]}" if word != letters else word
        if word.isdigit() and words and words[-1] in ("sev", *_SPELT):
            words[-1] = f"{_SPELT.get(words[-1], words[-1])}{word}"
        else:
            words.append(word)
    return f" {' '.join(words)} "
