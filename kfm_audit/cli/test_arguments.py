"""The words of `kfm-audit test`."""

from __future__ import annotations

import argparse
from typing import Final

EXIT_CODES: Final = """\
exit codes of test, the highest that applies:
  0  all assertions hold
  1  an assertion fails, or coverage is under the threshold
  2  wrong usage, a bad test file, an unknown alarm, a series that no alarm reads
  3  no test was found
  4  alarms could not be read, or cannot be evaluated
  5  an alarm could not be simulated: a defect of kfm-audit
"""


# argparse gives this class no public name.
def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "test",
        help="test CloudWatch alarms",
        description="Run the alarms that Terraform defines over series that a file gives, and compare states, "
        "actions and notifications with those that it expects. See docs/testing-alarms.md.",
        epilog=EXIT_CODES,
    )
    parser.set_defaults(command=_test)
    option = parser.add_argument
    option("files", nargs="+", metavar="FILE", help="files of tests, folders of them, or globs")
    option(
        "--run",
        metavar="GLOB",
        action="append",
        default=[],
        help="only the tests of this name, with * and ?; repeatable",
    )
    option(
        "--coverage-threshold",
        metavar="N",
        type=float,
        help="exit with 1 where fewer than N percent of the alarms have an assertion",
    )
    option("--coverage", action="store_true", help="list every alarm with the number of its assertions")
    option("--watch", action="store_true", help="run again whenever a file changes, until interrupted")
    option(
        "--output",
        metavar="FORMAT[=PATH]",
        action="append",
        default=[],
        help="text, json, junit or github; to PATH instead of standard output; repeatable (default: text)",
    )
    option("--verbose", "-v", action="store_true", help="draw assertions that hold too")
    option("--quiet", "-q", action="store_true", help="say nothing about the run on standard error")
    option("--no-color", action="store_true", help="no colour (also NO_COLOR; FORCE_COLOR wants it)")


def _test(options: argparse.Namespace) -> int:
    from kfm_audit.cli.test import test

    return test(options)
