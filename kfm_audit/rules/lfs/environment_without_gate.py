"""LFS010: environment-without-gate."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.gates import BEFORE_MERGE
from kfm_audit.facts import GateSet
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS010", on=GateSet, severity=Severity.WARNING)
def environment_without_gate(gates: GateSet, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Merges into an environment run no hook for a gate that they have to pass.

    ## Why
    lakeFS reads the hooks of a merge from the branch that is merged, not from the one that it goes into. Each
    branch from which an environment is promoted needs the action files of its gates, with the environment's
    branch under `on: pre-merge`. A gate that is in no file is passed by everything.

    ## Bad
    ```yaml _lakefs_actions/gates.yaml
    name: gates
    on:
      pre-merge:
        branches: [main]
    hooks:
      - id: data-quality
        type: webhook
        properties: {url: "https://gates.example.com/data-quality"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      promotion: {gates: {prod: [data-quality]}}
    ```

    ## Good
    ```yaml _lakefs_actions/gates.yaml
    name: gates
    on:
      pre-merge:
        branches: [env-prod]
    hooks:
      - id: data-quality
        type: webhook
        properties: {url: "https://gates.example.com/data-quality"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      promotion: {gates: {prod: [data-quality]}}
    ```

    ## When it is undecided
    Where the ref has action files that were not read.

    ## Settings
    `lakefs.promotion.gates`, `lakefs.gates` (which hooks make a gate; without an entry, those of the gate's
    name). Where the policy names no gates of an environment, any hook on pre-merge will do.

    ## References
    lakeFS hooks: where action files are read from; Go `path.Match`.
    """
    known, unread = ctx.evidence.gates, ctx.evidence.gates.unread(gates)
    for environment in ctx.policy.lakefs.environment_branches:
        for branch in known.branches(environment, gates.repository):
            hooks = known.installed(gates, BEFORE_MERGE, branch)
            required = known.required(environment)
            missing = [gate for gate in required if not any(known.is_hook(gate, *hook) for hook in hooks)]
            if not missing and (required or hooks):
                continue
            lack = f"no hook for {', '.join(missing)}" if missing else "no hook at all"
            what = f"gives merges into {branch} {lack}"
            if unread:
                yield ctx.undecided(
                    gates,
                    f"whether it {what} is not shown: {unread[0]} was not read"
                    + (f", nor {len(unread) - 1} more" if len(unread) > 1 else ""),
                    help="fetch the action files too: `kfm-audit collect lakefs`, or check them out",
                    key=branch,
                )
            else:
                whose = f" whose id is that of the gate ({missing[0]})" if missing else ""
                yield ctx.fail(
                    gates,
                    what,
                    help=f"add {branch} under `on: pre-merge: branches:` of an action file with a hook{whose}, "
                    "on every branch that is promoted: lakeFS reads it from the source of the merge",
                    key=branch,
                )
