"""`kfm-audit test` on 100 alarms with 100 assertions, as a whole process.

    python benchmarks/alarmtests.py

The alarms are those of `plans.py`: a third of them are metric math, and periods are five minutes over
series of one. Every assertion asks for the state after 30 evaluations and for the actions that were taken.
Exit code and counts are asserted, so that a run that did nothing is no fast run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.plans import plan  # noqa: E402

ALARMS: Final = 100
ROUNDS: Final = 7
WANTED: Final = 0.5
"""Seconds."""


def tests_of(document: bytes) -> str:
    """A file of tests: one for each alarm of the plan, which goes off where its metric reaches the threshold."""
    lines = ["alarms: plan.json", "tests:"]
    for change in json.loads(document)["resource_changes"]:
        if change["type"] == "aws_cloudwatch_metric_alarm":
            lines += _test(change["address"], change["change"]["after"])
    return "\n".join(lines) + "\n"


def _test(address: str, alarm: dict[str, Any]) -> list[str]:  # an alarm is a resource's values, of any type
    metrics = [query["metric"][0] for query in alarm["metric_query"] if query["metric"]] or [alarm]
    series = []
    for metric in metrics:
        # Errors and invocations alike: the ratio is 100 %.
        values = "0x14 5000x30"
        stat = metric.get("stat") or metric["statistic"]
        named = f"{metric['namespace']} {metric['metric_name']}"
        dimensions = json.dumps(metric["dimensions"])
        series.append(
            f"      - {{metric: {named}, dimensions: {dimensions}, stat: {stat}, values: {values}}}"
        )
    return [
        f"  - name: {alarm['alarm_name']} goes off",
        "    interval: 1m",
        "    input_series:",
        *series,
        "    alarm_state_test:",
        f"      - {{eval_time: 45m, alarm: {json.dumps(address)}, initial_state: OK, exp_state: ALARM}}",
    ]


def prepare(folder: Path) -> None:
    """Write the plan and its tests."""
    document = plan(ALARMS)
    (folder / "plan.json").write_bytes(document)
    (folder / "alarms.test.yaml").write_text(tests_of(document), encoding="utf-8")


def measure(folder: Path) -> float:
    """Seconds of one whole process. Raises AssertionError where it did not do the work."""
    command = [sys.executable, "-m", "kfm_audit", "test", "alarms.test.yaml", "--output", "json", "--quiet"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True)
    seconds = time.perf_counter() - begin
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    report = json.loads(done.stdout)
    assert report["summary"]["hold"] == ALARMS, report["summary"]
    assert report["coverage"]["tested"] == report["coverage"]["alarms"] == ALARMS
    return seconds


def main() -> int:
    """Print the best of some rounds; 1 where it is slower than wanted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        seconds = min(measure(folder) for _ in range(ROUNDS))
    print(f"test of {ALARMS} alarms, {ALARMS} assertions: {seconds:.2f} s (wanted: under {WANTED} s)")
    return 0 if seconds < WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
