"""Which provider configuration a resource has, through the `providers` that module calls hand on.

Terraform language reference, "Providers Within Modules": without an argument
`provider` it is the default one of the type's first word; a module inherits
default ones from its caller, and aliased ones only by `providers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from kfm_audit.inputs.terraform.attributes import Attributes
from kfm_audit.inputs.terraform.block_values import BlockValues
from kfm_audit.inputs.terraform.hcl import Block
from kfm_audit.inputs.terraform.language.evaluate import written
from kfm_audit.inputs.terraform.language.syntax import Expression, Literal, Object
from kfm_audit.inputs.terraform.scopes import Scope
from kfm_audit.values import ABSENT, Attribute, Known, Unknown


class Provider:
    """One provider configuration, as the facts of its resources show it."""

    def __init__(self, alias: str, arguments: Attributes | None) -> None:
        """`arguments` is None where the configuration is not among the sources."""
        self._alias = alias
        self._arguments = arguments

    @cached_property
    def told(self) -> Attribute[Mapping[str, str]]:
        """Alias, region, profile and role; unknown where the profile or the role is."""
        told = {"alias": self._alias} if self._alias else {}
        read = self._arguments
        if read is None:
            return Known(told) if told else ABSENT
        roles = read.nested("assume_role")
        parts = {"region": read.text("region"), "profile": read.text("profile")}
        if isinstance(roles, Known) and roles.value:
            parts["role_arn"] = roles.value[0].text("role_arn")
        unknown = [part for name, part in parts.items() if isinstance(part, Unknown) and name != "region"]
        if unknown:
            return Unknown(tuple(reference for part in unknown for reference in part.references))
        told |= {name: part.value for name, part in parts.items() if isinstance(part, Known)}
        return Known(told) if told else ABSENT

    @cached_property
    def default_tags(self) -> Attribute[Mapping[str, str]]:
        """The tags that all its resources get."""
        blocks = self._arguments.nested("default_tags") if self._arguments else ABSENT
        if isinstance(blocks, Unknown):
            return blocks
        return blocks.value[0].mapping("tags") if isinstance(blocks, Known) and blocks.value else ABSENT


def provider_name(resource: Block) -> str:
    """What a resource's provider is called in its module: `aws`, `aws.west`."""
    argument = resource.arguments.get("provider")
    return written(argument.expression) if argument else resource.labels[0].partition("_")[0]


def provider(scope: Scope, local_name: str) -> Provider:
    """The configuration that a module calls so: its own, or one that it has from those that call it."""
    while True:
        name, _, alias = local_name.partition(".")
        block = scope.module.providers.get((name, alias))
        if block is not None:
            return Provider(alias, Attributes(BlockValues(block, scope, scope), lambda _name, _what: None))
        if scope.caller is None:
            return Provider(alias, None)
        caller, call = scope.caller
        handed = _handed(call, local_name)
        if handed is None and alias:
            return Provider(alias, None)
        scope, local_name = caller, handed or local_name


def _handed(call: Block, local_name: str) -> str | None:
    """What a module call hands on under a name: `providers = { aws.replica = aws.west }`."""
    argument = call.arguments.get("providers")
    expression = argument.expression if argument else None
    if not isinstance(expression, Object):
        return None
    for key, value in expression.items:
        if _name(key) == local_name:
            return _name(value)
    return None


def _name(expression: Expression) -> str:
    return str(expression.value) if isinstance(expression, Literal) else written(expression)
