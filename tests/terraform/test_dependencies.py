"""What Terraform makes before a composite: the same from the sources and from a plan of them."""

from __future__ import annotations

import json

import pytest

from kfm_audit.inputs.terraform.dependencies import traversals
from kfm_audit.inputs.terraform.document import Configuration
from kfm_audit.inputs.terraform.hcl import blocks
from kfm_audit.inputs.terraform.planned_dependencies import before
from kfm_audit.inputs.terraform.references import References
from kfm_audit.values import Known, Reference, ReferenceKind, Unknown


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"ALARM(${aws_x.a.alarm_name})"', {("aws_x", "a", "alarm_name")}),
        ("[for k, v in local.all : v.name if var.on]", {("local", "all"), ("v", "name"), ("var", "on")}),
        ('module.m["a"].name', {("module", "m", "name")}),
        ("aws_x.a[*].arn", {("aws_x", "a")}),
        ("local.names[var.which]", {("local", "names"), ("var", "which")}),
        ("{ (var.key) = aws_x.a.id }", {("var", "key"), ("aws_x", "a", "id")}),
        ("var.on ? aws_x.a.id : -local.n + 1", {("var", "on"), ("aws_x", "a", "id"), ("local", "n")}),
        ('"plain"', set()),
    ],
)
def test_traversals_of_each_form_of_expression(expression: str, expected: set[tuple[str, ...]]) -> None:
    (block,) = blocks("main.tf", f'resource "t" "n" {{\n  x = {expression}\n}}\n'.encode())
    assert set(traversals(block.arguments["x"].expression)) == expected


def _references(*resources: dict[str, object]) -> References:
    import msgspec

    document = json.dumps({"root_module": {"resources": resources}})
    configuration = msgspec.json.decode(document, type=Configuration)
    return References(configuration, {}, [str(resource["address"]) for resource in resources])


def _resource(address: str, expressions: dict[str, object], *depends_on: str) -> dict[str, object]:
    mode = "data" if address.startswith("data.") else "managed"
    return {"address": address, "mode": mode, "expressions": expressions, "depends_on": depends_on}


def test_a_plan_is_followed_through_other_resources_and_data_sources() -> None:
    references = _references(
        _resource("t.first", {}),
        _resource("data.d.middle", {"x": {"references": ["t.first.id", "t.first"]}}),
        _resource("t.last", {"y": {"references": ["data.d.middle.id", "data.d.middle"]}}),
        _resource("t.apart", {}, "t.last"),
    )
    assert before(references, "t.last") == Known(("t.first",))
    assert before(references, 't.apart["key"]') == Known(("t.first", "t.last"))
    assert before(references, "t.first") == Known(())


def test_resources_that_wait_for_each_other_end() -> None:
    references = _references(_resource("t.a", {}, "t.b"), _resource("t.b", {}, "t.a"))
    assert before(references, "t.a") == Known(("t.b",))


def test_what_a_plan_hides_is_said_beside_what_it_shows() -> None:
    references = _references(
        _resource("t.first", {}), _resource("t.last", {"y": {"references": ["local.all"]}}, "t.first")
    )
    assert before(references, "t.last") == Unknown(
        (Reference("t.first", ReferenceKind.RESOURCE), Reference("local.all", ReferenceKind.UNRESOLVED))
    )


def test_a_root_variable_and_each_hide_no_resource() -> None:
    references = _references(_resource("t.a", {"y": {"references": ["var.on", "each.value"]}}))
    assert before(references, "t.a") == Known(())
