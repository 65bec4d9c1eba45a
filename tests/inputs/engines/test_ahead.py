"""What another process reads ahead is what this one would have read."""

import io
import os
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.inputs.engines import ahead
from kfm_audit.inputs.engines.ahead import read_ahead
from kfm_audit.inputs.engines.packed import PackError

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only"),
    # A runner of tests may have a thread of its own; the children here need no lock of it.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch):
    monkeypatch.setattr(ahead, "AT_ONCE", 100)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def all_of(fill, size: int) -> bytes:
    found = bytearray()
    buffer = bytearray(size)
    with memoryview(buffer) as view:
        while length := fill(view):
            found += buffer[:length]
    return bytes(found)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=3000), st.integers(1, 300))
def test_all_bytes_come_in_their_order(data, size) -> None:
    with read_ahead(io.BytesIO(data).readinto) as fill:
        assert all_of(fill, size) == data


def test_what_is_damaged_is_told_after_what_comes_before_it() -> None:
    left = [b"a" * 100, b"b" * 30]

    def fill(view):
        if not left:
            raise PackError("is damaged: \u00e4", "fetch it again")
        part = left.pop(0)
        view[: len(part)] = part
        return len(part)

    found = bytearray(1000)
    with memoryview(found) as view, read_ahead(fill) as read:
        assert (read(view), read(view[100:])) == (100, 30)
        with pytest.raises(PackError, match="is damaged: \u00e4") as raised:
            read(view)
    assert raised.value.cure == "fetch it again"
    assert bytes(found[:130]) == b"a" * 100 + b"b" * 30


@pytest.mark.parametrize("end", [lambda: os._exit(9), lambda: 1 // 0], ids=["killed", "failed"])
def test_a_process_that_dies_is_no_end_of_the_log(end) -> None:
    with read_ahead(lambda _: end()) as read, pytest.raises(OSError, match="ended before its time"):
        read(memoryview(bytearray(10)))


def test_whoever_stops_reading_leaves_no_process_behind() -> None:
    def endless(view):
        return len(view)

    with read_ahead(endless) as read:
        read(memoryview(bytearray(10)))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_program_with_threads_reads_by_itself() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    fill = io.BytesIO(b"abc").readinto
    with read_ahead(fill) as read:
        assert read is fill
    end.set()
    thread.join()
