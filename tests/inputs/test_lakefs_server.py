"""What a lakeFS server says beside its audit log."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import (
    ActionFile,
    ActionFolder,
    ActionHook,
    ActionRun,
    ActionTrigger,
    BranchHead,
    BranchLifecycle,
    BranchList,
    BranchProtection,
    BranchRetention,
    CommitLog,
    CommitRecord,
    Effect,
    Fact,
    HolderKind,
    HookEvent,
    HookRun,
    ObjectLifecycle,
    PolicyAttachment,
    PolicyHolder,
    PolicyStatement,
    PullRequest,
    Repository,
    RetentionRules,
    RunList,
    RunStatus,
    Server,
    ServerPolicy,
    UnreadableInput,
)
from kfm_audit.inputs import KINDS
from kfm_audit.inputs.kind import Kind, ReadContext
from kfm_audit.inputs.lakefs_server.kinds import KINDS as SERVER_KINDS
from kfm_audit.inputs.recognise import recognise
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known, Origin
from tests.collect.lakefs_server import API, merged, schema_of

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
END = {"has_more": False, "next_offset": "", "results": 0, "max_per_page": 1000}
MORE = {**END, "has_more": True, "next_offset": "x"}
DAY = datetime(2026, 1, 1, tzinfo=UTC)
AT = "2026-01-01T00:00:00Z"
KFM = "lakefs/repositories/kfm"


def kind_of(source: Source) -> object:
    return recognise(source, tuple(KINDS), named=False)


def read(document: object, path: str) -> tuple[str, tuple[Fact, ...]]:
    """The kind that all kinds together recognise, and the facts."""
    data = document if isinstance(document, bytes) else msgspec.json.encode(document)
    source = Source(path, None, data)
    kind = kind_of(source)
    assert isinstance(kind, Kind), kind
    return kind.name, kind.read(source, CONTEXT).facts


def answer(*entries: object, pagination: object = END, **keys: object) -> dict:
    return {**keys, "pagination": pagination, "results": list(entries)}


def lost(facts: tuple[Fact, ...]) -> list[tuple[str, str]]:
    return [(fact.part, fact.cause) for fact in facts if isinstance(fact, UnreadableInput)]


COMMIT = {
    "id": "c1",
    "parents": ["c0"],
    "committer": "jane@acme.com",
    "message": "Revert c0",
    "creation_date": 1767225600,
    "meta_range_id": "m1",
    "metadata": {"ticket": "INC-1"},
    "generation": 7,
    "version": 1,
}


def record(path: str, pointer: str = "/results/0", line: int = 0) -> CommitRecord:
    return CommitRecord(
        subject="lakefs://kfm/c1",
        origin=Origin(path, pointer, line),
        repository="kfm",
        ref="env-prod",
        id="c1",
        parents=("c0",),
        committer="jane@acme.com",
        message="Revert c0",
        creation_time=DAY,
        meta_range_id="m1",
        metadata={"ticket": "INC-1"},
        generation=7,
        version=1,
    )


def log(path: str, **more: object) -> CommitLog:
    return CommitLog(
        **{
            "subject": "lakefs://kfm/env-prod",
            "origin": Origin(path),
            "repository": "kfm",
            "ref": "env-prod",
            "newest": "c1",
            "oldest": "c1",
            "commits": 1,
            "open_ends": ("c0",),
            "as_of": None,
            **more,
        }
    )


@pytest.mark.parametrize(
    "name", ["commits.json", "commits-2.json", "commits/2.json", "commits-page.json", "any.json"]
)
def test_commits_by_their_address(name) -> None:
    path = f"{KFM}/refs/env-prod/{name}"
    assert read(answer(COMMIT, pagination=MORE), path) == ("lakefs-commits", (record(path), log(path)))


def test_commits_that_say_themselves_whose_they_are() -> None:
    document = answer(COMMIT, repository="kfm", ref="env-prod", as_of="2026-01-01T02:00:00+02:00")
    assert read(document, "log.json") == ("lakefs-commits", (record("log.json"), log("log.json", as_of=DAY)))


def test_commits_as_a_bare_list_and_as_lines() -> None:
    path = "kfm/repositories/kfm/refs/env-prod/x.json"
    assert read([COMMIT], path)[1] == (record(path, "/0"), log(path))
    first = {**COMMIT, "id": "c2", "parents": ["c1"]}
    lines = b"\n".join([msgspec.json.encode(first), b"", msgspec.json.encode(COMMIT), b'{"id": "c'])
    kind, facts = read(lines, path)
    assert (kind, facts[1]) == ("lakefs-commits", record(path, "", 3))
    assert facts[2] == log(path, newest="c2", commits=2)
    assert lost(facts) == [("line 4", "is not JSON: Input data was truncated")]


def test_a_document_with_an_entry_on_each_line_is_no_json_lines() -> None:
    path = f"{KFM}/refs/env-prod/commits.json"
    data = b'{"results": [\n' + msgspec.json.encode(COMMIT) + b"\n]}\n"
    assert read(data, path)[1] == (record(path), log(path))


def test_a_log_that_reaches_the_beginning() -> None:
    root = {**COMMIT, "id": "c0", "parents": [], "committer": "", "message": "Repository created"}
    del root["metadata"], root["generation"], root["version"]
    path = f"{KFM}/refs/env-prod/commits.json"
    _, (_, first, whole) = read(answer(COMMIT, root), path)
    assert (first.parents, first.metadata, first.generation, first.version) == ((), {}, None, 0)
    assert whole == log(path, oldest="c0", commits=2, open_ends=())


def test_an_empty_log() -> None:
    path = f"{KFM}/refs/env-prod/commits.json"
    assert read(answer(), path)[1] == (log(path, newest="", oldest="", commits=0, open_ends=()),)


def test_names_in_an_address_may_be_encoded() -> None:
    (_, facts) = read(answer(COMMIT), "repositories/k%2Fm/refs/%2E%2E/commits.json")
    assert (facts[0].repository, facts[0].ref) == ("k/m", "..")


def test_commits_of_nobody_knows_what() -> None:
    cure = (
        'put it at `repositories/REPOSITORY/refs/REF/commits.json`, or write `"repository"` and `"ref"` into it, '
        "beside `results`"
    )
    for path, missing in (("log.json", "which repository"), ("repositories/kfm/log.json", "which ref")):
        _, (fact,) = read(answer(COMMIT), path)
        assert (fact.cause, fact.cure) == (f"does not say {missing} it is the commit log of", cure)


def test_commits_are_lost_one_by_one() -> None:
    wrong = (
        {**COMMIT, "parents": "c0"},
        {key: value for key, value in COMMIT.items() if key != "meta_range_id"},
        {**COMMIT, "creation_date": 10**30},
        {**COMMIT, "creation_date": 2**62},
        {**COMMIT, "metadata": {"a": 1}},
        7,
    )
    _, facts = read(answer(COMMIT, *wrong), f"{KFM}/refs/env-prod/commits.json")
    assert len(facts) == 2 + len(wrong)
    assert lost(facts) == [
        ("/results/1", "parents: expected a list, got text"),
        ("/results/2", "lacks the key `meta_range_id`"),
        ("/results/3", f"creation_date: {10**30} seconds since 1970 are no time"),
        ("/results/4", f"creation_date: {2**62} seconds since 1970 are no time"),
        ("/results/5", "metadata.a: expected text, got a whole number"),
        ("/results/6", "expected a map, got a whole number"),
    ]


def test_branches() -> None:
    path = f"{KFM}/branches.json"
    kind, facts = read(answer({"id": "env-prod", "commit_id": "c1"}, as_of=AT), path)
    assert kind == "lakefs-branches"
    assert facts == (
        BranchHead(
            subject="lakefs://kfm/env-prod",
            origin=Origin(path, "/results/0"),
            repository="kfm",
            branch="env-prod",
            commit="c1",
            first_seen=DAY,
            last_seen=DAY,
        ),
        BranchList(
            subject="lakefs://kfm",
            origin=Origin(path),
            repository="kfm",
            branches=("env-prod",),
            whole=True,
            as_of=DAY,
        ),
    )
    assert read(answer(), path)[1] == (
        BranchList(
            subject="lakefs://kfm", origin=Origin(path), repository="kfm", branches=(), whole=True, as_of=None
        ),
    )
    _, facts = read(answer({"id": "b", "commit_id": "c"}, pagination=MORE), path)
    assert [fact.whole for fact in facts if isinstance(fact, BranchList)] == [False]
    assert lost(facts) == [("the pages that follow", "is one page of several (pagination.has_more is true)")]
    assert lost(read(answer({"id": "b", "commit_id": "c"}), "branches.json")[1]) == [
        ("", "does not say whose branches it lists")
    ]


def test_tags_are_no_branches() -> None:
    source = Source(f"{KFM}/tags.json", None, msgspec.json.encode(answer({"id": "v1", "commit_id": "c1"})))
    assert not isinstance(kind_of(source), Kind)


HEADS = {
    "schema": "kfm-audit/lakefs-heads-v1",
    "heads": [
        {
            "repository": "kfm",
            "branch": "env-prod",
            "commit": "c1",
            "generation": 7,
            "first_seen": AT,
            "last_seen": "2026-01-02T00:00:00Z",
        }
    ],
}


def test_heads() -> None:
    assert read(HEADS, "any.json") == (
        "lakefs-heads",
        (
            BranchHead(
                subject="lakefs://kfm/env-prod",
                origin=Origin("any.json", "/heads/0"),
                repository="kfm",
                branch="env-prod",
                commit="c1",
                generation=7,
                first_seen=DAY,
                last_seen=datetime(2026, 1, 2, tzinfo=UTC),
            ),
        ),
    )
    head = HEADS["heads"][0]
    wrong = [
        {**head, "at": AT},
        {**head, "last_seen": "2025-12-31T00:00:00Z"},
        {**head, "first_seen": "2026"},
    ]
    assert lost(read({**HEADS, "heads": wrong}, "any.json")[1]) == [
        (
            "/heads/0",
            (
                "at: unknown key `at`: known are `branch`, `commit`, `first_seen`, `generation`, `last_seen`, "
                "`repository`"
            ),
        ),
        ("/heads/1", "last_seen is before first_seen"),
        ("/heads/2", "'2026' is no time: write 2026-01-31T09:00:00Z"),
    ]
    no = ("", "is no snapshot of the schema kfm-audit/lakefs-heads-v1, or lacks the key `heads`")
    for document in ({"schema": HEADS["schema"]}, {**HEADS, "schema": "kfm-audit/lakefs-heads-v2"}):
        assert lost(read(document, "any.json")[1]) == [no]


RUN = {
    "run_id": "r1",
    "branch": "env-prod",
    "commit_id": "c1",
    "event_type": "pre-merge",
    "start_time": "2026-01-01T00:00:00.123456789Z",
    "end_time": "0001-01-01T00:00:00Z",
    "status": "completed",
}
HOOK = {"hook_run_id": "h1", "action": "gate", "hook_id": "check", "start_time": AT, "status": "failed"}


def run_fact(path: str, **more: object) -> ActionRun:
    return ActionRun(
        **{
            "subject": "lakefs://kfm/env-prod@r1",
            "origin": Origin(path, "/results/0"),
            "repository": "kfm",
            "run_id": "r1",
            "event_type": "pre-merge",
            "branch": "env-prod",
            "commit": "c1",
            "status": RunStatus.COMPLETED,
            "start_time": DAY.replace(microsecond=123456),
            "end_time": None,
            "hooks_known": False,
            **more,
        }
    )


def hook_fact(path: str, pointer: str) -> HookRun:
    return HookRun(
        subject="lakefs://kfm/r1/h1",
        origin=Origin(path, pointer),
        repository="kfm",
        run_id="r1",
        hook_run_id="h1",
        action="gate",
        hook_id="check",
        status=RunStatus.FAILED,
        start_time=DAY,
        end_time=None,
    )


def test_runs() -> None:
    path = f"{KFM}/actions/runs.json"
    listed = RunList(
        subject="lakefs://kfm",
        origin=Origin(path),
        repository="kfm",
        oldest=DAY.replace(microsecond=123456),
        whole=True,
        as_of=None,
    )
    assert read(answer(RUN), path) == ("lakefs-runs", (run_fact(path), listed))
    collected = answer({**RUN, "hooks": [HOOK]})
    assert read(collected, path)[1] == (
        run_fact(path, hooks_known=True),
        hook_fact(path, "/results/0/hooks/0"),
        listed,
    )
    alone = f"{KFM}/actions/runs/r1/hooks.json"
    assert read(answer(HOOK), alone) == ("lakefs-runs", (hook_fact(alone, "/results/0"),))
    assert read(answer(), alone) == ("lakefs-runs", ())
    none = msgspec.structs.replace(listed, oldest=None)
    assert read(answer(), path)[1] == (none,)
    assert lost(read(answer(RUN), "runs.json")[1]) == [("", "does not say of which repository it is")]
    assert lost(read(answer(HOOK), f"{KFM}/hooks.json")[1]) == [("", "does not say of which run it is")]


def test_a_run_that_is_cut_short_on_purpose() -> None:
    path = f"{KFM}/actions/runs.json"
    _, facts = read(answer(RUN, pagination=MORE, since=AT), path)
    assert (lost(facts), facts[1].whole) == ([], False)
    assert lost(read(answer(RUN, pagination=MORE), path)[1]) != []


def test_a_status_that_lakefs_does_not_use_is_no_success() -> None:
    _, facts = read(answer({**RUN, "status": "COMPLETED"}, {**RUN, "status": ""}), f"{KFM}/actions/runs.json")
    assert [fact.status for fact in facts if isinstance(fact, ActionRun)] == [RunStatus.UNSAID] * 2
    assert lost(facts) == [("/results/0", "status: 'COMPLETED' is neither `completed` nor `failed`")]


EVENT = {
    "event_type": "post-revert",
    "event_time": AT,
    "action_name": "record reverts",
    "hook_id": "prov",
    "repository_id": "kfm",
    "branch_id": "env-prod",
    "source_ref": "c2",
    "commit_id": "c2",
    "commit_message": "Revert c1",
    "committer": "jane@acme.com",
    "commit_metadata": {"ticket": "INC-1"},
}


def event_fact(origin: Origin) -> HookEvent:
    return HookEvent(
        subject="lakefs://kfm/env-prod@c2",
        origin=origin,
        event_type="post-revert",
        event_time=DAY,
        action_name="record reverts",
        hook_id="prov",
        repository="kfm",
        branch="env-prod",
        source_ref="c2",
        tag="",
        commit="c2",
        commit_message="Revert c1",
        committer="jane@acme.com",
        commit_metadata={"ticket": "INC-1"},
        merge_source="",
    )


def test_events() -> None:
    for path in ("event.json", "lakefs/events/1.json"):
        assert read(EVENT, path) == ("lakefs-events", (event_fact(Origin(path)),))
    lines = b"\n".join([msgspec.json.encode(EVENT)] * 2)
    assert read(lines, "events.jsonl")[1] == tuple(event_fact(Origin("events.jsonl", "", n)) for n in (1, 2))
    assert read([EVENT], "events.json")[1] == (event_fact(Origin("events.json", "/0")),)
    airflow = {"dag_run_id": "x", "conf": {"lakeFS_event": EVENT}}
    assert read(airflow, "a.json")[1] == (event_fact(Origin("a.json", "/conf/lakeFS_event")),)
    tag = {**EVENT, "event_type": "post-create-tag", "branch_id": "", "tag_id": "v1", "commit_id": ""}
    assert read(tag, "tag.json")[1][0].subject == "lakefs://kfm/v1@2026-01-01T00:00:00Z"
    assert lost(read({**EVENT, "event_time": 7}, "event.json")[1]) == [
        ("", "event_time: expected text, got a whole number")
    ]


POLICY = {
    "id": "Rollback",
    "creation_date": 1767225600,
    "statement": [
        {"effect": "allow", "action": ["fs:RevertBranch"], "resource": "arn:lakefs:fs:::repository/*"},
        {
            "effect": "deny",
            "action": ["fs:*"],
            "resource": '["arn:a", "arn:b"]',
            "condition": {"IpAddress": {"SourceIp": ["10.0.0.0/8"]}},
        },
        {"effect": "allow", "action": ["*"], "resource": "[not a list"},
    ],
}


def test_policies_and_who_holds_them() -> None:
    statements = (
        PolicyStatement(Effect.ALLOW, ("fs:RevertBranch",), ("arn:lakefs:fs:::repository/*",)),
        PolicyStatement(Effect.DENY, ("fs:*",), ("arn:a", "arn:b"), conditional=True),
        PolicyStatement(Effect.ALLOW, ("*",), ("[not a list",)),
    )

    def policy(path: str, pointer: str = "/results/0") -> ServerPolicy:
        return ServerPolicy(
            subject="Rollback",
            origin=Origin(path, pointer),
            id=Known("Rollback"),
            statements=Known(statements),
        )

    assert read(answer(POLICY), "auth/policies.json") == ("lakefs-access", (policy("auth/policies.json"),))
    assert read(POLICY, "x.json")[1] == (policy("x.json", ""),)
    assert read([POLICY], "x.json")[1] == (policy("x.json", "/0"),)
    path = "lakefs/auth/groups/release%20managers/policies.json"
    holder = PolicyHolder(
        subject="release managers",
        origin=Origin(path),
        holder="release managers",
        holder_kind=HolderKind.GROUP,
        whole=True,
        as_of=None,
    )
    assert read(answer(POLICY), path)[1] == (
        policy(path),
        PolicyAttachment(
            subject="release managers:Rollback",
            origin=Origin(path, "/results/0"),
            holder=Known("release managers"),
            holder_kind=HolderKind.GROUP,
            policy=Known("Rollback"),
        ),
        holder,
    )
    assert read(answer(), path)[1] == (holder,)
    path = "auth/users/jane/policies.json"
    _, facts = read(answer(POLICY, {**POLICY, "statement": [{"effect": "Allow"}]}), path)
    assert facts[2] == msgspec.structs.replace(
        holder,
        subject="jane",
        origin=Origin(path),
        holder="jane",
        holder_kind=HolderKind.USER,
        whole=False,
    )
    assert lost(facts) == [
        ("/results/1", "statement.0.effect: `Allow` is no value of this key: did you mean `allow`?")
    ]


def test_repositories() -> None:
    path = "lakefs/repositories.json"
    document = {"id": "kfm", "creation_date": 1, "default_branch": "main", "storage_namespace": "s3://kfm"}
    assert read(answer(document, as_of=AT), path) == (
        "lakefs-repositories",
        (
            Repository(
                subject="lakefs://kfm",
                origin=Origin(path, "/results/0"),
                id="kfm",
                default_branch="main",
                storage_namespace="s3://kfm",
                read_only=False,
                as_of=DAY,
            ),
        ),
    )


def test_pull_requests() -> None:
    path = f"{KFM}/pulls.json"
    pull = {
        "id": "7",
        "title": "Promote",
        "description": "",
        "status": "merged",
        "author": "jane",
        "source_branch": "runs-1",
        "destination_branch": "env-prod",
        "creation_date": AT,
        "closed_date": AT,
        "merged_commit_id": "c2",
    }
    fact = PullRequest(
        subject="lakefs://kfm/pulls/7",
        origin=Origin(path, "/results/0"),
        repository="kfm",
        id="7",
        author="jane",
        source_branch="runs-1",
        destination_branch="env-prod",
        merged_commit="c2",
        created=DAY,
        closed=DAY,
        as_of=None,
    )
    assert read(answer(pull), path) == ("lakefs-pulls", (fact,))
    open_ = {**pull, "status": "open", "closed_date": None, "merged_commit_id": None}
    (fact,) = read(answer(open_), path)[1]
    assert (fact.merged_commit, fact.closed) == ("", None)
    assert read(answer(), path)[1] == ()
    assert lost(read(answer(pull), "pulls.json")[1]) == [("", "does not say whose pull requests it lists")]
    assert lost(read(answer({**pull, "creation_date": "today"}), path)[1]) == [
        ("/results/0", "creation_date: 'today' is no time: write 2026-01-31T09:00:00Z")
    ]


def test_retention() -> None:
    path = f"{KFM}/settings/gc_rules.json"
    document = {"default_retention_days": 7, "branches": [{"branch_id": "env-prod", "retention_days": 30}]}
    rules = RetentionRules(
        subject="lakefs://kfm",
        origin=Origin(path),
        repository="kfm",
        default_days=Known(7),
        branches=(BranchRetention("env-prod", 30),),
        as_of=None,
    )
    assert read(document, path) == ("lakefs-settings", (rules,))
    assert (rules.days_of("env-prod"), rules.days_of("main")) == (Known(30), Known(7))
    assert read({"repository": "kfm", "none": True, "as_of": AT}, path)[1] == (
        msgspec.structs.replace(rules, default_days=ABSENT, branches=(), as_of=DAY),
    )
    assert lost(read(document, "gc_rules.json")[1]) == [("", "does not say of which repository it is")]
    assert lost(read({"default_retention_days": "7"}, path)[1]) == [
        ("", "default_retention_days: expected a whole number or nothing, got text")
    ]
    assert lost(read({"default_retention_days": 10**400}, path)[1]) == [
        ("", "default_retention_days: expected a whole number <= 9223372036854775807")
    ]


def test_protection() -> None:
    path = f"{KFM}/settings/branch_protection.json"
    fact = BranchProtection(
        subject="lakefs://kfm",
        origin=Origin(path),
        repository=Known("kfm"),
        patterns=Known(("env-*", "main")),
    )
    rules = [{"pattern": "env-*"}, {"pattern": "main"}]
    assert read(rules, path) == ("lakefs-settings", (fact,))
    assert read({"rules": rules, "repository": "kfm"}, path)[1] == (fact,)
    assert read([], path)[1] == (msgspec.structs.replace(fact, patterns=Known(())),)
    assert lost(read([{"pattern": "main"}, {"pattern": 7}], path)[1]) == [
        ("/1", "pattern: expected text, got a whole number")
    ]


def test_lifecycles() -> None:
    path = f"{KFM}/settings/object_lifecycle.json"
    rule = {"id": "raw", "branches": ["env-prod"], "prefix": "raw/", "expire_after_days": 30}
    assert read({"rules": [rule]}, path)[1] == (
        ObjectLifecycle(
            subject="lakefs://kfm",
            origin=Origin(path, "/rules/0"),
            repository="kfm",
            branches=("env-prod",),
            prefix="raw/",
            expire_after_days=30,
            as_of=None,
        ),
    )
    assert read({"rules": []}, path)[1] == ()
    path = f"{KFM}/settings/branch_lifecycle.json"
    policy = {"id": "x", "name_patterns": ["runs-*"], "max_age": 86400, "max_inactivity_time": 43200}
    assert read({"policies": [policy]}, path)[1] == (
        BranchLifecycle(
            subject="lakefs://kfm",
            origin=Origin(path, "/policies/0"),
            repository="kfm",
            patterns=("runs-*",),
            max_age_days=1.0,
            max_inactivity_days=0.5,
            as_of=None,
        ),
    )


def test_action_folder() -> None:
    path = f"{KFM}/refs/env-prod/_lakefs_actions.json"
    entry = {"path": "_lakefs_actions/gate.yaml", "path_type": "object", "checksum": "x", "mtime": 1}
    folder = ActionFolder(
        subject="lakefs://kfm/env-prod",
        origin=Origin(path),
        repository="kfm",
        ref="env-prod",
        files=("_lakefs_actions/gate.yaml",),
        as_of=None,
    )
    deeper = {**entry, "path": "_lakefs_actions/scripts/", "path_type": "common_prefix"}
    assert read(answer(entry, deeper), path) == ("lakefs-action-folder", (folder,))
    assert read(answer(), path)[1] == (msgspec.structs.replace(folder, files=()),)


def test_action_file() -> None:
    path = f"{KFM}/refs/env-prod/_lakefs_actions/gate"
    data = b"""name: gate
on:
  pre-merge: {branches: [env-prod, "rel-*"]}
  post-revert:
hooks:
  - id: check
    type: airflow
    if: success()
    properties:
      url: https://me:secret@airflow.example.com/x?token=secret#secret
      dag_id: promote
      username: lakefs
      password: secret
"""
    _, (fact,) = read(data, path)
    assert fact == ActionFile(
        subject=path,
        origin=Origin(path),
        repository="kfm",
        ref="env-prod",
        name="gate",
        on=(ActionTrigger("pre-merge", ("env-prod", "rel-*")), ActionTrigger("post-revert")),
        hooks=(
            ActionHook(
                "check",
                "airflow",
                "success()",
                {
                    "url": "https://airflow.example.com/x",
                    "dag_id": "promote",
                    "username": "",
                    "password": "",
                },
            ),
        ),
        faults=(),
    )
    assert fact.runs
    assert "secret" not in repr(fact)


def test_collection() -> None:
    document = {
        "schema": "kfm-audit/lakefs-collection-v1",
        "endpoint": "https://lakefs.example.com/api/v1",
        "as_of": AT,
        "finished": True,
        "version": "1.84.0",
        "rbac": "internal",
        "missing": [{"what": "the users", "why": "not permitted (401)", "cure": "permit it"}],
    }
    server = Server(
        subject="https://lakefs.example.com/api/v1",
        origin=Origin("collection.json"),
        version="1.84.0",
        rbac="internal",
        as_of=DAY,
    )
    _, facts = read(document, "collection.json")
    assert facts[0] == server
    assert [(fact.part, fact.cause, fact.cure, fact.origin.pointer) for fact in facts[1:]] == [
        ("the users", "not collected: not permitted (401)", "permit it", "/missing/0")
    ]
    _, facts = read({**document, "finished": False, "missing": []}, "collection.json")
    assert lost(facts) == [("", "is a collection that was broken off")]


@pytest.mark.parametrize(
    "document",
    [
        {"rules": [{"pattern": "x"}]},
        {"policies": []},
        {"none": True},
        [{"pattern": "x"}],
        [],
        {"results": []},
        {"id": "x", "commit_id": "y"},
        {"results": [{"id": "x", "creation_date": 1}]},
        {"schema": "kfm-audit/json-v1"},
        {"conf": {"x": 1}},
    ],
)
def test_what_is_none_of_ours(document) -> None:
    source = Source("any.json", None, msgspec.json.encode(document))
    assert not [kind.name for kind in SERVER_KINDS if kind.recognise(source)]


@pytest.mark.parametrize(
    "path",
    [
        "repositories/kfm/branches.json",  # anybody's repositories
        "auth/policies.json",
        "collection.json",
        "repositories.json",
        "actions/runs.json",
    ],
)
def test_an_address_alone_claims_nothing_of_others(path) -> None:
    for document in ({"results": []}, [], {"a": 1}):
        data = msgspec.json.encode(document)
        assert not [kind.name for kind in SERVER_KINDS if kind.recognise(Source(path, None, data))]
        assert not [kind.name for kind in SERVER_KINDS if kind.claims(Source(path, None, data))]
    collected = Source(path, None, msgspec.json.encode({"as_of": AT, "results": []}))
    recognised = [kind.name for kind in SERVER_KINDS if kind.recognise(collected)]
    assert len(recognised) == (path != "actions/runs.json")


@pytest.mark.parametrize(
    ("path", "document", "part", "cause"),
    [
        ("branches.json", {"results": {}}, "/results", "results is no list"),
        ("branches.json", {"branches": []}, "", "lacks the key `id`"),
        ("branches.json", [7], "/0", "expected a map, got a whole number"),
        ("refs/env-prod/commits.json", {"results": [{"id": "x"}]}, "/results/0", "lacks the key `parents`"),
        ("settings/gc_rules.json", {"days": 7}, "", "lacks the key `default_retention_days`"),
        ("settings/branch_protection.json", {"rules": ["main"]}, "/rules/0", "expected a map, got text"),
        ("actions/runs.json", {"results": [{}]}, "/results/0", "lacks the key `run_id`"),
    ],
)
def test_a_broken_answer_at_its_address_says_what_is_wrong(path, document, part, cause) -> None:
    assert lost(read(document, f"{KFM}/{path}")[1]) == [(part, cause)]


def test_a_log_of_endless_lines_is_not_read_whole_to_be_told(tmp_path, monkeypatch) -> None:
    file = tmp_path / "lakefs-audit.jsonl"
    file.write_bytes(b'{"msg": "' + b"x" * 100_000 + b'"}\n')
    monkeypatch.setattr(Source, "data", property(lambda self: pytest.fail("read whole")))
    assert not [kind.name for kind in SERVER_KINDS if kind.recognise(Source("lakefs-audit.jsonl", file))]


def test_a_long_answer_on_one_line_is_told(tmp_path) -> None:
    file = tmp_path / "commits.json"
    file.write_bytes(msgspec.json.encode(answer(*[COMMIT] * 1000)))
    kind = kind_of(Source("commits.json", file))
    assert isinstance(kind, Kind)
    assert kind.name == "lakefs-commits"


def values(schema: dict) -> st.SearchStrategy:
    """Values that a schema of lakeFS's API admits."""
    schema = merged(schema)
    match schema.get("type"):
        case "object":
            fields = {name: values(part) for name, part in schema.get("properties", {}).items()}
            needed = schema.get("required", ())
            more = schema.get("additionalProperties")
            if not fields and isinstance(more, dict):
                return st.dictionaries(st.text(max_size=8), values(more), max_size=3)
            return st.fixed_dictionaries(
                {name: fields[name] for name in needed},
                optional={name: part for name, part in fields.items() if name not in needed},
            )
        case "array":
            return st.lists(values(schema["items"]), min_size=schema.get("minItems", 0), max_size=4)
        case "integer":
            return st.integers(schema.get("minimum", 0), schema.get("maximum", 4102444800))
        case "boolean":
            return st.booleans()
        case "string" if "enum" in schema:
            return st.sampled_from(schema["enum"])
        case "string" if schema.get("format") == "date-time":
            return st.datetimes(timezones=st.just(UTC)).map(lambda time: time.isoformat())
        case "string":
            return st.text(min_size=schema.get("minLength", 0), max_size=12)
    raise AssertionError(schema)


ADDRESSES = {
    "/repositories": "lakefs/repositories.json",
    "/repositories/{repository}/branches": f"{KFM}/branches.json",
    "/repositories/{repository}/refs/{ref}/commits": f"{KFM}/refs/env-prod/commits.json",
    "/repositories/{repository}/pulls": f"{KFM}/pulls.json",
    "/repositories/{repository}/actions/runs": f"{KFM}/actions/runs.json",
    "/repositories/{repository}/actions/runs/{run_id}/hooks": f"{KFM}/actions/runs/r1/hooks.json",
    "/repositories/{repository}/settings/gc_rules": f"{KFM}/settings/gc_rules.json",
    "/repositories/{repository}/settings/branch_protection": f"{KFM}/settings/branch_protection.json",
    "/repositories/{repository}/refs/{ref}/objects/ls": f"{KFM}/refs/env-prod/_lakefs_actions.json",
    "/auth/policies": "lakefs/auth/policies.json",
    "/auth/groups/{groupId}/policies": "lakefs/auth/groups/g/policies.json",
    "/auth/users/{userId}/policies": "lakefs/auth/users/u/policies.json",
    "/auth/users": "lakefs/auth/users.json",
    "/auth/groups": "lakefs/auth/groups.json",
    "/auth/groups/{groupId}/members": "lakefs/auth/groups/g/members.json",
}


@pytest.mark.parametrize("path", ADDRESSES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_answer_that_the_description_admits_is_read(path, data) -> None:
    assert path in API["paths"]
    document = data.draw(values(schema_of(path)))
    if isinstance(document, dict) and "pagination" in document:
        document["pagination"]["has_more"] = False
    facts = read(document, ADDRESSES[path])[1]
    assert lost(facts) == []
    entries = document.get("results", []) if isinstance(document, dict) else document
    kinds = (CommitRecord, BranchHead, PullRequest, ActionRun, HookRun, Repository, ServerPolicy)
    assert sum(isinstance(fact, kinds) for fact in facts) in (0, len(entries))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NEARLY = st.sampled_from([COMMIT, RUN, HOOK, EVENT, POLICY, HEADS["heads"][0], {"id": "b", "commit_id": "c"}])


@st.composite
def almost(draw) -> object:
    """A document of ours with wrong values anywhere."""
    entries = [
        {**draw(NEARLY), draw(st.sampled_from([*COMMIT, *RUN, *EVENT, "hooks", "statement"])): draw(JSON)}
    ]
    keys = (
        "results",
        "heads",
        "rules",
        "policies",
        "pagination",
        "as_of",
        "repository",
        "ref",
        "missing",
        "schema",
    )
    document = {key: draw(JSON) for key in draw(st.sets(st.sampled_from(keys)))}
    return draw(st.sampled_from([{**document, "results": entries}, document, entries, entries[0]]))


@pytest.mark.parametrize("kind", SERVER_KINDS, ids=lambda kind: kind.name)
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=60) | JSON.map(msgspec.json.encode) | almost().map(msgspec.json.encode))
def test_nothing_raises_and_nothing_is_lost_in_silence(kind, data) -> None:
    source = Source(f"{KFM}/refs/env-prod/commits.json", None, data)
    kind.recognise(source)
    try:
        facts = kind.read(source, CONTEXT).facts
    except (UnicodeDecodeError, RecursionError):
        return  # `inputs.read` says so of the file as a whole
    for fact in facts:
        kind.locate(source, fact.origin, "")
    if kind.name == "lakefs-commits" and not lost(facts):
        (whole,) = [fact for fact in facts if isinstance(fact, CommitLog)]
        assert whole.commits == sum(isinstance(fact, CommitRecord) for fact in facts)
        document = msgspec.json.decode(data)
        listed = document.get("results", [document]) if isinstance(document, dict) else document
        assert whole.commits == len(listed)
