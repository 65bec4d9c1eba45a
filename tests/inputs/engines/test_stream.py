import io

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.inputs.engines.stream import blocks, ranges

TEXTS = st.lists(st.binary(max_size=30), max_size=30).map(b"\n".join)


@given(TEXTS, st.integers(1, 64))
def test_blocks_are_whole_lines_and_all_of_the_stream(data, size) -> None:
    found = [bytes(buffer[:length]) for buffer, length in blocks(io.BytesIO(data).readinto, size)]
    assert b"".join(found).strip(b"\0") == data.strip(b"\0") or b"\0" in data
    assert all(block.endswith(b"\n") for block in found[:-1])


@given(TEXTS, st.integers(1, 64))
def test_ranges_begin_with_lines_and_leave_nothing_out(data, length) -> None:
    stream = io.BytesIO(data)

    def fill_at(at):
        stream.seek(at)
        return stream.readinto

    found = list(ranges(fill_at, len(data), length))
    assert [start for start, _ in found[1:]] == [end for _, end in found[:-1]]
    assert not found or (found[0][0], found[-1][1]) == (0, len(data))
    assert all(data[start - 1 : start] == b"\n" for start, _ in found[1:])


def test_nuls_without_end_cost_no_memory() -> None:
    class Nuls(io.RawIOBase):
        left = 100_000_000

        def readinto(self, view):
            length = min(len(view), self.left)
            view[:length] = bytes(length)
            self.left -= length
            return length

    (held,) = [(length, len(buffer)) for buffer, length in blocks(Nuls().readinto, 1 << 20)]
    assert held == (100_000_000 % (1 << 20), 1 << 20)
