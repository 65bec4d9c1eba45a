"""What all formats say of an assertion, in the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kfm_audit.alarmtests.durations import shown_duration
from kfm_audit.alarmtests.observed import Assumed, Observed
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.results import AssertionResult, Coverage, Mismatch, Outcome, TestRun


def sentences(result: AssertionResult) -> Iterator[str]:
    """One sentence for each thing that is not as expected."""
    for mismatch in result.mismatches:
        yield f"{result.name} {mismatch.message}"


def place_of(result: AssertionResult) -> Place:
    """Where the assertion is shown: at the first thing that is wrong."""
    return result.mismatches[0].place if result.mismatches else result.assertion.place


def key_of(result: AssertionResult) -> str:
    """The key that stands at that place; "" where the key is left out of the assertion."""
    mismatch: Mismatch | None = next(iter(result.mismatches), None)
    return mismatch.key if mismatch and mismatch.place != result.assertion.place else ""


def title(result: AssertionResult) -> str:
    """The test and its assertion: `an idle function does not page: ingest-error-ratio at 9m`."""
    return f"{result.test.name}: {result.name} at {result.assertion.written.eval_time}"


def about(observed: Observed) -> Iterator[tuple[str, str]]:
    """What is said beside a drawing: a label and a text."""
    if observed.reason:
        yield "reason", observed.reason
    for action in observed.actions:
        yield "action", f"{shown_duration(action.time)} {action.state}: {action.target[0]}"
    for one in observed.received:
        who = one.subscriber[0] if one.subscriber else one.topic[0]
        became = {
            True: "gets it",
            False: f"does not get it: it {one.why}",
            None: f"may not get it: it {one.why}",
        }
        yield "told", f"{shown_duration(one.time)} {one.state}: {who} {became[one.arrives]}"


def warnings(result: AssertionResult) -> tuple[str, ...]:
    """What an assertion hangs on; it changes no exit code."""
    if result.observed is None:
        return ()
    found = result.observed.warnings
    if result.assertion.written.exp_notifications is None:
        return found
    unsure = tuple(
        f"whether {one.subscriber[0]} gets its message at {shown_duration(one.time)} cannot be told: it {one.why}"
        for one in result.observed.received
        if one.arrives is None and one.subscriber
    )
    return (*found, *unsure)


def assumed(run: TestRun) -> tuple[tuple[Assumed, int], ...]:
    """Every assumption that a result rests on, and how many results do."""
    found = Counter(
        one for _, result in run.results if result.observed is not None for one in result.observed.assumed
    )
    return tuple(sorted(found.items(), key=lambda item: (item[0].name, item[0].choice)))


def plural(number: int, noun: str) -> str:
    """`1 assertion`, `2 assertions`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def summary(run: TestRun) -> str:
    """The run in one sentence."""
    counts = [
        (run.count(Outcome.HOLDS), "hold", "holds"),
        (run.count(Outcome.FAILS), "fail", "fails"),
        (run.count(Outcome.UNREADABLE), "cannot be evaluated", "cannot be evaluated"),
        (run.count(Outcome.BROKEN), "could not be simulated", "could not be simulated"),
    ]
    said = ", ".join(f"{number} {one if number == 1 else many}" for number, many, one in counts if number)
    where = f"{plural(run.assertions, 'assertion')} in {plural(len(run.files), 'file')}"
    broken = len(run.faults) + len(run.unreadable)
    more = f"; {plural(broken, 'fault')} kept others from being run" if broken else ""
    return f"{where}: {said}{more}." if said else f"{where}{more}."


def coverage(found: Coverage) -> str:
    """How many alarms have a test; "" where no alarm was read."""
    if not found.alarms:
        return ""
    verb = "is" if len(found.alarms) == 1 else "are"
    text = f"{found.tested} of {plural(len(found.alarms), 'alarm')} {verb} tested ({shown_percent(found.percent)} %)"
    if found.too_low:
        text += f", fewer than --coverage-threshold {found.threshold:g} asks for"
    return f"{text}."


def shown_percent(percent: float) -> str:
    """A share of a hundred, rounded down: 99.96 is not all of them."""
    return f"{int(percent * 10) / 10:g}"
