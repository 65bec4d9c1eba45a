"""Which version or alias a permission lets SNS invoke, by all ways of writing one.

Lambda developer guide, "Using Lambda aliases in event sources and permissions policies".
"""

from __future__ import annotations

import pytest

from kfm_audit.aws.partly_known import mark
from kfm_audit.evidence.notification.invoking import same_version
from kfm_audit.facts import FunctionPermission, Subscription
from kfm_audit.values import ABSENT, Attribute, Known, Origin, PartText, Reference, ReferenceKind, Unknown

ARN = "arn:aws:lambda:us-east-1:111122223333:function:page"
PLAN, SOURCES = "tfplan.json", "main.tf"


def end(name: str) -> Unknown:
    return Unknown((Reference(name, ReferenceKind.RESOURCE),))


def behind(text: str) -> PartText:
    name = "module.on.aws_lambda_function.page"
    return PartText((Reference(name, ReferenceKind.RESOURCE),), f"{mark(name)}{text}")


FUNCTION, ALIAS = end("aws_lambda_function.page"), end("aws_lambda_alias.live")
EITHER = Unknown((*FUNCTION.references, *ALIAS.references))
VARIABLE = Unknown((Reference("var.qualifier", ReferenceKind.UNRESOLVED),))


@pytest.mark.parametrize(
    ("endpoint", "qualifier", "sources", "plan"),
    [
        (Known(ARN), ABSENT, True, True),
        (Known(ARN), Known("live"), False, False),
        (Known(ARN), ALIAS, False, False),
        (Known(ARN), VARIABLE, None, None),
        (Known(f"{ARN}:live"), ABSENT, False, False),
        (Known(f"{ARN}:live"), Known("live"), True, True),
        (Known(f"{ARN}:live"), Known("next"), False, False),
        (Known(f"{ARN}:live"), ALIAS, None, None),
        (FUNCTION, ABSENT, True, True),
        (FUNCTION, Known("live"), False, None),
        (FUNCTION, Known("7"), None, None),
        (FUNCTION, ALIAS, None, None),
        (FUNCTION, VARIABLE, None, None),
        (behind(":live"), Known("live"), True, True),
        (behind(":live"), Known("next"), False, False),
        (behind(":live"), ALIAS, None, None),
        (behind("/live"), Known("live"), None, None),
        (ALIAS, ABSENT, False, False),
        (ALIAS, Known("live"), True, True),
        (ALIAS, ALIAS, True, True),
        (EITHER, Known("live"), True, True),
        (VARIABLE, Known("live"), True, True),
    ],
)
def test_a_permission_is_for_what_its_qualifier_names(
    endpoint: Attribute[str], qualifier: Attribute[str], sources: bool | None, plan: bool | None
) -> None:
    for path, same in ((SOURCES, sources), (PLAN, plan)):
        origin = Origin(path)
        permission = FunctionPermission(
            subject="p", origin=origin, function_name=Known("page"), qualifier=qualifier
        )
        subscription = Subscription(subject="s", origin=origin, endpoint=endpoint)
        assert same_version(permission, subscription) is same, path


@pytest.mark.parametrize(
    ("name", "itself", "alias"),
    [
        (Known("page"), True, False),
        (Known(ARN), True, False),
        (Known(f"{ARN}:live"), False, True),
        (Known("page:live"), False, True),
        (FUNCTION, True, False),
        (ALIAS, None, None),
        (behind(":live"), None, None),
        (ABSENT, True, False),
    ],
)
def test_a_permission_without_a_qualifier_is_for_what_its_function_names(
    name: Attribute[str], itself: bool | None, alias: bool | None
) -> None:
    permission = FunctionPermission(subject="p", origin=Origin(PLAN), function_name=name, qualifier=ABSENT)
    for arn, same in ((ARN, itself), (f"{ARN}:live", alias)):
        subscription = Subscription(subject="s", origin=Origin(PLAN), endpoint=Known(arn))
        assert same_version(permission, subscription) is same, arn
