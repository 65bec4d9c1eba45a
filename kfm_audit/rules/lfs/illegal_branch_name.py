"""LFS009: illegal-branch-name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kfm_audit.facts import DeclaredBranch, PolicyGlob
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known

_NAME = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9_]*")
_OTHER = re.compile(r"[^-A-Za-z0-9_]")


@rule("LFS009", on=(PolicyGlob, DeclaredBranch), severity=Severity.ERROR)
def illegal_branch_name(named: PolicyGlob | DeclaredBranch, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A branch is named that lakeFS does not allow.

    ## Why
    The name of a branch in lakeFS holds letters, digits, `_` and `-`, and does not begin with `-`: no slash,
    no dot. A policy that names `runs/run-*` is about branches that cannot exist, and so judges nothing, while
    those that do exist go unwatched. (Under `lakefs.environment_branches` such a name is refused at once: the
    whole audit hangs on it.)

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      promotion: {sources: {prod: [runs/run-*]}}
      rollback: {users: [jane.doe]}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe]}
    ```

    ## When it is undecided
    Never. A name in Terraform that is known only after apply is passed over: lakeFS refuses it itself.

    ## Settings
    None.

    ## References
    lakeFS, `pkg/validator/validate.go`; treeverse/lakeFS issue 10252.
    """
    match named:
        case PolicyGlob(glob=glob):
            bare = re.sub(r"[*?]", "", glob)
            wrong = bool(_OTHER.search(bare)) or glob.startswith("-")
        case DeclaredBranch(name=Known(glob)):
            wrong = not _NAME.fullmatch(glob)
        case _:
            return
    if wrong:
        legal = (
            _OTHER.sub("-", glob)
            if isinstance(named, DeclaredBranch)
            else re.sub(r"[^-A-Za-z0-9_*?]", "-", glob)
        )
        yield ctx.fail(
            named,
            f"names the branch {glob}, and lakeFS allows only letters, digits, `_` and `-`, the first not a `-`",
            at="name" if isinstance(named, DeclaredBranch) else "",
            help=f"write the name that the branch really has, for example {legal.lstrip('-') or 'main'}: `lakectl branch "
            "list lakefs://<repository>`",
            key=glob,
        )
