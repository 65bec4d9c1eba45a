"""The report for people: what changes, and then each alarm and incident to which it matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kfm_audit.replay.document import AlarmRow, Assumed, Detection, Document, IncidentRow, Pages, Sides, Week
from kfm_audit.reports.neutral import neutral

_UNKNOWN: Final = "?"
_NO_SERVICE: Final = "(none)"
_RANGES: Final = 10
"""The most alarms that are named because they hang on the evaluation range."""
_GAPS: Final = 10
"""The most times that are named because nothing was recorded."""


def render(document: Document) -> str:
    """The report as text; it ends with a line feed."""
    parts = [
        _head(document),
        _table(("", *_columns(document)), _totals(document)),
        *_section("pages by alarm", _alarms(document)),
        *_section("pages by service", _services(document)),
        *_section("pages by week", _weeks(document)),
        *_section("pages by service, week for week", _matrix(document, services_by_week(document))),
        *_section("pages by alarm, week for week", _matrix(document, alarms_by_week(document))),
        *_section("incidents", _incidents(document)),
        *_section("not evaluated: their pages are not known", [f"  {line}" for line in refused(document)]),
        *_section("not recorded: data counts as missing", gaps(document)),
        *_section("hang on the evaluation range, which AWS does not publish", ranges(document)),
        *_section("not read", [f"  {lost.path}: {lost.cause}; {lost.cure}" for lost in document.lost]),
        *_section("assumed, where AWS is silent", [assumed(item) for item in document.assumptions]),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def span(seconds: int) -> str:
    """A length of time for people: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if abs(seconds) < 120:
        return f"{abs(seconds)} s"
    minutes = abs(seconds) // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def detection(found: Detection | None) -> str:
    """How an incident would have been told of."""
    if found is None:
        return "nobody is paged"
    when = (
        "when" if not found.seconds else f"{span(found.seconds)} {'after' if found.seconds > 0 else 'before'}"
    )
    return f"first page {when} it was detected, by {found.alarm}"


def assumed(item: Assumed) -> str:
    """An assumption and what it is about."""
    return f"  {item.name}: {item.text}" if item.text else f"  {item.name}"


def ranges(document: Document) -> list[str]:
    """The alarms whose states hang on the evaluation range, the first of them."""
    rows = document.range_sensitive
    lines = [
        f"  {row.alarm}{f' ({row.side})' if document.before else ''}: {row.state} at {row.at}, but {row.other} with "
        f"{row.slots} slots"
        for row in rows[:_RANGES]
    ]
    return [*lines, f"  and {len(rows) - _RANGES:,} more"] if len(rows) > _RANGES else lines


def gaps(document: Document) -> list[str]:
    """The times that no history is of, the first of them."""
    lines = [f"  {gap.start} to {gap.stop}: {gap.metric or 'all metrics'}" for gap in document.unrecorded]
    return [*lines[:_GAPS], f"  and {len(lines) - _GAPS:,} more"] if len(lines) > _GAPS else lines


def difference(sides: Sides) -> str:
    """`+3`, `-2`, `0`; "" where there is nothing to compare with."""
    if sides.before is None or sides.after is None:
        return ""
    return f"{sides.after - sides.before:+d}" if sides.after != sides.before else "0"


def shown(rows: Iterable[AlarmRow]) -> list[AlarmRow]:
    """The alarms worth a line: those that page, or that are not what they were; the greatest change first."""
    worth = [
        row for row in rows if row.standing != "same" or pages_of_row(row).after or pages_of_row(row).before
    ]
    return sorted(worth, key=lambda row: (-_weight(row), row.stack, row.alarm))


def services_by_week(document: Document) -> list[tuple[str, ...]]:
    """A line for each service that pages: its name, and the pages of each week; [] for a single week."""
    lines = [(row.service or _NO_SERVICE, row.weeks) for row in document.services]
    return _by_week(document, lines)


def alarms_by_week(document: Document) -> list[tuple[str, ...]]:
    """The same for each alarm."""
    return _by_week(document, [(row.alarm, row.weeks) for row in shown(document.alarms)])


def _by_week(document: Document, lines: Iterable[tuple[str, tuple[Week, ...]]]) -> list[tuple[str, ...]]:
    weeks = [row.week for row in document.weeks]
    if len(weeks) < 2:
        return []
    table = [(name, {row.week: row for row in rows}) for name, rows in lines]
    return [
        (name, *(_week(found.get(week)) for week in weeks))
        for name, found in table
        if any(row.after.sent or (row.before and row.before.sent) for row in found.values())
    ]


def _week(row: Week | None) -> str:
    """`3 -> 1`, and one number where nothing changes."""
    if row is None:
        return "0"
    before = row.before.sent if row.before is not None else row.after.sent
    return str(row.after.sent) if before == row.after.sent else f"{before} -> {row.after.sent}"


def _matrix(document: Document, rows: list[tuple[str, ...]]) -> list[str]:
    head = ("", *(row.week for row in document.weeks))
    return _table(head, rows, indent="  ", numbers=True).splitlines() if rows else []


def _head(document: Document) -> str:
    against = f" against {document.before}" if document.before else ""
    return f"{neutral(f'replay of {document.after}{against}')}\n{document.start} to {document.stop}"


def _columns(document: Document) -> tuple[str, ...]:
    return ("before", "after", "") if document.before else ("after",)


def _totals(document: Document) -> list[tuple[str, ...]]:
    totals = document.totals
    rows = [
        ("alarms", totals.alarms),
        ("  not evaluated", totals.refused),
        ("pages", totals.pages),
        ("  that nobody hears", totals.unheard),
        ("  of which that is not known", totals.untold),
        ("  for nothing (no incident)", totals.false_positives),
        ("incidents without a page", totals.missed_incidents),
    ]
    return [(name, *_numbers(sides, document)) for name, sides in rows if sides.after is not None]


def _numbers(sides: Sides, document: Document) -> tuple[str, ...]:
    after = _UNKNOWN if sides.after is None else f"{sides.after:,}"
    if not document.before:
        return (after,)
    return (_UNKNOWN if sides.before is None else f"{sides.before:,}", after, difference(sides))


def _alarms(document: Document) -> list[str]:
    rows = shown(document.alarms)
    if not rows:
        return ["  no alarm pages"]
    several = len({row.stack for row in document.alarms}) > 1
    lines = [
        (
            f"{row.alarm} ({row.stack})" if several else row.alarm,
            row.service or _NO_SERVICE,
            "" if row.standing == "same" else row.standing,
            *_numbers(pages_of_row(row), document),
            _remark(row),
        )
        for row in rows
    ]
    rest = len(document.alarms) - len(rows)
    more = [f"  and {rest:,} {'alarm' if rest == 1 else 'alarms'} without any page"] if rest else []
    head = ("alarm", "service", "", *_columns(document), "")
    return [*_table(head, lines, indent="  ").splitlines(), *more]


def _remark(row: AlarmRow) -> str:
    sides = [side for side in (row.before, row.after) if side is not None]
    if row.after is not None and row.after.pages.unheard:
        return "nobody hears it"
    if row.after is not None and row.after.pages.untold:
        return "who hears it is not known"
    return "some changes rest on assumptions" if any(side.uncertain for side in sides) else ""


def paging_services(document: Document) -> list[tuple[str, Sides]]:
    """Each service that pages, before or after: its name, and the pages of both sides."""
    return [
        (row.service or _NO_SERVICE, _sent(row.before, row.after))
        for row in document.services
        if row.after.sent or (row.before and row.before.sent)
    ]


def _services(document: Document) -> list[str]:
    rows = [(name, *_numbers(sides, document)) for name, sides in paging_services(document)]
    return _table(("service", *_columns(document)), rows, indent="  ").splitlines() if rows else []


def _weeks(document: Document) -> list[str]:
    rows = [(row.week, *_numbers(week_pages(row), document)) for row in document.weeks]
    return _table(("week", *_columns(document)), rows, indent="  ").splitlines() if rows else []


def _incidents(document: Document) -> list[str]:
    return [line for row in document.incidents for line in _incident(row, compared=bool(document.before))]


def _incident(row: IncidentRow, *, compared: bool) -> Iterator[str]:
    kind = ", a false positive" if row.false_positive else ""
    yield f"  {row.id} ({row.service}{kind}), detected {row.detected_at}"
    if compared:
        yield f"    before  {detection(row.before)}"
        yield f"    after   {detection(row.after)}"
    else:
        yield f"    {detection(row.after)}"


def refused(document: Document) -> list[str]:
    """A line for each alarm that was not evaluated; one for both sides where the reason is the same."""
    lines = []
    for row in document.alarms:
        sides = (("before", row.before), ("after", row.after))
        why = {side.refused: name for name, side in sides if side is not None and side.refused}
        both = row.before is not None and row.after is not None and row.before.refused == row.after.refused
        for reason, name in why.items():
            when = f" ({name})" if document.before and not both else ""
            lines.append(f"{row.alarm}{when} {reason}")
    return lines


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["\n".join((title, *map(neutral, lines)))] if lines else []


def pages_of_row(row: AlarmRow) -> Sides:
    """Pages on both sides; None where the alarm was not evaluated, 0 where there is none."""
    return Sides(_of_side(row, before=True), _of_side(row, before=False))


def _of_side(row: AlarmRow, *, before: bool) -> int | None:
    side = row.before if before else row.after
    if side is None:
        return 0
    return None if side.refused else side.pages.sent


def _weight(row: AlarmRow) -> int:
    sides = pages_of_row(row)
    return abs((sides.after or 0) - (sides.before or 0)) if row.before else sides.after or 0


def week_pages(row: Week) -> Sides:
    """The pages of a week, of both sides."""
    return _sent(row.before, row.after)


def _sent(before: Pages | None, after: Pages) -> Sides:
    return Sides(before.sent if before is not None else None, after.sent)


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "", *, numbers: bool = False
) -> str:
    """Columns as wide as they need to be: names on the left, numbers on the right."""
    lines = [[neutral(cell) for cell in line] for line in (head, *rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    right = [
        (numbers and at > 0) or (bool(rows) and all(_is_number(row[at]) for row in rows))
        for at in range(len(head))
    ]
    return "\n".join(
        (
            indent
            + "  ".join(
                cell.rjust(width) if to_the_right else cell.ljust(width)
                for cell, width, to_the_right in zip(line, widths, right, strict=True)
            )
        ).rstrip()
        for line in lines
    )


def _is_number(text: str) -> bool:
    return not text.strip("0123456789,+-?")
