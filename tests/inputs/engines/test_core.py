"""The core reads a log the same whether it parses every line or only those that may decide."""

from __future__ import annotations

import gzip

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import LogCoverage
from kfm_audit.inputs.engines import core, finder
from tests.inputs.engines.logs import PLANTS, calls, coverage, line, logs, lost, read, written

NUMBER = 4000


@pytest.fixture
def by_needles(monkeypatch):
    """Small blocks, and no log so small that every line is parsed."""
    monkeypatch.setattr(core, "PARSED_WHOLE", 0)
    monkeypatch.setattr(core, "BLOCK", 1500)
    monkeypatch.setattr(core, "_RANGE", 4000)


@pytest.fixture(params=["libraries", "python"])
def library(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(finder, "_optional", lambda _: None)


def whole(file, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(core, "PARSED_WHOLE", 1 << 30)
        return read(file)


@settings(max_examples=60, deadline=None)
@given(values=logs(), data=st.data())
def test_needles_lose_nothing(values, data, tmp_path_factory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        file = tmp_path_factory.mktemp("log") / "audit.jsonl"
        file.write_bytes(written(values))
        every = whole(file, patch)
        patch.setattr(core, "PARSED_WHOLE", 0)
        patch.setattr(core, "BLOCK", data.draw(st.sampled_from((600, 1500, 1 << 20))))
        patch.setattr(core, "_RANGE", data.draw(st.sampled_from((1000, 5000, 1 << 24))))
        if data.draw(st.booleans()):
            patch.setattr(finder, "_optional", lambda _: None)
        some = read(file)
        packed = file.with_suffix(".gz")
        packed.write_bytes(gzip.compress(file.read_bytes()))
        unpacked = read(packed)
    for found in (some, unpacked):
        assert calls(found) == calls(every)
        assert [fact.origin.line for fact in found] == [fact.origin.line for fact in every]
        assert coverage(found) == coverage(every)


def test_lines_are_passed_over_and_counted(tmp_path, by_needles, library) -> None:
    values = [
        line(
            n,
            20 * n,
            "jane",
            PLANTS[0] if n == 1234 else {"operation_id": "GetObject", "method": "GET", "path": "/x"},
        )
        for n in range(NUMBER)
    ]
    file = tmp_path / "audit.jsonl"
    file.write_bytes(written(values))
    reset, covered = read(file)
    assert (reset.request_id, reset.origin.line) == ("r1234", 1235)
    assert (covered.lines, covered.audit_lines, covered.skipped) == (NUMBER, NUMBER, 0)
    assert covered.passed_over > NUMBER * 0.8
    assert [n for _, n in covered.hours] == [180] * 22 + [40]


SHAPES = {
    "crlf": lambda log: log.replace(b"\n", b"\r\n"),
    "docker": lambda log: b"".join(
        msgspec.json.encode(
            {"log": text.decode() + "\n", "stream": "stdout", "time": "2026-01-01T00:00:00.5Z"}
        )
        + b"\n"
        for text in log.splitlines()
    ),
    "containerd": lambda log: log.replace(b'{"client"', b'2026-07-01T09:12:03.5Z stdout F {"client"'),
    "a last line without end": lambda log: log[:-1],
    "blank lines": lambda log: log.replace(b"\n", b"\n\n"),
    "escaped slashes": lambda log: log.replace(b"/", b"\\/"),
    "a byte order mark": lambda log: b"\xef\xbb\xbf" + log,
    "truncated in place": lambda log: b"\x00" * 100_000 + log,
    "no operation ids": lambda log: log.replace(b'"operation_id"', b'"was"'),
    "old": lambda log: log.replace(b'"log_audit":true', b'"log_audit":"API"'),
    "open source": lambda log: log.replace(b'"log_audit":true,', b""),
    "cloud": lambda log: (
        log.replace(b'"log_audit":true,', b"")
        .replace(b'"msg":"HTTP call ended",', b"")
        .replace(b',"', b',"data_')
        .replace(b'{"', b'{"data_')
    ),
    "debug lines between": lambda log: log.replace(b"\n", b'\n{"level":"debug","msg":"something else"}\n'),
    "spaces": lambda log: log.replace(b'":', b'": ').replace(b',"', b', "'),
    "another zone": lambda log: log.replace(b'Z"', b'+00:00"'),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_the_same_both_ways(shape, tmp_path, by_needles, library, monkeypatch) -> None:
    plain = written(
        line(
            n,
            40 * n,
            "jane" if n % 7 else "",
            PLANTS[n % len(PLANTS)]
            if n % 50 == 0
            else {"operation_id": "StatObject", "method": "GET", "path": "/x", "status_code": 200},
        )
        for n in range(700)
    )
    file = tmp_path / "audit.jsonl"
    file.write_bytes(SHAPES[shape](plain))
    every, some = whole(file, monkeypatch), read(file)
    assert calls(some) == calls(every)
    assert calls(some)
    assert [fact.origin.line for fact in some] == [fact.origin.line for fact in every]
    assert coverage(some) == coverage(every)
    assert lost(some) == lost(every)


TORN = st.lists(st.integers(0, 59), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(torn=TORN, cut=st.integers(1, 300), data=st.data())
def test_half_lines_and_lines_in_one_another_are_lost_both_ways_alike(
    torn, cut, data, tmp_path_factory
) -> None:
    texts = [
        written(
            [
                line(
                    n,
                    n,
                    "jane",
                    PLANTS[n % 3]
                    if n % 10 == 0
                    else {"operation_id": "GetObject", "method": "GET", "path": "/x"},
                )
            ]
        )
        for n in range(60)
    ]
    ways = set()
    for number in torn:
        how = data.draw(st.sampled_from(("cut", "split", "glued", "doubled")))
        ways.add(how)
        text = texts[number]
        texts[number] = {
            "cut": text[:cut] + b"\n",
            "split": text[:cut] + b"\n" + text[cut:],
            "glued": text[:cut] + text[cut // 2 :],
            "doubled": text + text,
        }[how]
    with pytest.MonkeyPatch.context() as patch:
        file = tmp_path_factory.mktemp("log") / "audit.jsonl"
        file.write_bytes(b"".join(texts))
        every = whole(file, patch)
        patch.setattr(core, "PARSED_WHOLE", 0)
        patch.setattr(core, "BLOCK", 2000)
        patch.setattr(core, "_RANGE", 5000)
        some = read(file)
    assert calls(some) == calls(every)
    said = [fact for fact in every if isinstance(fact, LogCoverage)]
    if said:
        assert coverage(some).lines == said[0].lines
        assert coverage(some).duplicates == said[0].duplicates
    # A line into which another is written looks whole: it is parsed where it holds a needle, and counted where not.
    if "glued" not in ways:
        assert lost(some) == lost(every)


def test_clocks_that_jump_and_late_deliveries_cost_no_call(tmp_path, by_needles) -> None:
    values = [
        line(
            n,
            (n * 7919) % 80_000,
            "jane",
            PLANTS[1] if n % 40 == 0 else {"operation_id": "GetObject", "method": "GET", "path": "/x"},
        )
        for n in range(1000)
    ]
    file = tmp_path / "audit.jsonl"
    file.write_bytes(written(values))
    facts = read(file)
    assert sum(calls(facts).values()) == 25
    assert sum(n for _, n in coverage(facts).hours) == coverage(facts).audit_lines == 1000


def test_a_line_of_ten_megabytes_among_others(tmp_path, by_needles) -> None:
    long = line(
        500,
        500,
        "jane",
        {"operation_id": "CreateTag", "method": "POST", "path": "/x", "response_body": "x" * 10_000_000},
    )
    values = [
        line(n, n, "jane", {"operation_id": "GetObject", "method": "GET", "path": "/x"}) for n in range(1000)
    ]
    values[500] = long
    values[501] = line(501, 501, "jane", PLANTS[0])
    file = tmp_path / "audit.jsonl"
    file.write_bytes(written(values))
    reset, covered = read(file)
    assert (reset.origin.line, covered.lines) == (502, 1000)


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.binary(max_size=90) | st.just(written([line(0, 0, "jane", PLANTS[0])])), max_size=30),
    packed=st.booleans(),
)
def test_any_bytes(parts, packed, tmp_path_factory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "PARSED_WHOLE", 0)
        patch.setattr(core, "BLOCK", 100)
        patch.setattr(core, "_RANGE", 300)
        file = tmp_path_factory.mktemp("log") / "lakefs-audit.jsonl"
        data = b"".join(parts)
        file.write_bytes(zstandard.compress(data) if packed else data)
        assert read(file)
