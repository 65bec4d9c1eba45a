"""The report as one HTML page: it opens without a network, and prints."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence.alarm.series import watched
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.replay.document import AlarmRow, Document, Sides
from kfm_audit.replay.history import Floats
from kfm_audit.replay.pages import name_of
from kfm_audit.replay.plot import Band, Drawing, legend, seconds, svg
from kfm_audit.replay.side import Replayed
from kfm_audit.replay.text import (
    alarms_by_week,
    assumed,
    detection,
    difference,
    gaps,
    pages_of_row,
    paging_services,
    ranges,
    refused,
    services_by_week,
    shown,
    week_pages,
)
from kfm_audit.replay.vector import VectorRun
from kfm_audit.simulation.watch import Watch, watch_of
from kfm_audit.values import ABSENT, Known, known
from kfm_audit.values import shown as shown_value

if TYPE_CHECKING:
    from kfm_audit.replay.answer import Answer

_STYLE: Final = """
:root { --ink: #1b1b1b; --faint: #666; --rule: #d5d5d5; --bad: #a00d25; --good: #1d6b3a; }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, "Segoe UI", Roboto, sans-serif; color: var(--ink); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p, figcaption { margin: .2rem 0; color: var(--faint); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.sub { padding-left: 1.2rem; color: var(--faint); }
.more { color: var(--bad); } .less { color: var(--good); }
figure { margin: 1.2rem 0; break-inside: avoid; } svg { width: 100%; height: auto; font-family: inherit; }
.key span { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; vertical-align: baseline; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } tr { break-inside: avoid; }
  h2 { break-after: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def render(answer: Answer) -> str:
    """The whole page."""
    document = answer.document
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Alarm replay: {escape(document.after)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
            *_body(answer),
            "</body>\n</html>\n",
        )
    )


def _body(answer: Answer) -> Iterator[str]:
    document = answer.document
    against = f" against {escape(document.before)}" if document.before else ""
    yield f"<h1>Alarm replay: {escape(document.after)}</h1>"
    yield f"<p>{escape(document.start)} to {escape(document.stop)}{against}</p>"
    yield from _totals(document)
    yield from _alarms(document)
    yield from _weeks(document)
    yield from _incidents(document)
    yield from _lists(document)
    yield from _figures(answer)


def _totals(document: Document) -> Iterator[str]:
    totals = document.totals
    rows = (
        ("Alarms", "", totals.alarms),
        ("not evaluated", "sub", totals.refused),
        ("Pages", "", totals.pages),
        ("that nobody hears", "sub", totals.unheard),
        ("of which that is not known", "sub", totals.untold),
        ("for nothing (no incident)", "sub", totals.false_positives),
        ("Incidents without a page", "", totals.missed_incidents),
    )
    yield "<h2>In numbers</h2>\n<table>" + _head("", document)
    for name, style, sides in rows:
        if sides.after is not None:
            yield f'<tr><td class="{style}">{name}</td>{_cells(sides, document)}</tr>'
    yield "</table>"
    for title, lines in (
        ("service", paging_services(document)),
        ("week", [(row.week, week_pages(row)) for row in document.weeks]),
    ):
        if lines:
            yield f"<h2>Pages by {title}</h2>\n<table>" + _head(title.capitalize(), document)
            for name, sides in lines:
                yield f"<tr><td>{escape(name)}</td>{_cells(sides, document)}</tr>"
            yield "</table>"


def _alarms(document: Document) -> Iterator[str]:
    rows = shown(document.alarms)
    yield "<h2>Pages by alarm</h2>"
    if rows:
        yield "<table>" + _head("Alarm", document, "Service", "")
    for row in rows:
        standing = "" if row.standing == "same" else row.standing
        cells = f"<td>{escape(row.service)}</td><td>{standing}</td>{_cells(pages_of_row(row), document)}"
        yield f"<tr><td>{escape(row.alarm)}</td>{cells}</tr>"
    if rows:
        yield "</table>"
    rest = len(document.alarms) - len(rows)
    if rest:
        yield f"<p>{rest:,} other {'alarm' if rest == 1 else 'alarms'} without any page.</p>"


def _weeks(document: Document) -> Iterator[str]:
    for title, rows in (("service", services_by_week(document)), ("alarm", alarms_by_week(document))):
        if rows:
            weeks = "".join(f'<th class="n">{row.week}</th>' for row in document.weeks)
            yield f"<h2>Pages by {title}, week for week</h2>\n<table><tr><th></th>{weeks}</tr>"
            for name, *cells in rows:
                numbers = "".join(f'<td class="n">{escape(cell)}</td>' for cell in cells)
                yield f"<tr><td>{escape(name)}</td>{numbers}</tr>"
            yield "</table>"


def _incidents(document: Document) -> Iterator[str]:
    if not document.incidents:
        return
    yield "<h2>Incidents</h2>\n<table><tr><th>Incident</th><th>Service</th><th>Detected</th>"
    yield ("<th>Before</th>" if document.before else "") + "<th>After</th></tr>"
    for row in document.incidents:
        kind = " (false positive)" if row.false_positive else ""
        before = f"<td>{escape(detection(row.before))}</td>" if document.before else ""
        yield (
            f"<tr><td>{escape(row.id)}{kind}</td><td>{escape(row.service)}</td><td>{escape(row.detected_at)}</td>"
            f"{before}<td>{escape(detection(row.after))}</td></tr>"
        )
    yield "</table>"


def _lists(document: Document) -> Iterator[str]:
    for title, lines in (
        ("Not evaluated: their pages are not known", refused(document)),
        ("Not recorded: data counts as missing", gaps(document)),
        ("Hang on the evaluation range, which AWS does not publish", ranges(document)),
        ("Not read", [f"{lost.path}: {lost.cause}; {lost.cure}" for lost in document.lost]),
        ("Assumed, where AWS is silent", [assumed(item) for item in document.assumptions]),
    ):
        if lines:
            yield f"<h2>{title}</h2>\n<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _figures(answer: Answer) -> Iterator[str]:
    rows = [row for row in shown(answer.document.alarms) if (row.after or row.before)]
    drawn = rows[: answer.settings.plots]
    if not drawn:
        return
    keys = "".join(f'<span style="background:{colour}"></span>{name}' for name, colour in legend())
    yield f'<h2>Alarms over time</h2>\n<p class="key">{keys}; each | is a page. Times are in UTC.</p>'
    for row in drawn:
        drawing = _drawing(answer, row)
        if drawing is not None:
            caption = f"<figcaption>{escape(_compared(answer, row))}</figcaption>"
            yield f"<figure><h3>{escape(row.alarm)}</h3>{caption}\n{svg(drawing)}</figure>"
    if len(rows) > len(drawn):
        yield f"<p>{len(rows) - len(drawn):,} more are not drawn; --plots draws more.</p>"


def _compared(answer: Answer, row: AlarmRow) -> str:
    """What an alarm compares with its threshold, as it is after the change where there still is one."""
    side = answer.after if row.after is not None else answer.before
    assert side is not None, "it is on one of the sides"
    match _alarm(side, row):
        case MetricAlarm() as alarm:
            for query in known(alarm.metric_query) or ():
                if query.return_data == Known(True) and query.metric is None:
                    label = "" if query.label is ABSENT else f"{shown_value(query.label)}: "
                    return label + shown_value(query.expression)
            found = watched(alarm)
            return f"{found.name}, {shown_value(found.statistic)}" if found is not None else ""
        case CompositeAlarm() as composite:
            return shown_value(composite.alarm_rule)
        case _:
            return ""


def _alarm(side: Replayed, row: AlarmRow) -> Alarm:
    alarms = side.evidence.alarms.all
    return next(item for item in alarms if (item.stack, name_of(item)) == (row.stack, row.alarm))


def _drawing(answer: Answer, row: AlarmRow) -> Drawing | None:
    sides = [("before", answer.before, row.before), ("after", answer.after, row.after)]
    bands = []
    series = None
    thresholds: dict[float, list[str]] = {}
    for title, replayed, side in sides:
        if replayed is None or side is None or side.refused:
            continue
        alarm = _alarm(replayed, row)
        timeline = replayed.simulation.timeline(alarm)
        assert timeline is not None, "it was not refused"
        bands.append(Band(title, timeline, tuple(seconds(at) for at in side.times)))
        if isinstance(alarm, MetricAlarm):
            watch = watch_of(alarm)
            assert isinstance(watch, Watch), "it was not refused"
            if isinstance(alarm.threshold, Known) and not alarm.threshold.sensitive:
                thresholds.setdefault(alarm.threshold.value, []).append(title)
            series = _series(alarm, watch, timeline.first, answer)
    if not bands:
        return None
    times, values = series or (np.empty(0, dtype=np.int64), np.empty(0))
    one = len(thresholds) == 1
    return Drawing(
        name=f"{row.stack} {row.alarm}",
        start=seconds(answer.document.start),
        stop=seconds(answer.document.stop),
        times=times,
        values=values,
        thresholds=tuple(("" if one else " and ".join(names), value) for value, names in thresholds.items()),
        bands=tuple(bands),
    )


def _series(alarm: MetricAlarm, watch: Watch, first: int, answer: Answer) -> tuple[NDArray[np.int64], Floats]:
    """What the alarm compares with its threshold, and when."""
    run = VectorRun(
        alarm,
        watch,
        answer.history,
        first=first,
        stop=answer.after.simulation.stop,
        initial=AlarmState.INSUFFICIENT_DATA,
        assumptions=answer.settings.assumptions,
    )
    grid, values = run.datapoints()
    return grid.moments, values


def _head(name: str, document: Document, *more: str) -> str:
    beside = "".join(f"<th>{title}</th>" for title in more)
    sides = ("before", "after", "") if document.before else ("after",)
    return f"<tr><th>{name}</th>{beside}" + "".join(f'<th class="n">{side}</th>' for side in sides) + "</tr>"


def _cells(sides: Sides, document: Document) -> str:
    after = f'<td class="n">{_number(sides.after)}</td>'
    if not document.before:
        return after
    change = difference(sides)
    kind = {"+": " more", "-": " less"}.get(change[:1], "")
    return f'<td class="n">{_number(sides.before)}</td>{after}<td class="n{kind}">{change}</td>'


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
