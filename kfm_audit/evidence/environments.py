"""Which environment something belongs to, and by what evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from msgspec import Struct

from kfm_audit.facts import Alarm, MetricAlarm
from kfm_audit.pattern import pattern
from kfm_audit.policy.model import Environments as Vocabulary
from kfm_audit.policy.model import EvidenceOfEnvironment
from kfm_audit.values import Attribute, Known, PartMap, Unknown

_WORDS: Final = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_NEGATIONS: Final = frozenset({"non", "not", "no", "pre"})


class Scope(Struct, frozen=True):
    """The environment of a thing, what kind of evidence says so, and the text that does."""

    environment: str
    evidence: EvidenceOfEnvironment
    said_by: str


class Environments:
    """The environments of a policy, recognised in names, tags, dimensions, providers and stacks."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the policy's names, aliases and accepted evidence."""
        self._vocabulary = vocabulary
        self._found: dict[str, str | None] = {}
        self._names = {
            word.lower(): name for name, aliases in vocabulary.names.items() for word in (name, *aliases)
        }

    @property
    def named(self) -> bool:
        """Whether the policy names any environment."""
        return bool(self._names)

    def named_in(self, text: str) -> str | None:
        """The one environment that `text` names as a word: `prod` in `ingest-prod-dlq` and `IngestProdDlq`.

        `non-prod` does not name prod, and a text that names two says of neither
        that the thing belongs to it.
        """
        if text not in self._found:
            self._found[text] = self._named_in(text)
        return self._found[text]

    def _named_in(self, text: str) -> str | None:
        words = ["", *(word.lower() for word in _WORDS.findall(text))]
        named = {
            self._names[word]
            for before, word in pairwise(words)
            if word in self._names and before not in _NEGATIONS
        }
        return named.pop() if len(named) == 1 else None

    def scope_of(self, alarm: Alarm) -> Scope | Unknown | None:
        """The environment of an alarm by the first evidence that policy accepts; None where there is none.

        Unknown where some accepted evidence is known only after apply and no other is there.
        """
        unknown: list[Unknown] = []
        for kind in self._vocabulary.evidence:
            for said in self._texts(kind, alarm):
                if isinstance(said, Unknown):
                    unknown.append(said)
                    continue
                environment = self.named_in(said)
                if environment is not None:
                    return Scope(environment, kind, said)
        if unknown:
            return Unknown(tuple(reference for item in unknown for reference in item.references))
        return None

    def variable_in(self, unknown: Unknown) -> str | None:
        """The variable called as a tag of environments, `var.environment`, where an attribute comes from one."""
        called = {key.lower() for key in self._vocabulary.tags}
        for reference in unknown.references:
            place, _, name = reference.name.rpartition(".")
            if place.rpartition(".")[2] == "var" and name.lower() in called:
                return reference.name
        return None

    def _texts(self, kind: EvidenceOfEnvironment, alarm: Alarm) -> Iterator[str | Unknown]:
        match kind:
            case "name":
                yield from _values(alarm.alarm_name)
            case "dimension":
                if isinstance(alarm, MetricAlarm):
                    yield from _map_values(alarm.dimensions, None)
                    for query in alarm.metric_query.value if isinstance(alarm.metric_query, Known) else ():
                        if query.metric is not None:
                            yield from _map_values(query.metric.dimensions, None)
            case "tag":
                yield from _map_values(alarm.tags, self._vocabulary.tags)
            case "provider":
                yield from _map_values(alarm.provider, None)
            case "stack":
                yield alarm.stack


def _values(attribute: Attribute[str]) -> Iterator[str | Unknown]:
    if isinstance(attribute, Known):
        yield attribute.value
    elif isinstance(attribute, Unknown):
        yield attribute


def _map_values(
    attribute: Attribute[Mapping[str, str]], keys: Iterable[str] | None
) -> Iterator[str | Unknown]:
    """The values of a map; of those keys only, whatever their case, where `keys` are given."""
    wanted = None if keys is None else {key.lower() for key in keys}
    match attribute:
        case Known(mapping):
            items: Iterable[tuple[str, str | Unknown]] = mapping.items()
        case PartMap(items=parts):
            items = [(key, part if isinstance(part, Unknown) else part.value) for key, part in parts]
        case Unknown():
            yield attribute
            return
        case _:
            return
    for key, value in items:
        if wanted is None or key.lower() in wanted:
            yield value
