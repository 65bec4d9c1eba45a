"""What AWS does not document, by name: each choice can be reported, and another one made."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct, structs

from kfm_audit.aws.alarm_evaluation import Assumptions as OfEvaluation
from kfm_audit.aws.alarm_evaluation import YoungBreach
from kfm_audit.aws.math_assumptions import Choices


class AverageFold(Enum):
    """How averages of several intervals are folded into one of a longer period."""

    MEAN = "mean"
    """The mean of the averages: right where every interval has as many samples. The default."""
    WEIGHTED = "weighted"
    """Weighted with the metric's SampleCount, which must be given as a series of its own."""


class Assumptions(Struct, frozen=True, kw_only=True):
    """The choices of one simulation.

    `evaluation_range` is the number of slots; 0 is `auto`. See `ASSUMPTIONS` for what each is about.
    """

    evaluation_range: int = 0
    young_breach: YoungBreach = YoungBreach.RETAIN
    average_fold: AverageFold = AverageFold.MEAN
    math: Choices = Choices()

    def of_evaluation(self, range_offset: int = 0) -> OfEvaluation:
        """Those that an evaluation needs."""
        return OfEvaluation(
            evaluation_range=self.evaluation_range,
            range_offset=range_offset,
            young_breach=self.young_breach,
        )


DEFAULTS: Final = Assumptions()


class Assumption(Struct, frozen=True):
    """An assumption that people may override: its name, what may be chosen, and what it is about."""

    name: str
    choices: tuple[str, ...]
    about: str


ASSUMPTIONS: Final = (
    Assumption(
        "young-breach",
        tuple(choice.value for choice in YoungBreach),
        "the state under `missing` when all that there is breaches, but is younger than M slots: AWS says only "
        "that it is not ALARM",
    ),
    Assumption(
        "average-fold",
        tuple(choice.value for choice in AverageFold),
        "how averages of shorter intervals make the average of a period: CloudWatch has the samples, a test "
        "has not",
    ),
    Assumption(
        "fill-without-data",
        ("fill", "leave"),
        "whether FILL fills a metric that has no datapoint at all in the evaluation range",
    ),
    Assumption(
        "extremes-without-data",
        ("leave-out", "zero"),
        "whether MIN, MAX and STDDEV leave missing values out, or take them as 0",
    ),
    Assumption(
        "standard-deviation",
        ("population", "sample"),
        "what STDDEV divides by: the number of values, or one less",
    ),
)
"""All that may be chosen by name. `evaluation_range` has a key of its own, because it is a number."""

EVALUATION_RANGE: Final = "evaluation-range"
YOUNG_BREACH: Final = "young-breach"
AVERAGE_FOLD: Final = "average-fold"
LOW_SAMPLES: Final = "low-samples"
"""Some of the percentiles that an evaluation looks at have too few samples, and some enough: the state stays."""
SUPPRESSOR_ORDER: Final = "suppressor-order"
"""A change at the very moment at which a wait or an extension ends comes before that end."""
UNSEEN_SUPPRESSOR: Final = "unseen-suppressor"
"""A suppressor that the input does not hold is not in ALARM."""


class AssumptionError(ValueError):
    """No assumption has the name, or it has no such choice. The text is the whole message."""


def read_assumptions(chosen: Mapping[str, object], evaluation_range: int = 0) -> Assumptions:
    """The assumptions that people chose by name; `evaluation_range` 0 is `auto`. Raises AssumptionError."""
    of_math: dict[str, str] = {}
    found = structs.replace(DEFAULTS, evaluation_range=evaluation_range)
    for name, value in chosen.items():
        known = next((item for item in ASSUMPTIONS if item.name == name), None)
        if known is None:
            names = ", ".join(item.name for item in ASSUMPTIONS)
            raise AssumptionError(f"no assumption is called {name!r}; there are {names}")
        if value not in known.choices:
            raise AssumptionError(f"{name} is one of {', '.join(known.choices)}, not {value!r}")
        match name:
            case "young-breach":
                found = structs.replace(found, young_breach=YoungBreach(value))
            case "average-fold":
                found = structs.replace(found, average_fold=AverageFold(value))
            case _:
                of_math[name.replace("-", "_")] = str(value)
    return structs.replace(found, math=structs.replace(found.math, **of_math))
