"""SYS005: required-input-missing."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import MissingInput
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS005", on=MissingInput, severity=Severity.ERROR)
def required_input_missing(missing: MissingInput, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """An input kind that the profile requires is missing or empty.

    ## Why
    A nightly run without the audit log cannot say who moved production back. The profile says what must be
    there; without it the run ends with exit code 3.

    ## Bad
    ```text args
    --profile nightly
    ```

    ```json tfplan.json
    {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": []}
    ```

    ## Good
    ```text args
    --profile pr
    ```

    ```json tfplan.json
    {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": []}
    ```

    ## When it is undecided
    Never.

    ## Settings
    `[[profile]] require` in the config lists the kinds.

    ## References
    `docs/configuration.md`, Profiles.
    """
    what = "holds nothing to judge" if missing.empty else "is missing among the inputs"
    yield ctx.fail(
        missing,
        f"{what}, and profile {missing.profile} requires it",
        help=f"fetch it before the run, or take {missing.required!r} out of `require` of the profile",
    )
