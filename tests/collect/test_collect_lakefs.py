import json
import re
import socket
from pathlib import Path, PurePosixPath

import jsonschema
import pytest
import yaml

pytest.importorskip("lakefs", reason="the SDK is not installed: pip install 'kfm-audit[collect]'")

from kfm_audit.cli import main
from kfm_audit.facts import (
    ActionFile,
    ActionFolder,
    ActionRun,
    BranchHead,
    BranchList,
    BranchProtection,
    BranchRetention,
    CommitLog,
    CommitRecord,
    Group,
    HookRun,
    Membership,
    PolicyAttachment,
    PolicyHolder,
    PullRequest,
    Repository,
    RetentionRules,
    RunList,
    Server,
    UnreadableInput,
    User,
)
from kfm_audit.inputs import KINDS
from kfm_audit.inputs.find import Search, find
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.read import read_all
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known
from tests.collect.lakefs_server import API, BASE, PASSWORD, USER, World, resolved, serving

GATE = b"name: gate\non:\n  pre-merge:\nhooks:\n  - id: check\n    type: lua\n    properties: {script: print(1)}\n"


def commit(number: int, **more: object) -> dict:
    return {
        "id": f"c{number}",
        "parents": [f"c{number - 1}"] if number else [],
        "committer": "jane@acme.com" if number else "",
        "message": f"commit {number}",
        "creation_date": 1767225600 + number,
        "meta_range_id": f"m{number}",
        "metadata": {},
        "generation": number + 1,
        "version": 1,
        **more,
    }


def world_of_kfm() -> World:
    world = World()
    kfm = "/repositories/kfm"
    prod = f"{kfm}/refs/env-prod"
    person = {"id": "jane", "creation_date": 1767225600, "email": "jane@acme.com"}
    policy = {
        "id": "FSReadWriteAll",
        "creation_date": 1767225600,
        "statement": [{"effect": "allow", "resource": "*", "action": ["fs:*"]}],
    }
    gate = {
        "path": "_lakefs_actions/gate.yaml",
        "path_type": "object",
        "physical_address": "s3://secret-bucket/data/1",
        "checksum": "abc",
        "mtime": 1767225600,
        "size_bytes": len(GATE),
    }
    world.answers = {
        "/config": {"version_config": {"version": "1.84.0"}},
        "/setup_lakefs": {
            "state": "initialized",
            "login_config": {"RBAC": "internal", "login_url": "", "login_cookie_names": [], "logout_url": ""},
        },
        "/auth/users": [person],
        "/auth/groups": [{"id": "Developers", "name": "Developers", "creation_date": 1767225600}],
        "/auth/policies": [policy],
        "/auth/groups/Developers/members": [person],
        "/auth/groups/Developers/policies": [policy],
        "/repositories": [
            {
                "id": name,
                "creation_date": 1767225600,
                "default_branch": "main",
                "storage_namespace": f"s3://{name}",
            }
            for name in ("kfm", "other")
        ],
        f"{kfm}/branches": [{"id": "env-prod", "commit_id": "c2"}, {"id": "runs-1", "commit_id": "c9"}],
        f"{kfm}/settings/gc_rules": {
            "default_retention_days": 7,
            "branches": [{"branch_id": "env-prod", "retention_days": 30}],
        },
        f"{kfm}/settings/branch_protection": [{"pattern": "env-*"}],
        f"{kfm}/pulls": [
            {
                "id": "7",
                "title": "Promote",
                "description": "",
                "status": "merged",
                "author": "jane",
                "source_branch": "runs-1",
                "destination_branch": "env-prod",
                "creation_date": "2026-01-01T00:00:00Z",
                "closed_date": "2026-01-02T00:00:00Z",
                "merged_commit_id": "c2",
            }
        ],
        "/repositories/other/pulls": 404,
        f"{kfm}/actions/runs": [
            {
                "run_id": run,
                "branch": branch,
                "commit_id": "c2",
                "start_time": f"2026-01-0{day}T00:00:00Z",
                "end_time": f"2026-01-0{day}T00:00:01Z",
                "event_type": "pre-merge",
                "status": "completed",
            }
            for run, branch, day in (("r2", "env-prod", 3), ("r1", "runs-1", 2))
        ],
        f"{kfm}/actions/runs/r2/hooks": [
            {
                "hook_run_id": "h1",
                "action": "gate",
                "hook_id": "check",
                "start_time": "2026-01-03T00:00:00Z",
                "status": "completed",
            }
        ],
        f"{prod}/commits": [commit(2), commit(1), commit(0)],
        f"{prod}/objects/ls": [
            gate,
            {**gate, "path": "_lakefs_actions/scripts/", "path_type": "common_prefix"},
        ],
        f"{prod}/objects?path=_lakefs_actions/gate.yaml": GATE,
        "/repositories/other/settings/gc_rules": 404,
    }
    return world


@pytest.fixture
def world(monkeypatch, tmp_path):
    world = world_of_kfm()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(world) as endpoint:
        monkeypatch.setenv("LAKECTL_SERVER_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("LAKECTL_CREDENTIALS_ACCESS_KEY_ID", USER)
        monkeypatch.setenv("LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY", PASSWORD)
        monkeypatch.setattr("kfm_audit.collect.server._BACKOFF", 0.0)
        world.endpoint = endpoint
        yield world
    assert world.faults == []


@pytest.fixture
def collect(capsys):
    """Run `collect lakefs` and give exit code and standard error; nothing goes to standard output."""

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["collect", "lakefs", *arguments])
        output = capsys.readouterr()
        assert output.out == ""
        for secret in (USER, PASSWORD, "secret-bucket"):
            assert secret not in output.err
        return code, output.err

    return run


def facts(folder: str = "lakefs") -> tuple:
    base = Path.cwd()
    found, _ = find(Search(paths=(base / folder,), root=None, repository=None, base=base, kinds=KINDS))
    library = read_all(found, KINDS, ReadContext(Policy(policy=1, name="test"), base, base))
    assert [record.path for record in library.records if not record.kind] == []
    return library.facts


def of(kind: type, among: tuple) -> list:
    return [fact for fact in among if type(fact) is kind]


def test_all_that_is_collected_is_read(world, collect) -> None:
    code, said = collect()
    assert (said, code) == (f"kfm-audit: collected {world.endpoint} into lakefs\n", 0)
    got = facts()
    assert of(UnreadableInput, got) == []
    (server,) = of(Server, got)
    assert (server.subject, server.version, server.rbac) == (world.endpoint, "1.84.0", "internal")
    assert server.as_of is not None
    assert [(user.id, user.email) for user in of(User, got)] == [("jane", "jane@acme.com")] * 2
    members = [group.members for group in of(Group, got) if group.members_known]
    assert members == [(Membership("jane"),)]
    (attached,) = of(PolicyAttachment, got)
    assert (attached.holder, attached.policy) == (Known("Developers"), Known("FSReadWriteAll"))
    assert sorted((holder.holder, holder.whole) for holder in of(PolicyHolder, got)) == [
        ("Developers", True),
        ("jane", True),
    ]
    assert [repository.id for repository in of(Repository, got)] == ["kfm", "other"]
    assert [(head.branch, head.commit) for head in of(BranchHead, got)] == [
        ("env-prod", "c2"),
        ("runs-1", "c9"),
    ]
    assert all(head.last_seen is not None for head in of(BranchHead, got))
    assert [(one.repository, one.branches, one.whole) for one in of(BranchList, got)] == [
        ("kfm", ("env-prod", "runs-1"), True),
        ("other", (), True),
    ]
    assert [(one.ref, one.id, one.parents, one.generation) for one in of(CommitRecord, got)] == [
        ("env-prod", "c2", ("c1",), 3),
        ("env-prod", "c1", ("c0",), 2),
        ("env-prod", "c0", (), 1),
    ]
    (pull,) = of(PullRequest, got)
    assert (pull.id, pull.destination_branch, pull.merged_commit) == ("7", "env-prod", "c2")
    (log,) = of(CommitLog, got)
    assert (log.newest, log.oldest, log.commits, log.open_ends) == ("c2", "c0", 3, ())
    assert [(run.run_id, run.hooks_known) for run in of(ActionRun, got)] == [("r2", True), ("r1", False)]
    assert [(run.run_id, run.hook_id) for run in of(HookRun, got)] == [("r2", "check")]
    assert [(one.repository, one.whole) for one in of(RunList, got)] == [("kfm", True), ("other", True)]
    kept = {rules.repository: rules for rules in of(RetentionRules, got)}
    assert (kept["kfm"].default_days, kept["kfm"].branches) == (Known(7), (BranchRetention("env-prod", 30),))
    assert kept["other"].default_days is ABSENT
    assert kept["kfm"].days_of("env-prod") == Known(30)
    assert [(one.repository, one.patterns) for one in of(BranchProtection, got)] == [
        (Known("kfm"), Known(("env-*",))),
        (Known("other"), Known(())),
    ]
    (action,) = of(ActionFile, got)
    assert (action.repository, action.ref, action.name, action.faults) == ("kfm", "env-prod", "gate", ())
    assert [one.files for one in of(ActionFolder, got)] == [("_lakefs_actions/gate.yaml",)]


def test_whatever_the_description_says_is_collected_and_read(world, collect) -> None:
    """Every answer is made of its schema: one entry a list, with what is required and nothing more."""
    world.answers = {}
    world.generated = True
    assert collect("--branch", "*")[0] == 0
    asked = {re.sub(r"\?.*", "", request) for request in world.requests}
    paths = {re.sub(r"\{\w+\}", "example", path) for path in API["paths"]}
    lifecycles = {
        f"/repositories/example/settings/{name}" for name in ("object_lifecycle", "branch_lifecycle/policies")
    }
    assert asked == paths - {"/repositories/example/refs/example/objects"} | lifecycles
    got = facts()
    assert of(UnreadableInput, got) == []
    assert {one.kind for one in got} == {
        *(
            "action-folder",
            "action-run",
            "branch-head",
            "branch-list",
            "branch-protection",
            "commit",
            "commit-log",
        ),
        *(
            "group",
            "hook-run",
            "lakefs-server",
            "policy-attachment",
            "policy-holder",
            "pull-request",
            "repository",
        ),
        *("retention-rules", "run-list", "server-policy", "user"),
    }


def test_the_page_names_every_file(world, collect) -> None:
    page = Path(__file__).parents[2].joinpath("docs/collect.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert collect("--to", "x")[0] == 0
    files = [PurePosixPath(name) for name in tree("x")]
    patterns = [f"x/{name}*" if name.endswith("/") else f"x/{name}" for name in named]
    unnamed = [file for file in files if not any(("x" / file).match(pattern) for pattern in patterns)]
    assert unnamed == []
    assert [pattern for pattern in patterns if not any(("x" / file).match(pattern) for file in files)] == []


def test_nothing_secret_is_kept(world, collect) -> None:
    collect()
    for file in Path("lakefs").rglob("*"):
        if file.is_file():
            kept = file.read_bytes()
            assert not any(word.encode() in kept for word in (USER, PASSWORD, "secret-bucket"))


def test_many_pages_become_one_document(world, collect) -> None:
    world.page = 7
    world.answers["/repositories/kfm/refs/env-prod/commits"] = [commit(n) for n in range(99, -1, -1)]
    assert collect()[0] == 0
    assert len(world.asked("/commits")) == 15
    document = json.loads(Path("lakefs/repositories/kfm/refs/env-prod/commits.json").read_bytes())
    assert document["pagination"] == {
        "has_more": False,
        "next_offset": "",
        "results": 100,
        "max_per_page": 1000,
    }
    assert [entry["id"] for entry in document["results"]] == [f"c{n}" for n in range(99, -1, -1)]
    assert list(Path("lakefs").rglob("*.part")) == []


def test_one_answer_that_does_not_come_is_missing(world, collect) -> None:
    world.page = 7
    commits = [commit(n) for n in range(99, -1, -1)]
    where = "/repositories/kfm/refs/env-prod/commits"

    def dies_at_28(query: dict[str, str]) -> object:
        if query.get("after") == "28":
            raise ConnectionError
        return commits

    world.answers[where] = dies_at_28
    code, said = collect()
    assert code == 4
    assert "not collected: the commits of kfm/env-prod: no connection to" in said
    (lost,) = of(UnreadableInput, facts())
    assert lost.part == "the commits of kfm/env-prod"


def test_the_server_dies_for_good(world, collect, monkeypatch) -> None:
    world.page = 7
    commits = [commit(n) for n in range(99, -1, -1)]
    where = "/repositories/kfm/refs/env-prod/commits"
    gone = False

    def dies(query: dict[str, str]) -> object:
        nonlocal gone
        gone = gone or query.get("after") == "28"
        if gone:
            raise ConnectionError
        return commits

    after_it = (
        f"{where.rpartition('/')[0]}/objects/ls",
        "/repositories/other/branches",
        "/repositories/other/settings/gc_rules",
    )
    before = dict(world.answers)
    world.answers[where] = dies
    for path in after_it:
        world.answers[path] = dies
    code, said = collect()
    assert code == 4
    assert said.endswith("run it again to resume\n")
    assert "broken off: no connection to" in said
    lost = [fact.cause for fact in of(UnreadableInput, facts())]
    assert lost[0] == "is a collection that was broken off"
    assert "not collected: no connection" in lost[1]

    world.answers = {**before, where: commits}
    world.requests.clear()
    code, said = collect()
    assert code == 0
    assert said.startswith("kfm-audit: resumes the collection of 20")
    asked = world.asked("/commits")
    assert ["after=28" in request for request in asked][:1] == [True]
    assert len(asked) == 11
    assert world.asked("/auth/") == []
    assert world.asked("/repositories/kfm/branches") == []
    got = facts()
    assert of(UnreadableInput, got) == []
    assert [one.id for one in of(CommitRecord, got)] == [f"c{n}" for n in range(99, -1, -1)]


def tree(folder: str) -> dict[str, object]:
    """All files of a collection, without when it was made."""

    def read(file: Path) -> object:
        if file.suffix != ".json":
            return file.read_bytes()
        return {key: value for key, value in json.loads(file.read_bytes()).items() if key != "as_of"}

    files = sorted(file for file in Path(folder).rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): read(file) for file in files}


def test_wherever_it_breaks_off_the_end_is_the_same(world, collect) -> None:
    world.page = 2
    world.answers["/repositories/kfm/refs/env-prod/commits"] = [commit(n) for n in range(5, -1, -1)]
    assert collect("--to", "whole")[0] == 0
    whole, requests = tree("whole"), len(world.requests)
    for after in range(1, requests, 3):
        world.requests.clear()
        world.dies_after = after
        code, _ = collect("--to", f"broken-{after}")
        assert code == 4
        world.requests.clear()
        world.dies_after = None
        assert collect("--to", f"broken-{after}")[0] == 0
        assert tree(f"broken-{after}") == whole
        assert len(world.requests) <= requests


def test_a_half_page_is_cut_off_and_asked_again(world, collect) -> None:
    from kfm_audit.collect.folder import Folder

    collect()
    document = json.loads(Path("lakefs/collection.json").read_bytes())
    Path("lakefs/collection.json").write_text(json.dumps({**document, "finished": False}))
    file = Path("lakefs/repositories/kfm/refs/env-prod/commits.json")
    file.unlink()
    whole = json.dumps({"as_of": document["as_of"], "after": "1", "results": [commit(2)]})
    Path(f"{file}.part").write_text(f'{whole}\n{{"as_of": "2026', encoding="utf-8")
    world.requests.clear()
    assert collect()[0] == 0
    assert ["after=1&" in request for request in world.asked("/commits")] == [True]
    assert [one["id"] for one in json.loads(file.read_bytes())["results"]] == ["c2", "c1", "c0"]
    assert Folder  # the format of a part is its own


def test_a_finished_collection_begins_anew_and_takes_away_what_is_gone(world, collect) -> None:
    collect()
    gone = Path("lakefs/repositories/other/branches.json")
    assert gone.exists()
    action = Path("lakefs/repositories/kfm/refs/env-prod/_lakefs_actions/gate.yaml")
    assert action.read_bytes() == GATE
    world.answers["/repositories"] = world.answers["/repositories"][:1]
    world.answers["/repositories/kfm/refs/env-prod/objects/ls"] = []
    assert collect()[0] == 0
    assert not gone.exists()
    assert not action.exists()
    assert of(ActionFolder, facts())[0].files == ()


def test_a_folder_of_others_is_left_alone(world, collect) -> None:
    Path("lakefs").mkdir()
    Path("lakefs/thesis.txt").write_text("mine")
    code, said = collect()
    assert code == 2
    assert said == (
        "kfm-audit: lakefs: holds files that `collect` did not write: give `--to` a folder that is new or empty\n"
    )
    assert world.requests == []


def test_what_is_not_permitted_is_missing_and_the_rest_is_got(world, collect) -> None:
    world.answers["/auth/policies"] = 401
    world.answers["/repositories/kfm/settings/gc_rules"] = 403
    world.answers["/repositories/kfm/settings/branch_protection"] = 503
    world.answers["/repositories/kfm/refs/env-prod/commits"] = 404
    code, said = collect()
    assert code == 4
    assert said.splitlines()[:-1] == [
        "kfm-audit: not collected: the policies: not permitted (401: as the test wants it)",
        "  help: give the user the actions that docs/collect.md lists",
        "kfm-audit: not collected: the gc rules of kfm: not permitted (403: as the test wants it)",
        "  help: give the user the actions that docs/collect.md lists",
        "kfm-audit: not collected: the branch protection of kfm: the server failed (503: as the test wants it)",
        "  help: look into its log, and try again: what was got is kept",
        "kfm-audit: not collected: the commits of kfm/env-prod: not there (404: as the test wants it)",
        "  help: check the name, and that the server is lakeFS 1.0 or newer",
    ]
    assert len(world.asked("kfm/settings/branch_protection")) == 4, (
        "what only means `later` is asked for again"
    )
    got = facts()
    assert len(of(UnreadableInput, got)) == 4
    assert of(RetentionRules, got)[0].repository == "other"
    assert main(["check", "--isolated", "--quiet", "lakefs"]) == 4


def test_wrong_credentials(world, collect, monkeypatch) -> None:
    monkeypatch.setenv("LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY", PASSWORD[::-1])
    code, said = collect()
    assert code == 2
    assert said == (
        f"kfm-audit: {world.endpoint} refuses the credentials (401: error authenticating request): "
        "set LAKECTL_SERVER_ENDPOINT_URL, LAKECTL_CREDENTIALS_ACCESS_KEY_ID and "
        "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY, or run `lakectl config`\n"
    )
    assert not Path("lakefs").exists()


def test_settings_of_lakectl(world, collect, monkeypatch, tmp_path) -> None:
    for name in ("SERVER_ENDPOINT_URL", "CREDENTIALS_ACCESS_KEY_ID", "CREDENTIALS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"LAKECTL_{name}")
    file = tmp_path / "lakectl.yaml"
    monkeypatch.setenv("LAKECTL_CONFIG_FILE", str(file))
    code, said = collect()
    assert (code, said.partition(":")[2]) == (
        2,
        (
            " no credentials for lakeFS are set: set LAKECTL_SERVER_ENDPOINT_URL, LAKECTL_CREDENTIALS_ACCESS_KEY_ID and "
            "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY, or run `lakectl config`\n"
        ),
    )
    credentials = {"access_key_id": USER, "secret_access_key": PASSWORD}
    file.write_text(yaml.safe_dump({"credentials": credentials, "server": {"endpoint_url": world.endpoint}}))
    assert collect()[0] == 0
    file.write_text(yaml.safe_dump({"credentials": credentials}))
    assert "no lakeFS endpoint is set" in collect()[1]
    for broken in (f"credentials: [{PASSWORD}", f"- {PASSWORD}", f"credentials: {PASSWORD}", "\x00", ""):
        file.write_text(broken)
        code, said = collect()
        assert code == 2
        assert said.count("\n") == 1


def test_a_server_that_is_not_there(world, collect, monkeypatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv(
        "LAKECTL_SERVER_ENDPOINT_URL", f"http://me:{PASSWORD.replace('/', '')}@127.0.0.1:{port}"
    )
    code, said = collect()
    assert code == 2
    assert said == (
        f"kfm-audit: no connection to http://127.0.0.1:{port}{BASE} (NewConnectionError): "
        "check the endpoint, and that the server runs\n"
    )
    assert not Path("lakefs").exists()


def test_a_server_that_takes_too_long(world, collect) -> None:
    world.delay = 0.5
    code, said = collect("--timeout", "0.05")
    assert code == 2
    assert said == (
        f"kfm-audit: no answer from {world.endpoint} within 0.05 s: "
        "try again: what was got is kept; --timeout SECONDS waits longer\n"
    )


def test_a_page_of_something_else(world, collect) -> None:
    world.answers["/auth/users"] = b"<html>please log in</html>"
    world.answers["/repositories/kfm/branches"] = b'{"results": []}'
    world.answers["/repositories/kfm/settings/gc_rules"] = b"[]"
    code, said = collect()
    assert code == 4
    assert [line.partition(": JSON")[0] for line in said.splitlines()[:-1:2]] == [
        "kfm-audit: not collected: the users: the answer is none of lakeFS's API",
        (
            "kfm-audit: not collected: the branches of kfm: the answer is none of lakeFS's API: "
            "Object missing required field `pagination`"
        ),
        (
            "kfm-audit: not collected: the gc rules of kfm: the answer is none of lakeFS's API: "
            "Expected `object`, got `array`"
        ),
    ]


def test_a_server_that_goes_in_circles(world, collect) -> None:
    page = {
        "pagination": {"has_more": True, "next_offset": "x", "results": 1, "max_per_page": 1},
        "results": [],
    }
    world.answers["/auth/groups"] = json.dumps(page).encode()
    code, said = collect()
    assert code == 4
    assert "the groups: the server gives the same page again and again" in said
    assert len(world.asked("/auth/groups")) == 2


def test_a_server_with_a_single_user_is_not_asked_who_may_what(world, collect) -> None:
    world.answers["/setup_lakefs"]["login_config"]["RBAC"] = "none"
    assert collect()[0] == 0
    assert world.asked("/auth/") == []
    assert of(Server, facts())[0].rbac == "none"


def test_a_server_without_groups_lacks_none(world, collect) -> None:
    """The open-source server answers 501 where access control is not its own."""
    world.answers["/auth/groups"] = world.answers["/auth/policies"] = 501
    assert collect()[0] == 0
    assert not Path("lakefs/auth/groups.json").exists()
    assert of(UnreadableInput, facts()) == []


def test_an_old_server(world, collect) -> None:
    """Before 1.0 there are no settings under these paths, and the setup says nothing of access control."""
    world.answers["/setup_lakefs"] = {"state": "initialized"}
    world.answers["/config"] = {}
    for name in ("gc_rules", "branch_protection"):
        world.answers[f"/repositories/kfm/settings/{name}"] = 400
    world.answers["/repositories/kfm/pulls"] = 400
    code, said = collect()
    assert (code, said.splitlines()[:-1]) == (
        4,
        [
            "kfm-audit: not collected: the gc rules of kfm: refused (400: as the test wants it)",
            "  help: check that the server is lakeFS 1.0 or newer",
            "kfm-audit: not collected: the branch protection of kfm: refused (400: as the test wants it)",
            "  help: check that the server is lakeFS 1.0 or newer",
        ],
    )
    (server,) = of(Server, facts())
    assert (server.version, server.rbac) == ("", "")


def test_only_what_is_wanted(world, collect) -> None:
    code, said = collect(
        "--repository", "kfm", "--repository", "typo", "--branch", "runs-*", "--since", "2026-01-02T12:00:00Z"
    )
    assert code == 4
    assert "the repository typo: not among those that the server lists" in said
    assert world.asked("/repositories/other/") == []
    assert [request.partition("?")[0] for request in world.asked("/commits")] == [
        "/repositories/kfm/refs/env-prod/commits",
        "/repositories/kfm/refs/runs-1/commits",
    ]
    assert all("since=2026-01-02T12%3A00%3A00" in request for request in world.asked("/commits"))


def test_runs_are_asked_for_as_far_back_as_wanted(world, collect) -> None:
    run = world.answers["/repositories/kfm/actions/runs"][1]
    world.answers["/repositories/kfm/actions/runs"] = [
        {**run, "run_id": f"r{n}", "start_time": f"2026-01-{31 - n:02}T00:00:00Z"} for n in range(30)
    ]
    world.page = 4
    assert collect("--since", "2026-01-20")[0] == 0
    runs = of(ActionRun, facts())
    assert (len(runs), runs[-1].start_time.day) == (16, 16)
    assert of(UnreadableInput, facts()) == []
    (runlist, other) = of(RunList, facts())
    assert (runlist.whole, other.whole) == (False, True)


def test_names_that_are_no_file_names(world, collect) -> None:
    hostile = ["..", "a/../../b", "x\x00y", "ü ?*", "CON"]
    person = world.answers["/auth/users"][0]
    world.answers["/auth/users"] = [{**person, "id": name} for name in hostile]
    gate = world.answers["/repositories/kfm/refs/env-prod/objects/ls"][0]
    objects = [f"_lakefs_actions/{name}" for name in ("..", "a%2F..%2Fb", "gate ü.yaml")]
    world.answers["/repositories/kfm/refs/env-prod/objects/ls"] = [{**gate, "path": path} for path in objects]
    for path in objects:
        world.answers[f"/repositories/kfm/refs/env-prod/objects?path={path}"] = GATE
    collect()
    outside = {file.name for file in Path.cwd().iterdir()}
    assert outside == {"lakefs"}
    folder = Path("lakefs/repositories/kfm/refs/env-prod/_lakefs_actions")
    assert {file.name for file in folder.iterdir()} == {"%2E%2E", "a%252F..%252Fb", "gate%20%C3%BC.yaml"}


def test_wrong_usage(collect, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert collect("--since", "yesterday") == (
        2,
        "kfm-audit: --since yesterday: is no time; write 2026-01-31T09:00:00Z\n",
    )
    assert collect("--policy", "nowhere.yaml")[0] == 2
    for seconds in ("0", "-1", "nan", "inf"):
        assert collect("--timeout", seconds) == (
            2,
            f"kfm-audit: --timeout {seconds}: is no time to wait; give more than 0 seconds\n",
        )
    assert main(["collect", "git"]) == 2
    assert main(["collect"]) == 2


def test_without_the_sdk(collect, monkeypatch, tmp_path) -> None:
    import sys

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "lakefs.client", None)
    assert collect() == (
        2,
        "kfm-audit: the lakeFS SDK is not installed: install what it needs: `pip install 'kfm-audit[collect]'`\n",
    )


def test_the_manifest_is_what_its_schema_says(world, collect) -> None:
    schema = json.loads(
        Path(__file__).parents[2].joinpath("schemas/json/lakefs-collection-v1.schema.json").read_bytes()
    )
    world.answers["/auth/policies"] = 401
    assert collect()[0] == 4
    manifest = json.loads(Path("lakefs/collection.json").read_bytes())
    jsonschema.validate(manifest, schema)
    assert manifest["finished"] is True
    assert manifest["missing"] == [
        {
            "what": "the policies",
            "why": "not permitted (401: as the test wants it)",
            "cure": "give the user the actions that docs/collect.md lists",
        }
    ]


def test_what_was_interrupted_resumes_within_a_day(world, collect, monkeypatch) -> None:
    from kfm_audit.collect.server import LakeFSServer

    ask = LakeFSServer.ask

    def interrupted(self, api: str, operation: str, **parameters: object) -> bytes:
        if operation == "list_repositories":
            raise KeyboardInterrupt
        return ask(self, api, operation, **parameters)

    with monkeypatch.context() as patched:
        patched.setattr(LakeFSServer, "ask", interrupted)
        assert collect() == (130, "\nkfm-audit: interrupted; run it again to resume\n")
    manifest = Path("lakefs/collection.json")
    broken_off = manifest.read_bytes()
    world.requests.clear()
    assert collect()[1].startswith("kfm-audit: resumes the collection of ")
    assert world.asked("/auth/") == []

    for other in (("--restart",), ("--branch", "runs-*")):
        manifest.write_bytes(broken_off)
        assert "resumes" not in collect(*other)[1]
    document = json.loads(broken_off)
    manifest.write_text(json.dumps({**document, "as_of": "2026-01-01T00:00:00Z"}))
    world.requests.clear()
    assert "resumes" not in collect()[1]
    assert world.asked("/auth/users?") != []


def test_a_proxy_of_the_environment_is_used(world, collect, monkeypatch) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("LAKECTL_SERVER_ENDPOINT_URL", "http://lakefs.invalid")
    monkeypatch.setenv("HTTP_PROXY", world.endpoint.removesuffix(BASE))
    assert collect()[1] == "kfm-audit: collected http://lakefs.invalid/api/v1 into lakefs\n"
    assert world.requests[0].startswith("http://lakefs.invalid/api/v1/user")


def test_a_server_without_tls(world, collect, monkeypatch) -> None:
    monkeypatch.setenv("LAKECTL_SERVER_ENDPOINT_URL", world.endpoint.replace("http:", "https:"))
    code, said = collect()
    assert code == 2
    assert said.startswith("kfm-audit: no secure connection to https://127.0.0.1:")


def test_a_hard_reset_is_seen_by_two_collections(world, collect, capsys) -> None:
    """The open-source server logs nothing, and the commit log shows nothing: the heads do."""
    commits = [commit(n) for n in range(9, -1, -1)]
    where = "/repositories/kfm/refs/env-prod/commits"
    moved = []
    for head in (9, 3):
        world.answers[where] = commits[9 - head :]
        world.answers["/repositories/kfm/branches"] = [{"id": "env-prod", "commit_id": f"c{head}"}]
        assert collect()[0] == 0
        collected = Path("lakefs/repositories/kfm/branches.json")
        dated = {**json.loads(collected.read_bytes()), "as_of": f"2026-01-{19 - head}T00:00:00Z"}
        collected.write_text(json.dumps(dated))
        now = ("--now", "2026-02-01T00:00:00Z", "--isolated", "--quiet", "--output", "json")
        assert main(["check", ".", *now, "--select", "LFS001", "--write-heads", "heads.json"]) == 0
        report = json.loads(capsys.readouterr().out)
        moved.append([(finding["verdict"], finding["subject"]) for finding in report["findings"]])
    assert moved == [[], [("undecided", "lakefs://kfm/env-prod@2026-01-16T00:00:00Z")]]


def test_the_description_is_lakefs_own(corpus) -> None:
    """Paths and schemas are those of the file that lakeFS ships."""

    def texts(value: object) -> object:
        if isinstance(value, dict):
            return {str(key): texts(inner) for key, inner in value.items()}
        return [texts(inner) for inner in value] if isinstance(value, list) else value

    whole = texts(yaml.safe_load((corpus / "lakefs/swagger.yml").read_text(encoding="utf-8")))
    for path, item in API["paths"].items():
        assert item == {key: whole["paths"][path][key] for key in item}
    for kind, parts in API["components"].items():
        assert parts == {name: whole["components"][kind][name] for name in parts}
    assert resolved({"$ref": "#/components/schemas/Commit"})["required"][0] == "id"


def test_the_policy_is_that_of_check_also_where_the_environment_names_the_config(
    world, collect, monkeypatch
) -> None:
    elsewhere = Path.cwd() / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ours.yaml").write_text(
        "policy: 1\nname: ours\nextends: core\nlakefs:\n  environment_branches: {prod: [runs-1]}\n"
    )
    (elsewhere / "ours.toml").write_text('policy = "ours.yaml"\n')
    monkeypatch.setenv("KFM_AUDIT_CONFIG", "elsewhere/ours.toml")
    collect()
    assert {folder.name for folder in Path("lakefs/repositories/kfm/refs").iterdir()} == {"runs-1"}
