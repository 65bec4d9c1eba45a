import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.lakefs.log import Call, Entry, calls_in_line
from kfm_audit.lakefs.text import pairs_in

# As published: issue 6288 of 2023 (cut after status_code), issue 1256 of 2021.
REST = 'time="2023-08-07T10:21:58Z" level=debug msg="HTTP call ended" func=net/http.HandlerFunc.ServeHTTP file="usr/local/go/src/net/http/server.go:2109" client=lakefs-hadoopfs/0.1.15 host="**.**.**.**:8000" log_audit=true method=GET operation_id=StatObject path="/api/v1/repositories/gold/refs/main/objects/stat?path=lakes.parquet&user_metadata=false&presign=true" request_id=304b5f6f-48d7-4c0d-a5e8-54517d09158f sent_bytes=634 service_name=rest_api source_ip="**.**.**.**:64782" status_code=200'
GATEWAY = 'time="2021-01-20T16:00:20Z" level=debug msg="HTTP call ended" func=httputil.DebugLoggingMiddleware.func1 file="build/httputil/logging.go:77" host=spark-lakefs.s3.lakefs.dev.slicelife.com method=HEAD path=parquet/_committed_7907332419409935989 ref=master repository=spark-lakefs request_id=002166b4-a284-488d-b137-bdd46ceaf4dd sent_bytes=0 service_name=s3_gateway status_code=200 took=13.338215ms user=admin'


def test_published_lines() -> None:
    (rest,) = calls_in_line(REST.encode())
    (gateway,) = calls_in_line(GATEWAY.encode())
    assert isinstance(rest, Call)
    assert isinstance(gateway, Call)
    assert (rest.status, rest.request_id, rest.client, rest.user) == (
        200,
        "304b5f6f-48d7-4c0d-a5e8-54517d09158f",
        "lakefs-hadoopfs/0.1.15",
        "",
    )
    assert (gateway.repository, gateway.ref, gateway.user) == ("spark-lakefs", "master", "admin")


@pytest.mark.parametrize(
    "prefix", ["lakefs-1  | ", "2023-08-07T10:21:58.1Z stdout F ", "Aug  7 10:21:58 host lakefs[1]: "]
)
def test_what_a_collector_writes_before_a_line_is_passed_over(prefix) -> None:
    assert list(calls_in_line((prefix + REST).encode())) == list(calls_in_line(REST.encode()))


def test_values_are_quoted_as_go_quotes_them() -> None:
    line = 'time="2026-07-01T00:00:00Z" level=info msg="a \\"b\\" \\x41\\u00e9\\U0001F600\\t" path="x=\\"y\\" user=eve" user=jane'
    assert pairs_in(line) == {
        "time": "2026-07-01T00:00:00Z",
        "level": "info",
        "msg": 'a "b" Aé😀\t',
        "path": 'x="y" user=eve',
        "user": "jane",
    }


@given(st.integers(1, len(REST) - 1))
def test_a_line_that_is_cut_before_its_status_is_broken(end) -> None:
    found = list(calls_in_line(REST[:end].encode()))
    assert found == [Entry.BROKEN if "HTTP call ended" in REST[:end] else Entry.OTHER]


@given(st.text())
def test_any_text_is_read(text) -> None:
    pairs_in(text)
    pairs_in(f'time="2026-01-01" level=info msg={text}')
