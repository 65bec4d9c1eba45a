"""lakeFS in Terraform: the community providers' resources, from plans and from sources."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import (
    BranchProtection,
    Change,
    DeclaredBranch,
    Effect,
    HolderKind,
    PolicyAttachment,
    PolicyStatement,
    ServerPolicy,
    UnreadableInput,
)
from kfm_audit.inputs import KINDS
from kfm_audit.inputs.find import Search, find
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.read import read_all
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.lakefs_resources import LAKEFS_READERS
from kfm_audit.inputs.terraform.plan import KIND
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known, Reference, ReferenceKind, Unknown

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
STATEMENT = '[{"effect": "allow", "action": ["fs:RevertBranch"], "resource": "*"}]'
SOURCE = """
variable "rollback" { type = string }

resource "lakefs_repository" "kfm" {
  id = "kfm"
}

resource "lakefs_branch" "prod" {
  repository = "kfm"
  name       = "env/prod"
  source     = "main"
}

resource "lakefs_branch_protection" "kfm" {
  repository = "kfm"
  rules = [
    { pattern = "main" },
    { pattern = "env-*" },
  ]
}

resource "lakefs_group" "sre" {
  id = "sre"
}

resource "lakefs_policy" "rollback" {
  id        = "rollback"
  statement = jsonencode([{ effect = "allow", action = ["fs:RevertBranch"], resource = "*" }])
}

resource "lakefs_policy" "given" {
  id        = "given"
  statement = var.rollback
}

resource "lakefs_group_policy_attachment" "sre" {
  group_id  = lakefs_group.sre.id
  policy_id = "rollback"
}

resource "lakefs_user_policy_attachment" "jane" {
  user_id   = "jane"
  policy_id = "rollback"
}
"""


def of_sources(text: str, folder: Path) -> dict[str, object]:
    (folder / "main.tf").write_text(text)
    found, _ = find(Search(paths=(folder,), root=None, repository=None, base=folder, kinds=KINDS))
    facts = read_all(found, KINDS, ReadContext(Policy(policy=1, name="test"), folder, folder)).facts
    return {fact.subject: fact for fact in facts}


def test_sources(tmp_path) -> None:
    facts = of_sources(SOURCE, tmp_path)
    branch = facts["lakefs_branch.prod"]
    assert isinstance(branch, DeclaredBranch)
    assert (branch.repository, branch.name, branch.source) == (Known("kfm"), Known("env/prod"), Known("main"))
    protection = facts["lakefs_branch_protection.kfm"]
    assert isinstance(protection, BranchProtection)
    assert (protection.repository, protection.patterns) == (Known("kfm"), Known(("main", "env-*")))
    policy = facts["lakefs_policy.rollback"]
    assert isinstance(policy, ServerPolicy)
    assert policy.statements == Known((PolicyStatement(Effect.ALLOW, ("fs:RevertBranch",), ("*",)),))
    given_ = facts["lakefs_policy.given"]
    assert isinstance(given_.statements, Unknown)
    attached = facts["lakefs_group_policy_attachment.sre"]
    assert isinstance(attached, PolicyAttachment)
    assert (attached.holder_kind, attached.policy) == (HolderKind.GROUP, Known("rollback"))
    assert attached.holder == Known("sre")
    assert facts["lakefs_user_policy_attachment.jane"].holder == Known("jane")
    assert facts["lakefs_user_policy_attachment.jane"].holder_kind is HolderKind.USER


def plan(kind: str, after: object, unknown: object = (), sensitive: object = ()) -> tuple:
    change = {
        "actions": ["create"],
        "after": after,
        "after_unknown": unknown or {},
        "after_sensitive": sensitive or {},
    }
    resource = {"address": f"{kind}.it", "mode": "managed", "type": kind, "name": "it", "change": change}
    document = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": [resource]}
    return KIND.read(Source("tfplan.json", None, json.dumps(document).encode()), CONTEXT).facts


def test_plans() -> None:
    (policy,) = plan("lakefs_policy", {"id": "x", "statement": STATEMENT}, sensitive={"statement": True})
    assert (policy.subject, policy.change, policy.id) == ("lakefs_policy.it", Change.CREATED, Known("x"))
    assert policy.statements == Known(
        (PolicyStatement(Effect.ALLOW, ("fs:RevertBranch",), ("*",)),), sensitive=True
    )
    (protection,) = plan("lakefs_branch_protection", {"rules": [{"pattern": "main"}]}, {"repository": True})
    assert isinstance(protection.repository, Unknown)
    assert protection.patterns == Known(("main",))
    (protection,) = plan("lakefs_branch_protection", {"repository": "kfm"}, {"rules": [{"pattern": True}]})
    assert isinstance(protection.patterns, Unknown)
    (branch,) = plan("lakefs_branch", {"repository": "kfm", "name": "env-prod"})
    assert branch.source is ABSENT


@pytest.mark.parametrize("statement", ["", "{", "{}", '[{"effect": "Allow"}]', "[" * 9999])
def test_a_statement_that_lakefs_refuses_is_unknown(statement) -> None:
    (policy,) = plan("lakefs_policy", {"id": "x", "statement": statement})
    assert policy.statements == Unknown(
        (Reference("a statement that lakeFS refuses", ReferenceKind.UNRESOLVED),)
    )


def test_rules_of_another_shape_are_lost() -> None:
    facts = plan("lakefs_branch_protection", {"repository": "kfm", "rules": ["main"]})
    assert [fact.cause for fact in facts if isinstance(fact, UnreadableInput)] == [
        "rules should be a list of objects with pattern and is a list"
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["pattern", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)
NAMES = ("id", "statement", "repository", "rules", "name", "source", "group_id", "user_id", "policy_id")


@settings(deadline=None)
@given(st.sampled_from(sorted(LAKEFS_READERS)), st.dictionaries(st.sampled_from(NAMES), JSON))
def test_anything_may_stand_in_an_attribute(kind, after) -> None:
    assert plan(kind, after)
