from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kfm_audit.lakefs.log import Call, Entry, UnknownCall, calls_in_line, read_time
from kfm_audit.lakefs.operations import Operation

# Lines as published (documentation of 2025, issue 4261 of 2022), and one shaped by the server's code.
ENTERPRISE = '{"client":"lakefs-python-sdk/1.65.2","file":"usr/local/go/src/net/http/server.go:2322","func":"net/http.HandlerFunc.ServeHTTP","host":"lakefs.example.com","level":"info","log_audit":true,"method":"POST","msg":"HTTP call ended","operation_id":"DeleteObjects","path":"/api/v1/repositories/my-repo/branches/my-branch/objects/delete","request_id":"1234567-5b66-7655-b4e8-2h0c271f6r90","sent_bytes":14,"service_name":"rest_api","source_ip":"80.0.0.10:34708","status_code":200,"time":"2025-12-25T12:30:32Z","took":600747890,"took_str":"600.74789ms","user":"lakefs-ci-bot"}'
OLD = '{"file":"usr/local/go/src/net/http/server.go:2047","func":"net/http.HandlerFunc.ServeHTTP","host":"economy.us-east-1.lakefscloud.ninja","level":"info","log_audit":"API","method":"DELETE","msg":"HTTP call ended","operation_id":"DeleteObject","path":"/api/v1/repositories/test-1/branches/test-overwrite2/objects?path=amazon-reviews-repartition-sample%2F_temporary%2F0%2Ftask_202209280827329171407584636600739_0002_m_000055%2Fpart-00055-bfb9a212-2d0e-4aa5-b485-e0f4fd2f07b4-c000.snappy.parquet","request_id":"86ce10cf-d4f0-48fc-aaf8-0c64fb9343d6","sent_bytes":0,"service_name":"rest_api","status_code":204,"time":"2022-09-28T08:31:09Z","took":13416254}'
HARD_RESET = '{"client":"lakefs-python-sdk/1.84.0","host":"lakefs.example.com","level":"info","log_audit":true,"method":"PUT","msg":"HTTP call ended","operation_id":"HardResetBranch","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3&force=false","request_id":"0b1e","sent_bytes":0,"service_name":"rest_api","source_ip":"10.0.0.7:51512","status_code":204,"time":"2026-07-01T09:12:03Z","took":8123456,"took_str":"8.123456ms","user":"jane.doe"}'
RESET = Call(
    time=datetime(2026, 7, 1, 9, 12, 3, tzinfo=UTC),
    operation=Operation.HARD_RESET,
    path="/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3&force=false",
    user="jane.doe",
    status=204,
    request_id="0b1e",
    source_ip="10.0.0.7:51512",
    client="lakefs-python-sdk/1.84.0",
)
REVERT = {
    "operation_id": "RevertBranch",
    "method": "POST",
    "path": "/api/v1/repositories/kfm/branches/env-prod/revert",
    "status_code": 204,
    "time": "2026-07-01T09:12:03Z",
    "user": "jane.doe",
    "log_audit": True,
}


def calls(line: object) -> list[Call | Entry]:
    data = line.encode() if isinstance(line, str) else msgspec.json.encode(line)
    return list(calls_in_line(data))


def test_published_lines() -> None:
    assert calls(HARD_RESET) == [RESET]
    assert calls(ENTERPRISE) == [
        Call(
            time=datetime(2025, 12, 25, 12, 30, 32, tzinfo=UTC),
            operation=Operation.DELETE_OBJECTS,
            path="/api/v1/repositories/my-repo/branches/my-branch/objects/delete",
            user="lakefs-ci-bot",
            status=200,
            request_id="1234567-5b66-7655-b4e8-2h0c271f6r90",
            source_ip="80.0.0.10:34708",
            client="lakefs-python-sdk/1.65.2",
        )
    ]
    (old,) = calls(OLD)
    assert isinstance(old, Call)
    assert (old.user, old.source_ip, old.operation, old.status) == (
        *("", ""),
        Operation.DELETE_OBJECT,
        204,
    )


SHAPES = {
    "old": {**REVERT, "log_audit": "API"},
    "string true": {**REVERT, "log_audit": "true"},
    "open source, or TRACE": {
        **{k: v for k, v in REVERT.items() if k != "log_audit"},
        "msg": "HTTP call ended",
    },
    "no operation id": {k: v for k, v in REVERT.items() if k != "operation_id"},
    "snake case": {**REVERT, "operation_id": "revert_branch"},
    "status as text": {**REVERT, "status_code": "204"},
    "other offset": {**REVERT, "time": "2026-07-01T11:12:03.999+02:00"},
    "cloud": {f"data_{k}": v for k, v in REVERT.items() if k != "log_audit"},
    "cloud without offset": {
        f"data_{k}": v for k, v in {**REVERT, "time": "2026-07-01 09:12:03.120"}.items() if k != "log_audit"
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_call(shape) -> None:
    assert (
        calls(SHAPES[shape])
        == calls(REVERT)
        == [
            Call(
                time=datetime(2026, 7, 1, 9, 12, 3, tzinfo=UTC),
                operation=Operation.REVERT,
                path="/api/v1/repositories/kfm/branches/env-prod/revert",
                user="jane.doe",
                status=204,
                request_id="",
                source_ip="",
                client="",
            )
        ]
    )


WRAPPERS = {
    "docker": {"log": HARD_RESET + "\n", "stream": "stdout", "time": "2026-07-01T09:12:03.5Z"},
    "fluent bit, parsed": {"log": msgspec.json.decode(HARD_RESET), "kubernetes": {"pod_name": "lakefs-0"}},
    "cloudwatch event": {"id": "1", "timestamp": 1782897123000, "message": HARD_RESET},
    "filter-log-events": {"events": [{"timestamp": 1, "message": HARD_RESET}], "searchedLogStreams": []},
    "subscription": {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": HARD_RESET}]},
    "two": {"message": '{"log":' + msgspec.json.encode(HARD_RESET).decode() + "}"},
    "elasticsearch, filebeat": {"_source": {"log": {"file": {"path": "/x"}}, "message": HARD_RESET}},
    "elasticsearch, fluent bit": {"_source": {"log": HARD_RESET}},
    "fluentd": {"record": msgspec.json.decode(HARD_RESET)},
    "journald": {"MESSAGE": HARD_RESET, "_PID": "7"},
    "loki": {"labels": {"app": "lakefs"}, "line": HARD_RESET, "timestamp": "2026-07-01T09:12:03Z"},
    "opentelemetry": {"body": HARD_RESET},
    "google cloud": {"jsonPayload": msgspec.json.decode(HARD_RESET), "severity": "INFO"},
    "google cloud, text": {"textPayload": HARD_RESET},
    "splunk": {"result": {"_raw": HARD_RESET}},
    "cloudwatch insights": {"@message": HARD_RESET},
    "an array": [msgspec.json.decode(HARD_RESET)],
    "an array of wrapped lines": [{"log": HARD_RESET}],
    "a text": msgspec.json.encode(HARD_RESET).decode(),
    "containerd": "2026-07-01T09:12:03.5Z stdout F " + HARD_RESET,
    "docker compose": "lakefs-1  | " + HARD_RESET,
    "containerd, wrapped": {"log": "2026-07-01T09:12:03.5Z stdout F " + HARD_RESET},
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrappers_are_taken_off(wrapper) -> None:
    assert calls(WRAPPERS[wrapper]) == [RESET]


@pytest.mark.parametrize(
    "wrapped",
    [
        {"payload": msgspec.json.decode(HARD_RESET)},
        {"payload": HARD_RESET},
        {"streams": [{"values": [["1782897123", HARD_RESET]]}]},
        {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": HARD_RESET}}]}]}]},
        {"payload": {f"data_{key}": value for key, value in REVERT.items() if key != "log_audit"}},
        "stdout F: msg=HTTP call ended",
        "log_audit",
    ],
)
def test_an_audit_line_in_an_unknown_wrapper_is_broken(wrapped) -> None:
    assert calls(wrapped) == [Entry.BROKEN]


def test_a_wrapper_too_deep_is_broken_and_so_is_one_beside_a_call() -> None:
    deep: object = msgspec.json.decode(HARD_RESET)
    for _ in range(9):
        deep = {"log": deep}
    assert calls(deep) == [Entry.BROKEN]
    line = msgspec.json.decode(HARD_RESET)
    assert calls([line, {"payload": line}, {"level": "info"}]) == [RESET, Entry.BROKEN, Entry.OTHER]


def test_braces_in_the_text_of_another_line_are_no_loss() -> None:
    assert calls({"level": "debug", "msg": "answered", "body": 'a {template} "x": 1'}) == [Entry.OTHER]


BRANCH = "/api/v1/repositories/kfm/branches/env-prod"
NO_ID = {key: value for key, value in REVERT.items() if key != "operation_id"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{BRANCH}/%72evert"),
        ("POST", f"/lakefs{BRANCH}/revert"),
        ("POST", f"{BRANCH}/rewind"),
        ("PUT", f"{BRANCH}/revert"),
        ("PATCH", BRANCH),
        ("", f"{BRANCH}/hard_reset"),
        ("DELETE", "/lakefs/api/v1/auth/groups/sre/members/jane"),
    ],
)
def test_a_call_that_cannot_be_told_is_broken_unless_it_failed(method, path) -> None:
    assert calls({**NO_ID, "method": method, "path": path}) == [Entry.BROKEN]
    assert calls({**NO_ID, "method": method, "path": path, "status_code": 403}) == [Entry.BROKEN]
    (failed,) = calls({**NO_ID, "method": method, "path": path, "status_code": 405})
    assert isinstance(failed, Call)


@pytest.mark.parametrize("status", [200, 403, 0])
def test_a_call_of_an_operation_that_is_not_known_is_named(status) -> None:
    rewind = {**REVERT, "operation_id": "RewindBranch", "path": f"{BRANCH}/rewind", "status_code": status}
    assert calls(rewind) == [UnknownCall("RewindBranch")]
    (failed,) = calls({**rewind, "status_code": 500})
    assert isinstance(failed, Call)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (HARD_RESET + HARD_RESET, [RESET, RESET]),
        (f"{HARD_RESET} {HARD_RESET}\r", [RESET, RESET]),
        ('{"level":"info","msg":"x"}' + HARD_RESET, [Entry.OTHER, RESET]),
        (f"2026-07-01T09:00:00Z stdout F {HARD_RESET}{HARD_RESET}", [RESET, RESET]),
        (msgspec.json.encode({"log": HARD_RESET + HARD_RESET}).decode(), [RESET, RESET]),
        # What is not whole to its end is not read by halves.
        (HARD_RESET + HARD_RESET[:-1], [Entry.BROKEN]),
        (HARD_RESET[:-1] + HARD_RESET, [Entry.BROKEN]),
        (f"{HARD_RESET},{HARD_RESET}", [Entry.BROKEN]),
        (f'{HARD_RESET}{{"user": "\\ud800"}}', [Entry.BROKEN]),
        # Braces within a value part nothing.
        (HARD_RESET.replace("jane.doe", "a}{b"), [replace(RESET, user="a}{b")]),
    ],
)
def test_whole_values_on_one_line_are_all_read(line, found) -> None:
    assert calls(line) == found


def test_many_values_on_one_line_take_no_longer_than_their_length() -> None:
    assert calls("{}" * 100_000 + HARD_RESET) == [*[Entry.OTHER] * 100_000, RESET]


def loki(*values: object, kind: str = "streams") -> dict:
    streams = [{"stream": {"app": "lakefs"}, "values": list(values)}]
    return {"status": "success", "data": {"resultType": kind, "result": streams}}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (loki(["1782896400000000000", HARD_RESET], ["1782896400000000001", "x"]), [RESET, Entry.OTHER]),
        (loki(["1782896400000000000", msgspec.json.encode({"log": HARD_RESET}).decode()]), [RESET]),
        (loki(["1782896400000000000", HARD_RESET[:-9]]), [Entry.BROKEN]),
        (loki([HARD_RESET], ["1", HARD_RESET]), [RESET, RESET]),
        (loki(kind="streams"), [Entry.OTHER]),
        (loki(["1", HARD_RESET], kind="matrix"), [Entry.BROKEN]),
        ({"data": {"resultType": "streams", "result": HARD_RESET}}, [RESET]),
        ({"data": {"resultType": "streams", "result": 5}}, [Entry.OTHER]),
        ({"data": {"resultType": "streams", "result": [{"values": HARD_RESET}]}}, [Entry.BROKEN]),
    ],
)
def test_an_answer_of_loki_is_its_lines(answer, found) -> None:
    assert calls(answer) == found


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{BRANCH}/rewind"),
        ("PUT", f"{BRANCH}/staging/pmpu/1/parts/2/copy"),
        ("DELETE", f"{BRANCH}/import"),
        ("POST", "/api/v1/repositories"),
    ],
)
def test_calls_that_move_no_branch_back_are_of_no_interest(method, path) -> None:
    (call,) = calls({**NO_ID, "method": method, "path": path, "status_code": 200})
    assert isinstance(call, Call)
    assert call.operation is None


@pytest.mark.parametrize(
    "line",
    [
        '{"class":"api_server","level":"debug","msg":"performing API action","name":"hard_reset_branch"}',
        '{"level":"info","msg":"initialize OpenAPI server","time":"2026-07-01T09:12:03Z"}',
        '{"log":"INFO starting lakeFS\\n","stream":"stdout"}',
        '{"log":"{\\"level\\":\\"info\\"}"}',
        '{"events":[]}',
        "[]",
        "42",
        "null",
        "│ If you're running lakeFS locally for the first time,",
    ],
)
def test_other_lines_are_none_of_the_audits(line) -> None:
    assert set(calls(line)) <= {Entry.OTHER}


@pytest.mark.parametrize(
    "line",
    [
        HARD_RESET[:200],
        HARD_RESET[200:],
        HARD_RESET[100:300],
        '{"log":"' + HARD_RESET[:100].replace('"', '\\"') + '"}',
        {**REVERT, "time": "yesterday"},
        {**REVERT, "time": "2026-07-01"},
        {**REVERT, "time": "2026-07-01T09:12:03"},
        {**REVERT, "time": 1782897123},
        {**REVERT, "status_code": None},
        {**REVERT, "status_code": "204 No Content"},
        {**REVERT, "status_code": True},
        {**REVERT, "status_code": [204]},
        {**REVERT, "status_code": 10**30},
        {**REVERT, "time": "0001-01-01T00:00:00Z"},
        '{"log":"time=\\"2026-07-01T09:12:03Z\\" level=info msg=\\"HTTP call ended\\" method=PUT"}',
    ],
)
def test_what_is_lost_is_never_passed_over(line) -> None:
    assert calls(line) == [Entry.BROKEN]


@pytest.mark.parametrize("mark", [{"service_name": "s3_gateway"}, {"matched_host": True}])
def test_an_object_key_that_looks_like_a_path_of_the_api_is_no_call_of_it(mark) -> None:
    line = {**REVERT, **mark, "method": "PUT"}
    del line["operation_id"]
    (call,) = calls(line)
    assert isinstance(call, Call)
    assert call.operation is None


def test_fields_of_wrong_types_say_nothing() -> None:
    (call,) = calls({**REVERT, "user": ["jane.doe"], "request_id": 7, "source_ip": None, "client": {}})
    assert isinstance(call, Call)
    assert (call.user, call.request_id, call.source_ip, call.client) == ("", "", "", "")


def test_times() -> None:
    assert read_time("2026-07-01T09:12:03.123456789Z") == datetime(2026, 7, 1, 9, 12, 3, tzinfo=UTC)
    assert read_time("0001-01-01T00:00:00+23:59") is None
    assert read_time("2026-07-01T09:12:60Z") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                [
                    *REVERT,
                    "msg",
                    "log",
                    "message",
                    "events",
                    "logEvents",
                    "_source",
                    "line",
                    "data_time",
                    "data_operation_id",
                    "x",
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read(value) -> None:
    calls(value)


@given(st.binary())
def test_any_bytes_are_read(line) -> None:
    list(calls_in_line(line))


@given(st.sampled_from([HARD_RESET, ENTERPRISE, OLD]), st.integers(1), st.integers(1))
def test_no_part_of_a_torn_line_looks_whole(line, start, end) -> None:
    begin, stop = sorted((start % len(line), end % len(line)))
    part = line[begin:stop]
    if any(char in part for char in "{}") or '":' in part:
        assert calls(part) == [Entry.BROKEN]
