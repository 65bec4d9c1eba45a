"""Run `kfm-audit check` once for the action: inputs in, log, job summary and outputs out.

Started by `action.yml` with the environment's Python and `-I`. The inputs come as environment variables
`INPUT_*` and become arguments here, one by one and never through a shell. The exit code of the tool becomes
an output; this script itself ends with 0, so that the steps after it can report before the last one exits.
"""  # noqa: INP001 - a script of the action, not a package

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

USAGE: Final = 2
CONCLUSIONS: Final = {0: "success", 1: "failure"}
MEANINGS: Final = {
    2: "wrong usage, configuration or policy",
    3: "nothing was checked",
    4: "an input could not be read",
    5: "a rule or plug-in failed",
}
_VALUES: Final = (
    "policy",
    "profile",
    "select",
    "ignore",
    "fail-on",
    "config",
    "baseline",
    "since",
    "until",
    "now",
)
_REPORTS: Final = {
    "sarif": "findings.sarif",
    "json": "findings.json",
    "summary": "summary.md",
    "github": "annotations.txt",
}


class UsageError(Exception):
    """An input of the action has a value that it does not take. The message is for the user."""


def arguments(environment: Mapping[str, str], reports: Path) -> list[str]:
    """The arguments of `kfm-audit`, from the inputs; reports go to files below `reports`, text to the log.

    Values are joined to their option with `=`, and paths stand after `--`: neither can be taken for another
    option. Lists of rules may be written on several lines. Raises UsageError.
    """
    options = ["check", "--output=text"]
    options += [f"--output={report}={reports / name}" for report, name in _REPORTS.items()]
    for name in _VALUES:
        value = ",".join(_lines(_input(environment, name)))
        if value:
            options.append(f"--{name}={value}")
    if _choice(environment, "fail-on-undecided", ("false", "true")) == "true":
        options.append("--fail-on-undecided")
    return [*options, "--", *(_lines(_input(environment, "paths")) or ["."])]


def may_upload(environment: Mapping[str, str]) -> bool:
    """Whether the SARIF file is to be uploaded. Raises UsageError.

    `auto` leaves out the runs whose token never has the permission: pull requests from forks (or from a fork
    that is gone) and from Dependabot.
    """
    wanted = _choice(environment, "sarif", ("auto", "yes", "no"))
    if wanted != "auto":
        return wanted == "yes"
    if not environment.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        return True
    own = environment.get("HEAD_REPOSITORY") == environment.get("GITHUB_REPOSITORY")
    return own and environment.get("GITHUB_ACTOR") != "dependabot[bot]"


def counts(report: Path) -> dict[str, str]:
    """The numbers among the outputs; all empty where the run ended before a report was written."""
    names = ("findings-total", "findings-new", "findings-suppressed", "undecided", "pending")
    if not report.exists():
        return dict.fromkeys(names, "")
    summary = json.loads(report.read_bytes())["summary"]
    numbers = (
        sum(summary["findings"].values()),
        summary["new"],
        summary["suppressed"],
        summary["undecided"],
        summary["pending"],
    )
    return dict(zip(names, map(str, numbers), strict=True))


def write_outputs(file: Path, outputs: Mapping[str, str]) -> None:
    """Append step outputs in the form that takes any text, with a delimiter that no value can guess."""
    delimiter = f"kfm-{secrets.token_hex(16)}"
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        for name, value in outputs.items():
            stream.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def run(options: list[str]) -> int:
    """Run the tool and give its exit code.

    What it prints goes to the log, where a line such as `::add-mask::` would be a command to the runner. Text
    from an alarm's name must not be one, so the runner is told to take no commands meanwhile.
    """
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)  # noqa: T201 - the log
    command = [sys.executable, "-I", "-X", "utf8", "-m", "kfm_audit", *options]
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603 - our own tool
    print(f"\n::{token}::", flush=True)  # noqa: T201 - the log
    # A tool that was killed has the negative number of the signal; shells say 128 and the number.
    return code if code >= 0 else 128 - code


def main(environment: Mapping[str, str]) -> None:
    """Run the check and write outputs and job summary."""
    reports = Path(tempfile.mkdtemp(prefix="kfm-audit-", dir=environment["RUNNER_TEMP"]))
    upload = False
    try:
        upload = may_upload(environment)
        code = run(arguments(environment, reports))
    except UsageError as error:
        print(f"::error title=kfm-audit::{_command_text(str(error))}")  # noqa: T201 - an annotation
        code = USAGE
    files = {report: reports / name for report, name in _REPORTS.items()}
    there = {report: str(file) if file.exists() else "" for report, file in files.items()}
    write_outputs(
        Path(environment["GITHUB_OUTPUT"]),
        {
            "exit-code": str(code),
            "conclusion": CONCLUSIONS.get(code, "error"),
            **counts(files["json"]),
            "sarif-file": there["sarif"],
            "json-file": there["json"],
            "summary-file": there["summary"],
            "annotations-file": there["github"],
            "upload": "true" if upload and there["sarif"] else "false",
        },
    )
    with Path(environment["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8", newline="\n") as summary:
        if there["summary"]:
            summary.write(files["summary"].read_text(encoding="utf-8"))
        else:
            why = MEANINGS.get(code, "it was ended from outside")
            summary.write(f"**kfm-audit** wrote no report (exit code {code}: {why}). The log says more.\n")


def _input(environment: Mapping[str, str], name: str) -> str:
    return environment.get("INPUT_" + name.upper().replace("-", "_"), "")


def _lines(text: str) -> list[str]:
    """The lines that are not blank, without white space around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _choice(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = _input(environment, name).strip() or choices[0]
    if value not in choices:
        raise UsageError(f"The input {name} takes {', '.join(choices[:-1])} or {choices[-1]}, not {value!r}.")
    return value


def _command_text(text: str) -> str:
    """Text as a workflow command carries it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    main(os.environ)
