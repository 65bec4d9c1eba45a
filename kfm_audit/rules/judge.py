"""Wake each rule on the facts it is for, and keep one that raises from hiding the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.facts import Change, Fact, FailedRule, MetricAlarm
from kfm_audit.findings.finding import Finding, Severity, Verdict
from kfm_audit.policy.model import Policy, RuleEntry
from kfm_audit.policy.strict import DocumentError, nearest, read_strictly
from kfm_audit.rules.kit import Context, Rule, RuleBody
from kfm_audit.values import Origin

_ENTRY_KEYS = ("severity", "undecided")
_Waking: TypeAlias = tuple[tuple[str, ...], frozenset[Change]]
"""What wakes a rule: types of facts, and changes."""
_Subject: TypeAlias = tuple[Fact | Evidence, int | None]
"""What a rule is woken on; of a metric alarm its shape, too."""


class RuleSetting(Struct, frozen=True):
    """A rule with what the policy says of it; `written` are its own settings as they stand there."""

    rule: Rule
    severity: Severity
    undecided_fails: bool
    written: Mapping[str, Any] = {}

    def settings(self) -> Struct:
        """The rule's own settings. Raises DocumentError, with the path in it."""
        return _settings(self.rule, self.written) if self.written else self.rule.settings()


class Judgement(Struct, frozen=True, kw_only=True):
    """What came of judging: findings, rules that raised, and how many facts each rule was woken on."""

    findings: tuple[Finding, ...]
    failed: tuple[FailedRule, ...]
    tested: Mapping[str, int]


def configure(rules: Iterable[Rule], policy: Policy, *, trusted: bool = False) -> tuple[RuleSetting, ...]:
    """Join rules with the policy's `severities` and `rules`. Raises DocumentError, with the path in it.

    The settings of a rule are checked even if nothing will wake it, but for a `trusted` policy: one that ships.
    """
    rules = tuple(rules)
    words = {rule.id for rule in rules}
    for word in policy.rules:
        if word not in words:
            raise DocumentError(f"no rule is called {word}{nearest(word, words)}", ("rules", word))
    families = words | {rule.family for rule in rules}
    for word in policy.severities:
        if word not in families:
            raise DocumentError(
                f"no rule or family is called {word}{nearest(word, families)}", ("severities", word)
            )
    return tuple(_configured(rule, policy, trusted=trusted) for rule in rules)


def _configured(rule: Rule, policy: Policy, *, trusted: bool) -> RuleSetting:
    written = policy.rules.get(rule.id, {})
    try:
        known = {key: written[key] for key in _ENTRY_KEYS if key in written}
        entry = read_strictly(known, RuleEntry)
        own = {key: value for key, value in written.items() if key not in _ENTRY_KEYS}
        if own and not trusted:
            _settings(rule, own)
    except DocumentError as error:
        raise DocumentError(error.message, ("rules", rule.id, *error.path)) from None
    named = entry.severity or policy.severities.get(rule.id) or policy.severities.get(rule.family)
    return RuleSetting(
        rule=rule,
        severity=Severity(named) if named else rule.severity,
        undecided_fails=entry.undecided == "fail",
        written=own,
    )


def _settings(rule: Rule, own: Mapping[str, Any]) -> Struct:
    fields = msgspec.structs.fields(rule.settings)
    keys = {*_ENTRY_KEYS, *(field.encode_name for field in fields)}
    for key in own:
        if key not in keys:
            raise DocumentError(f"unknown key `{key}`{nearest(key, keys)}", (key,))
    return read_strictly(own, rule.settings)


def judge(settings: Iterable[RuleSetting], evidence: Evidence) -> Judgement:
    """Judge all facts. A rule that raises is a `FailedRule`; the others run on."""
    findings: list[Finding] = []
    failed: list[FailedRule] = []
    tested: dict[str, int] = {}
    waking: dict[_Waking, tuple[_Subject, ...]] = {}
    for setting in settings:
        rule = setting.rule
        context: Context[Any] | None = None
        body: RuleBody | None = None
        silent: set[int] = set()
        # Most rules are woken by the same facts: these are looked through once.
        key = (rule.on, rule.changes)
        if key not in waking:
            waking[key] = tuple(_woken(rule, evidence))
        for subject, shape in waking[key]:
            if shape in silent:
                continue
            try:
                # A rule that nothing wakes is never imported.
                context = context or _context(setting, evidence)
                body = body or rule.body
                made = tuple(body.judge(subject, context))
                if made:
                    findings.extend([_as_policy_says(finding, setting) for finding in made])
                elif body.alike and shape is not None:
                    silent.add(shape)
            # A rule may fail in any way; that is a finding about the rule, and the run goes on.
            except (Exception, SystemExit) as error:  # noqa: BLE001
                failed.append(failure(rule.id, subject, error))
        tested[rule.id] = len(waking[key])
    return Judgement(findings=tuple(findings), failed=tuple(failed), tested=tested)


def _context(setting: RuleSetting, evidence: Evidence) -> Context[Any]:
    return Context(setting.rule, setting.severity, setting.settings(), evidence)


def _woken(rule: Rule, evidence: Evidence) -> Iterator[_Subject]:
    for kind in rule.on:
        if kind == Evidence.__name__:
            yield evidence, None
        else:
            for fact in evidence.named(kind):
                if fact.change in rule.changes:
                    yield fact, evidence.shapes.of(fact) if isinstance(fact, MetricAlarm) else None


def _as_policy_says(finding: Finding, setting: RuleSetting) -> Finding:
    if finding.verdict is Verdict.UNDECIDED and setting.undecided_fails:
        return msgspec.structs.replace(finding, verdict=Verdict.FAIL)
    return finding


def failure(what: str, subject: Fact | Evidence, error: BaseException) -> FailedRule:
    """The fact that `what`, a rule's id or the joins, raised while it judged `subject`."""
    judged = subject.subject if isinstance(subject, Fact) else "the evidence as a whole"
    origin = subject.origin if isinstance(subject, Fact) else Origin("")
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" (line {trace.tb_lineno} of {trace.tb_frame.f_code.co_name})" if trace is not None else ""
    return FailedRule(
        subject=what, origin=origin, judged=judged, error=f"{type(error).__name__}: {error}{where}"
    )
