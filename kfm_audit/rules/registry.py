"""All rules of a run: the built-in ones by folder, plug-ins by entry point.

Adding a built-in rule is adding one file `rules/<family>/<name>.py`; nothing
else is touched. A plug-in registers a module of rules under the entry-point
group `kfm_audit.rules` and is loaded only when config names it: installing a
package must not change verdicts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from kfm_audit import shipped
from kfm_audit.facts import Change, FailedPlugin
from kfm_audit.rules.kit import Deferred, Rule, Severity
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PLUGIN_GROUP = "kfm_audit.rules"


class RuleSetError(Exception):
    """Two rules share an id or a name: whoever wrote the later one must choose another."""


@cache
def built_in_rules() -> tuple[Rule, ...]:
    """The rules that ship, by id: from the catalogue that a wheel carries, else from their modules."""
    entries = shipped.read_catalogue()
    return _from_catalogue(entries) if entries else rules_by_folder()


def rules_by_folder() -> tuple[Rule, ...]:
    """The rules that ship, by id, each imported from its module."""
    here = Path(__file__).parent
    modules = []
    for family in sorted(entry.name for entry in os.scandir(here) if entry.is_dir()):
        if family.startswith("_"):
            continue
        for file in sorted(entry.name for entry in os.scandir(here / family)):
            name, dot, ending = file.partition(".")
            if dot and ending == "py" and name != "__init__":
                modules.append(f"kfm_audit.rules.{family}.{name}")
    return _in_order(rule for name in modules for rule in rules_of(import_module(name)))


class _Entry(Struct, frozen=True):
    """A rule in the catalogue; `on` are names of fact types."""

    id: str
    name: str
    on: tuple[str, ...]
    changes: tuple[str, ...]
    severity: str
    singly: bool


def catalogue() -> bytes:
    """The catalogue that a build puts into the wheel, so that a run imports only the rules that are woken."""
    entries = [
        _Entry(
            id=rule.id,
            name=rule.name,
            on=rule.on,
            changes=tuple(sorted(change.value for change in rule.changes)),
            severity=rule.severity.value,
            singly=rule.singly,
        )
        for rule in rules_by_folder()
    ]
    return msgspec.json.encode(entries)


def _from_catalogue(data: bytes) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            id=entry.id,
            name=entry.name,
            on=entry.on,
            changes=frozenset(map(Change, entry.changes)),
            severity=Severity(entry.severity),
            singly=entry.singly,
            written=Deferred(
                f"kfm_audit.rules.{entry.id[:3].lower()}.{entry.name.replace('-', '_')}",
                entry.name.replace("-", "_"),
            ),
        )
        for entry in msgspec.json.decode(data, type=tuple[_Entry, ...])
    )


def rules_of(module: ModuleType) -> Iterator[Rule]:
    """The rules that a module defines or imports by name."""
    return (value for value in vars(module).values() if isinstance(value, Rule))


def plugin_rules(names: Iterable[str], config: str) -> tuple[tuple[Rule, ...], tuple[FailedPlugin, ...]]:
    """Load the plug-ins that `config` names: their rules, and what did not load.

    A plug-in with a rule whose id or name is taken does not load as a whole.
    """
    wanted = tuple(names)
    if not wanted:
        return (), ()
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=PLUGIN_GROUP)}
    rules: list[Rule] = []
    failed: list[FailedPlugin] = []
    for name in wanted:
        try:
            offered = _offered(name, found)
            _in_order((*built_in_rules(), *rules, *offered))
            rules.extend(offered)
        # Whatever a plug-in raises at import is its failure and a finding, never ours. SystemExit
        # would end the run with a code of the plug-in's choice.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            failed.append(
                FailedPlugin(subject=name, origin=Origin(config), error=f"{type(error).__name__}: {error}")
            )
    return tuple(rules), tuple(failed)


def _offered(name: str, found: Mapping[str, EntryPoint]) -> tuple[Rule, ...]:
    """The rules of one plug-in. Raises LookupError where there are none, and whatever the import raises."""
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise LookupError(f"no installed package offers it (entry points in {PLUGIN_GROUP}: {known})")
    offered = tuple(rules_of(found[name].load()))
    if not offered:
        raise LookupError(f"{found[name].value} holds no rule")
    return offered


def all_rules(plugins: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """Built-in rules and those of plug-ins, by id. Raises RuleSetError where two share an id or a name."""
    return _in_order((*built_in_rules(), *plugins))


def _in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    ordered = sorted(rules, key=lambda rule: rule.id)
    seen: dict[str, Rule] = {}
    for rule in ordered:
        for word in (rule.id, rule.name):
            if word in seen:
                raise RuleSetError(f"two rules are called {word}: {seen[word].name} and {rule.name}")
            seen[word] = rule
    return tuple(ordered)
