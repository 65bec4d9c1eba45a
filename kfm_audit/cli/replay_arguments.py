"""The words of `kfm-audit replay`."""

from __future__ import annotations

import argparse
from typing import Final

EXIT_CODES: Final = """\
exit codes, the highest that applies:
  0  replayed
  2  wrong usage, or the extra `replay` is not installed
  3  no history of any metric that an alarm reads
  4  the alarms, or a file, could not be read, or only in part
"""


# argparse gives this class no public name.
def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "replay",
        help="run alarms over recorded history",
        description="Run the alarms of a plan over recorded metrics, compare with what stands before it,\n"
        "and say what the change would have meant: who is paged, when and how often.",
        epilog=EXIT_CODES,
    )
    parser.set_defaults(command=_replay)
    _add_arguments(parser)


def _replay(options: argparse.Namespace) -> int:
    from kfm_audit.cli.replay import replay

    return replay(options)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "alarms",
        nargs="?",
        default=".",
        metavar="ALARMS",
        help="a plan, a folder of .tf, or an answer of describe-alarms (default: .)",
    )
    what = parser.add_argument_group("what is replayed")
    what.add_argument(
        "--metrics",
        metavar="PATH",
        action="append",
        default=[],
        help="history, a file or a folder: answers of get-metric-data, OTLP JSON, answers of Prometheus to "
        "range queries, CSV; repeatable",
    )
    what.add_argument(
        "--against",
        metavar="ALARMS|prior|nothing",
        default="",
        help="what to compare with: other alarms, or what stands before the plan is applied (default: prior, "
        "where the plan changes something)",
    )
    what.add_argument(
        "--incidents", metavar="PATH", action="append", default=[], help="incident records; repeatable"
    )
    what.add_argument("--since", metavar="TIMESTAMP", help="from this time on (default: the history's start)")
    what.add_argument("--until", metavar="TIMESTAMP", help="up to this time (default: the history's end)")
    what.add_argument(
        "--interval",
        metavar="SECONDS",
        type=int,
        default=60,
        help="of history that does not say how long its intervals are (default: 60)",
    )
    what.add_argument(
        "--evaluation-range",
        metavar="SLOTS",
        type=int,
        default=0,
        help="slots that CloudWatch looks at (default: N+2, N+60/period below a minute)",
    )
    what.add_argument(
        "--assume",
        metavar="NAME=CHOICE",
        action="append",
        default=[],
        help="an assumption, where AWS is silent; see docs/replay.md",
    )
    shown = parser.add_argument_group("what is shown")
    shown.add_argument(
        "--output",
        metavar="FORMAT[=PATH]",
        action="append",
        default=[],
        help="text, json or html; to PATH instead of standard output; repeatable (default: text)",
    )
    shown.add_argument(
        "--plots",
        metavar="NUMBER",
        type=int,
        default=40,
        help="alarms that the HTML page draws, those with the greatest change first (default: 40)",
    )
    shown.add_argument(
        "--queries",
        metavar="FOLDER",
        help="replay nothing: write the queries for `aws cloudwatch get-metric-data` into this folder",
    )
