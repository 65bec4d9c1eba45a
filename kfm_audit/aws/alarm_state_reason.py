"""Why an alarm is in its state, in CloudWatch's own words: `StateReason`.

The wordings were taken from reasons that CloudWatch wrote between 2017 and
2026, as people quote them in public: with and without `DatapointsToAlarm`, with
five datapoints and more, with missing datapoints filled in, and of composites.
"""

from __future__ import annotations

import time
from typing import Final

from kfm_audit.aws.alarm_evaluation import Comparison, Criteria, Datapoints, Decision, Treatment
from kfm_audit.aws.alarm_state import AlarmState

CREATED: Final = "Unchecked: Initial alarm creation"

_WORDS: Final = {
    Comparison.AT_LEAST: "greater than or equal to",
    Comparison.GREATER: "greater than",
    Comparison.LESS: "less than",
    Comparison.AT_MOST: "less than or equal to",
}
_LISTED: Final = 5
"""From so many datapoints on, only the newest are listed, in a sentence of their own."""


def state_reason(criteria: Criteria, decision: Decision, end: int, *, spells_minimum: bool = True) -> str:
    """The reason for the state of a decision; "" where the evaluation left the state as it was.

    `end` is the end of the newest slot, in seconds since 1970. `spells_minimum`
    says that `DatapointsToAlarm` is configured: only then is the minimum named.
    """
    if decision.retained:
        return ""
    if decision.state is AlarmState.INSUFFICIENT_DATA:
        missing = criteria.periods - len(decision.evaluated)
        return f"Insufficient Data: {_number(missing, 'datapoint')} {_were(missing)} unknown."
    alarmed = decision.state is AlarmState.ALARM
    telling = tuple(
        point
        for point in reversed(decision.evaluated)
        if criteria.comparison.holds(point[1], criteria.threshold) is alarmed
    )
    what = _counted(criteria, decision, telling, end, spells_minimum=spells_minimum)
    if not spells_minimum or not telling:
        return f"Threshold Crossed: {what}."
    least = criteria.datapoints if alarmed else criteria.periods - criteria.datapoints + 1
    change = "OK -> ALARM" if alarmed else "ALARM -> OK"
    return f"Threshold Crossed: {what} (minimum {_number(least, 'datapoint')} for {change} transition)."


def composite_reason(child_arn: str, state: AlarmState, at: int) -> str:
    """The reason for the state of a composite: which child changed last. `at` is in seconds since 1970."""
    moment = time.gmtime(at)
    day = f"{_DAYS[moment.tm_wday]} {moment.tm_mday:02d} {_MONTHS[moment.tm_mon - 1]}, {moment.tm_year}"
    clock = f"{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d}"
    return f"{child_arn} transitioned to {state.value} at {day} {clock} UTC"


def java_double(value: float) -> str:
    """A number as CloudWatch writes it: `100.0`, `0.05`, `1.0E7`. A zero has no sign: `0.0 == -0.0` to evaluations."""
    if value == 0:
        return "0.0"
    if 1e-3 <= abs(value) < 1e7:
        text = repr(float(value))
        return text if "e" not in text else f"{value:.20f}".rstrip("0")
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        mantissa, _, exponent = f"{value:.16e}".partition("e")
        mantissa = mantissa.rstrip("0")
        mantissa += "0" if mantissa.endswith(".") else ""
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}E{int(exponent)}"


def _counted(
    criteria: Criteria, decision: Decision, telling: Datapoints, end: int, *, spells_minimum: bool
) -> str:
    """How many datapoints are on which side of the threshold, and what was filled in."""
    alarmed = decision.state is AlarmState.ALARM
    filled = ""
    if decision.filled:
        stands_for = "Breaching" if criteria.treatment is Treatment.BREACHING else "NonBreaching"
        missing = decision.filled
        filled = f" and {_number(missing, 'missing datapoint')} {_were(missing)} treated as [{stands_for}]"
    if not telling:
        received = len(decision.evaluated)
        count = _number(received, "datapoint") if received else "no datapoints"
        were = _were(received or 2)
        return f"{count} {were} received for {_number(criteria.periods, 'period')}{filled}"
    points = [_point(criteria, age, value, end) for age, value in telling[:_LISTED]]
    count = (
        f"{len(telling)} out of the last {criteria.periods} datapoints"
        if spells_minimum
        else _number(len(telling), "datapoint")
    )
    verb = f"{_were(len(telling))} {'' if alarmed else 'not '}{_WORDS[criteria.comparison]}"
    threshold = f"the threshold ({java_double(criteria.threshold)})"
    listed = f"[{', '.join(points)}]"
    if len(telling) < _LISTED:
        return f"{count} {listed} {verb} {threshold}{filled}"
    newest = f"The most recent datapoints which crossed the threshold: {listed}"
    return f"{count} {verb} {threshold}{filled}. {newest}"


def _point(criteria: Criteria, age: int, value: float, end: int) -> str:
    """`100.0 (14/09/26 05:51:30)`: a slot is named by its start."""
    start = time.gmtime(end - age * criteria.period)
    return f"{java_double(value)} ({time.strftime('%d/%m/%y %H:%M:%S', start)})"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""In English wherever we run: `time.strftime` follows the locale."""
