"""The replay of the benchmark pages as often as its bursts say."""

from __future__ import annotations

import json

import pytest

from benchmarks.replay import expected, history, kind, plan, run_command, run_evaluation

pytest.importorskip("numpy", reason="replay needs the extra `replay`")


def test_the_pages_of_forty_alarms(tmp_path):
    alarms = 40
    assert {kind(alarm) for alarm in range(alarms)} == {"queue", "function", "ratio"}
    (tmp_path / "tfplan.json").write_text(json.dumps(plan(alarms)))
    (tmp_path / "history").mkdir()
    for number, answer in enumerate(history(alarms)):
        (tmp_path / "history" / f"{number}.json").write_text(json.dumps(answer))
    _, report = run_command(tmp_path)
    _, pages = run_evaluation(tmp_path, alarms)
    assert report["totals"]["alarms"] == {"before": None, "after": 44}
    assert report["totals"]["refused"]["after"] == 0
    assert report["totals"]["pages"]["after"] == pages == expected(alarms) == 72
