import gzip

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.lakefs.form import LogForm, log_form

LINE = b'{"log_audit":true,"time":"2026-07-01T09:12:03Z","operation_id":"GetBranch","status_code":200}'
TEXT = b'time="2023-08-07T10:21:58Z" level=debug msg="HTTP call ended" log_audit=true\n'
SERVER = b'{"file":"build/pkg/api.go:1","func":"github.com/treeverse/lakefs/api.S","msg":"up"}'


def test_forms() -> None:
    assert log_form(LINE) is LogForm.LINES
    assert log_form(b"\n".join([LINE] * 3)) is LogForm.LINES
    assert log_form(b'up":1}\n' + LINE + b"\n" + LINE + b"\n" + LINE[:40]) is LogForm.LINES
    assert log_form(b"\x00" * 4096 + LINE) is LogForm.LINES
    assert log_form(SERVER) is LogForm.LINES
    assert log_form(b"2026-07-01T09:12:03.5Z stdout F " + LINE) is LogForm.LINES
    assert (
        log_form(b"\n".join([b'{"MESSAGE":' + b'"' + LINE.replace(b'"', b'\\"') + b'"}'] * 3))
        is LogForm.LINES
    )
    assert log_form(TEXT * 2) is LogForm.TEXT
    assert (
        log_form(b'{\n  "events": [\n    {\n      "message": "{\\"log_audit\\":true}"\n    }\n  ]\n}')
        is LogForm.DOCUMENT
    )
    assert log_form(gzip.compress(LINE * 9)) is LogForm.GZIP
    assert log_form(b"PAR1....", b"...data_operation_id...PAR1") is LogForm.PARQUET
    assert log_form(b"\x28\xb5\x2f\xfd....", claimed=True) is LogForm.ZSTANDARD


def test_what_is_no_log() -> None:
    page = b"# Audit logs\n\nA line looks so:\n\n```json\n" + LINE + b"\n```\n\nIt says who.\n"
    for content in (
        b"",
        page,
        b'{"resourceMetrics":[]}',
        gzip.compress(b"hello"),
        b"PAR1....",
        b"\x28\xb5\x2f\xfd...",
    ):
        assert log_form(content) is None
    assert log_form(b'{"data_path":"s3://b/k","label":1}\n' * 3) is None


def test_a_name_is_enough_where_the_head_holds_no_audit_line() -> None:
    quiet = b'{"level":"info","msg":"log_audit is on","time":"2026-07-01T09:12:03Z"}\n' * 3
    assert log_form(quiet) is not LogForm.LINES
    assert log_form(quiet, claimed=True) is LogForm.LINES


def test_a_log_of_lines_that_containerd_cut_is_one_where_its_name_says_so() -> None:
    cut = b"".join(
        b"2026-07-01T09:12:03.5Z stdout %b %b\n" % part for part in ((b"P", LINE[:40]), (b"F", LINE[40:]))
    )
    assert log_form(cut * 4, claimed=True) is LogForm.LINES
    assert log_form(cut * 4) is None
    assert log_form(b"2026-07-01T09:12:03.5Z stdout F " + TEXT, claimed=True) is LogForm.TEXT


@given(st.binary(), st.binary(), st.booleans())
def test_any_bytes(head, tail, claimed) -> None:
    log_form(head, tail, claimed=claimed)
    log_form(b"\x1f\x8b" + head, tail, claimed=claimed)
    log_form(LINE + head, tail, claimed=claimed)
