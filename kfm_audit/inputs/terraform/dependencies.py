"""What Terraform makes before a resource: the references and `depends_on` of sources, as a graph.

Terraform internals, "Resource Graph": an expression makes its resource wait for all instances of each
resource that it speaks of, through variables, locals and outputs; `depends_on` does so in words, and that
of a module call, its `count` and `for_each` for all that is in the module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kfm_audit.inputs.terraform.addresses import without_keys
from kfm_audit.inputs.terraform.hcl import Block
from kfm_audit.inputs.terraform.language.syntax import (
    Attribute,
    Expression,
    Index,
    Literal,
    Name,
    Splat,
    Unread,
)
from kfm_audit.inputs.terraform.scopes import Scope
from kfm_audit.values import Known, Reference, ReferenceKind, Unknown

_OF_THE_CALL: Final = ("depends_on", "count", "for_each")

_Step = tuple[Scope, Expression]


class Dependencies:
    """The graph of one root module."""

    def __init__(self) -> None:
        """Walk nothing before it is asked for."""
        self._known: dict[str, Known[tuple[str, ...]] | Unknown] = {}

    def before(self, scope: Scope, block: Block) -> Known[tuple[str, ...]] | Unknown:
        """The addresses, without keys, of the resources that come before one, directly and through others.

        Unknown where a module whose sources are not here stands between. Raises Exhausted.
        """
        address = without_keys(f"{scope.place}{'.'.join(block.labels)}")
        if address not in self._known:
            self._known[address] = _before(scope, block)
        return self._known[address]


def _before(scope: Scope, block: Block) -> Known[tuple[str, ...]] | Unknown:
    found: set[str] = set()
    opened: set[str] = set()
    visited: set[tuple[str, tuple[str, ...]]] = set()
    pending = [*_of_resource(scope, block)]
    while pending:
        here, expression = pending.pop()
        for parts in traversals(expression):
            visit = (without_keys(here.place), parts)
            if visit in visited:
                continue
            visited.add(visit)
            if parts[0] == "?":
                opened.add(f"{here.place}{parts[1]}")
            elif len(parts) > 1:
                pending.extend(_followed(here, parts, found, opened))
    if not opened:
        return Known(tuple(sorted(found)))
    return Unknown(
        (
            *(Reference(name, ReferenceKind.RESOURCE) for name in sorted(found)),
            *(Reference(name, ReferenceKind.UNRESOLVED) for name in sorted(opened)),
        )
    )


def _followed(scope: Scope, parts: tuple[str, ...], found: set[str], opened: set[str]) -> Iterator[_Step]:
    """The expressions that a traversal leads to."""
    head, name = parts[:2]
    if head == "var":
        argument = scope.caller[1].arguments.get(name) if scope.caller else None
        if argument is not None and scope.caller is not None:
            yield scope.caller[0], argument.expression
    elif head == "local":
        local = scope.module.locals.get(name)
        if local is not None:
            yield scope, local.expression
    elif head == "module":
        children = scope.children(name)
        if children is None:
            opened.add(f"{scope.place}module.{name}")
        for child in (children or ())[:1]:
            yield from _of_module(child, parts[2] if len(parts) > 2 else "", found, opened)
    else:
        block = scope.module.resources.get((head, name))
        if block is not None:
            found.add(without_keys(f"{scope.place}{head}.{name}"))
            yield from _of_resource(scope, block)


def _of_module(scope: Scope, output: str, found: set[str], opened: set[str]) -> Iterator[_Step]:
    """What an output of a module leads to; without its name, all that is in the module."""
    if output:
        block = scope.module.outputs.get(output)
        for argument in block.arguments.values() if block else ():
            yield scope, argument.expression
        return
    for (kind, name), block in scope.module.resources.items():
        found.add(without_keys(f"{scope.place}{kind}.{name}"))
        yield from _of_resource(scope, block)
    for call in scope.module.calls:
        children = scope.children(call)
        if children is None:
            opened.add(f"{scope.place}module.{call}")
        for child in (children or ())[:1]:
            yield from _of_module(child, "", found, opened)


def _of_resource(scope: Scope, block: Block) -> Iterator[_Step]:
    """All expressions of a resource, and those that its module calls wait for."""
    pending = [block]
    while pending:
        one = pending.pop()
        for argument in one.arguments.values():
            yield scope, argument.expression
        pending.extend(one.blocks)
    inner = scope
    while inner.caller is not None:
        outside, call = inner.caller
        for name in _OF_THE_CALL:
            if name in call.arguments:
                yield outside, call.arguments[name].expression
        inner = outside


def traversals(expression: Expression) -> Iterator[tuple[str, ...]]:
    """The traversals in an expression, without keys: `("aws_sqs_queue", "ingest", "name")`.

    The variables of a `for` are among them. A part that is not taken apart is `("?", text)`.
    """
    pending: list[object] = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Unread):
            yield "?", node.text
        elif isinstance(node, Name | Attribute | Index | Splat):
            names: list[str] = []
            while not isinstance(node, Name):
                if isinstance(node, Attribute):
                    names.append(node.name)
                elif isinstance(node, Index):
                    pending.append(node.key)
                elif isinstance(node, Splat):
                    pending.append(node.each)
                else:
                    pending.append(node)
                    names = []
                    break
                node = node.base
            else:
                yield (node.word, *reversed(names))
        elif isinstance(node, tuple):
            pending.extend(node)
        elif isinstance(node, msgspec.Struct) and not isinstance(node, Literal):
            pending.extend(getattr(node, name) for name in node.__struct_fields__)
