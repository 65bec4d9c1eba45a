"""`kfm-audit rules`: the catalogue."""

from __future__ import annotations

import argparse
import sys

from kfm_audit.rules.page import docs_url, page
from kfm_audit.rules.registry import built_in_rules


def list_rules(options: argparse.Namespace) -> int:
    """List all built-in rules, by id."""
    rules = built_in_rules()
    if options.format == "json":
        import msgspec

        catalogue = [
            {
                "id": rule.id,
                "name": rule.name,
                "severity": rule.severity.value,
                "summary": page(rule).summary,
                "docs": docs_url(rule.name),
            }
            for rule in rules
        ]
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(catalogue), indent=2).decode() + "\n")
        return 0
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        print(f"{rule.id}  {rule.severity.value:7}  {rule.name:{width}}  {page(rule).summary}")
    return 0
