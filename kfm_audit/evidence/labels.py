"""Metrics joined to what policy says of their labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from kfm_audit.facts import MetricFamily
from kfm_audit.globs import glob, matches_any
from kfm_audit.policy.model import Telemetry
from kfm_audit.telemetry.shapes import plain_key


class LabelPolicy(Struct, frozen=True, kw_only=True, dict=True):
    """What policy says of the labels of one metric, with the overrides that apply to it.

    Keys are compared in their plain form: `RequestId`, `request.id` and
    `request_id` are one key. `allow` and `deny` hold globs of plain keys;
    `named` are the keys that an override allows by name, which lifts a denial;
    `listed` says that there is an allow list at all, `third_party` that others
    chose the labels, so that no rule judges them.
    """

    allow: tuple[str, ...]
    listed: bool
    deny: tuple[str, ...]
    named: frozenset[str]
    third_party: bool
    vocabularies: dict[str, tuple[str, ...]]
    warn_values: int
    max_values: int
    min_series: int

    def denied(self, key: str) -> str | None:
        """The entry of the deny list that forbids `key`, or None."""
        plain = plain_key(key)
        if plain in self.named:
            return None
        return next((entry for entry in self.deny if matches_any(plain, (entry,))), None)

    def declared(self, key: str) -> bool:
        """Whether policy allows `key`: by the allow list, a vocabulary, or an override with its reason."""
        plain = plain_key(key)
        return plain in self.vocabularies or matches_any(plain, self.allow)

    def vocabulary(self, key: str) -> tuple[str, ...] | None:
        """The values that `key` may take, or None where policy lists none."""
        return self.vocabularies.get(plain_key(key))

    def outside(self, key: str, values: Iterable[str]) -> tuple[str, ...]:
        """The values that no vocabulary of `key` holds: all, where it has none."""
        return tuple(value for value in values if value not in self._words.get(plain_key(key), ()))

    @cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        return {key: frozenset(words) for key, words in self.vocabularies.items()}


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
            policy = self._made.get(applying) or self._make(applying)
            self._made[applying] = self._of[family.subject] = policy
        return policy

    def _make(self, applying: tuple[int, ...]) -> LabelPolicy:
        base = self._telemetry
        overrides = tuple(base.overrides[number] for number in applying)
        allowed = tuple(key for override in overrides for key in override.allow)
        denied = tuple(key for override in overrides for key in override.deny)
        vocabularies = dict(base.vocabularies)
        max_values = None
        for override in overrides:
            vocabularies.update(override.vocabularies)
            max_values = override.max_values if override.max_values is not None else max_values
        return LabelPolicy(
            allow=_plain((*base.allow, *allowed)),
            listed=bool(base.allow),
            deny=_plain((*base.deny, *denied)),
            named=frozenset(plain_key(key) for key in allowed if "*" not in key and "?" not in key),
            third_party=any(override.third_party for override in overrides),
            vocabularies={plain_key(key): words for key, words in vocabularies.items()},
            warn_values=base.warn_values if max_values is None else max(base.warn_values, max_values),
            max_values=base.max_values if max_values is None else max_values,
            min_series=base.min_series,
        )


def _plain(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(plain_key(key) for key in keys)


def _any_of(globs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(glob(pattern).pattern for pattern in globs) or r"(?!)", re.DOTALL)
