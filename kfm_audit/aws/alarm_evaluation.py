"""Whether a metric alarm is in ALARM: M out of N, missing data, and the evaluation range.

CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms
treat missing data" (both tables of examples, and the rule on premature alarms);
API reference of PutMetricAlarm. What AWS does not document is a field of
`Assumptions`, with a name under which it can be reported and another choice made.

Slots run from the oldest to the newest: the newest is the LAST one. A slot
without a datapoint is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from kfm_audit.aws.alarm_state import AlarmState

HOUR: Final = 3_600
DAY: Final = 86_400
MINUTE: Final = 60
FASTEST: Final = 10
"""Seconds between evaluations of an alarm with a period under a minute."""


class Comparison(Enum):
    """The comparisons of a datapoint (first operand) with a threshold (second operand).

    The three comparisons with an anomaly detection band have no fixed threshold and are not among them.
    """

    AT_LEAST = "GreaterThanOrEqualToThreshold"
    GREATER = "GreaterThanThreshold"
    LESS = "LessThanThreshold"
    AT_MOST = "LessThanOrEqualToThreshold"

    def holds(self, value: float, threshold: float) -> bool:
        """Whether a datapoint of this value is breaching."""
        match self:
            case Comparison.AT_LEAST:
                return value >= threshold
            case Comparison.GREATER:
                return value > threshold
            case Comparison.LESS:
                return value < threshold
            case Comparison.AT_MOST:
                return value <= threshold


class Treatment(Enum):
    """What stands in for datapoints that are missing: `treat_missing_data`."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


class YoungBreach(Enum):
    """What becomes of an alarm whose only datapoints breach and are too young: the named choices.

    Under `missing`, a breaching datapoint that is younger than M slots, with
    nothing but missing or breaching ones around it, does not make an ALARM (the
    rule on premature alarms). Which state results is not documented.
    """

    RETAIN = "retain"
    """The state stays as it is: the default."""
    OK = "ok"
    """The alarm goes to OK."""
    INSUFFICIENT_DATA = "insufficient-data"
    """The alarm goes to INSUFFICIENT_DATA."""


class LowSamples(Enum):
    """`evaluate_low_sample_count_percentiles`."""

    EVALUATE = "evaluate"
    IGNORE = "ignore"


class Assumptions(Struct, frozen=True, kw_only=True):
    """What AWS does not document, with the choice that is made here.

    `evaluation_range` is the number of slots that an evaluation looks at; 0
    takes `evaluation_range()` of the criteria. `range_offset` is added to it:
    -1 and 1 show whether a result hangs on it.
    """

    evaluation_range: int = 0
    range_offset: int = 0
    young_breach: YoungBreach = YoungBreach.RETAIN


DEFAULTS: Final = Assumptions()
"""The choices that are made where nobody makes others."""


class Criteria(Struct, frozen=True, kw_only=True):
    """What a metric alarm with a fixed threshold compares, and how.

    `periods` is N, `datapoints` is M (1 <= M <= N), `period` is in seconds.
    `percentile` is the p of pNN as a fraction (0.9 for p90), and None for every
    other statistic; `low_samples` matters for percentiles only.
    """

    comparison: Comparison
    threshold: float
    period: int
    periods: int
    datapoints: int
    treatment: Treatment = Treatment.MISSING
    percentile: float | None = None
    low_samples: LowSamples = LowSamples.EVALUATE


class Basis(Enum):
    """Which clause of the documented algorithm decided."""

    ENOUGH_BREACHING = "enough-breaching"
    """M of the newest N real datapoints breach: ALARM."""
    FILLED_BREACHING = "filled-breaching"
    """M of N breach when missing ones count as breaching: ALARM."""
    OLD_BREACH = "old-breach"
    """All that there is breaches, and the oldest of it is at least M slots old: ALARM, even with fewer than M."""
    NOT_ENOUGH_BREACHING = "not-enough-breaching"
    """Fewer than M breach, and a datapoint (or what is filled in) does not: OK."""
    NO_DATA = "no-data"
    """No datapoint in the range, treated as missing: INSUFFICIENT_DATA."""
    RETAINED = "retained"
    """Treated as `ignore`, or a percentile with too few samples: the state stays, as documented."""
    YOUNG_BREACH = "young-breach"
    """The rule on premature alarms keeps it from ALARM; the state is `Assumptions.young_breach`: undocumented."""
    SOME_LOW_SAMPLES = "some-low-samples"
    """Some of the evaluated percentiles have too few samples and some enough: the state stays, undocumented."""


Datapoints: TypeAlias = tuple[tuple[int, float], ...]
"""Datapoints as (age in slots, value), the newest last; age 1 is the newest slot."""


class Decision(Struct, frozen=True, kw_only=True):
    """What one evaluation says.

    `state` is the state after it. `indeterminate` says that AWS does not
    document it, so that an assumption decided. `retained` says that the state
    is the prior one because the evaluation leaves it as it is, so that a doubt
    about the prior state is one about this state too. `evaluated` are the
    datapoints that were looked at. `filled` is how many missing ones were filled in.
    """

    state: AlarmState
    basis: Basis
    indeterminate: bool = False
    retained: bool = False
    evaluated: Datapoints = ()
    filled: int = 0


def evaluation_range(criteria: Criteria, assumptions: Assumptions = DEFAULTS) -> int:
    """How many slots an evaluation looks at, never less than N.

    AWS publishes no formula. Its examples (N = 3, period 5 minutes) have 5;
    recorded alarms of 10 s have N + 6. So N + 2, and N + 60 / period below a minute.
    """
    slots = assumptions.evaluation_range
    if not slots:
        more = MINUTE // criteria.period if criteria.period < MINUTE else 2
        slots = criteria.periods + more
    return max(criteria.periods, slots + assumptions.range_offset)


def longest_window(period: int) -> int:
    """The most seconds that N periods may be.

    API reference of PutMetricAlarm, `EvaluationPeriods`: seven days where the period is an hour or longer,
    else one day.
    """
    return 7 * DAY if period >= HOUR else DAY


def cadence(criteria: Criteria) -> int:
    """Seconds between evaluations.

    "Alarm evaluation": each minute; each 10 s for periods under a minute; once
    an hour where N periods are longer than a day.
    """
    if criteria.period < MINUTE:
        return FASTEST
    return HOUR if criteria.period * criteria.periods > DAY else MINUTE


def decide(
    criteria: Criteria,
    slots: Sequence[float | None],
    prior: AlarmState,
    assumptions: Assumptions = DEFAULTS,
    samples: Sequence[float | None] = (),
) -> Decision:
    """The state that one evaluation gives.

    `slots` are the newest slots of the metric or expression, the newest LAST,
    None where there is no datapoint. As many as `evaluation_range` count: older
    ones are not looked at, and those before the first are missing. `samples`
    are the sample counts of the same slots, for percentiles; without them every
    percentile has samples enough.

    In counts, for whoever evaluates by vectors: with `real` the datapoints in
    the range, and bad and good those of the newest N of them,

    ====================================== =====================================
    bad >= M                               ALARM
    breaching and bad + N - bad - good >= M  ALARM
    breaching or notBreaching otherwise    OK
    good >= 1                              OK
    no real                                missing: INSUFFICIENT_DATA, ignore: prior
    ignore                                 prior
    age of the oldest real >= M            ALARM
    otherwise                              `assumptions.young_breach`, indeterminate
    ====================================== =====================================
    """
    reach = evaluation_range(criteria, assumptions)
    newest = slots[-reach:]
    last = len(newest)
    real = [(last - at, value) for at, value in enumerate(newest) if value is not None]
    evaluated = tuple(real[-criteria.periods :])
    low = _low(criteria, evaluated, samples)
    if any(low):
        basis = Basis.RETAINED if all(low) else Basis.SOME_LOW_SAMPLES
        return _kept(prior, basis, evaluated)

    bad = sum(criteria.comparison.holds(value, criteria.threshold) for _, value in evaluated)
    missing = criteria.periods - len(evaluated)
    if bad >= criteria.datapoints:
        return _made(AlarmState.ALARM, Basis.ENOUGH_BREACHING, evaluated)
    match criteria.treatment:
        case Treatment.BREACHING if bad + missing >= criteria.datapoints:
            return _made(AlarmState.ALARM, Basis.FILLED_BREACHING, evaluated, missing)
        case Treatment.BREACHING | Treatment.NOT_BREACHING:
            return _made(AlarmState.OK, Basis.NOT_ENOUGH_BREACHING, evaluated, missing)
        case _ if bad < len(evaluated):
            return _made(AlarmState.OK, Basis.NOT_ENOUGH_BREACHING, evaluated)
        case Treatment.IGNORE:
            return _kept(prior, Basis.RETAINED, evaluated)
        case Treatment.MISSING if not evaluated:
            return _made(AlarmState.INSUFFICIENT_DATA, Basis.NO_DATA, evaluated)
        case Treatment.MISSING if evaluated[0][0] >= criteria.datapoints:
            # All that is real breaches and is less than M, so that the whole range was evaluated.
            return _made(AlarmState.ALARM, Basis.OLD_BREACH, evaluated)
        case Treatment.MISSING:
            return _young(prior, evaluated, assumptions)


def _made(state: AlarmState, basis: Basis, evaluated: Datapoints, filled: int = 0) -> Decision:
    return Decision(state=state, basis=basis, evaluated=evaluated, filled=filled)


def _kept(prior: AlarmState, basis: Basis, evaluated: Datapoints) -> Decision:
    doubt = basis is not Basis.RETAINED
    return Decision(state=prior, basis=basis, indeterminate=doubt, retained=True, evaluated=evaluated)


def _young(prior: AlarmState, evaluated: Datapoints, assumptions: Assumptions) -> Decision:
    match assumptions.young_breach:
        case YoungBreach.RETAIN:
            return _kept(prior, Basis.YOUNG_BREACH, evaluated)
        case YoungBreach.OK:
            state = AlarmState.OK
        case YoungBreach.INSUFFICIENT_DATA:
            state = AlarmState.INSUFFICIENT_DATA
    return Decision(state=state, basis=Basis.YOUNG_BREACH, indeterminate=True, evaluated=evaluated)


def enough_samples(percentile: float, samples: float) -> bool:
    """Whether a percentile (a fraction) of so many samples means something.

    "Percentile-based alarms and low data samples": at least 10 / (1 - p) from
    the median up, 10 / p below it. Recorded for p90: 99 are too few, 100 enough.
    """
    share = 1 - percentile if percentile >= 0.5 else percentile
    # 1 - 0.9 is a little less than a tenth; the bound is 100 samples all the same.
    return samples * share >= 10 - 1e-9


def _low(criteria: Criteria, evaluated: Datapoints, samples: Sequence[float | None]) -> list[bool]:
    """For each evaluated percentile, whether it has too few samples; [] where that does not matter."""
    if criteria.percentile is None or criteria.low_samples is LowSamples.EVALUATE or not samples:
        return []
    counts = [samples[-age] if age <= len(samples) else None for age, _ in evaluated]
    return [count is not None and not enough_samples(criteria.percentile, count) for count in counts]
