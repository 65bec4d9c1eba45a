"""Plans of all ages and shapes: facts by the algorithm of unknown values, and nothing lost in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kfm_audit.facts import Change, MetricAlarm, Topic, UnreadableInput
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.plan import KIND
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known, PartMap, Reference, ReferenceKind, Unknown, keys_of

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path("/base"), Path("/base"))


def read(document: object) -> Reading:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    source = Source("infra/tfplan.json", None, data)
    assert KIND.recognise(source)
    return KIND.read(source, CONTEXT)


def change(address: str, after: object = None, **parts: object) -> dict:
    kind, name = address.split("[", maxsplit=1)[0].split(".")[-2:]
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {"actions": ["create"], "after": after, "after_unknown": {}, **parts},
    }


def plan(*changes: dict, **rest: object) -> dict:
    return {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": list(changes), **rest}


ALARM = "aws_cloudwatch_metric_alarm.a"


def alarm(*args: object, **parts: object) -> MetricAlarm:
    (fact,) = read(plan(change(ALARM, *args, **parts))).facts
    assert isinstance(fact, MetricAlarm)
    return fact


@pytest.mark.parametrize(
    ("after", "unknown", "expected"),
    [
        ({"alarm_actions": ["x"]}, {}, Known(("x",))),
        ({"alarm_actions": []}, {}, Known(())),
        ({"alarm_actions": None}, {}, ABSENT),
        ({}, {}, ABSENT),
        (
            {},
            {"alarm_actions": True},
            Unknown((Reference(f"{ALARM}.alarm_actions", ReferenceKind.UNRESOLVED),)),
        ),
        # Lists keep known elements as false, and an element of the old format is dropped from `after` (1.5, 1.6).
        ({"alarm_actions": ["x"]}, {"alarm_actions": [False]}, Known(("x",))),
        (
            {"alarm_actions": ["x"]},
            {"alarm_actions": [False, True]},
            Unknown((Reference(f"{ALARM}.alarm_actions", ReferenceKind.UNRESOLVED),)),
        ),
    ],
)
def test_three_values_of_an_attribute(after, unknown, expected) -> None:
    assert alarm(after, after_unknown=unknown).alarm_actions == expected


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["no-op"], Change.UNCHANGED),
        (["create"], Change.CREATED),
        (["update"], Change.CHANGED),
        (["delete", "create"], Change.CHANGED),
        (["create", "delete"], Change.CHANGED),
        (["delete"], Change.DELETED),
        (["read"], None),
        (["forget"], None),
    ],
)
def test_actions_become_changes(actions, expected) -> None:
    facts = read(plan(change(ALARM, {"alarm_name": "a"}, actions=actions, before={"alarm_name": "b"}))).facts
    assert [fact.change for fact in facts] == ([expected] if expected else [])
    if expected is Change.DELETED:
        assert facts[0].alarm_name == Known("b")


def test_deposed_objects_and_data_sources_are_not_instances() -> None:
    deposed = {**change(ALARM, {}), "deposed": "0a1b"}
    data = {**change(ALARM, {}), "mode": "data"}
    assert read(plan(deposed, data)).facts == ()


def test_numbers_are_strings_to_terraform_and_lists_are_not() -> None:
    reading = read(plan(change(ALARM, {"alarm_name": 5, "namespace": ["AWS/SQS"]})))
    (lost,) = reading.unreadable
    assert reading.facts[0].alarm_name == Known("5")
    assert lost.cause == "namespace should be a string and is a list"
    assert lost.part == ALARM
    assert lost.origin.pointer == "/resource_changes/0/change/after/namespace"
    assert isinstance(reading.facts[0].namespace, Unknown), "neither set nor unset"


def test_sensitive_values_are_known_and_marked() -> None:
    fact = alarm({"alarm_name": "secret"}, after_sensitive={"alarm_name": True})
    assert fact.alarm_name == Known("secret", sensitive=True)


@pytest.mark.parametrize("output", ["text", "json", "sarif", "github", "summary"])
def test_sensitive_values_are_never_printed(output, tmp_path, capsys, monkeypatch) -> None:
    from kfm_audit.cli import main

    secret = "hunter2-hunter2"
    actions = {"alarm_actions": [secret]}
    document = plan(
        change(
            ALARM,
            {"alarm_name": secret, "dimensions": {"QueueName": secret}, **actions},
            after_sensitive={"alarm_name": True, "dimensions": {"QueueName": True}, "alarm_actions": [True]},
        ),
        variables={"token": {"value": secret}},
        configuration={"root_module": {"variables": {"token": {"sensitive": True}}}},
    )
    (tmp_path / "tfplan.json").write_text(json.dumps(document, indent=1))
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--output", output, "."]) == 1
    captured = capsys.readouterr()
    assert "ALM001" in captured.out
    assert secret not in captured.out + captured.err


def test_tags_come_from_tags_all_else_from_defaults_and_tags() -> None:
    provider = {
        "aws": {
            "name": "aws",
            "expressions": {
                "region": {"references": ["var.region"]},
                "default_tags": [{"tags": {"constant_value": {"Team": "data", "Environment": "dev"}}}],
            },
        }
    }
    resource = {
        "address": ALARM,
        "type": "aws_cloudwatch_metric_alarm",
        "name": "a",
        "provider_config_key": "aws",
    }
    document = plan(
        change(ALARM, {"tags": {"Environment": "prod"}}, after_unknown={"tags_all": True}),
        variables={"region": {"value": "us-east-1"}},
        configuration={"provider_config": provider, "root_module": {"resources": [resource]}},
    )
    (fact,) = read(document).facts
    assert fact.tags == Known({"Team": "data", "Environment": "prod"})
    assert fact.provider == Known({"region": "us-east-1"})


DIMENSIONS = Unknown((Reference(f"{ALARM}.dimensions", ReferenceKind.UNRESOLVED),))


@pytest.mark.parametrize(
    ("after", "marks", "secrets", "items"),
    [
        ({}, {"InstanceId": True}, {}, (("InstanceId", DIMENSIONS),)),
        # Known keys are omitted from the marks, and unknown ones from `after` (facts on Terraform, 1, points 5 and 6).
        (
            {"Size": 5, "Null": None, "A": "a"},
            {"InstanceId": True, "Size": False},
            None,
            (("A", Known("a")), ("InstanceId", DIMENSIONS), ("Size", Known("5"))),
        ),
        (None, {"InstanceId": True}, {}, (("InstanceId", DIMENSIONS),)),
        # An older plan writes null for what it marks.
        ({"InstanceId": None}, {"InstanceId": True}, {}, (("InstanceId", DIMENSIONS),)),
        (
            {"A": "a"},
            {"B": True},
            {"A": True},
            (("A", Known("a", sensitive=True)), ("B", DIMENSIONS)),
        ),
    ],
)
def test_a_map_that_is_marked_one_by_one_keeps_its_keys(after, marks, secrets, items) -> None:
    fact = alarm(
        {"dimensions": after}, after_unknown={"dimensions": marks}, after_sensitive={"dimensions": secrets}
    )
    assert fact.dimensions == PartMap(DIMENSIONS.references, items)


@pytest.mark.parametrize(
    ("after", "marks", "secrets"),
    [
        ({}, True, {}),
        (None, True, {}),
        ({"A": "a"}, True, {}),
        ({"A": "a"}, {"B": True}, True),
        ({"A": ["a"]}, {"B": True}, {}),
        (["a"], {"B": True}, {}),
        ({"A": "a"}, [True], {}),
    ],
)
def test_a_map_of_which_not_all_keys_are_shown_is_unknown(after, marks, secrets) -> None:
    fact = alarm(
        {"dimensions": after}, after_unknown={"dimensions": marks}, after_sensitive={"dimensions": secrets}
    )
    assert fact.dimensions == DIMENSIONS


def test_what_was_has_its_keys_and_what_will_be_too() -> None:
    fact = alarm(
        {"dimensions": {}},
        actions=["update"],
        before={"dimensions": {"InstanceId": "i-1"}},
        after_unknown={"dimensions": {"InstanceId": True}},
    )
    assert isinstance(fact.before, MetricAlarm)
    assert keys_of(fact.before.dimensions) == keys_of(fact.dimensions) == Known(("InstanceId",))


def test_an_attribute_of_a_dynamic_block_is_unresolved() -> None:
    resource = {"address": ALARM, "type": "aws_cloudwatch_metric_alarm", "name": "a", "expressions": {}}
    document = plan(
        change(ALARM, {}, after_unknown={"dimensions": True}),
        configuration={"root_module": {"resources": [resource]}},
    )
    (fact,) = read(document).facts
    assert fact.dimensions == Unknown((Reference(f"{ALARM}.dimensions", ReferenceKind.UNRESOLVED),))


def test_module_inputs_that_refer_to_each_other_end() -> None:
    inner = {
        "resources": [{"address": ALARM, "expressions": {"alarm_actions": {"references": ["var.a"]}}}],
        "variables": {"a": {}},
        "outputs": {"again": {"expression": {"references": ["var.a"]}}},
    }
    call = {"expressions": {"a": {"references": ["module.m.again", "module.m"]}}, "module": inner}
    document = plan(
        change(f"module.m.{ALARM}", {}, after_unknown={"alarm_actions": True}),
        configuration={"root_module": {"module_calls": {"m": call}}},
    )
    (fact,) = read(document).facts
    assert fact.alarm_actions == Unknown(())


@pytest.mark.parametrize(
    ("document", "cause", "cure"),
    [
        (
            b'{"format_version": "1.0", "terraform_version": "1.5.0", "values": {"root_module": {}}}',
            "state",
            "-out",
        ),
        (b'{"version": 4, "serial": 1, "lineage": "x", "resources": []}', "state", "-out"),
        (
            b'{"@level":"info","@message":"Terraform 1.9","terraform":"1.9","type":"version"}\n{"@level":"info"}\n',
            "log lines",
            "show -json",
        ),
        (
            b'[command]/opt/terraform-bin show -json tfplan\n{"format_version":"1.2","resource_changes":[]}',
            "wrapper",
            "terraform_wrapper: false",
        ),
        (b"PK\x03\x04\x14\x00\x08\x00tfplan\xff\xfe", "binary plan", "show -json"),
        (b'{"format_version": "2.0", "resource_changes": []}', "format 2.0", "update kfm-audit"),
        (b'{"format_version": 1.2, "resource_changes": []}', "no Terraform plan", "show -json"),
        (b'{"planned_values": {}}', "no Terraform plan", "show -json"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_cure(document, cause, cure) -> None:
    (fact,) = read(document).facts
    assert isinstance(fact, UnreadableInput)
    assert cause in fact.cause
    assert cure in fact.cure


@pytest.mark.parametrize("state", [{"errored": True}, {"complete": False}])
def test_a_plan_that_is_not_whole_never_looks_clean(state, tmp_path, check) -> None:
    (tmp_path / "tfplan.json").write_text(json.dumps(plan(**state)))
    code, report = check(".", cwd=tmp_path)
    assert code == 4
    assert [finding["rule"] for finding in report["findings"]] == ["SYS001"]
    assert report["inputs"][0]["status"] == "unreadable"


def test_planned_values_without_changes_are_no_pass() -> None:
    document = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{"address": ALARM}]}},
    }
    (fact,) = read(document).facts
    assert isinstance(fact, UnreadableInput)


def test_one_broken_entry_costs_only_itself() -> None:
    reading = read(
        plan(
            change("aws_sns_topic.a", {"name": "a"}), {"address": 5}, change("aws_sns_topic.b", {"name": "b"})
        )
    )
    topics = [fact.subject for fact in reading.facts if isinstance(fact, Topic)]
    assert topics == ["aws_sns_topic.a", "aws_sns_topic.b"]
    (lost,) = reading.unreadable
    assert (lost.part, lost.origin.pointer) == ("resource_changes[1]", "/resource_changes/1")


BLOCKS = [
    ("aws_cloudwatch_metric_alarm", "metric_query"),
    ("aws_cloudwatch_metric_alarm", "metric_query/0/metric"),
    ("aws_cloudwatch_metric_alarm", "evaluation_criteria"),
    ("aws_cloudwatch_metric_alarm", "evaluation_criteria/0/promql_criteria"),
    ("aws_cloudwatch_composite_alarm", "actions_suppressor"),
    ("aws_cloudwatch_event_target", "dead_letter_config"),
    ("aws_cloudwatch_alarm_mute_rule", "rule"),
    ("aws_cloudwatch_alarm_mute_rule", "rule/0/schedule"),
    ("aws_cloudwatch_alarm_mute_rule", "mute_targets"),
    ("aws_scheduler_schedule", "target"),
    ("aws_lambda_function", "dead_letter_config"),
    ("aws_lambda_function_event_invoke_config", "destination_config"),
    ("aws_lambda_function_event_invoke_config", "destination_config/0/on_failure"),
    ("aws_lambda_event_source_mapping", "destination_config"),
]


@pytest.mark.parametrize("value", [5, "x", True, None, [], [{}]], ids=repr)
@pytest.mark.parametrize(("kind", "path"), BLOCKS)
def test_a_block_that_is_no_object_is_lost_once_and_unknown(kind, path, value) -> None:
    *outer, name = path.split("/0/")
    after: dict[str, object] = {name: [value]}
    for block in reversed(outer):
        after = {block: [after]}
    fact, *lost = read(plan(change(f"{kind}.a", after))).facts
    pointer = f"/resource_changes/0/change/after/{path}/0"
    assert [(one.part, one.origin.pointer) for one in lost] == [(f"{kind}.a", pointer)]
    assert lost[0].cause.startswith(f"{name}/0 should be a block and is ")
    (without,) = read(plan(change(f"{kind}.a", {}))).facts
    assert fact != without
    assert "Unknown(references=(Reference(" in repr(fact)


def test_a_block_that_is_unknown_as_a_whole_is_not_lost() -> None:
    found = alarm({"metric_query": [None]}, after_unknown={"metric_query": [True]})
    assert isinstance(found.metric_query, Known)
    assert isinstance(found.metric_query.value[0].id, Unknown)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = [
    "alarm_name",
    "alarm_actions",
    "actions_enabled",
    "dimensions",
    "metric_query",
    "tags_all",
    "tags",
    "alarm_rule",
]
VALUES = st.dictionaries(st.sampled_from(KEYS), JSON)
BROKEN = st.fixed_dictionaries(
    {"format_version": st.sampled_from(["0.1", "1.2", "1.99"]) | JSON},
    optional={
        "resource_changes": JSON
        | st.lists(
            st.fixed_dictionaries(
                {
                    "address": st.sampled_from([ALARM, f'module.m["a.b"].{ALARM}[0]', "x", ""]) | JSON,
                    "type": st.sampled_from(["aws_cloudwatch_metric_alarm", "aws_sns_topic"]) | JSON,
                    "name": JSON | st.just("a"),
                    "change": st.fixed_dictionaries(
                        {"actions": st.just(["create"]) | JSON},
                        optional={
                            "after": VALUES | JSON,
                            "after_unknown": VALUES | JSON,
                            "after_sensitive": VALUES | JSON,
                        },
                    )
                    | JSON,
                }
            ),
            max_size=3,
        ),
        "configuration": JSON
        | st.fixed_dictionaries(
            {
                "root_module": st.fixed_dictionaries(
                    {
                        "resources": st.lists(
                            st.fixed_dictionaries({"address": st.just(ALARM), "expressions": VALUES}),
                            max_size=2,
                        )
                    }
                )
                | JSON
            }
        ),
        "variables": JSON,
        "errored": JSON,
        "planned_values": JSON,
    },
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BROKEN)
def test_wrong_types_at_every_level_never_raise_and_never_vanish(document) -> None:
    document = {"planned_values": None, **document}
    reading = read(document)
    if not isinstance(document["format_version"], str):
        assert len(reading.unreadable) == 1
    for fact in reading.facts:
        assert fact.origin.input == "infra/tfplan.json"


def test_the_whole_corpus_is_read_or_refused(corpus, check) -> None:
    """What is refused here is refused by hand-made fragments' own fault, not for its age or its size."""
    code, report = check(".", "--isolated", cwd=corpus / "plans")
    refused: dict[str, list[str]] = {}
    for finding in report["findings"]:
        if finding["rule"] == "SYS001":
            refused.setdefault(finding["message"].removeprefix("resource_changes: "), []).append(
                finding["location"]["path"]
            )
    no_changes = refused.pop("has planned values and no changes: what is to happen cannot be known")
    assert {path.split("/")[0] for path in no_changes} == {"bridgecrewio__checkov", "infracost__infracost"}
    assert all("hcl_provider_test" in path or path.endswith("tfplan_graph.json") for path in no_changes)
    assert refused == {
        "is no Terraform plan: lacks `format_version`": [
            "bridgecrewio__checkov/tests/terraform/parser/resources/plan_vpc_endpoint/tfplan.json"
        ],
        "claims to be a Terraform plan and is not JSON: trailing characters (byte 15544)": [
            "hashicorp__terraform-json/testdata/invalid/plan.json"
        ],
        "begins with the command line that setup-terraform's wrapper prints before the JSON": [
            "infracost__infracost/cmd/infracost/testdata/plan_with_terraform_wrapper.json"
        ],
    }
    assert code == 4
    assert report["ignored"] == []
    assert len(report["inputs"]) == 175


def test_the_crux_of_the_corpus_is_resolved(corpus) -> None:
    """terraform-compliance's issue 796: a counted module, a nested one, an output hop."""
    import msgspec

    from kfm_audit.inputs.terraform.document import Configuration, Plan
    from kfm_audit.inputs.terraform.references import References

    file = corpus / "plans/terraform-compliance__cli/tests/functional/test_issue_796/plan.out.json"
    document = msgspec.json.decode(file.read_bytes(), type=Plan)
    configuration = msgspec.json.decode(document.configuration, type=Configuration)
    addresses = [item["address"] for item in msgspec.json.decode(document.resource_changes)]
    references = References(configuration, {}, addresses)
    assert references.of_attribute("module.outer[0].aws_lambda_permission.example", "source_arn") == (
        Reference("module.outer[0].module.inner.aws_cloudwatch_event_rule.example", ReferenceKind.RESOURCE),
    )
