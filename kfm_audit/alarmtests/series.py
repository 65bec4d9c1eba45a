"""Input series in promtool's notation.

Prometheus documentation, "Unit testing for rules", "`<series>`": `a+bxN` gives a, a+b, ... (N+1
values), `a-bxN` likewise, `axN` is `a+0xN`, `_` is a missing value and `_xN` are N of them. A number
is never hexadecimal: `0x3` is 0 four times, as in promtool.

CloudWatch knows no stale marker, no NaN, no infinity and no histogram; each is refused by name.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Values: TypeAlias = tuple[float | None, ...]
"""One value an interval, oldest first; None is missing."""

LIMIT: Final = 100_000
"""The most values of one series: ten weeks of minutes."""

_NUMBER: Final = r"(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+"
_ITEM: Final = re.compile(
    rf"(?P<start>[+-]?{_NUMBER})(?:(?P<step>[+-]{_NUMBER})(?=x))?(?:x(?P<times>[0-9]++))?|_(?:x(?P<gap>[0-9]++))?"
)
_BOUND: Final = 2.0**360
"""CloudWatch user guide, "Metrics concepts": values lie between -2^360 and 2^360."""
_REFUSED: Final = {
    "stale": "CloudWatch has no stale marker; write `_` for a missing value",
    "nan": "CloudWatch takes no NaN; write `_` for a missing value",
    "inf": "CloudWatch takes no infinity",
    "{{": "CloudWatch has no native histograms; write the statistic of each interval",
}


class SeriesError(Exception):
    """A series is not written as it must be. The text says what is wrong with which part of it."""


def read_values(text: str) -> Values:
    """The values that a series stands for. Raises SeriesError."""
    values: list[float | None] = []
    for word in text.split():
        item = _ITEM.fullmatch(word)
        if item is None:
            raise SeriesError(_refusal(word))
        count = _count(item)
        if len(values) + count > LIMIT:
            raise SeriesError(f"`{_short(word)}` makes the series longer than {LIMIT:,} values")
        values += _expanded(item, word, count)
    if not values:
        raise SeriesError("a series has at least one value; `_` is a missing one")
    return tuple(values)


def _count(item: re.Match[str]) -> int:
    """`axN` gives N+1 values, `_xN` gives N: as in promtool."""
    if item["start"] is None:
        return _number(item["gap"]) if item["gap"] is not None else 1
    return _number(item["times"]) + 1 if item["times"] is not None else 1


def _number(digits: str) -> int:
    """A count, or one beyond the limit: numbers of thousands of digits are not worth their reading."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= len(str(LIMIT)) else LIMIT + 1


def _expanded(item: re.Match[str], word: str, count: int) -> list[float | None]:
    if item["start"] is None:
        return [None] * count
    start, step = float(item["start"]), float(item["step"] or 0)
    last = start + step * (count - 1)
    if not (abs(start) <= _BOUND and abs(last) <= _BOUND):
        raise SeriesError(f"`{_short(word)}` leaves the range of CloudWatch's values, -2^360 to 2^360")
    return [start + step * number for number in range(count)] if step else [start] * count


def _refusal(word: str) -> str:
    bare = word.lower().lstrip("+-")
    for beginning, why in _REFUSED.items():
        if bare.startswith(beginning):
            return f"`{_short(word)}`: {why}"
    return (
        f"`{_short(word)}` is no value: write a number, `_` for a missing one, or a repetition such as "
        "`0x9`, `1+2x5` or `_x3`"
    )


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:37] + "..."
