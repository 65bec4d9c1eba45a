"""The command line's words, in one place."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Any, Final

from kfm_audit import __version__

EXIT_CODES: Final = """\
exit codes of check, the highest that applies:
  0  nothing at or above --fail-on
  1  findings at or above --fail-on
  2  wrong usage, config or policy
  3  no input recognised, or one that the profile requires is missing or empty
  4  an input could not be read
  5  a rule or plug-in failed
"""
SEVERITIES: Final = ("error", "warning", "note")
PROFILES: Final = "pr, nightly, quarterly, or one of the config"


class UsageError(Exception):
    """Wrong usage, config or policy: exit code 2. The text is the whole message."""


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all commands; each sets `command` to the function that carries it out.

    Where `command` is one of them, the parser knows no other: making all of them is felt at the start.
    """
    parser = argparse.ArgumentParser(
        prog="kfm-audit",
        description="The linter and auditor for the reliability of data platforms.",
        epilog="kfm-audit COMMAND --help says more of each command.",
        formatter_class=_formatter(),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"kfm-audit {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Command)
    for add in (_COMMANDS[command],) if command in _COMMANDS else _COMMANDS.values():
        add(commands)
    return parser


class _Command(argparse.ArgumentParser):
    """The parser of one command: what it does not know it refuses itself, with its own usage."""

    # argparse hands on what `add_parser` was given.
    def __init__(self, **options: Any) -> None:
        super().__init__(**options, formatter_class=_formatter(), allow_abbrev=False)

    # argparse's own signature, whose overloads say no more.
    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


# argparse gives this class no public name.
def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check",
        help="audit files and folders",
        description="Find inputs below PATHS by content and name, read them together, "
        "and report what is wrong.",
        epilog=EXIT_CODES,
    )
    check.set_defaults(command=_check)
    add = check.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        default=["."],
        help="what to report on; `-` is standard input (default: .)",
    )
    what = check.add_argument_group("what is right")
    what.add_argument(
        "--policy", metavar="FILE|PACK", help="the policy (default: the config's, else kfm-v11)"
    )
    what.add_argument("--profile", metavar="NAME", help=f"{PROFILES}")
    what.add_argument(
        "--select",
        metavar="RULE,...",
        help="only these rules or families; findings about the audit itself stay",
    )
    what.add_argument("--ignore", metavar="RULE,...", help="not these rules or families")
    what.add_argument("--config", metavar="FILE", help="this config, whatever stands nearer")
    what.add_argument("--isolated", action="store_true", help="no config at all")
    what.add_argument(
        "--kind", metavar="KIND", help="the kind of the files that PATHS name, and of standard input"
    )
    what.add_argument(
        "--engine",
        metavar="ENGINE",
        help="what reads lakeFS logs: core, duckdb, spark, spark=MASTER (default: core, and duckdb for Parquet)",
    )
    when = check.add_argument_group("when")
    when.add_argument(
        "--now", metavar="TIMESTAMP", help="judge as of this time, ISO 8601 (default: the clock's)"
    )
    when.add_argument("--since", metavar="TIMESTAMP", help="judge events from this time on")
    when.add_argument(
        "--until", metavar="TIMESTAMP", help="judge events before this time; evidence is read up to --now"
    )
    when.add_argument(
        "--ledger",
        metavar="FILE",
        help="reopen the cases that this file holds open, and write to it how they stand now",
    )
    shown = check.add_argument_group("what is shown")
    shown.add_argument(
        "--output",
        metavar="FORMAT[=PATH]",
        action="append",
        default=[],
        help="text, json, sarif, github or summary; to PATH instead of standard output; "
        "repeatable (default: text)",
    )
    shown.add_argument(
        "--min-severity", choices=SEVERITIES, help="show findings from this severity on (default: note)"
    )
    shown.add_argument("--show-suppressed", action="store_true", help="show suppressed findings too")
    shown.add_argument(
        "--quiet", "-q", action="store_true", help="say nothing about the run on standard error"
    )
    shown.add_argument(
        "--no-color", action="store_true", help="no colour (also NO_COLOR; FORCE_COLOR wants it)"
    )
    shown.add_argument(
        "--write-heads",
        metavar="FILE",
        help="keep in FILE on which commit each lakeFS branch was seen: a later run sees by it that one was reset",
    )
    fails = check.add_argument_group("what fails")
    fails.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        help="exit with 1 for findings from this severity on (default: error)",
    )
    fails.add_argument(
        "--fail-on-undecided", action="store_true", default=None, help="count undecided findings as failures"
    )
    fails.add_argument(
        "--baseline", metavar="FILE", help="findings in this JSON report are known and fail nothing"
    )


def _add_rules(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rules = commands.add_parser(
        "rules",
        help="list all rules",
        description="List all rules.",
    )
    rules.set_defaults(command=_rules)
    rules.add_argument("--format", choices=("text", "json"), default="text", help="how (default: text)")


def _add_explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    explain = commands.add_parser(
        "explain",
        help="show the page of a rule",
        description="Show the page of a rule: why it is, a bad and a good example, and how to set it.",
    )
    explain.set_defaults(command=_explain)
    explain.add_argument("rule", metavar="RULE", help="id or name: ALM001, alarm-without-sns-action")


_COMMANDS: Final[dict[str, Any]] = {  # argparse gives what they take no public name
    "check": _add_check,
    "case": lambda commands: import_module("kfm_audit.cli.case_arguments").add(commands),
    "rules": _add_rules,
    "explain": _add_explain,
    "collect": lambda commands: import_module("kfm_audit.cli.collect_arguments").add(commands),
    "test": lambda commands: import_module("kfm_audit.cli.test_arguments").add(commands),
    "replay": lambda commands: import_module("kfm_audit.cli.replay_arguments").add(commands),
    "drill": lambda commands: import_module("kfm_audit.cli.drill_arguments").add(commands),
}
"""What adds each command to the parser."""


def _check(options: argparse.Namespace) -> int:
    from kfm_audit.cli.check import check

    return check(options)


def _rules(options: argparse.Namespace) -> int:
    from kfm_audit.cli.rules import list_rules

    return list_rules(options)


def _explain(options: argparse.Namespace) -> int:
    from kfm_audit.cli.explain import explain

    return explain(options)


def terminal_width() -> int:
    """Columns to write for: COLUMNS, else the terminal's, between 40 and 120.

    What `shutil` does, without the archive formats that it brings along.
    """
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        width = int(columns)
    else:
        try:
            width = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 100
        except (OSError, ValueError):
            width = 100
    return max(40, min(width, 120))


def _formatter() -> type[argparse.HelpFormatter]:
    """Help in colour where somebody looks at it; imported only when help is asked for."""
    base: type[argparse.HelpFormatter] = argparse.RawDescriptionHelpFormatter
    if sys.stdout and sys.stdout.isatty() and {"-h", "--help"}.intersection(sys.argv):
        from rich_argparse import RawDescriptionRichHelpFormatter

        base = RawDescriptionRichHelpFormatter

    class Formatter(base):  # type: ignore[misc, valid-type]  # one of two known classes
        def __init__(self, prog: str) -> None:
            super().__init__(prog, width=terminal_width())

    return Formatter
