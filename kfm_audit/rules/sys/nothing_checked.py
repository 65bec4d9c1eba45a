"""SYS004: nothing-checked."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import EmptyRun
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS004", on=EmptyRun, severity=Severity.ERROR)
def nothing_checked(run: EmptyRun, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """No input was recognised below PATHS.

    ## Why
    A linter that is pointed at the wrong folder must not answer "no findings". The run ends with exit code 3.

    ## Bad
    ```text notes.txt
    Nothing that kfm-audit reads.
    ```

    ## Good
    ```json tfplan.json
    {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": []}
    ```

    ## When it is undecided
    Never.

    ## Settings
    None.

    ## References
    The run's summary lists the files that were passed over, with the reason for each.
    """
    files = "1 file" if run.looked_at == 1 else f"{run.looked_at} files"
    if run.left_out:
        of = files if run.left_out == run.looked_at else f"{run.left_out} of {files}"
        yield ctx.fail(
            run,
            f"no input was recognised: --since and --until leave out {of} by the partitions in the paths",
            help="choose a time that the partitions hold; their times are UTC",
        )
        return
    looked = f"looked at {files}" if run.looked_at else "found no file that could be one"
    yield ctx.fail(
        run,
        f"no input was recognised: {looked}",
        help="name the folder that holds a Terraform plan in JSON, telemetry, PROV-O JSON-LD or a lakeFS "
        "audit log; files that .gitignore hides must be named, or stand in `include` of the config",
    )
