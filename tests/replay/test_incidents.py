"""Which pages belong to which incident, and which were for nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.notification.reach import Reach
from kfm_audit.facts import Change, CompositeAlarm, Incident, MetricAlarm
from kfm_audit.policy.model import Policy
from kfm_audit.replay.incidents import join_incidents
from kfm_audit.replay.pages import Page, name_of, services_of
from kfm_audit.replay.prior import changes_anything, prior
from kfm_audit.replay.text import span
from kfm_audit.values import Known, Origin

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HERE = Origin("x.json")


def alarm(name: str, **attributes: object) -> MetricAlarm:
    return MetricAlarm(
        subject=f"aws_cloudwatch_metric_alarm.{name}",
        origin=HERE,
        resource_name=name,
        alarm_name=Known(name),
        **attributes,
    )


AGE = alarm(
    "age", dimensions=Known({"QueueName": "soils"}), metric_name=Known("x"), namespace=Known("AWS/SQS")
)
RATIO = alarm("ratio", tags=Known({"Service": "maps"}), dimensions=Known({"FunctionName": "f"}))
ANY = CompositeAlarm(
    subject="aws_cloudwatch_composite_alarm.any",
    origin=HERE,
    resource_name="any",
    alarm_name=Known("any"),
    alarm_rule=Known("ALARM(age) OR ALARM(ratio)"),
)
EVIDENCE = Evidence((AGE, RATIO, ANY), Policy(policy=1), NOON)
SERVICES = {("", item.subject): services_of(EVIDENCE, item) for item in (AGE, RATIO, ANY)}


def incident(**attributes: object) -> Incident:
    defaults = {"id": "INC-1", "status": "closed", "service": "soils", "opened": NOON}
    return Incident(subject="INC-1", origin=HERE, **{**defaults, **attributes})


def page(minutes: int, *, lasts: int = 1, of: object = AGE, cause: object = None) -> Page:
    at = int(NOON.timestamp()) + 60 * minutes
    return Page(at=at, until=at + 60 * lasts, alarm=of, reach=Reach.REACHED, cause=cause)


def about(record: Incident, *pages: Page) -> list[bool]:
    found = join_incidents([record], pages, SERVICES).pages[0]
    return [item in found for item in pages]


def test_the_services_of_alarms():
    assert {
        ("", AGE.subject): {"soils"},
        ("", RATIO.subject): {"maps"},
        ("", ANY.subject): {"soils", "maps"},
    } == SERVICES


@pytest.mark.parametrize(
    ("minutes", "lasts", "belongs"),
    [
        (0, 1, True),
        (-10, 1, True),
        (-16, 1, True),
        (-17, 1, False),
        (-600, 590, True),
        (60, 1, True),
        (61, 1, False),
    ],
)
def test_a_page_is_about_an_incident_while_the_alarm_is_in_alarm(minutes, lasts, belongs):
    record = incident(corrected=datetime(2026, 1, 31, 13, tzinfo=UTC))
    assert about(record, page(minutes, lasts=lasts)) == [belongs]


def test_detected_is_stronger_than_opened_and_an_open_end_is_a_day():
    later = incident(opened=datetime(2026, 1, 31, 15, tzinfo=UTC), detected=NOON)
    assert about(later, page(-5), page(24 * 60), page(24 * 60 + 1)) == [True, True, False]
    assert about(incident(opened=None), page(0)) == [False]


def test_a_record_that_names_alarms_is_about_those():
    record = incident(service="nobody", alarms=("ratio", AGE.subject))
    caused = page(0, of=ANY, cause=RATIO)
    assert about(record, page(0), page(0, of=RATIO), caused, page(0, of=ANY)) == [True, True, True, False]


def test_a_composite_is_about_the_service_of_the_child_that_set_it_off():
    pages = (page(0, of=ANY, cause=AGE), page(0, of=ANY, cause=RATIO), page(0, of=ANY))
    assert about(incident(), *pages) == [True, False, True]


def test_pages_for_nothing():
    pages = (page(0), page(-60), page(0, of=RATIO))
    joined = join_incidents([incident(), incident(service="maps", false_positive=True)], pages, SERVICES)
    assert joined.false_positives == (pages[1], pages[2])


def test_a_name_that_is_marked_sensitive_is_not_shown():
    assert name_of(alarm("age")) == "age"
    secret = MetricAlarm(
        subject="aws_cloudwatch_metric_alarm.s",
        origin=HERE,
        resource_name="s",
        alarm_name=Known("secret", sensitive=True),
        tags=Known({"service": "secret"}, sensitive=True),
    )
    assert (name_of(secret), services_of(EVIDENCE, secret)) == ("aws_cloudwatch_metric_alarm.s", frozenset())


def test_what_stands_before_a_plan():
    facts = (
        alarm("same"),
        alarm("new", change=Change.CREATED),
        alarm("changed", change=Change.CHANGED, before=alarm("was")),
        alarm("gone", change=Change.DELETED),
    )
    assert changes_anything(facts)
    assert not changes_anything(facts[:1])
    before = prior(Evidence(facts, Policy(policy=1), NOON), facts)
    assert [name_of(item) for item in before.alarms.all] == ["same", "was", "gone"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (-119, "119 s"), (120, "2 min"), (7_199, "119 min"), (7_200, "2 h"), (12_000, "3 h 20 min"),
     (172_800, "2 d"), (180_000, "2 d 2 h")],
)  # fmt: skip
def test_lengths_of_time(seconds, said):
    assert span(seconds) == said
