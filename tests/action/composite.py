"""Run the steps of a composite action as a GitHub runner does, in a real bash.

What is left out is what cannot be had here: a `uses:` step is not run; it is recorded with its evaluated
`with:`, and the test says how it ended. Everything else is the runner's behaviour as documented: expressions
in `if:`, `env:`, `with:` and `continue-on-error:`, files for outputs and summary, workflow commands on
standard output. An expression that this interpreter does not know is an error, never a guess.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

TOKEN = re.compile(r"\s*(?:(?P<op>==|!=|&&|\|\||[!()])|'(?P<text>(?:[^']|'')*)'|(?P<name>[A-Za-z_][\w.-]*))")
COMMAND = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>[^:]*(?:%3A[^:]*)*))?::(?P<data>.*)")


class Annotation(Struct, frozen=True):
    """One `::error ...::` command that the runner would have taken."""

    level: str
    properties: dict[str, str]
    message: str


class Used(Struct, frozen=True):
    """One `uses:` step that would have run."""

    uses: str
    inputs: dict[str, str]


class Result(Struct, frozen=True, kw_only=True):
    """What a workflow sees of one run of the action."""

    exit_code: int
    outputs: dict[str, str]
    log: str
    summary: str
    annotations: tuple[Annotation, ...]
    commands: tuple[str, ...]
    """The names of all other workflow commands that the runner would have carried out."""
    used: tuple[Used, ...]
    ran: tuple[str, ...]
    """The names of the steps that ran."""


class Runner(Struct, frozen=True, kw_only=True):
    """Where and for what event an action runs. `ends` says how `uses:` steps end, by id."""

    action: Path
    workspace: Path
    temp: Path
    environment: Mapping[str, str]
    event: Mapping[str, Any] = {}
    ends: Mapping[str, str] = {}

    def run(self, **inputs: str) -> Result:
        """Run all steps with these inputs (underscores for hyphens)."""
        document = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= document["inputs"].keys()
        values = {
            name: text(given.get(name, spec.get("default", ""))) for name, spec in document["inputs"].items()
        }
        steps: dict[str, Any] = {}
        context = {"inputs": values, "steps": steps, "github": {"event": self.event}}
        failed = 0
        logs: list[str] = []
        used: list[Used] = []
        ran: list[str] = []
        summary = self._file("summary")
        for number, step in enumerate(document["runs"]["steps"]):
            assert step.keys() <= {
                "name",
                "id",
                "if",
                "shell",
                "env",
                "run",
                "uses",
                "with",
                "continue-on-error",
            }
            outcome, outputs = "skipped", {}
            # Without a status function in `if`, a step waits for the success of those before it.
            if not failed and truthy(evaluate(str(step.get("if", "${{ 'true' }}")), context)):
                ran.append(step["name"])
                outputs_file = self._file(f"output-{number}")
                if "uses" in step:
                    given_with = {
                        name: expand(text(value), context) for name, value in step.get("with", {}).items()
                    }
                    used.append(Used(step["uses"], given_with))
                    code = 0 if self.ends.get(step["id"], "success") == "success" else 1
                else:
                    code, log = self._bash(step, context, outputs_file, summary)
                    logs.append(log)
                outputs = read_outputs(outputs_file)
                outcome = "success" if code == 0 else "failure"
                if code and not truthy(evaluate(str(step.get("continue-on-error", "${{ '' }}")), context)):
                    failed = code
            steps[step.get("id", f"step-{number}")] = {"outputs": outputs, "outcome": outcome}
        log = "".join(logs)
        annotations, commands = read_commands(log)
        return Result(
            exit_code=failed,
            outputs={name: expand(spec["value"], context) for name, spec in document["outputs"].items()},
            log=log,
            summary=summary.read_text(encoding="utf-8"),
            annotations=annotations,
            commands=commands,
            used=tuple(used),
            ran=tuple(ran),
        )

    def _file(self, name: str) -> Path:
        file = self.temp / f"_runner_{name}"
        file.write_bytes(b"")
        return file

    def _bash(
        self, step: dict[str, Any], context: dict[str, Any], outputs: Path, summary: Path
    ) -> tuple[int, str]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script is an injection"
        script = self.temp / "_runner_step.sh"
        script.write_text(step["run"], encoding="utf-8")
        environment = {
            **self.environment,
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temp),
            **{name: expand(text(value), context) for name, value in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8")


def text(value: object) -> str:
    """A scalar of YAML as a runner sees it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def truthy(value: str) -> bool:
    return value not in ("", "false")


def expand(text: str, context: Mapping[str, Any]) -> str:
    """Text with its `${{ }}` replaced."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: expression(found[1], context), text)


def evaluate(text: str, context: Mapping[str, Any]) -> str:
    """The value of a key that is one expression, with or without `${{ }}`."""
    whole = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text)
    return expression(whole[1] if whole else text, context)


def expression(text: str, context: Mapping[str, Any]) -> str:
    """The value of an expression, as text: names, strings, `==`, `!=`, `&&`, `||`, `!` and parentheses."""
    reader = _Expression(text, context)
    value = reader.either()
    assert not reader.tokens, f"unknown expression: {text}"
    return value


class _Expression:
    """One expression, read by recursive descent; each method reads what binds tighter than the one before."""

    def __init__(self, text: str, context: Mapping[str, Any]) -> None:
        self.text = text
        self.context = context
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            assert found is not None, f"unknown expression: {text}"
            self.tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()

    def take(self, *operators: str) -> str | None:
        """The next token, if it is one of these."""
        return (
            self.tokens.pop(0)[1]
            if self.tokens and self.tokens[0] in [("op", one) for one in operators]
            else None
        )

    def either(self) -> str:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if truthy(value) else other
        return value

    def both(self) -> str:
        value = self.equal()
        while self.take("&&"):
            other = self.equal()
            value = other if truthy(value) else value
        return value

    def equal(self) -> str:
        value = self.single()
        while operator := self.take("==", "!="):
            # The runner compares strings without regard to case.
            same = value.lower() == self.single().lower()
            value = "true" if same is (operator == "==") else "false"
        return value

    def single(self) -> str:
        if self.take("!"):
            return "false" if truthy(self.single()) else "true"
        if self.take("("):
            value = self.either()
            assert self.take(")"), f"unknown expression: {self.text}"
            return value
        kind, value = self.tokens.pop(0)
        assert kind in {"text", "name"}, f"unknown expression: {self.text}"
        return value.replace("''", "'") if kind == "text" else lookup(value, self.context)


def lookup(name: str, context: Mapping[str, Any]) -> str:
    """The value of a dotted name; what is not there is empty, as on a runner."""
    if name in ("true", "false"):
        return name
    value: Any = context
    first, *rest = name.split(".")
    assert first in context, f"unknown name: {name}"
    for part in (first, *rest):
        value = value.get(part) if isinstance(value, Mapping) else None
    assert not isinstance(value, Mapping), f"not a value: {name}"
    return "" if value is None else str(value)


def read_outputs(file: Path) -> dict[str, str]:
    """The outputs in a `GITHUB_OUTPUT` file, in both of its forms."""
    outputs: dict[str, str] = {}
    lines = iter(file.read_text(encoding="utf-8").split("\n"))
    for line in lines:
        if (many := re.fullmatch(r"([^=<]+)<<(.+)", line)) is not None:
            value = []
            while (part := next(lines)) != many[2]:
                value.append(part)
            outputs[many[1]] = "\n".join(value)
        elif line:
            name, equals, value_text = line.partition("=")
            assert equals, f"not an output: {line!r}"
            outputs[name] = value_text
    return outputs


def read_commands(log: str) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """The workflow commands in a log: annotations, and the names of all others.

    Between `::stop-commands::TOKEN` and `::TOKEN::` nothing is a command.
    """
    annotations: list[Annotation] = []
    others: list[str] = []
    token: str | None = None
    for line in log.splitlines():
        found = COMMAND.fullmatch(line.lstrip())
        if found is None and token is None:
            assert not line.lstrip().startswith("::"), f"a command that the runner cannot read: {line}"
        if token is not None:
            token = None if line.strip() == f"::{token}::" else token
        elif found is None:
            continue
        elif found["name"] == "stop-commands":
            token = found["data"]
        elif found["name"] in ("error", "warning", "notice"):
            pairs = (pair.partition("=") for pair in (found["properties"] or "").split(",") if pair)
            annotations.append(
                Annotation(
                    found["name"], {key: _plain(value) for key, _, value in pairs}, _plain(found["data"])
                )
            )
        else:
            others.append(found["name"])
    assert token is None, "commands were never allowed again"
    return tuple(annotations), tuple(others)


def _plain(text: str) -> str:
    codes: dict[str, str] = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    swap: Callable[[re.Match[str]], str] = lambda found: codes[found[0]]  # noqa: E731
    return re.sub("|".join(codes), swap, text)


def clean_environment() -> dict[str, str]:
    """What a runner has before the action starts: the way to the programs, and a home."""
    return {
        name: os.environ[name] for name in ("PATH", "HOME", "PIP_CERT", "SYSTEMROOT") if name in os.environ
    }
