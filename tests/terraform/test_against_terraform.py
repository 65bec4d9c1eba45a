"""What Terraform itself makes of sources: recorded plans of its built-in resource, compared value by value.

Each folder of `pairs` holds sources and the plan that Terraform 1.11.4 made of them
(`terraform plan -out p && terraform show -json p > tfplan.json`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.files import SourceFiles
from kfm_audit.inputs.terraform.language.evaluate import Evaluator
from kfm_audit.inputs.terraform.language.values import Budget, Opened
from kfm_audit.inputs.terraform.scopes import Estate, Scope
from kfm_audit.inputs.terraform.variable_files import automatic, is_variable_file
from kfm_audit.inputs.terraform.variables import read_variables
from kfm_audit.values import Unknown

PAIRS = Path(__file__).parent / "pairs"
UNKNOWN = "(known after apply)"

DEPARTURES: dict[str, dict[str, Any]] = {
    "terraform_data.uses": {
        # That an id is a string, and not null, is in the provider's schema.
        "flat": UNKNOWN,
        "nulled": UNKNOWN,
        # Whatever the unknown turns out to be.
        "either": False,
        "same": "a",
    },
}
"""Where we know less than Terraform does, or more than it says."""


def of_plan(folder: Path) -> dict[str, Any]:
    """The `input` of each instance in the plan, with a mark in place of what is unknown."""
    plan = json.loads((folder / "tfplan.json").read_text(encoding="utf-8"))
    return {
        entry["address"]: with_marks(
            entry["change"]["after"].get("input"), entry["change"]["after_unknown"].get("input")
        )
        for entry in plan["resource_changes"]
    }


def with_marks(value: Any, mark: Any) -> Any:
    if mark is True:
        return UNKNOWN
    if isinstance(mark, dict):
        return {key: with_marks((value or {}).get(key), mark.get(key)) for key in {*(value or {}), *mark}}
    if isinstance(mark, list):
        return [with_marks(item, inner) for item, inner in zip(value, mark, strict=True)]
    return value


def of_sources(folder: Path) -> dict[str, Any]:
    """The same, from the sources alone."""
    files = [Source(file.relative_to(folder).as_posix(), file) for file in sorted(folder.rglob("*.tf*"))]
    files = [file for file in files if not file.path.endswith("tfplan.json")]
    sources = SourceFiles(file for file in files if not is_variable_file(file.path))
    values: dict[str, Any] = {}
    named = {file.path: file for file in files if is_variable_file(file.path)}
    for path in automatic(named):
        values |= read_variables(named[path])[0]
    root = sources.module(".")
    assert root is not None
    given = {name: lambda value=value: value for name, value in values.items()}
    return dict(instances(Scope(Estate(".", Evaluator(Budget(10**6)), sources.module), root, given)))


def instances(scope: Scope) -> Iterator[tuple[str, Any]]:
    for (kind, name), block in scope.module.resources.items():
        for copy in scope.copies(f"{kind}.{name}", block):
            value = scope.settled(block.arguments["input"].expression, copy.names)
            yield f"{scope.place}{kind}.{name}{copy.suffix}", plain(value)
    for name in scope.module.calls:
        for child in scope.children(name) or ():
            yield from instances(child)


def plain(value: Any) -> Any:
    if isinstance(value, Unknown | Opened):
        return UNKNOWN
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("pair", sorted(folder.name for folder in PAIRS.iterdir()))
def test_sources_give_what_terraform_plans(pair) -> None:
    ours, theirs = of_sources(PAIRS / pair), of_plan(PAIRS / pair)
    assert sorted(ours) == sorted(theirs)
    for address in theirs:
        expected = theirs[address] | DEPARTURES[address] if address in DEPARTURES else theirs[address]
        assert ours[address] == expected, address
