"""What a run says, in one format a file; `FORMATS` is the table of all.

A format's module is imported when it renders: a run pays only for the formats
that it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from kfm_audit.reports.report import Report, View


class Format(Struct, frozen=True):
    """A format: its name, what it is for, and the module that renders it."""

    name: str
    title: str
    module: str

    def render(self, report: Report, view: View) -> str:
        """The report in this format; it ends with a line feed, or is empty where there is nothing to say."""
        render: Callable[[Report, View], str] = import_module(self.module).render
        return render(report, view)


_JSON_V1: Final = Format("json-v1", "every detail, for programs", "kfm_audit.reports.json")

FORMATS: Final[Mapping[str, Format]] = {
    "text": Format("text", "findings, for people in a terminal or a log", "kfm_audit.reports.text"),
    "json": _JSON_V1,
    "json-v1": _JSON_V1,
    "sarif": Format("sarif", "SARIF 2.1.0, for GitHub code scanning", "kfm_audit.reports.sarif"),
    "github": Format("github", "workflow commands that annotate a pull request", "kfm_audit.reports.github"),
    "summary": Format("summary", "Markdown for a GitHub job summary", "kfm_audit.reports.summary"),
}
"""Every name that `--output` takes. `json` is an alias: it follows the newest version."""
