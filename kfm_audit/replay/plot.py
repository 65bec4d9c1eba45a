"""One alarm drawn over time: what it compares, its threshold, and its states on both sides.

Drawn by matplotlib into SVG that stands inside a page and needs nothing else.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.replay.history import Floats
from kfm_audit.simulation.timeline import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH: Final = 900
"""Points of the series that are drawn: two for each column, the lowest and the highest."""
_COLOURS: Final = {
    AlarmState.OK: "#8fbf9f",
    AlarmState.ALARM: "#c8102e",
    AlarmState.INSUFFICIENT_DATA: "#c9c9c9",
}
_LINE: Final = "#1f4e79"
_FONT: Final = 9


class Band(Struct, frozen=True):
    """The states of an alarm on one side: `title` names it, `pages` are the times of its pages."""

    title: str
    timeline: Timeline
    pages: tuple[int, ...]


class Drawing(Struct, frozen=True):
    """What is drawn of one alarm. Times are in seconds since 1970; `values` are those at `times`."""

    name: str
    start: int
    stop: int
    times: NDArray[np.int64]
    values: Floats
    thresholds: tuple[tuple[str, float], ...]
    bands: tuple[Band, ...]


def svg(drawing: Drawing) -> str:
    """The drawing as an SVG element; the same drawing gives the same text."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # The salt makes the names in the SVG those of this alarm, and the same in every run.
    with rc_context(
        {"svg.hashsalt": drawing.name, "svg.fonttype": "none", "font.size": _FONT, "axes.linewidth": 0.6}
    ):
        has_series = bool(len(drawing.values))
        heights = [6.0] * has_series + [1.0] * len(drawing.bands)
        figure = Figure(figsize=(9.2, 0.5 + 0.27 * sum(heights)), layout="constrained")
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        if has_series:
            _draw_series(axes[0], drawing)
        for axis, band in zip(axes[int(has_series) :], drawing.bands, strict=True):
            _draw_band(axis, band, drawing.stop)
        axes[-1].set_xlim(_day(drawing.start), _day(drawing.stop))
        _label_days(axes[-1])
        made = io.StringIO()
        figure.savefig(made, format="svg", metadata={"Date": None, "Creator": None})
    text = made.getvalue()
    return text[text.index("<svg") :]


def thinned(times: NDArray[np.int64], values: Floats) -> tuple[NDArray[np.int64], Floats]:
    """As many points as can be seen: the lowest and the highest of each column, gaps as NaN."""
    if len(values) <= 2 * _WIDTH:
        return times, values
    size = -(-len(values) // _WIDTH)
    padding = size * _WIDTH - len(values)
    grid = np.concatenate((values, np.full(padding, np.nan))).reshape(_WIDTH, size)
    empty = np.isnan(grid).all(axis=1)
    lowest = np.where(empty, np.nan, np.fmin.reduce(grid, axis=1))
    highest = np.where(empty, np.nan, np.fmax.reduce(grid, axis=1))
    columns = np.concatenate((times, np.full(padding, times[-1]))).reshape(_WIDTH, size)[:, 0]
    return np.repeat(columns, 2), np.stack((lowest, highest), axis=1).reshape(-1)


def _draw_series(axis: Axes, drawing: Drawing) -> None:
    times, values = thinned(drawing.times, drawing.values)
    axis.plot(times / 86_400, values, color=_LINE, linewidth=0.8)
    # A datapoint between two gaps makes no line: it is drawn as a dot.
    gaps = np.concatenate(([True], np.isnan(values), [True]))
    alone = ~gaps[1:-1] & gaps[:-2] & gaps[2:]
    axis.plot(times[alone] / 86_400, values[alone], ".", color=_LINE, markersize=2)
    styles: Sequence[str] = ("--", ":")
    for (title, value), style in zip(drawing.thresholds, styles, strict=False):
        axis.axhline(value, color=_COLOURS[AlarmState.ALARM], linewidth=0.9, linestyle=style)
        axis.annotate(
            f"{title} {value:g}".strip(),
            (1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            color=_COLOURS[AlarmState.ALARM],
            fontsize=_FONT - 1,
        )
    axis.grid(visible=True, axis="y", linewidth=0.3, color="#d8d8d8")
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _draw_band(axis: Axes, band: Band, stop: int) -> None:
    spans = band.timeline.spans
    ends = [*(span.at for span in spans[1:]), stop]
    for state, colour in _COLOURS.items():
        ranges = [
            (_day(span.at), (end - span.at) / 86_400)
            for span, end in zip(spans, ends, strict=True)
            if span.state is state
        ]
        axis.broken_barh(ranges, (0, 1), facecolors=colour)
    axis.plot([_day(at) for at in band.pages], [0.5] * len(band.pages), "|", color="black", markersize=9)
    axis.set_ylim(0, 1)
    axis.set_yticks([0.5], [band.title])
    axis.tick_params(axis="y", length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _label_days(axis: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]  # not annotated there
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # nor this
    axis.tick_params(axis="x", length=3)


def _day(seconds: int) -> float:
    """A time as matplotlib has it: days since 1970."""
    return seconds / 86_400


def legend() -> tuple[tuple[str, str], ...]:
    """The states and their colours."""
    return tuple((state.value, colour) for state, colour in _COLOURS.items())


def seconds(text: str) -> int:
    """A time of the report, in seconds since 1970."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
