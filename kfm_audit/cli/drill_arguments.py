"""The words of `kfm-audit drill`."""

from __future__ import annotations

import argparse
from typing import Final

EXIT_CODES: Final = """\
exit codes, the highest that applies:
  0  drilled, whoever is paged
  1  --fail-on-silence: a failure that pages nobody, or with --against one that paged somebody before
  2  wrong usage
  3  no queue or function, and no alarm on one
  4  the alarms could not be read
"""


# argparse gives this class no public name.
def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "drill",
        help="say who is paged when something fails",
        description="Send the failure modes of the contract through alarms, composites, suppressors, topics and\n"
        "subscribers, and say for each queue and function who is paged, after how long, how often, or never.",
        epilog=EXIT_CODES,
    )
    parser.set_defaults(command=_drill)
    parser.add_argument(
        "alarms", metavar="ALARMS", help="a plan, a folder of .tf files, or what describe-alarms printed"
    )
    parser.add_argument(
        "--against",
        metavar="ALARMS",
        default="",
        help="show the paging diff to these alarms; `prior` is what stands before the plan",
    )
    parser.add_argument(
        "--output",
        metavar="FORMAT[=PATH]",
        action="append",
        default=[],
        help="text, json or markdown; to PATH instead of standard output; repeatable (default: text)",
    )
    parser.add_argument(
        "--policy", metavar="FILE|PACK", help="the policy (default: the config's, else kfm-v11)"
    )
    parser.add_argument("--config", metavar="FILE", help="this config, whatever stands nearer")
    parser.add_argument("--isolated", action="store_true", help="no config at all")
    parser.add_argument("--fail-on-silence", action="store_true", help="exit with 1 where nobody is paged")


def _drill(options: argparse.Namespace) -> int:
    from kfm_audit.cli.drill import drill

    return drill(options)
