"""How a label value is shown: short, on one line, and never in full where it would give somebody away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kfm_audit.telemetry.patterns import pattern

SHOWN: Final = 3
"""A message gives at most this many example values."""
LENGTH: Final = 40
"""Characters of a value that are shown."""

_EMAIL: Final = pattern(r"[^\s@]+@(?=[^\s@/:]+\.[A-Za-z]{2,})")
_USERINFO: Final = pattern(r"(?<=://)[^/@\s]*@")
_SECRET_PARAMETER: Final = pattern(
    r"(?i)((?:pass(?:word|wd)?|secret|token|api[_-]?key|access[_-]?key|signature|sig|credential|auth)[^=:&\s]{0,20}[=:])\s*[^&\s]+"
)
_SECRET: Final = pattern(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS access keys
    r"|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{8,}"  # GitHub, GitLab, Slack
    r"|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"  # JSON web tokens
    r"|sk[-_](?:live|test|proj|ant)?[-_]?\w{16,}|AIza[\w-]{30,}"  # payment, model and map services
    r"|-----BEGIN[ A-Z]*PRIVATE KEY"
    # Random text: forty characters of base64 are the size of an AWS secret key, and nobody writes 32 of
    # mixed case by hand.
    r"|(?<![\w+/.-])(?=[^\s]{0,39}[a-z])(?=[^\s]{0,39}[A-Z])(?=[^\s]{0,39}\d)"
    r"(?:[A-Za-z0-9+/]{40}|[A-Za-z0-9+]{32,}={0,2})(?![\w+/.-])"
)
_SECRET_KEY: Final = pattern(
    r"(?i).*(?:pass(?:word|wd)|secret|token|api_?key|access_?key|credential|authorization).*"
)
_BEARER: Final = pattern(r"(?i)\b(bearer|basic)\s+\S+")


def quote(value: str) -> str:
    """A value in quotation marks: at most 40 characters, controls escaped, secrets and people masked."""
    if _SECRET().search(value):
        return '"…" (looks like a secret)'
    masked = _SECRET_PARAMETER().sub(r"\1…", _BEARER().sub(r"\1 …", _USERINFO().sub("…@", value)))
    masked = _EMAIL().sub("…@", masked)
    if len(masked) > LENGTH:
        masked = masked[: LENGTH - 1] + "…"
    plain = "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in masked)
    return f'"{plain}"'


def examples(key: str, values: Sequence[str]) -> str:
    """At most three values of the label `key`, quoted, and how many more there are."""
    if _SECRET_KEY().fullmatch(key):
        return "values not shown, by the label's name"
    shown = ", ".join(dict.fromkeys(quote(value) for value in values[:SHOWN]))
    more = len(values) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
