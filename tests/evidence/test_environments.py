"""Which environment a text names."""

from __future__ import annotations

import pytest

from kfm_audit.evidence.environments import Environments, Scope
from kfm_audit.facts import MetricAlarm
from kfm_audit.policy.load import load_policy
from kfm_audit.values import ABSENT, Attribute, Known, Origin, PartMap, Unknown

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


LATER = Unknown()


@pytest.mark.parametrize(
    ("dimensions", "tags", "scope"),
    [
        (PartMap((), (("Api", LATER), ("Stage", Known("prod")))), ABSENT, Scope("prod", "dimension", "prod")),
        (ABSENT, PartMap((), (("Environment", Known("dev")), ("Id", LATER))), Scope("dev", "tag", "dev")),
        # A tag of another key is no evidence, known or not; one of the right key may be.
        (ABSENT, PartMap((), (("Id", LATER), ("Team", Known("dev")))), None),
        (ABSENT, PartMap((), (("Environment", LATER), ("Team", Known("dev")))), LATER),
        (PartMap((), (("Api", LATER), ("Stage", Known("v1")))), ABSENT, LATER),
    ],
)
def test_maps_that_are_known_in_part(
    dimensions: Attribute[dict[str, str]], tags: Attribute[dict[str, str]], scope: object
) -> None:
    alarm = MetricAlarm(
        subject="a",
        origin=Origin("main.tf"),
        resource_name="a",
        alarm_name=Known("errors"),
        dimensions=dimensions,
        tags=tags,
    )
    assert ENVIRONMENTS.scope_of(alarm) == scope
