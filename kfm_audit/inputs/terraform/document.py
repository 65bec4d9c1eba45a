"""The parts of `terraform show -json` that we read, typed; all else stays undecoded.

Terraform's documentation, internals/json-format: a minor version adds keys, an
unknown major is refused.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

NOTHING = Raw(b"null")


class ChangeOf(Struct, frozen=True):
    """`change` of one resource instance; values are decoded for the types we judge only."""

    actions: tuple[str, ...] = ()
    before: Raw = NOTHING
    after: Raw = NOTHING
    after_unknown: Raw = NOTHING
    before_sensitive: Raw = NOTHING
    after_sensitive: Raw = NOTHING


class ResourceChange(Struct, frozen=True):
    """One entry of `resource_changes`: an instance, whatever is to happen to it."""

    address: str
    type: str
    name: str
    change: ChangeOf
    mode: str = "managed"
    module_address: str | None = None
    previous_address: str | None = None
    deposed: str | None = None
    index: int | float | str | None = None


class ConfigResource(Struct, frozen=True):
    """A resource in `configuration`: its address is relative to the module and has no index."""

    address: str
    mode: str = "managed"
    type: str = ""
    name: str = ""
    provider_config_key: str = ""
    expressions: dict[str, Raw] = {}
    count_expression: Raw = NOTHING
    for_each_expression: Raw = NOTHING
    depends_on: tuple[str, ...] = ()


class ConfigOutput(Struct, frozen=True):
    """An output of a module."""

    expression: Raw = NOTHING
    sensitive: bool = False


class ConfigVariable(Struct, frozen=True):
    """A variable of a module."""

    default: Raw = NOTHING
    sensitive: bool = False


class ConfigModule(Struct, frozen=True):
    """A module in `configuration`."""

    resources: tuple[ConfigResource, ...] = ()
    module_calls: dict[str, ModuleCall] = {}
    outputs: dict[str, ConfigOutput] = {}
    variables: dict[str, ConfigVariable] = {}


class ModuleCall(Struct, frozen=True):
    """A `module` block: where it comes from, what it is given, what it holds."""

    source: str = ""
    expressions: dict[str, Raw] = {}
    count_expression: Raw = NOTHING
    for_each_expression: Raw = NOTHING
    depends_on: tuple[str, ...] = ()
    module: ConfigModule = ConfigModule()


class ProviderConfig(Struct, frozen=True):
    """A provider configuration."""

    name: str = ""
    alias: str = ""
    expressions: dict[str, Raw] = {}


class Configuration(Struct, frozen=True):
    """`configuration`: the expressions that the plan's values came from."""

    root_module: ConfigModule = ConfigModule()
    provider_config: dict[str, ProviderConfig] = {}


class RootVariable(Struct, frozen=True):
    """A root variable with the value that the plan was made with."""

    value: Raw = NOTHING


class Plan(Struct, frozen=True):
    """The document. `resource_changes` stays undecoded so that one broken entry costs only itself."""

    format_version: str
    terraform_version: str = ""
    resource_changes: Raw = NOTHING
    planned_values: Raw = NOTHING
    configuration: Raw = NOTHING
    variables: Raw = NOTHING
    errored: bool = False
    complete: bool = True


# JSON of any shape: what a value is, is asked when it is used.
Json = Any

_ANY = msgspec.json.Decoder()


def decode_any(raw: Raw) -> Json:
    """The value of a part that was left undecoded. Raises msgspec.DecodeError, RecursionError."""
    return _ANY.decode(raw)
