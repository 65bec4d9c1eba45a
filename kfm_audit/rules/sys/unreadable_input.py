"""SYS001: unreadable-input."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import UnreadableInput
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS001", on=UnreadableInput, severity=Severity.ERROR)
def unreadable_input(lost: UnreadableInput, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A file, or a part of one, could not be read.

    ## Why
    What was not read was not checked. A report without findings must not stand for a file that nobody looked
    into, so the run ends with exit code 4 and the other files are still checked.

    ## Bad
    A plan that was cut off while it was written:

    ```json tfplan.json
    {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": [{"address": "aws_
    ```

    ## Good
    ```json tfplan.json
    {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": []}
    ```

    ## When it is undecided
    Never.

    ## Settings
    None. The exit code does not depend on the severity, and `--select` and `--ignore` do not reach this rule.

    ## References
    The message names the file, the place where that is known, the cause, and the cure.
    """
    what = f"{lost.part}: " if lost.part else ""
    yield ctx.fail(lost, f"{what}{lost.cause}", help=lost.cure, key=f"{lost.part}\x1f{lost.origin.pointer}")
