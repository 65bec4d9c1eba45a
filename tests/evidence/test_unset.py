"""What sources alone do not tell, apart from what only the apply does."""

from __future__ import annotations

import pytest

from kfm_audit.evidence.unset import cure, hidden, unset, when
from kfm_audit.facts import MetricAlarm
from kfm_audit.values import Origin, Reference, ReferenceKind, Unknown


def of(*names: str, kind: ReferenceKind = ReferenceKind.UNRESOLVED) -> Unknown:
    return Unknown(tuple(Reference(name, kind) for name in names))


MIXED = Unknown((*of("var.env").references, *of("aws_sns_topic.a", kind=ReferenceKind.RESOURCE).references))
BESIDE_A_CONSTANT = Unknown(
    (*of("kfm", kind=ReferenceKind.CONSTANT).references, *of("var.b", "var.a").references)
)


@pytest.mark.parametrize(
    ("unknown", "names"),
    [
        (of("var.env"), ("var.env",)),
        (BESIDE_A_CONSTANT, ("var.a", "var.b")),
        (of("terraform.workspace"), ("terraform.workspace",)),
        (of("module.a.var.env"), ()),
        (of("local.env"), ()),
        (MIXED, ()),
        (of("kfm", kind=ReferenceKind.CONSTANT), ()),
        (Unknown(), ()),
    ],
)
def test_only_variables_of_the_root_and_the_workspace_are_unset(unknown, names):
    assert unset(unknown) == names


def test_what_is_unset_is_no_matter_of_the_apply():
    assert (when(of("var.env")), cure(of("var.env"), "plan again")) == (
        "cannot be told from the sources",
        "check a plan, or give var.env a value in terraform.tfvars or a *.auto.tfvars file",
    )
    assert cure(of("terraform.workspace", "var.env"), "plan again") == (
        "check a plan, which knows the workspace"
    )
    assert (when(MIXED), cure(MIXED, "plan again")) == ("is known only after apply", "plan again")


@pytest.mark.parametrize(
    ("file", "why", "what"),
    [
        (
            "infra/main.tf",
            "cannot be told from the sources",
            "check a plan; where that does not know it either, write it out",
        ),
        ("infra/tfplan.json", "is known only after apply", "write it out"),
    ],
)
def test_what_a_data_source_says_is_a_matter_of_the_plan_where_sources_were_read(file, why, what):
    alarm = MetricAlarm(subject="aws_cloudwatch_metric_alarm.a", origin=Origin(file), resource_name="a")
    unknown = of("data.aws_ssm_parameter.limit", kind=ReferenceKind.DATA)
    assert (when(unknown, alarm), cure(unknown, "write it out", alarm)) == (why, what)
    assert hidden(unknown, alarm) == why.replace("cannot be told from the sources", "the sources do not show")
    assert cure(of("var.limit"), "write it out", alarm) == (
        "check a plan, or give var.limit a value in terraform.tfvars or a *.auto.tfvars file"
    )
