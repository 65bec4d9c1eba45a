import gzip
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import BranchOperation, LogCoverage, MembershipChange, UnreadableInput
from kfm_audit.inputs.engines import core, stream
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.lakefs_log import KIND
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import Location, Origin

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
PATH = "lakefs/audit.jsonl"
BRANCH = "/api/v1/repositories/kfm/branches/env-prod"


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-07-01T{clock}+00:00")


def line(operation="HardResetBranch", clock="09:12:03", **more) -> dict:
    return {
        "log_audit": True,
        "msg": "HTTP call ended",
        "time": f"2026-07-01T{clock}Z",
        "operation_id": operation,
        "method": "PUT",
        "path": f"{BRANCH}/hard_reset?ref=9666d7c9daf3&force=false",
        "status_code": 204,
        "request_id": "0b1e",
        "user": "jane.doe",
        "source_ip": "10.0.0.7:51512",
        "client": "lakefs-python-sdk/1.84.0",
        **more,
    }


def lines(*values) -> bytes:
    parts = (value if isinstance(value, bytes) else msgspec.json.encode(value) for value in values)
    return b"".join(part + b"\n" for part in parts)


def read(data: bytes, path: str = PATH) -> tuple:
    return facts_of(Source(path, None, data))


def facts_of(source: Source) -> tuple:
    """The facts of a log; the hours that it covers have a test of their own."""
    return tuple(
        msgspec.structs.replace(fact, hours=()) if isinstance(fact, LogCoverage) else fact
        for fact in KIND.read(source, CONTEXT).facts
    )


def test_the_hours_that_a_log_covers() -> None:
    clocks = ("09:12:03", "09:59:59", "11:00:00")
    source = Source(PATH, None, lines(*(line("GetBranch", c, path=BRANCH, request_id=c) for c in clocks)))
    (covered,) = KIND.read(source, CONTEXT).facts
    assert covered.hours == ((at("09:00:00"), 2), (at("11:00:00"), 1))


def coverage(**more) -> LogCoverage:
    first = more.pop("first", at("09:12:03"))
    known = {"lines": 1, "audit_lines": 1, "skipped": 0, "duplicates": 0, "without_user": 0}
    return LogCoverage(subject=PATH, origin=Origin(PATH), **{**known, "first": first, "last": first, **more})


RESET = BranchOperation(
    subject="lakefs://kfm/env-prod@0b1e",
    origin=Origin(PATH, line=1),
    operation="HardResetBranch",
    repository="kfm",
    branch="env-prod",
    time=at("09:12:03"),
    user="jane.doe",
    status=204,
    request_id="0b1e",
    target="9666d7c9daf3",
    source_ip="10.0.0.7:51512",
    client="lakefs-python-sdk/1.84.0",
)


def test_a_hard_reset() -> None:
    assert read(lines(line())) == (RESET, coverage())


def test_the_calls_that_are_kept_and_those_that_are_counted() -> None:
    facts = read(
        lines(
            line("RevertBranch", path=f"{BRANCH}/revert", request_id="r1"),
            line("DeleteBranch", path=f"{BRANCH}?force=false", request_id="r2", status_code=409),
            line("Commit", path=f"{BRANCH}/commits", request_id="r3"),
            line("Commit", path=f"{BRANCH}/commits?source_metarange=abc", request_id="r4", status_code=201),
            line("ResetBranch", path=BRANCH, request_id="r5"),
            line("ResetBranch", path=BRANCH, request_id="r6", status_code=403),
            line("GetBranch", path=BRANCH, request_id="r7", status_code=200, user=""),
            {"level": "info", "msg": "starting", "time": "2026-07-01T00:00:00Z"},
        )
    )
    kept = [(f.operation, f.request_id, f.status, f.target) for f in facts if isinstance(f, BranchOperation)]
    assert kept == [
        ("RevertBranch", "r1", 204, ""),
        ("DeleteBranch", "r2", 409, ""),
        ("Commit", "r4", 201, "abc"),
    ]
    assert facts[-1] == coverage(lines=8, audit_lines=7, skipped=1, without_user=1, uncommitted_resets=1)


def test_changes_of_membership() -> None:
    path = "/api/v1/auth/groups/reliability-engineers/members/jane%40acme.com"
    added = line("AddGroupMembership", path=path, status_code=201, request_id="m1", user="admin")
    taken = line("DeleteGroupMembership", "10:00:00", path=path, request_id="m2", user="admin")
    failed = line("AddGroupMembership", "10:00:01", path=path, request_id="m3", status_code=404)
    facts = read(lines(added, taken, failed))

    def change(number: int, request: str, added: bool, clock: str) -> MembershipChange:
        return MembershipChange(
            subject=f"lakefs-group://reliability-engineers/jane@acme.com@{request}",
            origin=Origin(PATH, line=number),
            group="reliability-engineers",
            user="jane@acme.com",
            added=added,
            time=at(clock),
            by="admin",
        )

    assert facts == (
        change(1, "m1", True, "09:12:03"),
        change(2, "m2", False, "10:00:00"),
        coverage(lines=3, audit_lines=3, last=at("10:00:01")),
    )


def test_duplicates_are_dropped_and_lines_may_come_in_any_order() -> None:
    early = line("GetBranch", "01:00:00", path=BRANCH, request_id="g")
    facts = read(lines(line(), line("GetBranch", "23:00:00", path=BRANCH), line(), early))
    assert facts == (
        RESET,
        coverage(lines=4, audit_lines=4, duplicates=1, first=at("01:00:00"), last=at("23:00:00")),
    )


def test_a_request_id_that_stands_for_two_calls_hides_neither() -> None:
    other = line(user="mallory", path=f"{BRANCH}/hard_reset?ref=deadbeef0000")
    facts = read(lines(line(), other, line(clock="10:00:00"), other))
    assert [(f.user, f.target, f.time) for f in facts if isinstance(f, BranchOperation)] == [
        ("jane.doe", "9666d7c9daf3", at("09:12:03")),
        ("mallory", "deadbeef0000", at("09:12:03")),
        ("jane.doe", "9666d7c9daf3", at("10:00:00")),
    ]
    assert facts[-1].duplicates == 1


def test_without_request_ids_two_calls_of_one_second_stay_two() -> None:
    bare = {
        key: value
        for key, value in line("RevertBranch", path=f"{BRANCH}/revert").items()
        if key != "request_id"
    }
    facts = read(lines(bare, {**bare, "source_ip": "10.0.0.7:51513"}, bare))
    assert [fact.source_ip for fact in facts[:-1]] == ["10.0.0.7:51512", "10.0.0.7:51513"]
    assert {fact.subject for fact in facts[:-1]} == {"lakefs://kfm/env-prod@2026-07-01T09:12:03Z"}
    assert facts[-1].duplicates == 1


def test_what_is_lost_is_one_fact_with_the_first_place() -> None:
    whole = msgspec.json.encode(line())
    no_branch = line("RevertBranch", path="/api/v1/elsewhere", request_id="x")
    facts = read(lines(whole, whole[:120], b"", no_branch) + whole[:60])
    lost = UnreadableInput(
        subject=PATH,
        origin=Origin(PATH, line=2),
        cause="not JSON, cut off, wrapped in an unknown way, or an audit line without time, status, branch or a known call",
        cure="fetch the log again; if the collector hands it on so, have that keep lines whole "
        "(Docker and containerd cut them at 16 KiB; `kubectl logs` joins the parts): a rollback may stand in what "
        "was lost",
        part="3 of 4 lines",
    )
    assert facts == (RESET, coverage(lines=4), lost)


def test_calls_of_operations_that_are_not_known_are_one_fact_with_their_names() -> None:
    def unknown(name: str) -> dict:
        return line(name, path=f"{BRANCH}/x", request_id=name)

    names = ("RewindBranch", "SwapBranches", "RewindBranch", "Zap", "BendBranch")
    facts = read(lines(line(), *map(unknown, names)))
    lost = UnreadableInput(
        subject=PATH,
        origin=Origin(PATH, line=2),
        cause="calls of operations that this version does not know: BendBranch, RewindBranch, SwapBranches and 1 more",
        cure="see in lakeFS's API what they do, for they may move a branch or change a group, and update kfm-audit, "
        "which decides on the operations of each release of lakeFS",
        part="5 of 6 lines",
    )
    assert facts == (RESET, coverage(lines=6), lost)


def test_a_log_of_which_nothing_is_left_is_unreadable() -> None:
    (lost,) = read(lines(b'{"half', b'of it"}'))
    assert isinstance(lost, UnreadableInput)
    assert lost.part == "2 of 2 lines"


def test_a_log_without_audit_lines_is_no_acquittal() -> None:
    (silent,) = read(lines({"level": "info", "msg": "performing API action"}, b"some banner"))
    assert isinstance(silent, UnreadableInput)
    assert silent.cause == "holds no audit line among its 2 lines"


def test_padding_banners_and_byte_order_marks_are_no_loss() -> None:
    whole = msgspec.json.encode(line())
    banner = "│ lakeFS: If you're running locally for the first time,".encode()
    facts = read(b"\xef\xbb\xbf\r\n" + b"\x00" * 512 + whole + b"\r\n" + banner + b"\n\n")
    assert facts == (
        msgspec.structs.replace(RESET, origin=Origin(PATH, line=2)),
        coverage(lines=2, skipped=1),
    )


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"events": [{"message": "[]"}, {"message": msgspec.json.encode(line()).decode()}]}, "/events/1"),
        ({"logEvents": [{"id": "1", "message": msgspec.json.encode(line()).decode()}]}, "/logEvents/0"),
        ([line()], "/0"),
        ([{"message": msgspec.json.encode(line()).decode()}], "/0"),
        (line(), ""),
        (
            {
                "status": "success",
                "data": {
                    "resultType": "streams",
                    "result": [{"stream": {}, "values": [["1", msgspec.json.encode(line()).decode()]]}],
                },
            },
            "",
        ),
    ],
)
def test_documents(document, pointer) -> None:
    data = msgspec.json.format(msgspec.json.encode(document), indent=2)
    source = Source(PATH, None, data)
    assert KIND.recognise(source)
    facts = KIND.read(source, CONTEXT).facts
    assert facts[0] == msgspec.structs.replace(RESET, origin=Origin(PATH, pointer))
    place = KIND.locate(source, facts[0].origin, "user")
    assert data.splitlines()[place.line - 1].strip()[:1] in (b"{", b'"')


def test_a_line_is_its_place() -> None:
    assert KIND.locate(Source(PATH, None, b""), Origin(PATH, line=7), "user") == Location(PATH, 7, 1)


TEXT = b'time="2023-08-07T10:21:58Z" level=info msg="HTTP call ended" operation_id=HardResetBranch\n'
PACKED = {
    "gzip": gzip.compress(lines(line())),
    "two members": gzip.compress(lines(line("GetBranch", path=BRANCH, request_id="g")))
    + gzip.compress(lines(line())),
    "zstandard": zstandard.ZstdCompressor(write_checksum=True).compress(lines(line())),
    "a packed document": gzip.compress(
        msgspec.json.encode({"logEvents": [{"message": lines(line()).decode()}]})
    ),
}


@pytest.mark.parametrize("form", PACKED)
def test_packed_logs(form, tmp_path) -> None:
    file = tmp_path / "log"
    file.write_bytes(PACKED[form])
    source = Source("lakefs-audit.log", file)
    assert KIND.recognise(source)
    found = [fact for fact in KIND.read(source, CONTEXT).facts if isinstance(fact, BranchOperation)]
    assert [msgspec.structs.replace(fact, origin=RESET.origin) for fact in found] == [RESET]
    assert KIND.recognise(Source("app.log", file)), "the content is enough"


@pytest.mark.parametrize("form", ["gzip", "zstandard"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
@pytest.mark.parametrize("parsed_whole", [core.PARSED_WHOLE, 0])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_is_packed_and_cut_off_is_read_so_far_and_said(
    form, kept, parsed_whole, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(core, "PARSED_WHOLE", parsed_whole)
    log = lines(*(line(clock=f"09:{n // 60:02}:{n % 60:02}", request_id=f"{n:032x}") for n in range(2000)))
    packed = gzip.compress(log) if form == "gzip" else zstandard.compress(log)
    file = tmp_path / "lakefs-audit.jsonl.gz"
    file.write_bytes(packed[: int(len(packed) * kept)])
    *facts, lost = KIND.read(Source("lakefs-audit.jsonl.gz", file), CONTEXT).facts
    calls = [fact for fact in facts if isinstance(fact, BranchOperation)]
    assert 0.3 * kept < len(calls) / 2000 < kept + 0.1
    assert isinstance(lost, UnreadableInput)
    assert (lost.cause, lost.cure) == (
        "is cut off: what is packed does not end",
        "fetch it again: calls may be in what is lost",
    )


def test_text_and_json_of_one_server_give_one_call() -> None:
    value = line()
    pairs = " ".join(
        f"{key}={msgspec.json.encode(value[key]).decode()}"
        for key in sorted(value)
        if key not in ("time", "msg")
    )
    written = f'time="{value["time"]}" level=info msg="{value["msg"]}" {pairs}\n'.encode()
    assert KIND.recognise(Source("server.log", None, written))
    assert read(written) == (RESET, coverage())


def test_a_debug_twin_tells_what_its_audit_line_does_not() -> None:
    twin = {
        "msg": "performing API action",
        "level": "debug",
        "time": "2026-07-01T09:12:00Z",
        "class": "api_server",
    }
    merge = line(
        "MergePullRequest",
        path="/api/v1/repositories/kfm/pulls/7/merge",
        request_id="m",
        status_code=200,
        user="",
    )
    told = {
        **twin,
        "name": "merge_pull_request",
        "repository": "kfm",
        "ref": "env-prod",
        "source_ref": "run-1",
    }
    (call, covered) = read(lines({**told, "request_id": "m", "user_id": "jane.doe"}, merge))
    assert (call.branch, call.source, call.pull, call.user) == ("env-prod", "run-1", "7", "jane.doe")
    assert covered == coverage(lines=2, skipped=1, without_user=1)


def test_a_rollback_that_began_and_has_no_audit_line_is_said() -> None:
    twin = {"msg": "performing API action", "level": "debug", "time": "2026-07-01T09:12:00Z"}
    told = {**twin, "name": "hard_reset_branch", "repository": "kfm", "ref": "env-prod", "request_id": "lost"}
    reset, _, lost = read(lines(line(), {**told, "request_id": "0b1e"}, told))
    assert reset == RESET
    assert (lost.part, lost.origin) == ("1 call", Origin(PATH, line=3))
    assert "HardResetBranch of kfm/env-prod, request lost" in lost.cause


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("README.md", b"The server writes:\n\n" + lines(line()) + b"\nThat says who.\nAnd when.\n"),
        ("main.tf", b'pattern = "{ $.msg = \\"HTTP call ended\\" && $.log_audit IS TRUE }"\n'),
        ("notes.txt", b"lakefs-1 | up\n" * 9 + b"lakefs-1 | " + lines(line())),
        ("tfplan.json", b'{"format_version":"1.2","x":"log_audit"}'),
        ("dashboards.json", b'[{"title":"rollbacks","expr":"{log_audit=\\"true\\"}"}]'),
        ("otlp.jsonl", b'{"resourceMetrics":[]}\n{"resourceMetrics":[]}\n'),
        ("empty.jsonl", b""),
    ],
)
def test_what_is_no_log_is_left_to_others(path, data) -> None:
    assert not KIND.recognise(Source(path, None, data))


def test_a_line_of_ten_megabytes(tmp_path) -> None:
    file = tmp_path / "lakefs-audit.jsonl"
    large = line("CreateTag", "01:00:00", path="/x", response_body="x" * 10_000_000, request_id="")
    file.write_bytes(lines(large, line()))
    source = Source(PATH, file)
    assert facts_of(source) == (
        msgspec.structs.replace(RESET, origin=Origin(PATH, line=2)),
        coverage(lines=2, audit_lines=2, first=at("01:00:00"), last=at("09:12:03")),
    )


def test_a_line_without_end_costs_no_memory_and_is_counted(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(stream, "LONGEST_LINE", 1000)
    monkeypatch.setattr(core, "BLOCK", 1000)
    file = tmp_path / "audit.jsonl"
    file.write_bytes(lines(line()) + b"x" * 2500 + b"\n" + lines(line(request_id="z")) + b"z" * 1000)
    reset, second, covered, lost = facts_of(Source(PATH, file))
    assert reset == RESET
    assert second.origin == Origin(PATH, line=3)
    assert covered == coverage(lines=4, audit_lines=2)
    assert (lost.part, lost.origin.line) == ("2 of 4 lines", 2)


def test_memory_does_not_grow_with_the_log(tmp_path) -> None:
    import tracemalloc

    file = tmp_path / "audit.jsonl"
    with file.open("wb") as stream:
        for number in range(30_000):
            stream.write(lines(line("GetBranch", path=BRANCH, request_id=str(number))))
    tracemalloc.start()
    (covered,) = KIND.read(Source(PATH, file), CONTEXT).facts
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert covered.audit_lines == 30_000
    assert peak < 8_000_000 < file.stat().st_size


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=60) | st.just(msgspec.json.encode(line())) | st.just(TEXT), max_size=5))
def test_any_bytes_are_read_and_never_look_clean(parts) -> None:
    data = b"\n".join(parts)
    source = Source("lakefs-audit.jsonl", None, data)
    KIND.recognise(source)
    facts = KIND.read(source, CONTEXT).facts
    covered = [fact for fact in facts if isinstance(fact, LogCoverage)]
    assert covered == [] or covered[0].lines == 0 or covered[0].audit_lines > 0
    assert facts


@settings(max_examples=60)
@given(st.permutations(list(range(8))), st.lists(st.integers(0, 7), max_size=4))
def test_order_and_repetition_change_no_call(order, again) -> None:
    def known(numbers) -> set:
        data = lines(
            *(line(clock=f"09:{n:02}:00", request_id=str(n // 2), status_code=204 + n % 2) for n in numbers)
        )
        facts = read(data)
        return {
            msgspec.structs.replace(f, origin=Origin("")) for f in facts if isinstance(f, BranchOperation)
        }

    assert known([*order, *again]) == known(range(8))
