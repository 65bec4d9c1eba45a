"""Metrics joined to what policy says of their labels."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from kfm_audit.facts import MetricFamily
from kfm_audit.globs import glob, matches_any
from kfm_audit.policy.model import MetricOverride, Telemetry
from kfm_audit.telemetry.shapes import plain_key


class KeyPolicy(Struct, frozen=True):
    """What policy says of one label key of one metric.

    `denied` is the entry of the deny list that forbids it, or None; `declared`
    says that policy allows it, by the allow list, a vocabulary, or an override
    with its reason; `vocabulary` are the values that it may take, None where
    policy lists none.
    """

    denied: str | None
    declared: bool
    vocabulary: tuple[str, ...] | None
    words: frozenset[str]

    def outside(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """The values that the vocabulary does not hold: all, where there is none."""
        if not self.words:
            return values
        return tuple(value for value in values if value not in self.words)


class LabelPolicy:
    """What policy says of the labels of one metric, with the overrides that apply to it.

    Keys are compared in their plain form: `RequestId`, `request.id` and
    `request_id` are one key. `listed` says that there is an allow list at all;
    `third_party` that others chose the labels, so that no rule judges them.
    """

    def __init__(self, telemetry: Telemetry, overrides: Iterable[MetricOverride]) -> None:
        """Merge the overrides into the policy's `telemetry` section; of limits the last one holds."""
        overrides = tuple(overrides)
        allowed = tuple(key for override in overrides for key in override.allow)
        self._allow = _plain((*telemetry.allow, *allowed))
        self._deny = _plain((*telemetry.deny, *(key for override in overrides for key in override.deny)))
        # An override lifts a denial only where it names the key: `*` was not written with it in mind.
        self._named = frozenset(plain_key(key) for key in allowed if "*" not in key and "?" not in key)
        self._vocabularies = {plain_key(key): words for key, words in telemetry.vocabularies.items()}
        limits = [override.max_values for override in overrides if override.max_values is not None]
        for override in overrides:
            self._vocabularies.update((plain_key(key), words) for key, words in override.vocabularies.items())
        self.listed = bool(telemetry.allow)
        self.denies = bool(self._deny)
        self.has_vocabularies = bool(self._vocabularies)
        self.third_party = any(override.third_party for override in overrides)
        self.max_values = limits[-1] if limits else telemetry.max_values
        self.warn_values = max(telemetry.warn_values, self.max_values) if limits else telemetry.warn_values
        self.min_series = telemetry.min_series
        self._keys: dict[str, KeyPolicy] = {}

    def key(self, key: str) -> KeyPolicy:
        """What policy says of a label key; worked out once for each."""
        found = self._keys.get(key)
        if found is None:
            found = self._keys[key] = self._judge(plain_key(key))
        return found

    def _judge(self, plain: str) -> KeyPolicy:
        denials = () if plain in self._named else self._deny
        vocabulary = self._vocabularies.get(plain)
        return KeyPolicy(
            denied=next((entry for entry in denials if matches_any(plain, (entry,))), None),
            declared=vocabulary is not None or matches_any(plain, self._allow),
            vocabulary=vocabulary,
            words=frozenset(vocabulary or ()),
        )


class LabelPolicies:
    """The label policy of each metric family; made once for each set of overrides that applies."""

    def __init__(self, telemetry: Telemetry) -> None:
        """Take the policy's `telemetry` section."""
        self._telemetry = telemetry
        self._patterns = tuple(_any_of(override.metrics) for override in telemetry.overrides)
        self._made: dict[tuple[int, ...], LabelPolicy] = {}
        self._of: dict[str, LabelPolicy] = {}

    def of(self, family: MetricFamily) -> LabelPolicy:
        """The label policy of a family. An override names a metric, or `Namespace Metric`, by globs."""
        policy = self._of.get(family.subject)
        if policy is None:
            applying = tuple(
                number
                for number, pattern in enumerate(self._patterns)
                if pattern.fullmatch(family.subject) or (family.namespace and pattern.fullmatch(family.name))
            )
            if applying not in self._made:
                overrides = (self._telemetry.overrides[number] for number in applying)
                self._made[applying] = LabelPolicy(self._telemetry, overrides)
            policy = self._of[family.subject] = self._made[applying]
        return policy


def _plain(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(plain_key(key) for key in keys)


def _any_of(globs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(glob(pattern).pattern for pattern in globs) or r"(?!)", re.DOTALL)
