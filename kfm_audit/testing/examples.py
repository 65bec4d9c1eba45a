"""The Bad and Good examples of a rule's page, run."""

from __future__ import annotations

import shlex
from typing import Any

from kfm_audit.rules.kit import Rule
from kfm_audit.rules.page import page
from kfm_audit.testing.run import run_check


def run_example(rule: Rule, heading: str) -> list[dict[str, Any]] | None:
    """The rule's findings on the files of `Bad` or `Good`; None where the section names no file.

    Findings are documents of design section 4.
    """
    blocks = page(rule).blocks(heading)
    arguments = shlex.split(blocks.pop("args", ""))
    if not blocks:
        return None
    return run_check(blocks, arguments).of(rule.id)
