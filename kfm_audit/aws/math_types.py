"""The types of metric math, and what each function takes and gives.

CloudWatch user guide, "Metric math syntax and functions": S is a number, TS a
time series, TS[] an array of time series. That alarms refuse SEARCH is in the
guide; the words are the API's own answer.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Final

from msgspec import Struct


class MathType(Enum):
    """What an expression gives."""

    SCALAR = "S"
    SERIES = "TS"
    ARRAY = "TS[]"
    TEXT = "string"


class Signature(Struct, frozen=True):
    """What a function takes and gives.

    Each parameter is a type, or the keywords that may stand there. Those from
    `required` on may be left out; `repeated` says that the last may come any number of times.
    """

    parameters: tuple[MathType | tuple[str, ...], ...]
    returns: MathType
    required: int
    repeated: bool = False

    def takes(self, arguments: tuple[MathType | str, ...]) -> bool:
        """Whether it takes these arguments: types, and names for what may be a keyword."""
        most = len(self.parameters)
        if len(arguments) < self.required or (len(arguments) > most and not self.repeated):
            return False
        wanted = (*self.parameters, *self.parameters[-1:] * (len(arguments) - most))
        return all(
            argument is parameter or (isinstance(parameter, tuple) and argument in parameter)
            for argument, parameter in zip(arguments, wanted, strict=False)
        )

    def __str__(self) -> str:
        """`(TS, S|TS)`, with what may be left out in square brackets."""
        words = [
            parameter.value if isinstance(parameter, MathType) else "|".join(parameter)
            for parameter in self.parameters
        ]
        shown = [word if number < self.required else f"[{word}]" for number, word in enumerate(words)]
        return f"({', '.join(shown)}{', ...' if self.repeated else ''})"


class Function(Struct, frozen=True, kw_only=True):
    """A function of metric math.

    `refused` says why an alarm may not use it, `opaque` why its value cannot be
    computed from the series of the alarm alone; "" where it may, and where it can.
    """

    name: str
    signatures: tuple[Signature, ...]
    refused: str = ""
    opaque: str = ""


# `?` marks what may be left out, `*` what may come any number of times.
_POINTWISE: Final = ("TS -> TS", "TS[] -> TS[]")
_REDUCING: Final = ("TS -> S", "TS[] -> TS")
_TABLE: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("ABS", "CEIL", "FLOOR", "LOG", "LOG10"), _POINTWISE),
    **dict.fromkeys(("DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM"), _POINTWISE),
    **dict.fromkeys(("AVG", "MAX", "MIN", "SUM", "STDDEV", "DATAPOINT_COUNT"), _REDUCING),
    **dict.fromkeys(("MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"), ("TS -> TS",)),
    "ANOMALY_DETECTION_BAND": ("TS, S? -> TS[]",),
    "DB_PERF_INSIGHTS": ("string, string, string -> TS",),
    "FILL": tuple(
        f"{filled}, {filler} -> {filled}"
        for filled in ("TS", "TS[]")
        for filler in ("S", "TS", "REPEAT|LINEAR")
    ),
    "FIRST": ("TS[] -> TS",),
    "IF": tuple(
        f"{arguments} -> TS"
        for arguments in ("TS, TS, TS?", "TS, S, TS?", "TS, TS, S", "TS, S, S", "S, TS, TS?")
    ),
    "INSIGHT_RULE_METRIC": ("string, string -> TS",),
    "LAMBDA": ("string, string* -> TS[]", "string, S* -> TS[]"),
    "LAST": ("TS[] -> TS",),
    "METRICS": ("string? -> TS[]",),
    "METRIC_COUNT": ("TS[] -> S",),
    "PERIOD": ("TS -> S",),
    "REMOVE_EMPTY": ("TS[] -> TS[]",),
    "SEARCH": ("string* -> TS[]",),
    "SERVICE_QUOTA": ("TS -> TS",),
    "SLICE": ("TS[], S, S? -> TS[]",),
    "SORT": ("TS[], AVG|MIN|MAX|SUM, ASC|DESC, S? -> TS[]",),
    "TIME_SERIES": ("S -> TS",),
}
_REFUSED: Final = {"SEARCH": "SEARCH is not supported on Metric Alarms."}
_OPAQUE: Final = {
    "ANOMALY_DETECTION_BAND": "the band comes from a model that only CloudWatch has",
    "DB_PERF_INSIGHTS": "its series come from Performance Insights",
    "INSIGHT_RULE_METRIC": "its series come from a Contributor Insights rule",
    "LAMBDA": "its series come from a Lambda function",
    "SEARCH": "which metrics it finds is known only to CloudWatch",
    "SERVICE_QUOTA": "the quota is known only to AWS",
}
_TYPES: Final = {kind.value: kind for kind in MathType}


@cache
def function(name: str) -> Function | None:
    """The function of this name; None where there is none. Names are upper case."""
    signatures = _TABLE.get(name)
    if signatures is None:
        return None
    return Function(
        name=name,
        signatures=tuple(_signature(text) for text in signatures),
        refused=_REFUSED.get(name, ""),
        opaque=_OPAQUE.get(name, ""),
    )


def function_names() -> tuple[str, ...]:
    """The names of all functions, sorted."""
    return tuple(sorted(_TABLE))


def _signature(text: str) -> Signature:
    written, _, returns = text.partition(" -> ")
    words = written.split(", ")
    return Signature(
        parameters=tuple(_parameter(word.rstrip("?*")) for word in words),
        returns=_TYPES[returns],
        required=sum(not word.endswith(("?", "*")) for word in words),
        repeated=words[-1].endswith("*"),
    )


def _parameter(word: str) -> MathType | tuple[str, ...]:
    return _TYPES.get(word) or tuple(word.split("|"))
