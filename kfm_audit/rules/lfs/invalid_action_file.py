"""LFS011: invalid-action-file."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import ActionFile
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule

_REFUSED = "lakeFS refuses every commit, merge and revert that reads it (412)"


@rule("LFS011", on=ActionFile, severity=Severity.ERROR)
def invalid_action_file(action: ActionFile, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """An action file is refused by lakeFS, or taken, and a part of it never runs.

    ## Why
    The gates of promotions and the records of reverts are hooks that action files name. lakeFS reads every file
    that lies directly in `_lakefs_actions/`, whatever its ending, and only when it needs them: one that is
    invalid stops all operations of the branch, in the middle of a night's promotion. Worse is the file that
    lakeFS takes and that does not do what it says: it reads the first YAML document alone, passes over keys
    that it does not know, and compares branch globs with names that can hold letters, digits, `_` and `-` only,
    so that `env/prod` matches no branch and the gate never runs.

    The rule reads the files as the server does. `on:` is a word here, no boolean.

    ## Bad
    ```yaml _lakefs_actions/gate.yaml
    name: promotion gate
    on:
      pre-merge:
        branches:
          - env/prod
    hooks:
      - id: data_quality
        type: webhook
        properties:
          url: https://gates.example.com/data-quality
    ```

    ## Good
    ```yaml _lakefs_actions/gate.yaml
    name: promotion gate
    on:
      pre-merge:
        branches:
          - env-prod
    hooks:
      - id: data_quality
        type: webhook
        properties:
          url: https://gates.example.com/data-quality
    ```

    ## When it is undecided
    Never.

    ## Settings
    None.

    ## References
    lakeFS, `pkg/actions/action.go` and `pkg/actions/hook.go`, and its page "Actions and Hooks". `lakectl actions
    validate FILE` checks one file with the server's own code; it says nothing of what is passed over.
    """
    for fault in action.faults:
        yield ctx.fail(
            action,
            f"{fault.message}: {_REFUSED}" if fault.refused else fault.message,
            at=fault.at,
            help=fault.cure,
        )
    namesake = _namesake(action, ctx)
    if namesake is not None:
        yield ctx.fail(
            action,
            f"has the name `{action.name}`, which another action file beside it has too: {_REFUSED}",
            at="name",
            help="rename one of the two",
            related=(ctx.related("the other", namesake, at="name"),),
        )


def _namesake(action: ActionFile, ctx: Context[NoSettings]) -> ActionFile | None:
    """The file before it, in the same folder, that has its name."""
    if not action.name:
        return None
    folder = action.subject.rpartition("/")[0]
    first = next(
        other
        for other in ctx.evidence.of(ActionFile)
        if other.name == action.name and other.subject.rpartition("/")[0] == folder
    )
    return None if first == action else first
