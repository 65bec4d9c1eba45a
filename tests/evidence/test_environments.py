"""Which environment a text names."""

from __future__ import annotations

import pytest

from kfm_audit.evidence.environments import Environments
from kfm_audit.policy.load import load_policy

ENVIRONMENTS = Environments(load_policy("kfm-v11").policy.environments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ingest-prod-dlq", "prod"),
        ("IngestProdDlq", "prod"),
        ("prod", "prod"),
        ("PRODUCTION", "prod"),
        ("kfm_stg_ingest", "stage"),
        ("arn:aws:iam::111122223333:role/deploy-dev", "dev"),
        ("non-prod-errors", None),
        ("NonProdErrors", None),
        ("pre-prod", None),
        ("preprod", None),
        ("nonprod", None),
        ("reproduce", None),
        ("devices", None),
        ("dev-and-prod", None),
        ("prod-production", "prod"),
        ("", None),
    ],
)
def test_a_word_names_it_and_only_one_may_be_named(text, expected) -> None:
    assert ENVIRONMENTS.named_in(text) == expected
