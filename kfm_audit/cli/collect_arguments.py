"""The words of `kfm-audit collect`."""

from __future__ import annotations

import argparse


# argparse gives this class no public name.
def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    collect = commands.add_parser(
        "collect",
        help="fetch what a server says, for check to read",
        description="Fetch what a lakeFS server says beside its audit log into a folder that check reads "
        "later. Endpoint and credentials are lakectl's: LAKECTL_SERVER_ENDPOINT_URL and "
        "LAKECTL_CREDENTIALS_*, else ~/.lakectl.yaml.",
        epilog="exit codes: 0 all was got; 2 wrong usage, endpoint or credentials; 4 something was not got",
    )
    collect.set_defaults(command=_collect)
    add = collect.add_argument
    add("source", choices=("lakefs",), help="which server is asked")
    add("--to", metavar="DIR", default="lakefs", help="the folder (default: lakefs)")
    add(
        "--repository",
        metavar="NAME",
        action="append",
        default=[],
        help="only this repository; repeatable (default: all that the user may see)",
    )
    add(
        "--branch",
        metavar="GLOB",
        action="append",
        default=[],
        help="the history of these branches too; repeatable (default: the environment branches of the policy)",
    )
    add("--since", metavar="TIMESTAMP", help="history from this time on (default: all of it)")
    add("--policy", metavar="FILE|PACK", help="the policy (default: the config's, else kfm-v11)")
    add(
        "--timeout",
        metavar="SECONDS",
        type=float,
        default=60.0,
        help="how long one answer is waited for (default: 60)",
    )
    add("--restart", action="store_true", help="ask for everything again, where a collection was broken off")
    add("--quiet", "-q", action="store_true", help="say only what is missing")


def _collect(options: argparse.Namespace) -> int:
    from kfm_audit.cli.collect import collect

    return collect(options)
