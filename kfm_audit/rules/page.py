"""A rule's page: its docstring, taken apart. Docs, `explain`, SARIF and the tests of its examples use it."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from msgspec import Struct

from kfm_audit.rules.kit import Rule

HEADINGS: Final = ("Why", "Bad", "Good", "When it is undecided", "Settings", "References")
DOCS_URL: Final = "https://kansasfrontiermatrix.github.io/kfm-audit/rules/"
_BLOCK: Final = re.compile(r"^```(\S+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Page(Struct, frozen=True):
    """`summary` is one sentence; `sections` maps each heading to its Markdown."""

    summary: str
    sections: dict[str, str]
    markdown: str

    def blocks(self, heading: str) -> dict[str, str]:
        """The fenced blocks of a section that name a file: file name to content."""
        return {name: body for _, name, body in _BLOCK.findall(self.sections.get(heading, ""))}


@cache
def page(rule: Rule) -> Page:
    """The page of a rule."""
    text = _dedented(rule.doc)
    summary, _, rest = text.partition("\n")
    sections: dict[str, str] = {}
    for part in re.split(r"^## ", rest, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        sections[heading.strip()] = body.strip() + "\n"
    return Page(summary.strip(), sections, rest.strip() + "\n")


def docs_url(rule_name: str) -> str:
    """Where the rule's page is published; computed, so that a link cannot drift."""
    return f"{DOCS_URL}{rule_name}"


def _dedented(doc: str) -> str:
    first, _, rest = doc.partition("\n")
    lines = rest.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join([first.strip(), *(line[margin:].rstrip() for line in lines)])
