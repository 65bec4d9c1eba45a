"""`.pre-commit-hooks.yaml` from the table of input kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kfm_audit.config import NAMES
from kfm_audit.inputs import KINDS

HEAD = """\
# Generated from the names of the input kinds; do not edit. Change `names` in kfm_audit/inputs, then run
# KFM_UPDATE_GENERATED=1 python -m pytest tests/precommit/test_manifest.py
"""

HOOKS = """\
- id: kfm-audit
  name: kfm-audit (changed files)
  description: Audit the changed files. What they are joined with is read from the whole repository.
  entry: kfm-audit check
  language: python
  args: ["--"]
  files: |
{inputs}
  require_serial: true

- id: kfm-audit-all
  name: kfm-audit (whole repository)
  description: Audit the whole repository when a file that can change the outcome is committed.
  entry: kfm-audit check
  language: python
  pass_filenames: false
  files: |
{inputs_and_config}
"""


def manifest() -> str:
    """The text of the file."""
    inputs = [name for kind in KINDS for name in kind.names]
    # A pyproject.toml changes for many reasons that are not ours.
    config = [name for name in NAMES if name != "pyproject.toml"]
    return HEAD + HOOKS.format(inputs=files(inputs), inputs_and_config=files([*inputs, *config]))


def files(names: Iterable[str]) -> str:
    """The `files:` pattern of globs, indented: pre-commit searches for it in POSIX paths below the root."""
    patterns = sorted({expression(name) for name in names})
    first, *others = patterns
    return "\n".join(["    (?x)(^|/)(", f"        {first}", *(f"      | {one}" for one in others), "    )$"])


def expression(glob: str) -> str:
    """A glob as a regular expression that matches what `PurePath.match` does; `*` stays within a name.

    Raises ValueError for a glob with anything but `*` and `?` in it.
    """
    if re.search(r"[\[\]]|\*\*", glob):
        raise ValueError(f"{glob}: only * and ? are translated")
    special = {"*": "[^/]*", "?": "[^/]", "-": "-", " ": r"\ ", "#": r"\#"}
    return "".join(special.get(character, re.escape(character)) for character in glob)
