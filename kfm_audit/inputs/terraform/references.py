"""From an attribute that is known only after apply to the resources that it will come from.

The plan's `configuration` holds expressions. To resolve one means to walk
variables, module inputs and outputs to resources, data sources and constants
(facts on Terraform, 1.1). What the plan hides (locals, dynamic blocks,
`each.value`) ends as unresolved, under the name that was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

import msgspec
from msgspec import Raw

from kfm_audit.inputs.terraform.addresses import in_module, module_of, steps, without_keys
from kfm_audit.inputs.terraform.document import (
    NOTHING,
    ConfigModule,
    ConfigResource,
    Configuration,
    Json,
    RootVariable,
    decode_any,
)
from kfm_audit.values import Reference, ReferenceKind

_SILENT: Final = frozenset({"count", "path", "terraform", "self"})
"""Heads that never lead to a resource: an index, a path, the workspace."""

_Visit = tuple[tuple[str, ...], str]


class References:
    """All expressions of one plan."""

    def __init__(
        self, configuration: Configuration, variables: dict[str, RootVariable], planned: Iterable[str]
    ) -> None:
        """`planned` are the addresses of all instances that the plan knows."""
        self._configuration = configuration
        self._variables = variables
        self._providers: dict[str, dict[str, Json]] = {}
        self._needed: dict[str, tuple[Reference, ...]] = {}
        keyed = {_without_module_keys(address) for address in planned}
        self._planned = frozenset(keyed | {without_keys(address) for address in keyed})

    def of_attribute(self, address: str, attribute: str) -> tuple[Reference, ...]:
        """What `attribute` of the resource at `address` comes from, each once, in the order of writing."""
        resource = self._resource(address)
        modules = module_of(address)
        if resource is None:
            return (Reference(f"{address}.{attribute}", ReferenceKind.UNRESOLVED),)
        if attribute not in resource.expressions:
            # It is set, but not by an expression that the plan shows: a dynamic block, or computed.
            return (Reference(f"{address}.{attribute}", ReferenceKind.UNRESOLVED),)
        expression = _decode(resource.expressions[attribute])
        return tuple(dict.fromkeys(self._resolve(expression, modules, frozenset())))

    def expressions(self, address: str) -> dict[str, Json]:
        """The expressions of a resource or data source, by argument."""
        resource = self._resource(address)
        return {name: _decode(raw) for name, raw in resource.expressions.items()} if resource else {}

    def of_expression(self, expression: Json, address: str) -> tuple[Reference, ...]:
        """What an expression in the module of `address` comes from, each once, in the order of writing."""
        return tuple(dict.fromkeys(self._resolve(expression, module_of(address), frozenset())))

    def has_expression(self, address: str, attribute: str) -> bool:
        """Whether the configuration sets `attribute`: what is unknown without one is computed, not set."""
        resource = self._resource(address)
        return resource is None or attribute in resource.expressions

    def is_managed(self, address: str) -> bool | None:
        """Whether the resource at an address is managed and no data source; None where there is none."""
        resource = self._resource(address)
        return None if resource is None else resource.mode == "managed"

    def needs(self, address: str) -> tuple[Reference, ...]:
        """What a resource waits for: all its expressions and `depends_on`, and those of its module calls."""
        resource = self._resource(address)
        if resource is None:
            return (Reference("the configuration, which the plan lacks", ReferenceKind.UNRESOLVED),)
        if address not in self._needed:
            modules = module_of(address)
            raws = [*resource.expressions.values(), resource.count_expression, resource.for_each_expression]
            found = [*self._waits(raws, resource.depends_on, modules)]
            for depth in range(len(modules)):
                outside = self._module(modules[:depth])
                call = outside.module_calls.get(modules[depth]) if outside else None
                if call is not None:
                    raws = [call.count_expression, call.for_each_expression]
                    found += self._waits(raws, call.depends_on, modules[:depth])
            self._needed[address] = tuple(dict.fromkeys(found))
        return self._needed[address]

    def _waits(
        self, raws: Iterable[Raw], named: tuple[str, ...], modules: tuple[str, ...]
    ) -> Iterator[Reference]:
        for raw in raws:
            if raw != NOTHING:
                yield from self._resolve(_decode(raw), modules, frozenset())
        for name in named:
            if name.startswith("module.") and len(steps(name)) == 2:
                inside = in_module(modules, f"{without_keys(name)}.")
                for address in self._resources:
                    if address.startswith(inside):
                        yield Reference(address, ReferenceKind.RESOURCE)
            else:
                yield from self._follow(name, modules, frozenset())

    def provider_of(self, address: str) -> tuple[str, dict[str, Json]]:
        """Key and constant arguments of the provider configuration of a resource."""
        resource = self._resource(address)
        if resource is None:
            return "", {}
        key = resource.provider_config_key
        if key not in self._providers:
            self._providers[key] = self._arguments_of(key)
        return key, self._providers[key]

    def _arguments_of(self, provider_key: str) -> dict[str, Json]:
        """The constant arguments of a provider configuration."""
        provider = self._configuration.provider_config.get(provider_key)
        constants = {}
        for name, raw in provider.expressions.items() if provider else ():
            value = self._constant(_decode(raw))
            if value is not None:
                constants[name] = value
        return constants

    def _constant(self, expression: Json) -> Json:
        """The value of an expression that is a constant, or a root variable that is one; else None."""
        if isinstance(expression, list):
            return [self._constant(item) for item in expression]
        if not isinstance(expression, dict):
            return None
        if "constant_value" in expression:
            return expression["constant_value"]
        references = expression.get("references")
        if references and isinstance(references, list) and len(references) == 1:
            head, _, name = str(references[0]).partition(".")
            declared = self._configuration.root_module.variables.get(name)
            if head == "var" and name in self._variables and not (declared and declared.sensitive):
                return decode_any(self._variables[name].value)
        if references is None:
            return {key: self._constant(value) for key, value in expression.items()}
        return None

    @cached_property
    def _resources(self) -> dict[str, ConfigResource]:
        """All resources of the configuration by their full address without keys."""
        found: dict[str, ConfigResource] = {}

        def collect(module: ConfigModule, names: tuple[str, ...]) -> None:
            for resource in module.resources:
                found[in_module(names, resource.address)] = resource
            for name, call in module.module_calls.items():
                collect(call.module, (*names, name))

        collect(self._configuration.root_module, ())
        return found

    def _resource(self, address: str) -> ConfigResource | None:
        return self._resources.get(without_keys(address))

    def _module(self, names: tuple[str, ...]) -> ConfigModule | None:
        module = self._configuration.root_module
        for name in names:
            call = module.module_calls.get(without_keys(name))
            if call is None:
                return None
            module = call.module
        return module

    def _resolve(
        self, expression: Json, modules: tuple[str, ...], visited: frozenset[_Visit]
    ) -> Iterator[Reference]:
        if isinstance(expression, list):
            for item in expression:
                yield from self._resolve(item, modules, visited)
        elif isinstance(expression, dict):
            if "constant_value" in expression:
                yield from _constants(expression["constant_value"])
            elif isinstance(expression.get("references"), list):
                names = [name for name in expression["references"] if isinstance(name, str)]
                for name in _most_specific(names):
                    yield from self._follow(name, modules, visited)
            else:
                for value in expression.values():
                    yield from self._resolve(value, modules, visited)

    def _follow(self, name: str, modules: tuple[str, ...], visited: frozenset[_Visit]) -> Iterator[Reference]:
        visit = (modules, name)
        if visit in visited:
            return
        visited |= {visit}
        parts = steps(name)
        head = parts[0] if parts else ""
        if head == "var" and len(parts) > 1:
            yield from self._variable(without_keys(parts[1]), name, modules, visited)
        elif head == "module" and len(parts) > 2:
            yield from self._output(parts[1], without_keys(parts[2]), name, modules, visited)
        elif head in _SILENT:
            return
        elif head == "data" and len(parts) > 2:
            yield Reference(in_module(modules, ".".join(parts[:3])), ReferenceKind.DATA)
        elif head in ("local", "each", "module", "var", "data") or len(parts) < 2:
            yield Reference(in_module(modules, name), ReferenceKind.UNRESOLVED)
        else:
            yield self._planned_resource(modules, ".".join(parts[:2]))

    def _planned_resource(self, modules: tuple[str, ...], resource: str) -> Reference:
        """A resource that must be in the plan, under its key where it is written with one."""
        bare = in_module(tuple(without_keys(name) for name in modules), resource)
        kind = ReferenceKind.RESOURCE if bare in self._planned else ReferenceKind.UNRESOLVED
        return Reference(in_module(modules, resource), kind)

    def _variable(
        self, variable: str, name: str, modules: tuple[str, ...], visited: frozenset[_Visit]
    ) -> Iterator[Reference]:
        module = self._module(modules)
        declared = module.variables.get(variable) if module else None
        if declared is not None and declared.sensitive:
            yield Reference(in_module(modules, name), ReferenceKind.UNRESOLVED)
            return
        if not modules:
            if variable in self._variables:
                yield from _constants(decode_any(self._variables[variable].value))
                return
        else:
            outside = modules[:-1]
            caller = self._module(outside)
            call = caller.module_calls.get(without_keys(modules[-1])) if caller else None
            if call is not None and variable in call.expressions:
                yield from self._resolve(_decode(call.expressions[variable]), outside, visited)
                return
        if declared is not None and declared.default != NOTHING:
            yield from _constants(decode_any(declared.default))
            return
        yield Reference(in_module(modules, name), ReferenceKind.UNRESOLVED)

    def _output(
        self, call: str, output: str, name: str, modules: tuple[str, ...], visited: frozenset[_Visit]
    ) -> Iterator[Reference]:
        inside = (*modules, call)
        module = self._module(inside)
        found = module.outputs.get(output) if module else None
        if found is None or found.expression == NOTHING:
            yield Reference(in_module(modules, name), ReferenceKind.UNRESOLVED)
            return
        yield from self._resolve(_decode(found.expression), inside, visited)


def _without_module_keys(address: str) -> str:
    if "[" not in address:
        return address
    modules = module_of(address)
    resource = ".".join(steps(address)[2 * len(modules) :])
    return in_module(tuple(without_keys(name) for name in modules), resource)


def _most_specific(names: list[str]) -> list[str]:
    """Without those that only lead to a more specific one: `x.y` beside `x.y.arn`."""
    return [
        name
        for name in dict.fromkeys(names)
        if not any(other != name and other.startswith((f"{name}.", f"{name}[")) for other in names)
    ]


def _constants(value: Json) -> Iterator[Reference]:
    """The strings in a constant; what is no string cannot be an ARN."""
    if isinstance(value, str):
        yield Reference(value, ReferenceKind.CONSTANT)
    elif isinstance(value, list):
        for item in value:
            yield from _constants(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _constants(item)


def _decode(raw: Raw) -> Json:
    try:
        return decode_any(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None
