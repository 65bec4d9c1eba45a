"""Severities as people write them in names, tags and addresses."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.evidence.severities import Fit, Meant, Said, Severities
from kfm_audit.facts import MetricAlarm
from kfm_audit.policy.model import Policy
from kfm_audit.values import Known, Origin, Unknown

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
