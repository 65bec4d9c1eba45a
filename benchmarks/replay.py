"""How long `kfm-audit replay` takes: a plan of many alarms, and a week of minutes of every metric that they read.

    python benchmarks/replay.py            # 5,000 alarms over 10,080 minutes
    python benchmarks/replay.py 500

The plan has alarms on queues (a maximum over one minute), on functions (a sum over five, three of five), and on
error ratios of two metrics each with a guard, and a composite over every ten of them. The history is a folder of
answers of `aws cloudwatch get-metric-data`, as its CLI writes them. Bursts are planted, of which the number of pages
follows: it is asserted, and so are the exit code and that every alarm was evaluated. Two things are timed, on one
core each: the whole command, from the start of the interpreter to the JSON report, and the evaluation alone.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

MINUTES: Final = 10_080
START: Final = 1_769_385_600
"""2026-01-26T00:00:00Z, a Monday."""
BURST: Final = 45
"""Minutes of a planted burst: longer than every window."""
PER_FILE: Final = 100
TOPIC: Final = "arn:aws:sns:eu-central-1:111122223333:sev2"
SECONDS: Final = 15.0
"""Of processor time: other work on the machine does not count."""
MEGABYTES: Final = 1000

Json = dict[str, Any]


def bursts(alarm: int) -> list[int]:
    """The minutes at which the bursts of an alarm begin: one to three, or none for every fourth alarm."""
    return [600 + 2_400 * number + alarm % 7 for number in range(alarm % 4)]


def kind(alarm: int) -> str:
    """What an alarm watches."""
    return ("queue", "function", "queue", "ratio")[alarm // 4 % 4]


def metrics(alarm: int) -> list[tuple[str, str, str, str, str]]:
    """Namespace, name, dimension, its value and statistic of each metric that an alarm reads."""
    if kind(alarm) == "queue":
        return [("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", f"prod-{alarm}", "Maximum")]
    names = ["Errors"] if kind(alarm) == "function" else ["Errors", "Invocations"]
    return [("AWS/Lambda", name, "FunctionName", f"prod-{alarm}", "Sum") for name in names]


def plan(alarms: int) -> Json:
    """A plan that creates the alarms, their composites, a topic and its subscriber."""
    changes = [_change("aws_cloudwatch_metric_alarm", f"a{n}", _alarm(n)) for n in range(alarms)]
    for first in range(0, alarms, 10):
        rule = " OR ".join(f'ALARM("prod-{n}")' for n in range(first, min(first + 10, alarms)))
        after = {"alarm_name": f"prod-all-{first}", "alarm_rule": rule, "alarm_actions": [TOPIC]}
        changes.append(_change("aws_cloudwatch_composite_alarm", f"c{first}", after))
    changes.append(_change("aws_sns_topic", "sev2", {"name": "sev2", "arn": TOPIC}))
    subscription = {"topic_arn": TOPIC, "protocol": "https", "endpoint": "https://example.com/page"}
    changes.append(_change("aws_sns_topic_subscription", "oncall", subscription))
    return {"format_version": "1.2", "terraform_version": "1.9.8", "resource_changes": changes}


def history(alarms: int) -> Iterator[Json]:
    """Answers of get-metric-data, `PER_FILE` results in each."""
    times = [time.strftime("%Y-%m-%dT%H:%M:00+00:00", time.gmtime(START + 60 * n)) for n in range(MINUTES)]
    times.reverse()
    results = []
    for number, (label, values) in enumerate(series(alarms)):
        results.append(
            {"Id": f"s{number}", "Label": json.dumps(label), "Timestamps": times, "Values": values[::-1]}
            | {"StatusCode": "Complete"}
        )
        if len(results) == PER_FILE:
            yield {"MetricDataResults": results, "Messages": []}
            results = []
    yield {"MetricDataResults": results, "Messages": []}


def series(alarms: int) -> Iterator[tuple[Json, list[float]]]:
    """The label and the values of every metric; the same number gives the same ones."""
    source = random.Random(alarms)  # noqa: S311 - a benchmark
    quiet = [float(source.randrange(0, 3)) for _ in range(MINUTES * 2)]
    calls = [float(source.randrange(80, 120)) for _ in range(MINUTES * 2)]
    for alarm in range(alarms):
        for namespace, name, dimension, value, stat in metrics(alarm):
            label = {"Namespace": namespace, "MetricName": name, "Stat": stat, "Period": 60}
            label |= {"Dimensions": {dimension: value}}
            offset = alarm * 37 % MINUTES
            values = (calls if name == "Invocations" else quiet)[offset : offset + MINUTES]
            if name != "Invocations":
                for begin in bursts(alarm):
                    values[begin : begin + BURST] = [1000.0 if namespace == "AWS/SQS" else 50.0] * BURST
            yield label, values


def expected(alarms: int) -> int:
    """The pages that the bursts make: one each, and one for each composite whose children burst together."""
    own = sum(len(bursts(alarm)) for alarm in range(alarms))
    together = 0
    for first in range(0, alarms, 10):
        begins = sorted({begin // 100 for n in range(first, min(first + 10, alarms)) for begin in bursts(n)})
        together += len(begins)
    return own + together


class Measured(NamedTuple):
    """What the command took: seconds by the clock, seconds of processor time, and megabytes at most."""

    seconds: float
    processor: float
    megabytes: float


def run_command(folder: Path) -> tuple[Measured, Json]:
    """The whole command, and its report."""
    report = folder / "report.json"
    command = [sys.executable, "-m", "kfm_audit", "replay", "tfplan.json", "--metrics", "history"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, "--against", "nothing", "--output", f"json={report}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **ONE_CORE},
        check=False,
    )
    seconds = time.perf_counter() - begin
    assert done.returncode == 0, f"the command ended with {done.returncode}"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: Json = json.loads(report.read_bytes())
    return Measured(seconds, processor, after.ru_maxrss / 1024), found


def run_evaluation(folder: Path, alarms: int) -> tuple[float, int]:
    """The alarms over a history that is read already: seconds, and pages."""
    import numpy as np

    from kfm_audit.alarmtests.alarms import LoadedAlarms, load_alarms
    from kfm_audit.replay.engine import replay
    from kfm_audit.replay.history import History, Recorded
    from kfm_audit.replay.pages import pages_of

    loaded = load_alarms(folder / "tfplan.json", folder)
    assert isinstance(loaded, LoadedAlarms)
    recorded = History(
        Recorded(
            namespace=label["Namespace"],
            metric_name=label["MetricName"],
            dimensions=tuple(label["Dimensions"].items()),
            statistic=label["Stat"],
            start=START,
            interval=60,
            values=np.array(values),
        )
        for label, values in series(alarms)
    )
    begin = time.perf_counter()
    simulation = replay(loaded.evidence, recorded, start=START, stop=START + MINUTES * 60)
    seconds = time.perf_counter() - begin
    assert not simulation.refused
    return seconds, len(pages_of(loaded.evidence, simulation))


ONE_CORE: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main() -> int:
    """Generate, run, assert, and say how long it took."""
    alarms = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tfplan.json").write_text(json.dumps(plan(alarms)))
        (folder / "history").mkdir()
        for number, answer in enumerate(history(alarms)):
            (folder / "history" / f"{number:04d}.json").write_text(json.dumps(answer))
        size = sum(file.stat().st_size for file in (folder / "history").iterdir()) / 1e6
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        command, report = run_command(folder)
        alone, pages = run_evaluation(folder, alarms)
    composites = len(range(0, alarms, 10))
    totals = report["totals"]
    assert totals["alarms"]["after"] == alarms + composites
    assert totals["refused"]["after"] == 0
    assert totals["pages"]["after"] == pages == expected(alarms), (totals, pages, expected(alarms))
    print(f"{alarms:,} metric alarms and {composites:,} composites over {MINUTES:,} minutes, {pages:,} pages")
    print(
        f"  the command, with {size:,.0f} MB of history to read: {command.seconds:.1f} s "
        f"({command.processor:.1f} s of processor time), {command.megabytes:,.0f} MB"
    )
    print(f"  the evaluation alone: {alone:.1f} s")
    if alarms == 5_000:
        return int(command.processor >= SECONDS or command.megabytes >= MEGABYTES)
    return 0


def _change(kind_of: str, name: str, after: Json) -> Json:
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}
    return {
        "address": f"{kind_of}.{name}",
        "mode": "managed",
        "type": kind_of,
        "name": name,
        "change": change,
    }


def _alarm(alarm: int) -> Json:
    shared = {
        "alarm_name": f"prod-{alarm}",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "treat_missing_data": "notBreaching",
        "alarm_actions": [TOPIC],
    }
    if kind(alarm) == "ratio":
        queries = [
            {"id": f"m{n}", "return_data": False, "metric": [_metric(item)]}
            for n, item in enumerate(metrics(alarm))
        ]
        expression = "IF(FILL(m1, 0) >= 50, 100 * m0 / m1, 0)"
        queries.append({"id": "ratio", "return_data": True, "expression": expression, "metric": []})
        return {**shared, "metric_query": queries, "threshold": 20, "evaluation_periods": 5} | {
            "datapoints_to_alarm": 3
        }
    namespace, name, dimension, value, stat = metrics(alarm)[0]
    queue = kind(alarm) == "queue"
    return {
        **shared,
        "namespace": namespace,
        "metric_name": name,
        "dimensions": {dimension: value},
        "statistic": stat,
        "period": 60 if queue else 300,
        "evaluation_periods": 3,
        "threshold": 300 if queue else 200,
    }


def _metric(item: tuple[str, str, str, str, str]) -> Json:
    namespace, name, dimension, value, stat = item
    return {"namespace": namespace, "metric_name": name, "dimensions": {dimension: value}, "stat": stat} | {
        "period": 60
    }


if __name__ == "__main__":
    raise SystemExit(main())
