"""Severities as people write them in names, tags and addresses."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.partly_known import mark
from kfm_audit.evidence.alarm.severities import Fit, Meant, Said, SaidInPart, Severities
from kfm_audit.facts import MetricAlarm
from kfm_audit.policy.model import Policy
from kfm_audit.values import Attribute, Known, Origin, PartMap, PartText, Reference, ReferenceKind, Unknown

CORE = Severities(Policy(policy=1))
KFM = Severities(
    msgspec.convert(
        {
            "policy": 1,
            "delivery": {"severities": {"Sev2": {"words": ["page", "high-urgency"], "alarms": ["x-*"]}}},
            "telemetry": {"vocabularies": {"severity": ["P0", "Sev1", "Sev2", "Sev3"]}},
        },
        Policy,
    )
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kfm-prod-sev2-backlog", ("Sev2",)),
        ("KfmProdSev2Backlog", ("Sev2",)),
        ("KFM_SEV2", ("Sev2",)),
        ("sev-2/backlog", ("Sev2",)),
        ("severity_2", ("Sev2",)),
        ("prod P0 down", ("P0",)),
        ("priority1", ("P1",)),
        ("sev2-sev3", ("Sev2", "Sev3")),
        ('module.sns.aws_sns_topic.alerts["sev3"]', ("Sev3",)),
        ("prod-critical", ("critical",)),
        ("prod-non-critical", ()),
        ("not_critical", ()),
        ("sev22", ()),
        ("several", ()),
        ("p99-high", ()),
        ("http2-p50", ()),
        ("critically", ()),
        ("", ()),
    ],
)
def test_words(text, found):
    assert CORE.named_in(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("ops-page", ("Sev2",)), ("HighUrgency", ("Sev2",)), ("urgency", ()), ("high", ())],
)
def test_words_of_the_policy(text, found):
    assert KFM.named_in(text) == found
    assert CORE.named_in(text) == ()


@pytest.mark.parametrize(
    ("one", "others", "fit", "by_policy"),
    [
        ("Sev2", ("Sev2", "Sev3"), Fit.RIGHT, Fit.RIGHT),
        ("Sev2", (), Fit.RIGHT, Fit.RIGHT),
        ("Sev2", ("Sev3",), Fit.LESSER, Fit.LESSER),
        ("Sev2", ("Sev1",), Fit.GRAVER, Fit.GRAVER),
        ("Sev2", ("Sev1", "Sev3"), Fit.OTHER, Fit.OTHER),
        ("Sev2", ("P0",), Fit.UNTOLD, Fit.GRAVER),
        ("Sev2", ("P1",), Fit.UNTOLD, Fit.UNTOLD),
        ("critical", ("warning",), Fit.LESSER, Fit.LESSER),
        ("critical", ("Sev1",), Fit.UNTOLD, Fit.UNTOLD),
    ],
)
def test_fit(one, others, fit, by_policy):
    assert (CORE.fit(one, Meant(others)), KFM.fit(one, Meant(others))) == (fit, by_policy)


def alarm(name="a", **attributes):
    return MetricAlarm(
        subject=f"aws_cloudwatch_metric_alarm.{name}", origin=Origin("x"), resource_name=name, **attributes
    )


TAGS = ("severity",)


@pytest.mark.parametrize(
    ("said_of", "found"),
    [
        (
            alarm(alarm_name=Known("p-sev2"), tags=Known({"Severity": "Sev3"})),
            Said("Sev3", "its tag Severity"),
        ),
        (alarm(alarm_name=Known("p"), tags=Known({"severity": "2"})), Said("Sev2", "its tag severity")),
        (alarm(alarm_name=Known("p-sev2"), tags=Known({"severity": "loud"})), Said("Sev2", "its name")),
        (alarm(alarm_name=Known("p-sev2"), tags=Unknown()), Said("Sev2", "its name")),
        (alarm("sev2", alarm_name=Known("p")), Said("Sev2", "its address")),
        (alarm(alarm_name=Known("sev2-sev3")), None),
        (alarm(alarm_name=Known("p"), tags=Unknown()), Unknown()),
        (alarm(alarm_name=Unknown()), Unknown()),
        (alarm(alarm_name=Known("p")), None),
    ],
)
def test_of_an_alarm(said_of, found):
    assert CORE.of(said_of, TAGS) == found


def test_a_secret_name_says_nothing():
    assert KFM.of(alarm(alarm_name=Known("prod-sev3", sensitive=True)), TAGS) is None


def test_the_policy_decides_first():
    said_of = alarm(alarm_name=Known("x-sev3"), tags=Known({"severity": "Sev3"}))
    assert KFM.of(said_of, TAGS) == Said("Sev2", "policy (delivery.severities)")


@given(st.text())
def test_any_text(text):
    assert set(CORE.named_in(text)) <= {f"{s}{n}" for s in ("Sev", "P") for n in range(6)} | {
        "critical",
        "warning",
    }


PIECES = ("sev", "Sev2", "SEV", "severity", "P", "p1", "prio", "Priority", "0", "2", "critical", "Warning")
PIECES += ("page", "high", "urgency", "not", "prod", "-", "_", " ", "/", ".")


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_what_is_looked_for_first_hides_no_severity(text):
    for severities in (CORE, KFM):
        whole = Severities.__new__(Severities)
        whole.__dict__ = {**severities.__dict__, "_screen": ("",), "_found": {}}
        assert severities.named_in(text) == whole.named_in(text)


ENV = Unknown((Reference("var.env", ReferenceKind.UNRESOLVED),))
POLICY = Severities(
    msgspec.convert(
        {
            "policy": 1,
            "delivery": {
                "severities": {"Sev1": {"alarms": ["kfm-prod-*"]}, "Sev2": {"alarms": ["*-orders-*"]}}
            },
        },
        Policy,
    )
)


def in_part(text: str, of: str = "var.env") -> PartText:
    """A name in which `{}` is not known."""
    return PartText((Reference(of, ReferenceKind.UNRESOLVED),), text.replace("{}", mark(of)))


def an_alarm(name: Attribute[str], subject: str = "aws_cloudwatch_metric_alarm.a", **more) -> MetricAlarm:
    return MetricAlarm(subject=subject, origin=Origin("main.tf"), resource_name="a", alarm_name=name, **more)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}-orders-backlog-P1", "P1"),
        ("{}-P1", "P1"),
        ("P1-{}-orders", "P1"),
        ("{}-sev-2-{}", "Sev2"),
        ("orders-{}-critical-{}-critical", "critical"),
        # Letters beside a mark may be half a word, and a number after it belong to `sev` before it.
        ("{}P1", None),
        ("orders-P1{}", None),
        ("P{}-critical", None),
        ("sev{}-critical", None),
        ("severity-{}-critical", None),
        ("non-critical-{}", None),
        ("P1-{}-critical", None),
        ("{}-orders", None),
        ("{}", None),
    ],
)
def test_the_known_part_of_a_name_says_a_severity_that_stands_by_itself(text, said):
    name = in_part(text)
    expected = name if said is None else SaidInPart(name.references, Said(said, "its name", "var.env"))
    assert CORE.of(an_alarm(name), ()) == expected


@pytest.mark.parametrize(
    "of",
    ["var.severity", "var.priority", "each.value.sev", "local.critical", "module.p1.var.x", "var.log_level"],
)
def test_a_piece_that_is_called_after_severities_leaves_all_open(of):
    name = in_part("{}-orders-Sev2", of)
    assert CORE.of(an_alarm(name), ()) is name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ops-{}-orders-1", Said("Sev2", "policy (delivery.severities)")),
        ("kfm-prod-{}", Said("Sev1", "policy (delivery.severities)")),
        # A severity that comes first may know the name when it is known.
        ("{}-orders-1", None),
        ("kfm-{}-Sev3", None),
        ("ops-{}-Sev3", None),  # the rest may hold `-orders-`
        ("ops{}Sev3", None),
    ],
)
def test_globs_of_policy_come_first_where_they_may_fit(text, said):
    name = in_part(text)
    assert POLICY.of(an_alarm(name), ()) == (said or name)


def test_what_says_more_comes_before_the_known_part_of_a_name():
    name = in_part("{}-orders-P1")
    tagged = an_alarm(name, tags=Known({"severity": "Sev3"}))
    assert CORE.of(tagged, ("severity",)) == Said("Sev3", "its tag severity")
    address = an_alarm(name, "aws_cloudwatch_metric_alarm.orders_sev3")
    assert CORE.of(address, ()) == SaidInPart(name.references, Said("P1", "its name", "var.env"))
    silent = an_alarm(in_part("{}-orders"), "aws_cloudwatch_metric_alarm.orders_sev3")
    assert CORE.of(silent, ()) == Said("Sev3", "its address")


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ((("Owner", ENV), ("severity", Known("Sev2"))), Said("Sev2", "its tag severity")),
        ((("priority", ENV), ("severity", Known("Sev2"))), Said("Sev2", "its tag severity")),
        ((("Owner", ENV), ("Team", Known("Sev2"))), None),
    ],
)
def test_tags_that_are_known_in_part(items, said):
    assert CORE.of(an_alarm(Known("orders"), tags=PartMap((), items)), ("severity", "priority")) == said


def test_a_tag_that_is_not_known_leaves_it_open():
    tags = PartMap(ENV.references, (("Severity", ENV), ("Team", Known("Sev2"))))
    assert CORE.of(an_alarm(Known("orders"), tags=tags), ("severity",)) is tags
