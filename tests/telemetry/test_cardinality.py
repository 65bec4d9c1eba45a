"""The layers of TEL002 that no small file can show, on facts."""

from datetime import UTC, datetime

import pytest

from kfm_audit.evidence import Evidence
from kfm_audit.facts import MAX_VALUES, Label, LabelScope, MetricFamily, SchemaDocument, SchemaViolation
from kfm_audit.policy.model import MetricOverride, Policy, Telemetry
from kfm_audit.rules.judge import configure, judge
from kfm_audit.rules.registry import built_in_rules
from kfm_audit.values import Origin

ORIGIN = Origin("metrics.prom")
RULES = {rule.id: rule for rule in built_in_rules()}


def label(key, values, *, late=0, scope=LabelScope.POINT):
    values = tuple(values)
    return Label(key, values, len(values), late, ORIGIN, scope)


def family(*labels, series, name="kfm_rows", **more):
    return MetricFamily(subject=name, origin=ORIGIN, name=name, labels=labels, series=series, **more)


def judged(rule, fact, telemetry=None):
    policy = Policy(policy=1, name="test", telemetry=telemetry or Telemetry())
    settings = configure([RULES[rule]], policy)
    result = judge(settings, Evidence([fact], policy, datetime(2026, 1, 31, tzinfo=UTC)))
    assert result.failed == ()
    return [(finding.verdict.value, finding.severity.value, finding.message) for finding in result.findings]


def words(count, start=0):
    """Values without any shape: `aa`, `ab`, ..."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        letters[number // 676] + letters[number // 26 % 26] + letters[number % 26]
        for number in range(start, count)
    ]


SHARD = "has the label shard"
DECLARED = Telemetry(allow=("shard",))


@pytest.mark.parametrize(
    ("distinct", "series", "telemetry", "found"),
    [
        (29, 50, None, []),
        (30, 50, None, []),
        (
            45,
            50,
            None,
            [
                (
                    "fail",
                    "error",
                    "has the label shard with a value of its own in nearly every series: 45 in 50",
                )
            ],
        ),
        (44, 50, None, []),
        (45, 50, DECLARED, []),
        (100, 1000, DECLARED, []),
        (
            101,
            1000,
            DECLARED,
            [
                (
                    "fail",
                    "warning",
                    f"{SHARD} with 101 distinct values, over 100 and on its way to the limit of 500",
                )
            ],
        ),
        (500, 5000, DECLARED, "warning"),
        (
            501,
            5000,
            DECLARED,
            [("fail", "error", "has the label shard with 501 distinct values, over the limit of 500")],
        ),
        (
            MAX_VALUES,
            5000,
            None,
            [
                (
                    "fail",
                    "error",
                    "has the label shard with at least 1001 distinct values, over the limit of 500",
                )
            ],
        ),
    ],
)
def test_statistics(distinct, series, telemetry, found):
    result = judged("TEL002", family(label("shard", words(distinct)), series=series), telemetry)
    if found == "warning":
        assert [severity for _, severity, _ in result] == ["warning"]
    else:
        assert result == found


def test_fifty_series_decide_and_forty_nine_do_not():
    labels = label("shard", words(20))
    assert judged("TEL002", family(labels, series=50)) == []
    ((verdict, _, message),) = judged("TEL002", family(labels, series=49))
    assert (verdict, message) == (
        "undecided",
        "has too few series (49, under 50) to judge its label shard, and the policy does not declare it",
    )


def test_growth_is_told_by_values_that_came_late():
    growing = label("shard", words(40), late=20)
    assert judged("TEL002", family(growing, series=400)) == [
        (
            "fail",
            "warning",
            "has the label shard, which keeps growing: 20 of 40 values came in the later half",
        )
    ]
    assert judged("TEL002", family(label("shard", words(40), late=19), series=400)) == []
    assert judged("TEL002", family(growing, series=400), DECLARED) == []


def test_a_limit_beyond_what_is_counted_is_not_passed_over():
    wide = Telemetry(
        overrides=(
            MetricOverride(metrics=("kfm_*",), reason="many parcels", allow=("shard",), max_values=5000),
        )
    )
    ((verdict, _, message),) = judged("TEL002", family(label("shard", words(MAX_VALUES)), series=5000), wide)
    assert verdict == "undecided"
    assert "whether it keeps to the limit of 5000 is not known" in message


def test_an_override_raises_both_limits_for_its_metrics_alone():
    counties = Telemetry(
        overrides=(
            MetricOverride(
                metrics=("kfm_county_*",), reason="105 counties", allow=("shard",), max_values=105
            ),
        )
    )
    many = label("shard", words(105))
    assert judged("TEL002", family(many, series=1000, name="kfm_county_rows"), counties) == []
    assert [severity for _, severity, _ in judged("TEL002", family(many, series=1000), counties)] == [
        "warning"
    ]


def test_an_override_names_a_metric_with_or_without_its_namespace():
    fact = family(label("shard", ["a"]), series=1, name="Rows")
    in_namespace = MetricFamily(
        subject="KFM/ETL Rows", name="Rows", namespace="KFM/ETL", origin=ORIGIN, labels=fact.labels, series=1
    )
    for pattern in ("Rows", "KFM/*", "KFM/ETL Rows"):
        override = MetricOverride(metrics=(pattern,), reason="known", allow=("shard",))
        assert judged("TEL002", in_namespace, Telemetry(overrides=(override,))) == []
    other = MetricOverride(metrics=("KFM/Other *",), reason="known", allow=("shard",))
    assert [verdict for verdict, _, _ in judged("TEL002", in_namespace, Telemetry(overrides=(other,)))] == [
        "undecided"
    ]


def test_later_overrides_win_and_vocabularies_are_merged():
    overrides = (
        MetricOverride(metrics=("kfm_*",), reason="a", vocabularies={"op": ("read",)}, max_values=10),
        MetricOverride(metrics=("kfm_rows",), reason="b", vocabularies={"op": ("write",)}),
    )
    telemetry = Telemetry(vocabularies={"op": ("none",), "status": ("ok",)}, overrides=overrides)
    fact = family(label("op", ["write"]), label("status", ["ok"]), series=1)
    assert judged("TEL004", fact, telemetry) == []
    ((_, _, message),) = judged("TEL004", family(label("op", ["none"]), series=1, name="kfm_x"), telemetry)
    assert message == 'has the label op with a value outside its vocabulary: "none"'


def test_half_of_the_values_must_have_the_shape():
    uuid = "9cb471a5-5349-4a48-8467-3b757ff2e341"
    other = "4806aa81-e651-40b5-a6fe-c086df229650"
    telemetry = Telemetry(allow=("run",))
    assert judged("TEL002", family(label("run", [uuid, other, "a", "b", "c"]), series=9), telemetry) == []
    ((_, _, message),) = judged("TEL002", family(label("run", [uuid, other, "a", "b"]), series=9), telemetry)
    assert message.startswith("has the label run, whose values are UUIDs (2 of 4 distinct values)")


def test_one_match_is_enough_only_under_a_name_that_says_the_same():
    value = ["9cb471a5-5349-4a48-8467-3b757ff2e341"]
    telemetry = Telemetry(allow=("batch", "batch_id"))
    assert judged("TEL002", family(label("batch", value), series=1), telemetry) == []
    assert len(judged("TEL002", family(label("batch_id", value), series=1), telemetry)) == 1


def test_attributes_of_a_resource_are_judged_by_shape_and_limit_one_degree_milder():
    def senders(count):
        return family(
            label("host.name", words(count), scope=LabelScope.RESOURCE), series=count, name="target_info"
        )

    assert judged("TEL002", senders(10)) == []
    assert judged("TEL002", senders(60)) == []
    assert [severity for _, severity, _ in judged("TEL002", senders(101))] == ["note"]
    assert [severity for _, severity, _ in judged("TEL002", senders(501))] == ["warning"]


def test_a_denied_key_is_left_to_the_rule_that_says_so():
    telemetry = Telemetry(deny=("tile_id",))
    fact = family(label("tile_id", ["kc"]), series=1)
    assert judged("TEL002", fact, telemetry) == []
    assert judged("TEL003", fact, telemetry) == [
        ("fail", "error", "has the label tile_id, which the policy forbids")
    ]


def test_violations_beyond_twenty_are_counted_in_a_finding_of_their_own():
    document = SchemaDocument(
        subject="reliability-telemetry.json",
        origin=Origin("reliability-telemetry.json"),
        schema="reliability-v1",
        violations=(SchemaViolation("/metrics/0", "lacks `unit`", "add `unit`"),),
        more=3,
    )
    assert judged("TEL001", document) == [
        ("fail", "error", "breaks reliability-v1: /metrics/0 lacks `unit`"),
        ("fail", "error", "breaks reliability-v1 in 3 more places"),
    ]
