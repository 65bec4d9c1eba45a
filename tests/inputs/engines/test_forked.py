import os
import sys

import pytest

from kfm_audit.inputs.engines.forked import can_fork, forked
from kfm_audit.inputs.engines.scan import Counted, Line, Scanned

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only"),
    # A runner of tests may have a thread of its own; the children here need no lock of it.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
SPANS = [(n, n + 1) for n in range(7)]


def made(low: int, high: int) -> Scanned:
    counted = Counted(high, 1, 1, {b"2026-07-01T09": low}, b"2026-07-01T09:00:00", b"2026-07-01T09:59:59")
    return Scanned(low, high, [Line(1, b"\xff\n" * 100_000), Line(2, None)], counted)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_what_processes_find_comes_in_the_order_of_the_file(processes) -> None:
    assert list(forked(made, SPANS, processes)) == [made(*span) for span in SPANS]


def test_a_process_that_dies_is_no_end_of_the_log() -> None:
    def work(low: int, high: int) -> Scanned:
        if low == 3:
            os._exit(9)
        return made(low, high)

    found = []
    with pytest.raises(OSError, match="ended before its time"):
        found.extend(forked(work, SPANS, 2))


def test_whoever_stops_listening_leaves_no_process_behind() -> None:
    results = forked(made, SPANS, 2)
    next(results)
    results.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_program_with_threads_does_not_fork() -> None:
    import threading

    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    assert not can_fork()
    end.set()
    thread.join()
