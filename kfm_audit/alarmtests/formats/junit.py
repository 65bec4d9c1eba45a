"""JUnit XML: one suite a file, one case an assertion.

Two schemas are common and neither is a standard: that of Jenkins (`junit-4.xsd` and its heirs) and that of
Apache Ant (`JUnit.xsd`, "Windy Road"). What is written here is valid by both. Nothing in it changes from run
to run: the time is none, the moment is the epoch, the host is `localhost`.
"""

from __future__ import annotations

from collections import Counter
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kfm_audit import __version__
from kfm_audit.alarmtests.formats import View, wording
from kfm_audit.alarmtests.formats.drawing import drawn
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.results import AssertionResult, FileResult, Outcome, TestRun
from kfm_audit.reports.neutral import neutral

_NO_TIME: Final = "0"
_MOMENT: Final = "1970-01-01T00:00:00"
"""The schema of Ant demands one; another one each time would make two runs differ that are the same."""


def render(run: TestRun, _view: View) -> str:
    """The document, with a final line feed."""
    root = Element("testsuites")
    for number, file in enumerate(run.files):
        _suite(root, number, file)
    if run.coverage.too_low:
        _coverage(root, len(run.files), run)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, number: int, file: FileResult) -> None:
    broken = (*file.faults, *file.unreadable)
    errors = sum(1 for item in file.results if item.outcome in (Outcome.UNREADABLE, Outcome.BROKEN))
    failures = sum(1 for item in file.results if item.outcome is Outcome.FAILS)
    suite = _new_suite(
        root, number, file.path, len(file.results) + len(broken), failures, errors + len(broken)
    )
    for fault in broken:
        case = _case(suite, file.path, f"line {fault.place.line}")
        text = f"{_at(file.path, fault.place)}: {neutral(fault.message)}"
        SubElement(case, "error", {"type": "fault", "message": neutral(fault.message)}).text = text
    titles = Counter(wording.title(result) for result in file.results)
    for result in file.results:
        title, place = wording.title(result), result.assertion.place
        # CI systems keep one case of a name.
        told = f"{title} ({place.line}:{place.column})" if titles[title] > 1 else title
        _outcome(_case(suite, file.path, told), file, result)
    _end(suite)


def _outcome(case: Element, file: FileResult, result: AssertionResult) -> None:
    if result.outcome is Outcome.HOLDS:
        return
    said = [neutral(sentence) for sentence in wording.sentences(result)]
    lines = [f"{_at(file.path, wording.place_of(result))}: {said[0]}", *said[1:]]
    if result.observed is not None:
        if result.observed.evaluations:
            lines += drawn(result.assertion, result.observed)
        lines += [f"{label}: {neutral(text)}" for label, text in wording.about(result.observed)]
        lines += [f"warning: {neutral(text)}" for text in wording.warnings(result)]
    element = "failure" if result.outcome is Outcome.FAILS else "error"
    key = result.mismatches[0].key if result.mismatches else result.outcome.value
    SubElement(case, element, {"type": key, "message": said[0]}).text = "\n".join(lines)


def _coverage(root: Element, number: int, run: TestRun) -> None:
    suite = _new_suite(root, number, "coverage", 1, 1, 0)
    case = _case(suite, "coverage", "alarms that are tested")
    untested = "\n".join(neutral(f"{alarm.name} ({alarm.subject})") for alarm in run.coverage.untested)
    message = wording.coverage(run.coverage)
    SubElement(case, "failure", {"type": "coverage", "message": message}).text = f"{message}\n{untested}"
    _end(suite)


def _new_suite(root: Element, number: int, name: str, tests: int, failures: int, errors: int) -> Element:
    attributes = {
        "id": str(number),
        "name": neutral(name),
        "package": neutral(name),
        "hostname": "localhost",
        "timestamp": _MOMENT,
        "tests": str(tests),
        "failures": str(failures),
        "errors": str(errors),
        "time": _NO_TIME,
    }
    suite = SubElement(root, "testsuite", attributes)
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", {"name": "kfm-audit", "value": __version__})
    return suite


def _case(suite: Element, path: str, name: str) -> Element:
    return SubElement(
        suite, "testcase", {"classname": neutral(path), "name": neutral(name), "time": _NO_TIME}
    )


def _end(suite: Element) -> None:
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")


def _at(path: str, place: Place) -> str:
    return f"{neutral(path)}:{place.line}:{place.column}"
