"""The words of `kfm-audit case`."""

from __future__ import annotations

import argparse


# argparse gives this class no public name.
def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    case = commands.add_parser(
        "case",
        help="show one rollback case on one page",
        description="Show one rollback case: what happened, how long the bad state could be read and by whom, "
        "what to rebuild, and what is owed by when.",
    )
    case.set_defaults(command=_case)
    add = case.add_argument
    add(
        "case",
        metavar="ID",
        help="the case's subject, a request id of one of its calls, or the beginning of either",
    )
    add("paths", nargs="*", metavar="PATH", default=["."], help="what to read (default: .)")
    add("--policy", metavar="FILE|PACK", help="the policy (default: the config's, else kfm-v11)")
    add("--config", metavar="FILE", help="this config, whatever stands nearer")
    add("--isolated", action="store_true", help="no config at all")
    add("--now", metavar="TIMESTAMP", help="judge as of this time, ISO 8601 (default: the clock's)")
    add(
        "--ledger",
        metavar="FILE",
        help="look among the cases that this file holds open too; it is not written",
    )
    add("--format", choices=("text", "json"), default="text", help="how (default: text)")
    add("--write", metavar="DIR", help="write a draft of each missing record below this folder")


def _case(options: argparse.Namespace) -> int:
    from kfm_audit.cli.case import case

    return case(options)
