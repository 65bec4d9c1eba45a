"""`docs/rules/`: one page a rule, and the catalogue of all."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from kfm_audit import facts
from kfm_audit.rules.kit import NoSettings, Rule
from kfm_audit.rules.page import HEADINGS, docs_url, page
from tools.described import attribute_docs
from tools.markdown import table, type_and_default

RUN = "`python tools/generate.py`"


def pages(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """Path and text of every file."""
    rules = tuple(rules)
    for rule in rules:
        yield f"docs/rules/{rule.name}.md", rule_page(rule)
    yield "docs/rules/README.md", catalogue(rules)


def rule_page(rule: Rule) -> str:
    """The page of one rule: what its declaration says, then its docstring."""
    about = page(rule)
    facts = [
        ("id", f"`{rule.id}`"),
        ("family", f"[{family_title(rule.family)}](README.md#{_anchor(rule)})"),
        ("severity", rule.severity.value),
        ("judges", ", ".join(f"`{_kind(kind)}`" for kind in rule.on)),
        ("accepted", acceptance(rule)),
        ("address", docs_url(rule.name)),
    ]
    parts = [
        f"<!-- Generated; edit the docstring in {source(rule)}, then run {RUN}. -->",
        f"# {rule.name}",
        about.summary,
        table((), facts),
    ]
    for heading in HEADINGS:
        parts.append(f"## {heading}\n\n{about.sections.get(heading, '').strip()}")
        if heading == "Settings" and rule.settings is not NoSettings:
            parts.append(f"Own settings, under `rules: {{{rule.id}: ...}}` in the policy:")
            parts.append(settings_table(rule))
    return "\n\n".join(parts) + "\n"


def settings_table(rule: Rule) -> str:
    """The settings of a rule's own struct."""
    docs = attribute_docs(rule.settings)
    return table(
        ("setting", "type", "default", "meaning"),
        (
            (f"`{field.encode_name}`", *type_and_default(rule.settings, field), docs.get(field.name, ""))
            for field in msgspec.structs.fields(rule.settings)
        ),
    )


def acceptance(rule: Rule) -> str:
    """How a finding of the rule can be accepted."""
    if rule.family == "SYS":
        return "no: it says what could not be checked, or what is wrong with an acceptance"
    if rule.singly:
        return "one event at a time, in the config, with owner and expiry; never inline or by a baseline"
    return "in the config, by a comment in Terraform sources, or by a baseline"


def catalogue(rules: tuple[Rule, ...]) -> str:
    """All rules, by family."""
    parts = [
        f"<!-- Generated from the rules in kfm_audit/rules; do not edit. Change a rule, then run {RUN}. -->",
        "# Rules",
        "Every rule with its default severity. `kfm-audit explain RULE` shows the same pages in a terminal.",
    ]
    for family, group in groupby(rules, key=lambda rule: rule.family):
        parts.append(f"## {family}: {family_title(family)}")
        parts.append(
            table(
                ("rule", "name", "severity", "what is wrong"),
                (
                    (rule.id, f"[`{rule.name}`]({rule.name}.md)", rule.severity.value, page(rule).summary)
                    for rule in group
                ),
            )
        )
    return "\n\n".join(parts) + "\n"


def family_title(family: str) -> str:
    """What a family is about: the docstring of its folder, `ALM: alarms.`."""
    package = sys.modules.get(f"kfm_audit.rules.{family.lower()}")
    return ((package and package.__doc__) or family).partition(": ")[2].strip(" .\n") or family


def source(rule: Rule) -> str:
    """The file that the rule is written in."""
    return rule.judge.__module__.replace(".", "/") + ".py"


def _kind(name: str) -> str:
    return "the evidence as a whole" if name == "Evidence" else str(getattr(facts, name).kind)


def _anchor(rule: Rule) -> str:
    """GitHub's anchor of the family's heading."""
    heading = f"{rule.family}: {family_title(rule.family)}".lower()
    return "".join(
        "-" if letter == " " else letter for letter in heading if letter.isalnum() or letter in "- "
    )
