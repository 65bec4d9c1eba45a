"""What is said of a word that is no rule's name."""

from __future__ import annotations

from collections.abc import Iterable

from kfm_audit.rules.kit import Rule


def no_such_rule(word: str, rules: Iterable[Rule], *, or_family: bool = False) -> str:
    """Say the rule that is meant, if one is like it in any case, else the families: all rules would fill the screen.

    `or_family` says that a family may be named too.
    """
    from kfm_audit.policy.strict import closest

    rules = tuple(rules)
    families = sorted({rule.family for rule in rules})
    if word.upper() in families and not or_family:
        return f"{word.upper()} is a family, not a rule; its rules are listed by `kfm-audit rules`"
    names = {name.lower(): name for rule in rules for name in (rule.id, rule.name)}
    if or_family:
        names |= {family.lower(): family for family in families}
    said = word.lower()
    # An id with its zeros wrong is as like to one number as to another.
    number = said[3:].lstrip("0").zfill(3)
    like = said[:3] + number if said[:3] + number in names else closest(said, names)
    meant = (
        f"did you mean `{names[like]}`?"
        if like
        else f"families are {', '.join(families)}; see `kfm-audit rules`"
    )
    return f"no rule {'or family ' if or_family else ''}is called {word}: {meant}"
