"""Time kfm-audit beside checkov, trivy and an empty Python, on the same inputs, and write `results.md`.

    python benchmarks/run.py            # some ten minutes: checkov takes one and a half for 5,000 alarms
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
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from tools import EMPTY, OURS, PLAN, ROOT, SOURCES, Tool, install, variables

RESULTS: Final = ROOT / "benchmarks" / "results.md"

PAGE: Final = """\
# Benchmarks

Written by `python benchmarks/run.py`, which says how it measures. The same inputs, each tool's own rules.

| input | kfm-audit against | wanted | measured | rounds | |
|---|---|---|---|---:|---|
{judged}

Medians of whole processes on {machine}; the ratios above are what to compare.

| input | tool | seconds | peak MB |
|---|---|---:|---:|
{times}

What every timed run had to show, of plans: kfm-audit all alarms, both topics, both subscriptions and each alarm
without an SNS action; checkov all resources; trivy, which has no rule on an alarm, the two topics that are not
encrypted. Of sources: kfm-audit all alarms, queues, functions and topics and each alarm without an SNS action;
checkov as many resources as there are blocks, or more; trivy each topic and queue that is not encrypted and each
function that is not traced.

The other files here hold their own targets: `logs_contest.py` (lakeFS logs beside DuckDB), `replay.py` (5,000 alarms
over a week of minutes), `alarmtests.py` (100 alarm tests).
"""


class Input(NamedTuple):
    """What is read: so many alarms in a plan, or `.tf` files in a folder."""

    kind: str
    size: int

    def __str__(self) -> str:
        """`5,000 alarms`."""
        return f"{self.size:,} {self.kind}"


class Sample(NamedTuple):
    """One timed process: wall time in seconds, peak memory in MB."""

    seconds: float
    megabytes: float


class Contest(NamedTuple):
    """kfm-audit and `others` in turn on an input, so many `rounds`, or fewer when `quick`.

    An empty Python has a contest of its own: next to a tool that fills the caches it would look faster.
    """

    input: Input
    others: tuple[str, ...]
    rounds: int
    quick: int


class Target(NamedTuple):
    """What a figure must be. `at_least` times faster than `other`, or `at_most` times its time."""

    input: Input
    other: str
    at_least: float = 0.0
    at_most: float = 0.0


SMALL: Final = Input(PLAN, 10)
MIDDLE: Final = Input(PLAN, 500)
LARGE: Final = Input(PLAN, 5000)
FILES: Final = Input(SOURCES, 200)
PEERS: Final = ("trivy", "checkov")
MOST_FOR_TEN_TIMES: Final = 11
"""Ten times the alarms may cost so many times the time."""
CONTESTS: Final = (
    Contest(SMALL, (EMPTY,), rounds=31, quick=11),
    Contest(SMALL, PEERS, rounds=7, quick=3),
    Contest(FILES, PEERS, rounds=5, quick=3),
    Contest(MIDDLE, (), rounds=5, quick=3),
    Contest(LARGE, PEERS, rounds=3, quick=1),
)
TARGETS: Final = (
    Target(SMALL, "checkov", at_least=30),
    Target(SMALL, "trivy", at_least=10),
    Target(SMALL, EMPTY, at_most=6),
    Target(FILES, "checkov", at_least=20),
    Target(FILES, "trivy", at_least=5),
    Target(LARGE, "checkov", at_least=100),
    Target(LARGE, "trivy", at_least=20),
)


def sample(tool: Tool, path: Path, what: Input) -> Sample:
    """Time one process and hold it to what it must have done. Raises SystemExit."""
    way = tool.ways[what.kind]
    beside = path.parent.parent
    with (beside / "report").open("wb") as report, (beside / "log").open("wb") as log:
        start = time.perf_counter()
        process = subprocess.Popen(
            (*way.command, path.name), cwd=path.parent, env=variables(), stdout=report, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != way.exit_code:
        sys.exit(
            f"{tool.name} on {what} ended with {process.returncode}, not {way.exit_code}:\n"
            + (beside / "log").read_text(errors="replace")[-2000:]
        )
    expected, actual = way.read(what.size, (beside / "report").read_bytes())
    if actual != expected:
        sys.exit(f"{tool.name} on {what} read {actual}, not {expected}")
    return Sample(seconds, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024))


def made(what: Input, work: Path) -> Path:
    """The input, written anew below `work`."""
    folder = work / f"input-{what.size}"
    folder.mkdir(parents=True, exist_ok=True)
    # In a process of its own: a child's peak memory is counted from what its parent holds when it starts.
    if what.kind == SOURCES:
        path = folder / "sources"
        script = (sys.executable, ROOT / "benchmarks" / "sources.py", str(what.size), path)
        subprocess.run(script, check=True)
        return path
    path = folder / "plan.json"
    with path.open("wb") as stream:
        generator = (sys.executable, ROOT / "benchmarks" / "plans.py", str(what.size))
        subprocess.run(generator, check=True, stdout=stream)
    return path


def measure(contest: Contest, tools: Mapping[str, Tool], work: Path, rounds: int) -> dict[str, list[Sample]]:
    """Time the tools of a contest in turn, after one run of ours that is not counted."""
    path = made(contest.input, work)
    sample(tools[OURS], path, contest.input)
    names = (OURS, *contest.others)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names:
            one = sample(tools[name], path, contest.input)
            samples[name].append(one)
            progress = f"{contest.input}, round {number + 1} of {rounds}"
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
    return f"| {target.input} | {target.other} | {wanted} | {figure} | {len(ours)} | {_verdict(met)} |", met


def growth(results: Mapping[Contest, dict[str, list[Sample]]]) -> tuple[str, bool]:
    """The row that holds 5,000 alarms against 500."""
    times = {
        contest.input: median(one.seconds for one in samples[OURS])
        for contest, samples in results.items()
        if contest.input in (MIDDLE, LARGE)
    }
    value = times[LARGE] / times[MIDDLE]
    met = value <= MOST_FOR_TEN_TIMES
    wanted = f"at most {MOST_FOR_TEN_TIMES} x"
    return f"| {LARGE} | itself on {MIDDLE} | {wanted} | {value:.1f} x its time | | {_verdict(met)} |", met


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def render(tools: Mapping[str, Tool], results: Mapping[Contest, dict[str, list[Sample]]]) -> tuple[str, bool]:
    """The report, and whether all targets are met."""
    judged = [
        judge(target, samples)
        for target in TARGETS
        for contest, samples in results.items()
        if contest.input == target.input and target.other in contest.others
    ]
    judged.append(growth(results))
    times = [
        f"| {contest.input} | {name} {tools[name].version} | {median(one.seconds for one in samples):.3f} "
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
        help="folder for environments and inputs (default: %(default)s)",
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


if __name__ == "__main__":
    main()
