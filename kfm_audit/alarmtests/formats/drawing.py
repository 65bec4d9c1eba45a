"""An assertion drawn over time: the series, the datapoint, the expected and the actual state.

time         5m  6m  7m  8m     9m
Errors Sum    0   0   9   9      9
datapoint     0   0  9!  9!     9!  >= 5
expected             .   .      OK
actual              OK  OK   ALARM

What stands before the first state is what the first evaluation saw beside its newest datapoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from kfm_audit.alarmtests.document import StateName
from kfm_audit.alarmtests.durations import shown_duration
from kfm_audit.alarmtests.model import Assertion
from kfm_audit.alarmtests.observe import shown_value
from kfm_audit.alarmtests.observed import Evaluated, Observed, Seen
from kfm_audit.reports.neutral import columns, neutral, shorten
from kfm_audit.reports.style import Paint, painter

_SHORT: Final = {"OK": "OK", "ALARM": "ALARM", "INSUFFICIENT_DATA": "NODATA"}
_LABEL: Final = 36
"""Columns that a label takes at most."""
_SAME: Final = 3
"""Columns that are alike in a row and more than this many are drawn as the first, `...` and the last."""
_MOST: Final = 40
"""A drawing has no more columns than this; `--output json` has them all."""
_AROUND: Final = range(-1, 5)
"""How far from a change of state a column of a long drawing may be: four before it, one after."""
_ANY: Final = "."
"""A state that nothing is asserted of."""
_CUT: Final = "..."


class Cell(Struct, frozen=True):
    """What stands at one time in one row; `style` is "" for no colour."""

    text: str
    style: str = ""


class Row(Struct, frozen=True):
    """A label, one cell for each time, and what stands behind the last."""

    label: str
    cells: tuple[Cell, ...]
    remark: str = ""


def drawing(assertion: Assertion | None, observed: Observed, paint: Paint, width: int) -> Iterator[str]:
    """The lines of the drawing, none wider than `width` as far as one column fits.

    Where there is no assertion, nothing is expected.
    """
    rows = _shortened(tuple(_rows(assertion, observed)))
    labels = max(columns(row.label) for row in rows)
    widths = [max(columns(row.cells[at].text) for row in rows) + 2 for at in range(len(rows[0].cells))]
    for block in _blocks(widths, width - labels - max(len(row.remark) for row in rows) - 2):
        for row in rows:
            cells = "".join(
                " " * (widths[at] - columns(row.cells[at].text)) + _painted(row.cells[at], paint)
                for at in block
            )
            remark = f"  {paint(row.remark, 'faint')}" if row.remark else ""
            yield f"{paint(row.label, 'faint')}{' ' * (labels - columns(row.label))}{cells}{remark}".rstrip()


def _rows(assertion: Assertion | None, observed: Observed) -> Iterator[Row]:
    evaluations = observed.evaluations
    every: tuple[Seen | Evaluated, ...] = (*observed.earlier, *evaluations)
    unsaid = (Cell(""),) * len(observed.earlier)
    yield Row("time", tuple(Cell(shown_duration(one.time), "faint") for one in every))
    for label, values in observed.series:
        texts = (_SHORT.get(value, value) for value in values)
        yield Row(shorten(neutral(label), _LABEL), tuple(Cell(neutral(text)) for text in texts))
    if any(one.value is not None for one in every) or observed.threshold:
        cells = tuple(_datapoint(one) for one in every)
        yield Row("datapoint", cells, observed.threshold)
    if assertion is None:
        yield Row("state", (*unsaid, *(_state(one, None) for one in evaluations)))
        return
    expected = _expected(assertion, observed)
    yield Row("expected", (*unsaid, *(Cell(_SHORT[state] if state else _ANY) for state in expected)))
    states = (_state(one, state) for one, state in zip(evaluations, expected, strict=True))
    yield Row("actual", (*unsaid, *states))


def _datapoint(one: Evaluated | Seen) -> Cell:
    return Cell(shown_value(one.value) + "!" * one.breaching, "error" if one.breaching else "")


def _state(one: Evaluated, expected: StateName | None) -> Cell:
    text = _SHORT[one.state] + "?" * one.indeterminate
    if expected is None:
        return Cell(text)
    return Cell(text, "label" if one.state == expected else "error")


def _expected(assertion: Assertion, observed: Observed) -> list[StateName | None]:
    """The state that is asserted at each time: at all, where changes are; else at the last alone."""
    evaluations = observed.evaluations
    if assertion.changes is None:
        return [None] * (len(evaluations) - 1) + [assertion.written.exp_state]
    states: list[StateName | None] = []
    for one in evaluations:
        passed = [state for time, state in assertion.changes if time <= one.time]
        states.append(passed[-1] if passed else observed.initial_state)
    return [*states[:-1], assertion.written.exp_state]


def _shortened(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """What is worth a look: `...` stands for columns that are alike, and in long drawings for all far from a change."""
    kept: list[int | None] = []
    for at in _worth_a_look(rows):
        gap = at - (kept[-1] if kept and kept[-1] is not None else -1)
        kept += [None, at] if gap > 1 else [at]
    return tuple(
        Row(row.label, tuple(Cell(_CUT, "faint") if at is None else row.cells[at] for at in kept), row.remark)
        for row in rows
    )


def _worth_a_look(rows: tuple[Row, ...]) -> list[int]:
    """The columns that are drawn: of long runs of columns that are alike but for their time, the ends."""
    count = len(rows[0].cells)
    alike = [tuple(row.cells[at] for row in rows[1:]) for at in range(count)]
    kept: list[int] = []
    for _, group in groupby(range(count), key=lambda at: alike[at]):
        same = list(group)
        kept += same if len(same) <= _SAME else [same[0], same[-1]]
    if len(kept) <= _MOST:
        return kept
    state = rows[-1].cells
    changes = {0, count - 1, *(at for at in range(1, count) if state[at].text != state[at - 1].text)}
    near = [at for at in kept if any(at + step in changes for step in _AROUND)]
    return near if len(near) <= _MOST else [*near[: _MOST // 2], *near[-_MOST // 2 :]]


def _blocks(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """The columns, as many together as fit."""
    block: list[int] = []
    used = 0
    for at, width in enumerate(widths):
        if block and used + width > room:
            yield block
            block, used = [], 0
        block.append(at)
        used += width
    yield block


def _painted(cell: Cell, paint: Paint) -> str:
    return paint(cell.text, cell.style) if cell.style else cell.text


def drawn(assertion: Assertion | None, observed: Observed, width: int = 100) -> Iterable[str]:
    """The drawing without colours."""
    return drawing(assertion, observed, painter(color=False), width)
