"""The tables of `docs/github-action.md` say what `action.yml` says.

`KFM_UPDATE_GENERATED=1 python -m pytest tests/action/test_docs.py` writes them anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.action.conftest import ROOT

PAGE = ROOT / "docs" / "github-action.md"


def inputs_table(action: Mapping[str, Any]) -> str:
    """The inputs as a Markdown table."""
    rows = (
        f"| `{name}` | {_code(spec['default'])} | {_cell(spec['description'])} |"
        for name, spec in action["inputs"].items()
    )
    return "\n".join(["| input | default | meaning |", "|---|---|---|", *rows])


def outputs_table(action: Mapping[str, Any]) -> str:
    """The outputs as a Markdown table."""
    rows = (f"| `{name}` | {_cell(spec['description'])} |" for name, spec in action["outputs"].items())
    return "\n".join(["| output | meaning |", "|---|---|", *rows])


def _cell(text: str) -> str:
    return text.strip().replace("|", r"\|").replace("\n", " ")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def test_the_tables_are_current():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    page = PAGE.read_text()
    for name, table in (("inputs", inputs_table(action)), ("outputs", outputs_table(action))):
        page, count = re.subn(
            rf"(<!-- {name}: generated from action.yml -->\n).*?(<!-- end -->)",
            lambda found, table=table: f"{found[1]}{table}\n{found[2]}",
            page,
            flags=re.DOTALL,
        )
        assert count == 1
    if os.environ.get("KFM_UPDATE_GENERATED"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page
