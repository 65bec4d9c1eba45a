"""Whether a Lambda function lets SNS invoke it, and which version or alias of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from kfm_audit.aws.partly_known import like, pieces
from kfm_audit.evidence.leads import Leads, bare
from kfm_audit.evidence.notification.delivery import resource_type
from kfm_audit.evidence.notification.reach import REACHED, Destination, Reach, Step
from kfm_audit.facts import Change, Function, FunctionPermission, Subscription
from kfm_audit.values import Attribute, Known, PartText, ReferenceKind, Unknown

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

SNS: Final = "sns.amazonaws.com"

_ALIAS: Final = "aws_lambda_alias"
_FUNCTION: Final = "aws_lambda_function"
_UNQUALIFIED: Final = Known("")
"""The function itself, as versions and aliases are told apart."""

_AT: Final = "endpoint"
_ADD: Final = (
    'add an aws_lambda_permission with action = "lambda:InvokeFunction", principal = '
    '"sns.amazonaws.com" and the topic as source_arn'
)


class Invoking:
    """The functions that subscriptions invoke, and who may."""

    def __init__(self, evidence: Evidence) -> None:
        """Index nothing before it is asked for."""
        self._evidence = evidence

    def step(self, subscription: Subscription, destination: Destination, arn: str) -> Step:
        """Whether the function takes what SNS sends it for a topic; `arn` is what is known of the topic's."""
        permissions = [
            permission
            for permission in self._evidence.of(FunctionPermission)
            if permission.change is not Change.DELETED and self._same_function(permission, subscription)
        ]
        held = self._functions.of(subscription.endpoint, subscription).facts
        cure = _ADD
        why = "invokes a function of which it cannot be told whether it lets SNS in"
        untold: FunctionPermission | None = None
        for permission in permissions:
            permits = _permits(permission, destination, arn)
            if permits is False:
                continue
            same = same_version(permission, subscription)
            if permits and same:
                return REACHED
            if same is False:
                cure = _mend(permission)
            elif untold is None:
                untold = permission
                if same is None:
                    why, cure = _version_untold(permission)
        if untold is not None:
            return Step(reach=Reach.UNTOLD, why=why, cure=cure, at=_AT, fact=untold)
        if held:
            refused = permissions[0] if permissions else None
            name = held[0].subject
            why = f"invokes {name}, which no aws_lambda_permission lets SNS do for this topic"
            return Step(reach=Reach.NOT_REACHED, why=why, cure=cure, at=_AT, fact=refused)
        if _types(subscription.endpoint) == [_ALIAS]:
            assert isinstance(subscription.endpoint, Unknown), "what has references is not known"
            alias = subscription.endpoint.references[0].name
            why = f"invokes {alias}, and the input does not tell of which function that is, nor whether it lets SNS in"
            cure = (
                f"see that there is an aws_lambda_permission with the name of {alias} as qualifier, principal = "
                '"sns.amazonaws.com" and the topic as source_arn'
            )
            return Step(reach=Reach.UNTOLD, why=why, cure=cure, at=_AT)
        return Step(
            reach=Reach.UNTOLD,
            why="invokes a function that the input does not hold: whether it lets SNS in cannot be seen",
            cure=cure,
            at=_AT,
        )

    def _same_function(self, permission: FunctionPermission, subscription: Subscription) -> bool:
        held = self._functions.of(subscription.endpoint, subscription).facts
        if held:
            return any(
                fact in held for fact in self._functions.of(permission.function_name, permission).facts
            )
        match subscription.endpoint, permission.function_name:
            case Known(arn), Known(name):
                return arn == name or arn.split(":")[6:7] == [name.rpartition(":function:")[2]]
            case Unknown(references), Unknown(others):
                return permission.stack == subscription.stack and bool(
                    {bare(item.name) for item in references} & {bare(item.name) for item in others}
                )
            case _:
                return False

    @cached_property
    def _functions(self) -> Leads[Function]:
        functions = [item for item in self._evidence.of(Function) if item.change is not Change.DELETED]
        return Leads(functions, lambda item: (item.arn,), lambda item: (item.function_name,))


def same_version(permission: FunctionPermission, subscription: Subscription) -> bool | None:
    """Whether a permission is for the version or alias that is invoked; None where it cannot be told.

    Lambda developer guide, "Using Lambda aliases in event sources and permissions policies", and API,
    `AddPermission`, `Qualifier`: one for the function is for none of these, one for an alias is for that alone,
    and neither lets the other be invoked.
    """
    given = _permitted(permission)
    if isinstance(subscription.endpoint, Known):
        invoked = ":".join(subscription.endpoint.value.split(":")[7:])
        match given:
            case Known(version):
                return version == invoked
            case Unknown():
                return None if invoked else False
            case _:
                return None
    match _types(subscription.endpoint):
        case [kind] if kind == _ALIAS:
            return (
                given != _UNQUALIFIED
            )  # of two names that are not both known, nothing says that they differ
        case [kind] if kind == _FUNCTION and given != _UNQUALIFIED:
            if not isinstance(given, Known):
                return None
            behind = pieces(subscription.endpoint.text) if isinstance(subscription.endpoint, PartText) else []
            if behind[:1] == [""] and len(behind) == 2 and behind[1].startswith(":"):
                return behind[1] == f":{given.value}"
            # A reference does not say whether it is to `arn` or to `qualified_arn`, which ends in a version's number;
            # and one of a plan, whether `:live` stands behind it.
            is_alias = not given.value.isdecimal() and given.value != "$LATEST"
            return False if is_alias and _stands_alone(subscription) else None
        case _:
            return True


def _permitted(permission: FunctionPermission) -> Known[str] | Unknown | None:
    """The version or alias that a permission is for, or the function itself; None where it cannot be told.

    Unknown where it certainly is for some version or alias, whose name is not known.
    """
    match permission.qualifier:
        case Known(qualifier) if qualifier:
            return Known(qualifier)
        case Unknown() as unknown:
            return unknown if _types(unknown) else None
        case _:
            pass
    match permission.function_name:
        case Known(name):
            return Known(":".join(name.rpartition("function:")[2].split(":")[1:]))
        case PartText():
            return None
        case attribute:
            return None if _ALIAS in _types(attribute) else _UNQUALIFIED


def _types(attribute: Attribute[str]) -> list[str]:
    """The types of the resources that an attribute comes from; none where it comes from anything else too."""
    references = attribute.references if isinstance(attribute, Unknown) else ()
    if any(reference.kind is not ReferenceKind.RESOURCE for reference in references):
        return []
    return list(dict.fromkeys(resource_type(reference.name) for reference in references))


def _stands_alone(subscription: Subscription) -> bool:
    """Whether the endpoint is nothing but the reference: sources say so, a plan does not."""
    from kfm_audit.evidence.unset import of_sources

    return not isinstance(subscription.endpoint, PartText) and of_sources(subscription)


def _mend(permission: FunctionPermission) -> str:
    """What lets SNS in where a permission for another version or alias does not."""
    if _permitted(permission) == _UNQUALIFIED:
        return f"give {permission.subject} the qualifier of the version or alias that is invoked"
    return (
        f"subscribe the ARN of the version or alias that {permission.subject} is for, or delete its qualifier"
    )


def _version_untold(permission: FunctionPermission) -> tuple[str, str]:
    """Why it cannot be told whether a permission is for what is invoked, and what shows it."""
    name = permission.subject
    why = f"invokes a function that {name} lets SNS invoke in one version or alias, and whether in this cannot be told"
    cure = f"see that the endpoint is the ARN of what {name} is for: a plan made after the function exists shows it"
    return why, cure


def _permits(permission: FunctionPermission, destination: Destination, arn: str) -> bool | None:
    """Whether a permission lets SNS invoke its function for the topic."""
    if permission.principal not in (Known(SNS), Known("*")):
        return None if isinstance(permission.principal, Unknown) else False
    if isinstance(permission.action, Known) and permission.action.value not in (
        "lambda:InvokeFunction",
        "lambda:*",
    ):
        return False
    match permission.source_arn:
        case Known(pattern):
            return like(pattern, arn)
        case Unknown(references):
            names = {bare(reference.name) for reference in references}
            if bare(destination.name) in names:
                return True
            return None if any("aws_sns_topic" not in name for name in names) or not names else False
        case _:
            return True
