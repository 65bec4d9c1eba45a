"""What is said of a word that is no rule's name."""

from __future__ import annotations

from collections.abc import Iterable

from kfm_audit.rules.kit import Rule


def no_such_rule(word: str, rules: Iterable[Rule], *, or_family: bool = False) -> str:
    """Say the rule that is meant, if one is like it in any case, else the families: all rules would fill the screen.

    `or_family` says that a family may be named too.
    """
    from difflib import get_close_matches

    rules = tuple(rules)
    families = sorted({rule.family for rule in rules})
    if word.upper() in families and not or_family:
        return f"{word.upper()} is a family, not a rule; its rules are listed by `kfm-audit rules`"
    names = {name.lower(): name for rule in rules for name in (rule.id, rule.name)}
    if or_family:
        names |= {family.lower(): family for family in families}
    like = get_close_matches(word.lower(), sorted(names), n=1, cutoff=0.5)
    meant = (
        f"did you mean `{names[like[0]]}`?"
        if like
        else f"families are {', '.join(families)}; see `kfm-audit rules`"
    )
    return f"no rule {'or family ' if or_family else ''}is called {word}: {meant}"
