"""The section `lakefs` of a policy: what it takes, what it refuses, and what the packs say."""

from itertools import pairwise

import pytest

from kfm_audit.policy.load import PolicyError, load_policy

BASE = "policy: 1\nextends: core\nlakefs:\n  environment_branches: {stage: [env-stage], prod: [env-prod]}\n"


def policy(tmp_path, *lines):
    file = tmp_path / "policy.yaml"
    file.write_text(BASE + "".join(f"  {line}\n" for line in lines))
    return load_policy(str(file)).policy.lakefs


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("promotion: {gates: {pord: [data-quality]}}", "is called pord: did you mean prod"),
        (
            "promotion: {sources: {production: [run-*]}}",
            "no environment of lakefs.environment_branches is called production",
        ),
        ("holds: [{environments: [prod, dev], since: 2026-01-01, reason: r}]", "is called dev"),
        ("expected_hours: [mon-fri 6-20]", "expected_hours"),
        ("expected_hours: [someday 06-20]", "expected_hours"),
        ("expected_hours: [00-25]", "expected_hours"),
        ("rollback_horizon: a month", "rollback_horizon"),
        ("promotions: {}", "promotions"),
    ],
)
def test_what_is_refused(tmp_path, line, message) -> None:
    with pytest.raises(PolicyError) as error:
        policy(tmp_path, line)
    assert message.split(":")[0] in str(error.value)
    assert "policy.yaml:5" in str(error.value)


def test_what_is_taken(tmp_path) -> None:
    read = policy(
        tmp_path,
        "promotion: {sources: {prod: [env-stage]}, gates: {prod: [data-quality]}}",
        "gates: {data-quality: ['dq-*']}",
        "holds: [{environments: [prod], since: 2026-01-01, reason: r, except_users: [jane]}]",
        "expected_hours: [00-24, mon 06-20, fri-mon 00-06]",
        "rollback_horizon: 30d",
        "due: {revalidation: 2h}",
    )
    assert read.promotion.gates == {"prod": ("data-quality",)}
    assert read.holds[0].except_users == ("jane",)
    assert read.expected_hours == ("00-24", "mon 06-20", "fri-mon 00-06")
    assert read.due.revalidation == "2h"


def test_the_pack_of_the_runbook_fits_together() -> None:
    from kfm_audit.policy.lakefs_check import check_lakefs

    pack = load_policy("kfm-v11").policy.lakefs
    check_lakefs(pack)
    assert {gate for gates in pack.promotion.gates.values() for gate in gates} == set(pack.gates)
    environments = list(pack.environment_branches)
    assert environments == ["dev", "stage", "prod"]
    for earlier, later in pairwise(environments):
        assert set(pack.environment_branches[earlier]) <= set(pack.promotion.sources[later])
