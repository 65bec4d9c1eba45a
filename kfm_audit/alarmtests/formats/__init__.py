"""What a run of alarm tests says, in one format a file; `FORMATS` is the table of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from kfm_audit.alarmtests.results import TestRun


class View(Struct, frozen=True, kw_only=True):
    """How a run is shown. `verbose` draws what holds too; `repository_path` is a path as GitHub knows it."""

    color: bool = False
    width: int = 100
    verbose: bool = False
    coverage: bool = False
    repository_path: Callable[[str], str] = str


class Format(Struct, frozen=True):
    """A format: its name, what it is for, and the module that renders it."""

    name: str
    title: str
    module: str

    def render(self, run: TestRun, view: View) -> str:
        """The run in this format; it ends with a line feed, or is empty where there is nothing to say."""
        render: Callable[[TestRun, View], str] = import_module(self.module).render
        return render(run, view)


_JSON_V1: Final = Format("json-v1", "every detail, for programs", "kfm_audit.alarmtests.formats.json")

FORMATS: Final[Mapping[str, Format]] = {
    "text": Format("text", "what fails, drawn over time, for people", "kfm_audit.alarmtests.formats.text"),
    "json": _JSON_V1,
    "json-v1": _JSON_V1,
    "junit": Format("junit", "JUnit XML, for CI systems", "kfm_audit.alarmtests.formats.junit"),
    "github": Format(
        "github", "workflow commands that annotate a pull request", "kfm_audit.alarmtests.formats.github"
    ),
}
"""Every name that `--output` takes. `json` is an alias: it follows the newest version."""
