"""SYS003: plug-in-failed."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import FailedPlugin
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS003", on=FailedPlugin, severity=Severity.ERROR)
def plug_in_failed(plugin: FailedPlugin, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A plug-in that the config names did not load.

    ## Why
    Its rules did not run. A green run without them would be taken for a pass, so the run ends with exit
    code 5.

    ## Bad
    ```toml kfm-audit.toml
    plugins = ["our-own-rules"]
    ```

    ## Good
    ```toml kfm-audit.toml
    plugins = []
    ```

    ## When it is undecided
    Never.

    ## Settings
    None.

    ## References
    Plug-ins register a module of rules under the entry-point group `kfm_audit.rules`.
    """
    yield ctx.fail(
        plugin,
        f"did not load: {plugin.error}",
        help="install the package that offers it, or take it out of `plugins` in the config",
    )
