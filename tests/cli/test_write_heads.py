"""`check --write-heads`: what the branches stood on, kept from run to run."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.cli import main
from kfm_audit.facts import BranchHead
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.lakefs_server.heads import read, render
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

SCHEMA = json.loads(Path("schemas/json/lakefs-heads-v1.schema.json").read_text(encoding="utf-8"))
DAY = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())


def branches(commit: str, day: int, folder: Path = Path(), **more: object) -> None:
    """What `collect` keeps of a list of branches."""
    file = folder / "lakefs/repositories/kfm/branches.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    results = [{"id": "env-prod", "commit_id": commit}, {"id": "env-dev", "commit_id": "d"}]
    pagination = {"has_more": False, "next_offset": "", "results": 2, "max_per_page": 1000}
    dated = {"as_of": f"2026-01-{day:02}T00:00:00Z"} if day else {}
    file.write_text(json.dumps({**dated, "pagination": pagination, "results": results, **more}))


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(file: str = "kept/heads.json", *arguments: str) -> tuple[int, str]:
        now = ("--now", "2026-02-01T00:00:00Z", "--isolated", "--ignore", "LFS")
        code = main(["check", "lakefs", *now, "--write-heads", file, *arguments])
        return code, capsys.readouterr().err

    return run


def kept(file: str = "kept/heads.json") -> list[tuple[str, str, str, str]]:
    document = json.loads(Path(file).read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    return [
        (head["branch"], head["commit"], head["first_seen"][8:10], head["last_seen"][8:10])
        for head in document["heads"]
    ]


def test_heads_are_kept_from_run_to_run(run) -> None:
    for commit, day in (("a", 1), ("a", 2), ("b", 3), ("b", 3), ("a", 4)):
        branches(commit, day)
        assert run()[0] == 0
    assert kept() == [
        ("env-dev", "d", "01", "04"),
        ("env-prod", "a", "01", "02"),
        ("env-prod", "b", "03", "03"),
        ("env-prod", "a", "04", "04"),
    ]


def test_what_is_seen_by_nobody_knows_when_is_not_kept(run) -> None:
    branches("a", 0)
    code, said = run()
    assert (code, kept()) == (0, [])
    assert "2 branch heads are not kept: nothing says when they were seen" in said
    assert run("kept/heads.json", "--quiet")[1].count("not kept") == 0


def test_a_snapshot_that_cannot_be_read_whole_is_not_written_over(run) -> None:
    branches("a", 1)
    Path("kept").mkdir()
    head = {"repository": "kfm", "branch": "b", "commit": "c", "first_seen": "2026", "last_seen": "2026"}
    for content in (
        "",
        "{",
        '{"schema": "kfm-audit/lakefs-heads-v2", "heads": []}',
        json.dumps({"schema": "kfm-audit/lakefs-heads-v1", "heads": [head]}),
        "all that we know",
    ):
        Path("kept/heads.json").write_text(content)
        code, said = run()
        assert (code, Path("kept/heads.json").read_text()) == (2, content)
        assert said.endswith(
            "kfm-audit: kept/heads.json: is no whole snapshot of heads, and is not written over\n"
        )


def test_generations_come_from_commit_logs_and_stay(run) -> None:
    branches("a", 1)
    log = Path("lakefs/repositories/kfm/refs/env-prod/commits.json")
    log.parent.mkdir(parents=True)
    commit = {
        "id": "a",
        "parents": [],
        "committer": "",
        "message": "",
        "creation_date": 1,
        "meta_range_id": "m",
    }
    log.write_text(json.dumps({"results": [{**commit, "generation": 9}]}))
    run()
    log.unlink()
    branches("a", 2)
    run()
    heads = json.loads(Path("kept/heads.json").read_text())["heads"]
    assert [head.get("generation") for head in heads] == [None, 9]


def test_a_snapshot_among_the_inputs_is_read_once(run) -> None:
    branches("a", 1)
    run("lakefs/lakefs-heads.json")
    branches("b", 2)
    run("lakefs/lakefs-heads.json")
    assert [head[1] for head in kept("lakefs/lakefs-heads.json")] == ["d", "a", "b"]


def test_a_snapshot_that_git_ignores_is_read(run, capsys) -> None:
    Path(".git").mkdir()
    Path(".gitignore").write_text("kept/\n")
    for commit, day in (("a", 1), ("b", 2)):
        branches(commit, day)
        _, said = run("kept/lakefs-heads.json")
        assert "gitignore" not in said
    assert [head[1] for head in kept("kept/lakefs-heads.json")] == ["d", "a", "b"]


SIGHTINGS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9)),
    max_size=12,
    unique_by=lambda s: (s[0], s[2]),
)


def heads(sightings: list[tuple[str, str, int]]) -> list[BranchHead]:
    return [
        BranchHead(
            subject=f"lakefs://kfm/{branch}",
            origin=Origin(""),
            repository="kfm",
            branch=branch,
            commit=commit,
            first_seen=DAY + timedelta(days=day),
            last_seen=DAY + timedelta(days=day),
        )
        for branch, commit, day in sightings
    ]


def again(data: bytes) -> list[BranchHead]:
    facts = read(Source("heads.json", None, data), CONTEXT).facts
    assert all(isinstance(fact, BranchHead) for fact in facts)
    return list(facts)


@given(SIGHTINGS, st.integers(0, 12))
def test_in_whatever_pieces_it_is_seen_it_is_the_same(sightings, at) -> None:
    """A snapshot written now and continued later is one that was written at once; order does not matter."""
    sightings.sort(key=lambda sighting: sighting[2])
    whole = render(heads(sightings))
    jsonschema.validate(json.loads(whole), SCHEMA)
    assert render([*again(render(heads(sightings[:at]))), *heads(sightings[at:])]) == whole
    assert render(reversed(heads(sightings))) == whole
    assert render(again(whole)) == whole
    for branch in "ab":
        commits = [commit for of, commit, _ in sightings if of == branch]
        told = [head.commit for head in again(whole) if head.branch == branch]
        assert told == [one for n, one in enumerate(commits) if n == 0 or commits[n - 1] != one]
