"""The logs of the benchmarks hold what was planted in them, and the same in each making."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.logs import EVERY, lines, planted
from kfm_audit.facts import BranchOperation, LogCoverage
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.lakefs_log import KIND
from kfm_audit.inputs.source import Source
from kfm_audit.policy.load import load_policy

NUMBER = 2 * EVERY + 100


def test_a_log_is_the_same_each_time_and_no_pool_that_is_repeated() -> None:
    first = [text for text, _ in lines(2000)]
    assert first == [text for text, _ in lines(2000)]
    values = [json.loads(text) for text in first]
    assert len({value["request_id"] for value in values}) == 2000
    assert len({value["path"] for value in values}) > 1800
    assert [value["time"] for value in values] == sorted(value["time"] for value in values)


def test_what_is_planted_is_found(tmp_path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text("".join(text for text, _ in lines(NUMBER)), encoding="utf-8")
    context = ReadContext(load_policy("kfm-v11").policy, Path("/"), Path("/"))
    facts = KIND.read(Source("audit.jsonl", file), context).facts
    moves = [fact for fact in facts if isinstance(fact, BranchOperation) and fact.branch.startswith("env-")]
    expected = planted(NUMBER)
    assert [
        (move.origin.line, move.operation, move.branch, move.user, move.status, move.request_id)
        for move in moves
    ] == [tuple(one) for one in expected]
    assert len(expected) == 2
    (covered,) = (fact for fact in facts if isinstance(fact, LogCoverage))
    assert (covered.lines, covered.audit_lines) == (NUMBER, NUMBER)
    assert covered.passed_over > 0.8 * NUMBER
