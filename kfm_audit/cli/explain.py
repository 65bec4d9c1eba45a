"""`kfm-audit explain`: the page of one rule."""

from __future__ import annotations

import argparse
import sys

from kfm_audit.cli.parser import UsageError
from kfm_audit.rules.kit import Rule
from kfm_audit.rules.page import page
from kfm_audit.rules.registry import built_in_rules


def explain(options: argparse.Namespace) -> int:
    """Show a rule's page. Raises UsageError for a word that is no rule."""
    rule = _rule_called(options.rule)
    about = page(rule)
    accepted = (
        "one event at a time, never inline or by a baseline" if rule.singly else "in config or by a baseline"
    )
    text = (
        f"# {rule.id} {rule.name}\n\n{about.summary}\n\nDefault severity: {rule.severity.value}. "
        f"Can be accepted {accepted}.\n\n{about.markdown}"
    )
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        sys.stdout.write(text)
    return 0


def _rule_called(word: str) -> Rule:
    rules = {name: rule for rule in built_in_rules() for name in (rule.id, rule.name)}
    rule = rules.get(word) or rules.get(word.upper()) or rules.get(word.lower())
    if rule is None:
        from kfm_audit.rules.names import no_such_rule

        raise UsageError(no_such_rule(word, built_in_rules()))
    return rule
