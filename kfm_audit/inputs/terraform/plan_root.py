"""What a plan says of its root module: what it declares, and the values of its variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.addresses import module_of, steps, without_keys
from kfm_audit.inputs.terraform.document import ConfigVariable, RootVariable, decode_any
from kfm_audit.inputs.terraform.language.values import Value
from kfm_audit.inputs.terraform.variables import to_value


class PlanRoot(Struct, frozen=True):
    """The root module of a plan.

    `declared` holds `(type, name)` of resources and `("module", name)` of calls;
    `whole` says that it is all that the module declares, and not only what the plan
    has something to say of. Sensitive variables are not among `variables`.
    """

    declared: frozenset[tuple[str, str]]
    whole: bool
    variables: Mapping[str, Value]


class _Resource(Struct, frozen=True):
    mode: str = "managed"
    type: str = ""
    name: str = ""


class _Root(Struct, frozen=True):
    resources: tuple[_Resource, ...] = ()
    module_calls: dict[str, Raw] = {}
    variables: dict[str, ConfigVariable] = {}


class _Configuration(Struct, frozen=True):
    root_module: _Root = _Root()


class _Document(Struct, frozen=True):
    configuration: _Configuration = _Configuration()
    variables: dict[str, RootVariable] = {}


_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def plan_root(source: Source, addresses: Iterable[str]) -> PlanRoot:
    """The root module of a plan; by the `addresses` of its facts where it has no configuration. Raises OSError."""
    try:
        document = _DOCUMENT.decode(source.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        document = _Document()
    finally:
        source.forget()
    root = document.configuration.root_module
    declared = frozenset(
        (
            *((item.type, item.name) for item in root.resources if item.mode == "managed"),
            *(("module", name) for name in root.module_calls),
        )
    )
    variables = {}
    for name, variable in document.variables.items():
        if name not in root.variables or not root.variables[name].sensitive:
            variables[name] = _value(variable.value)
    if declared:
        return PlanRoot(declared, whole=True, variables=variables)
    return PlanRoot(
        frozenset(_declaration(address) for address in addresses), whole=False, variables=variables
    )


def _declaration(address: str) -> tuple[str, str]:
    """What the root module declares for a resource: the resource itself, or the call of its module."""
    modules = module_of(address)
    if modules:
        return "module", without_keys(modules[0])
    kind, name = steps(address)[-2:]
    return kind, without_keys(name)


def _value(raw: Raw) -> Value:
    try:
        return to_value(decode_any(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
