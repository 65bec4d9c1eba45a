"""The benchmark of alarm tests does the work that it counts."""

from __future__ import annotations

from benchmarks.alarmtests import ALARMS, measure, prepare


def test_every_alarm_of_the_benchmark_is_tested(tmp_path):
    prepare(tmp_path)
    assert (tmp_path / "alarms.test.yaml").read_text().count("exp_state: ALARM") == ALARMS
    measure(tmp_path)  # asserts exit code, assertions that hold, and coverage
