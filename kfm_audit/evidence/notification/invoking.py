"""Which version or alias of a Lambda function a permission is for, and a subscription invokes."""

from __future__ import annotations

from kfm_audit.facts import FunctionPermission, Subscription
from kfm_audit.values import ABSENT, Known, known


def same_version(permission: FunctionPermission, subscription: Subscription) -> bool:
    """Whether a permission may be for the version or alias that is invoked.

    Lambda developer guide, "Granting Lambda function access to AWS services": one for the function is for none of
    these, and one for an alias is for that alias alone.
    """
    match subscription.endpoint, permission.qualifier:
        case Known(arn), Known(qualifier):
            return arn.split(":")[7:] == [qualifier]
        case Known(arn), attribute if attribute is ABSENT:
            # A permission may name the version with the function.
            name = known(permission.function_name) or ""
            return arn.split(":")[7:] in ([], name.rpartition("function:")[2].split(":")[1:])
        case _:
            return True
